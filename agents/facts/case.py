"""One issue of one ticket with the evidence read for it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from agents.connectors.protocols import Row
from agents.policy.model import Policy
from data.vocabulary import Identity


@dataclass(frozen=True)
class Case:
    """What a specialist has in hand when it looks for the cause."""

    kind: str
    """What triage recognised."""
    clause: str
    """The words that ask for it."""
    text: str
    """All of the customer's own words in the ticket."""
    wants_money: bool
    at: datetime
    """When the ticket was opened; limits of time run to it."""
    now: datetime
    policy: Policy
    identity: Identity
    customer: Row | None
    requester: str | None = None
    answers: tuple[str, ...] = ()
    """Kinds of answers that the customer gave after our last reply."""
    asked: str | None = None
    """The rule under which this issue awaited the customer before, if it did."""
    answer: str = ""
    """The customer's words after our last reply."""
    records: dict[str, list[Row]] = field(default_factory=dict)
    """Rows by the name of the read tool."""
    alone: bool = True
    """Whether the ticket has no other issue, so that all of its words are about this one."""
    open_refunds: frozenset[str] = frozenset()
    """Charges that another ticket's open request already refunds."""

    def rows(self, name: str) -> list[Row]:
        """The rows that a read tool gave; none if it was not asked."""
        return self.records.get(name, [])


def moment(text: str | None) -> datetime | None:
    """A stored time as UTC, a date alone as its midnight; None for none."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def day(text: str | None) -> date | None:
    """The UTC date of a stored time or date."""
    found = moment(text)
    return found.date() if found else None


def days_between(earlier: str, later: datetime) -> int:
    """Whole UTC days from a stored time to `later`."""
    start = day(earlier)
    assert start is not None
    return (later.date() - start).days
