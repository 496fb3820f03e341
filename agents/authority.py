"""Who may decide what: a person's role, and the limits that the policy sets for it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from agents.errors import NotAllowed
from agents.facts.money import money
from agents.policy.model import Policy
from data.store import table
from data.tables import Operator
from data.vocabulary import ActionName, Role

OPERATOR = table(Operator)

PASSPHRASE, TOKEN, SYSTEM_USER, WORD = "passphrase", "token", "system user", "word"
"""How people prove who they are; of the last two, the first is the computer's word for them and
the second their own."""
DATABASE = "database"
"""The same by the login of a server, which knows them itself."""
PROOFS = (PASSPHRASE, TOKEN, DATABASE)
"""What is enough where people must sign in."""


@dataclass(frozen=True)
class Person:
    """Who acts."""

    name: str
    role: Role
    signed_in_by: str
    """`PASSPHRASE`, `TOKEN`, `SYSTEM_USER` or `WORD`."""


def is_set_up(connection: Connection) -> bool:
    """Whether people must sign in here: there are two operators, or one has a passphrase."""
    return _must_sign_in(_active(connection))


def role_of(connection: Connection, name: str) -> Role:
    """The role of somebody of this name, however they proved who they are.

    While a workspace has one operator without a passphrase, nothing is enforced: everybody acts
    as its admin, under the name that they give. After that NotAllowed for a name that is not, or
    no longer, an operator's.
    """
    return _role(_active(connection), name)


def person_of(connection: Connection, name: str, signed_in_by: str = WORD) -> Person:
    """The person of this name who acts; `signed_in_by` says how they proved who they are.

    NotAllowed as with `role_of`, and for somebody who has not signed in where that is needed.
    """
    active = _active(connection)
    person = Person(name, _role(active, name), signed_in_by)
    if _must_sign_in(active) and signed_in_by not in PROOFS:
        raise NotAllowed(
            f"{name} has not signed in, which is needed here now: sign in, or open the console anew"
        )
    return person


def _active(connection: Connection) -> dict[str, Any]:
    """The operators who are not removed, by name."""
    query = select(OPERATOR.c.name, OPERATOR.c.role, OPERATOR.c.passphrase_hash)
    return {
        row.name: row for row in connection.execute(query.where(OPERATOR.c.removed_at.is_(None)))
    }


def _must_sign_in(active: dict[str, Any]) -> bool:
    return len(active) > 1 or any(row.passphrase_hash for row in active.values())


def _role(active: dict[str, Any], name: str) -> Role:
    if not _must_sign_in(active):
        return Role.ADMIN
    if name not in active:
        raise NotAllowed(f"{name} is no operator of this workspace; `handrail operators` lists who")
    return Role(active[name].role)


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


def has_role(role: str | None, least: Role) -> bool:
    """Whether a stored role is at least `least`."""
    return role is not None and Role(role).rank >= least.rank


def _a(role: Role) -> str:
    return f"{'an' if role.value[0] in 'aeiou' else 'a'} {role}"
