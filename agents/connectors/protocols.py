"""What the outside systems must offer; the embedded back office is one implementation.

Rows are plain dictionaries with the fields of the scenario format: amounts in minor units, times as
ISO 8601 text in UTC, dates as `YYYY-MM-DD`. Every read raises Retryable when the system cannot be
reached.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Row = dict[str, Any]


class Crm(Protocol):
    """Who the customers are."""

    def customer(self, customer_id: str) -> Row | None:
        """One customer, or None."""
        ...

    def customer_by_email(self, email: str) -> Row | None:
        """The customer with this address, compared without regard to case, or None."""
        ...


class Billing(Protocol):
    """What customers have and paid."""

    def plans(self) -> list[Row]:
        """Every plan."""
        ...

    def subscriptions(self, customer_id: str) -> list[Row]:
        """The customer's subscriptions, oldest first."""
        ...

    def charges(self, customer_id: str, since: datetime | None = None) -> list[Row]:
        """The customer's charges from `since` on, oldest first."""
        ...

    def refunds(self, customer_id: str) -> list[Row]:
        """Refunds of the customer's charges, oldest first."""
        ...


class Logs(Protocol):
    """What happened in the product, and how its services do."""

    def errors(self, customer_id: str, since: datetime) -> list[Row]:
        """The customer's log rows of level error from `since` on, newest first."""
        ...

    def activity(self, customer_id: str, since: datetime | None = None) -> list[Row]:
        """What the customer did, oldest first."""
        ...

    def services(self) -> list[Row]:
        """Every service with its status."""
        ...

    def resets(self, customer_id: str, since: datetime) -> list[Row]:
        """Resets done for the customer from `since` on, newest first."""
        ...


class Knowledge(Protocol):
    """What the company has written down."""

    def articles(self) -> list[Row]:
        """Every article: id, title, body, tags."""
        ...


class Desk(Protocol):
    """Other tickets and the people who take over."""

    def past_tickets(self, customer_id: str) -> list[Row]:
        """The customer's earlier tickets, newest first."""
        ...

    def staff(self) -> list[Row]:
        """People with their skills and whether they are available."""
        ...


class Reader(Crm, Billing, Logs, Knowledge, Desk, Protocol):
    """Everything that can be read; roles receive parts of it."""

    def record(self, table: str, record_id: str) -> Row | None:
        """One row by table and id, as it is now, or None."""
        ...


@dataclass(frozen=True)
class Change:
    """One row that a write changes: fields before and after (None: the row is not there)."""

    table: str
    id: str
    before: Row | None
    after: Row | None

    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Only what differs: field to (before, after)."""
        before, after = self.before or {}, self.after or {}
        return {
            name: (before.get(name), after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }


@dataclass(frozen=True)
class Effect:
    """What a write did, or would do."""

    changes: list[Change]
    result: Row = field(default_factory=dict)
    undo_until: datetime | None = None
    """Until when it can be undone; None with `undoable` means without an end."""
    undoable: bool = False
    declared: bool = False
    """A preview that the system could not try out: what it says that it would do."""


class Writer(Protocol):
    """Carries actions out. Raises Refused for what the system's own rules forbid, Retryable when
    nothing was done, UnknownOutcome when that cannot be told."""

    def execute(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """Do it once: a key seen before answers with the first effect."""
        ...

    def preview(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """The effect that `execute` would have now; nothing is changed."""
        ...

    def preview_undo(self, key: str, now: datetime) -> Effect:
        """The effect that `undo` would have now; nothing is changed."""
        ...

    def lookup(self, key: str) -> Effect | None:
        """The effect that a key had, or None if it was never carried out."""
        ...

    def undo(self, key: str, undo_key: str, now: datetime) -> Effect:
        """Take the effect of `key` back, as a write of its own under `undo_key`."""
        ...
