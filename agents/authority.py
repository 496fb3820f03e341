"""Who may decide what: a person's role, and the limits that the policy sets for it."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from agents.errors import NotAllowed
from agents.facts.money import money
from agents.policy.model import Policy
from data.store import table
from data.tables import Operator
from data.vocabulary import ActionName, Role

OPERATOR = table(Operator)


@dataclass(frozen=True)
class Person:
    """Who acts."""

    name: str
    role: Role
    signed_in_by: str
    """passphrase, token, system user; or word, where nothing but their word says who they are."""


def person_of(connection: Connection, name: str, signed_in_by: str = "word") -> Person:
    """The person of this name, as the workspace knows them.

    While a workspace has one operator without a passphrase, nothing is enforced: everybody acts
    as its admin, under the name that they give. After that NotAllowed for a name that is not, or
    no longer, an operator's.
    """
    rows = connection.execute(
        select(OPERATOR.c.name, OPERATOR.c.role, OPERATOR.c.passphrase_hash).where(
            OPERATOR.c.removed_at.is_(None)
        )
    ).all()
    if len(rows) < 2 and not any(row.passphrase_hash for row in rows):
        return Person(name, Role.ADMIN, signed_in_by)
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        raise NotAllowed(f"{name} is no operator of this workspace; `handrail operators` lists who")
    return Person(name, Role(found.role), signed_in_by)


def check_may_act(person: Person, least: Role, what: str) -> None:
    """NotAllowed unless the person's role is at least `least`; `what` completes "may not …"."""
    if person.role.rank < least.rank:
        raise NotAllowed(f"{person.name} is {_a(person.role)} and may not {what}; {_a(least)} must")


def check_may_approve(
    policy: Policy, person: Person, name: ActionName, amount: int | None, currency: str | None
) -> None:
    """NotAllowed for an action, or an amount (minor units), beyond the limits of the role."""
    check_may_act(person, Role.OPERATOR, "decide")
    limit = policy.approval.roles.get(person.role)
    if limit is None:
        return
    if limit.actions is not None and name not in limit.actions:
        raise NotAllowed(f"{_a(person.role)} may not approve {name}; somebody with more must")
    if limit.up_to is not None and amount is not None and amount > limit.up_to:
        most, asked = money(limit.up_to, currency or ""), money(amount, currency or "")
        raise NotAllowed(
            f"{_a(person.role)} may approve up to {most}, and this is {asked}; a supervisor must"
        )


def _a(role: Role) -> str:
    return f"{'an' if role.value[0] in 'aeiou' else 'a'} {role}"
