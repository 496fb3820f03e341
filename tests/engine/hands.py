"""What the tests of an operator's work share: people, and tickets in their hands."""

from agents.policy.model import Policy
from data.store import table
from data.tables import Operator
from tests.engine.desk import Desk, rules

HUMAN = "Stop. I want to speak to a human being, please give me a real person."


def policy(**actions: str) -> Policy:
    """The packaged policy with other gates."""
    plain = rules().policy.model_dump(mode="json")
    plain["approval"]["actions"] |= actions
    return Policy.model_validate(plain)


def staffed(one: Desk, **roles: str) -> None:
    """The workspace gets operators who have signed in."""
    with one.store.write() as tx:
        for name, role in roles.items():
            tx.insert(Operator, name=name, role=role, passphrase_hash="x", added_at=tx.now)
    one.service.signed_in_by = "passphrase"


def skilled(one: Desk, name: str, *skills: str, available: bool = True) -> None:
    """An operator says what they take on."""
    with one.store.write() as tx:
        tx.connection.execute(
            table(Operator)
            .update()
            .where(table(Operator).c.name == name)
            .values(skills=list(skills), available=available)
        )


def asking(one: Desk) -> str:
    """A ticket whose refund waits for a person."""
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    return ticket


def escalated(one: Desk) -> str:
    """A ticket that was handed to a person."""
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "escalated"
    return ticket


def words(one: Desk, ticket: str, author: str) -> list[str]:
    return [m.body for m in one.detail(ticket).messages if m.author == author]
