"""Records into the queue: new tickets, and further messages of tickets that are there."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from agents.intake.batch import Stored, batches
from agents.intake.records import Attached, Incoming, Reject, shown
from data.errors import HandrailError, NotFound
from data.queries.queue import find_ticket
from data.queries.threads import tickets_of_messages
from data.store import Store

Ticket = TypeVar("Ticket")
"""What the desk takes for a new ticket."""


class Desk(Protocol[Ticket]):
    """The part of the service that takes tickets in."""

    def ingest_many(self, new: list[Ticket], /) -> Sequence[str | None]:
        """Store tickets; their ids in order, None for a ref that is there already."""
        ...

    def with_another_text(self, new: list[Ticket], /) -> set[str]:
        """The refs under which a ticket is there that came with another text."""
        ...

    def receive(
        self,
        ticket_id: str,
        body: str,
        *,
        at: datetime | None = None,
        external_id: str | None = None,
        attachments: Sequence[Attached] = (),
    ) -> None:
        """Store a customer's further message."""
        ...


AT_ONCE = 500
"""Records looked up and stored together."""


@dataclass
class Taken:
    """What became of the records."""

    tickets: list[str] = field(default_factory=list)
    """Ids of the new tickets, in order."""
    received: int = 0
    duplicates: int = 0
    changed: list[str] = field(default_factory=list)
    """Ids of those that are there already with another text; they are left as they are."""
    rejected: list[Reject] = field(default_factory=list)


class Queueing(Generic[Ticket]):
    """Takes records in, in order, so that an answer finds the ticket that came just before it."""

    def __init__(
        self,
        desk: Desk[Ticket],
        store: Store,
        opened_by: Callable[[Incoming], Ticket],
        tell: Callable[[Reject], None] = lambda reject: None,
    ) -> None:
        """Write through `desk`; look known tickets and messages up in `store`.

        `opened_by` makes the ticket that a record opens, as the desk takes it;
        `tell` hears each reject as it comes.
        """
        self._desk, self._store, self._opened_by, self._tell = desk, store, opened_by, tell
        self._waiting: list[Incoming] = []
        self._names: set[str] = set()
        """Refs and message ids of the tickets that wait to be stored."""
        self._messages: dict[str, str] = {}
        """Tickets by the ids of messages, as far as they were looked up."""
        self.taken = Taken()

    def take(
        self,
        records: Iterable[Incoming | Reject],
        on_batch: Callable[[int], None] = lambda done: None,
    ) -> Taken:
        """Store all `records`; what became of them. `on_batch` hears how many are done."""
        done = 0
        for batch in batches(records, AT_ONCE):
            for record in batch:
                if isinstance(record, Reject):
                    self._reject(record)
            self._add([record for record in batch if isinstance(record, Incoming)])
            done += len(batch)
            on_batch(done)
        return self.taken

    def add(self, records: list[Incoming]) -> Stored:
        """Store `records`; what became of these."""
        total, self.taken = self.taken, Taken()
        self._add(records)
        now, self.taken = self.taken, total
        total.received += now.received
        total.duplicates += now.duplicates
        total.changed += now.changed
        new = len(now.tickets) + now.received
        return Stored(new, now.duplicates, now.rejected, now.changed)

    def _reject(self, reject: Reject) -> None:
        self.taken.rejected.append(Reject(reject.line, reject.why))
        self._tell(reject)

    def _add(self, records: list[Incoming]) -> None:
        ids = {name for r in records for name in (r.external_id, *r.in_reply_to) if name}
        self._messages = tickets_of_messages(self._store, ids)
        for record in records:
            if record.ref is None and record.external_id in self._messages:
                self.taken.duplicates += 1
                continue
            if self._names and self._names.intersection(self._named(record)):
                self._flush()
            self._add_one(record)
        self._flush()

    @staticmethod
    def _named(record: Incoming) -> list[str]:
        """Names by which the record may mean a ticket that waits, or be a repeat of it."""
        named = [*record.in_reply_to]
        if record.ticket:
            named.append(record.ticket)
        if record.ref is None and record.external_id:
            named.append(record.external_id)
        return named

    def _add_one(self, record: Incoming) -> None:
        if record.ref is None and record.external_id in self._messages:
            self.taken.duplicates += 1
            return
        try:
            ticket = self._continued(record)
            if ticket is None:
                self._waiting.append(record)
                self._names.update(name for name in (record.ref, record.external_id) if name)
                return
            self._desk.receive(
                ticket,
                record.body if record.body.strip() else record.subject,
                at=record.at,
                external_id=record.external_id,
                attachments=record.attachments,
            )
        except HandrailError as problem:
            self._reject(Reject(record.line, str(problem)))
            return
        self.taken.received += 1
        if record.external_id:
            self._messages[record.external_id] = ticket

    def _continued(self, record: Incoming) -> str | None:
        """The ticket that the record continues; None if it opens one."""
        if record.ticket:
            try:
                return find_ticket(self._store, record.ticket)
            except NotFound:
                raise NotFound(
                    f"no ticket {shown(record.ticket)} to continue; "
                    "leave the field empty to open one"
                ) from None
        answered = (self._messages.get(name) for name in record.in_reply_to)
        return next((ticket for ticket in answered if ticket), None)

    def _flush(self) -> None:
        """Store the tickets that wait."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        self._names = set()
        try:
            self._open(waiting)
        except HandrailError:
            # One of them is refused, and nothing is stored: find out which.
            for record in waiting:
                try:
                    self._open([record])
                except HandrailError as problem:
                    self._reject(Reject(record.line, str(problem)))

    def _open(self, records: list[Incoming]) -> None:
        new = [self._opened_by(record) for record in records]
        ids = self._desk.ingest_many(new)
        known = [one for one, ticket in zip(new, ids, strict=True) if ticket is None]
        changed = self._desk.with_another_text(known) if known else set()
        for record, ticket in zip(records, ids, strict=True):
            if ticket is None:
                self.taken.duplicates += 1
                if record.ref in changed:
                    self.taken.changed.append(record.ref)
                continue
            self.taken.tickets.append(ticket)
            if record.external_id:
                self._messages[record.external_id] = ticket
