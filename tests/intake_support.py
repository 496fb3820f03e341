"""What the tests of the intake share: reading a text as a file, a classifier, a desk."""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agents.intake.batch import Row
from agents.intake.formats import Reading, open_inputs, read
from agents.intake.records import Incoming, Reject
from data.store import Store
from data.tables import Message, Ticket


def read_all(path: Path, mapping: dict[str, str] | None = None, encoding: str | None = None):
    """The records of a file."""
    reading = Reading(mapping or {}, encoding)
    (source,) = open_inputs([str(path)], reading)
    try:
        return list(read(source, reading))
    finally:
        source.close()


def tickets(records: Sequence[Incoming | Reject]) -> list[Incoming]:
    """Those that were read, where nothing was rejected."""
    assert not [record for record in records if isinstance(record, Reject)]
    return [record for record in records if isinstance(record, Incoming)]


def rejects(records: Sequence[Incoming | Reject]) -> list[Reject]:
    """Those that were rejected."""
    return [record for record in records if isinstance(record, Reject)]


@dataclass(frozen=True)
class Answer:
    """What the classifier of the tests says."""

    intent: str = "billing"
    issues: list[str] = field(default_factory=lambda: ["refund_request", "cancel_request"])
    sentiment: str = "neutral"
    urgency: float = 0.25
    confidence: float = 0.9
    priority: str = "normal"
    language: str = "en"
    escalate: bool = False
    reason: str = ""


class Classifier:
    """Tells technical from billing by a word, and keeps what it was given."""

    def __init__(self, *, stop_after: int | None = None) -> None:
        """Be interrupted at the batch in which the `stop_after`th record stands."""
        self.seen = 0
        self.longest = 0
        self._stop_after = stop_after

    def __call__(self, batch: list[Incoming]) -> list[Answer]:
        """An answer for each."""
        if self._stop_after is not None and self.seen + len(batch) >= self._stop_after:
            raise KeyboardInterrupt
        self.seen += len(batch)
        self.longest = max(self.longest, *(len(r.subject) + len(r.body) for r in batch))
        return [self._one(record) for record in batch]

    @staticmethod
    def _one(record: Incoming) -> Answer:
        if "login" in record.body:
            return Answer(intent="technical", issues=["login_problem"], confidence=0.55)
        if "lawyer" in record.body:
            return Answer(intent="escalate", issues=[], escalate=True, reason="legal threat; E2")
        return Answer()


@dataclass(frozen=True)
class Opened:
    """A new ticket as the desk of the tests takes it."""

    record: Incoming


class Desk:
    """Stores tickets and messages as the service does, without waking agents."""

    def __init__(self, store: Store) -> None:
        """Write into `store`."""
        self.store = store
        self.calls: list[int] = []

    def ingest_many(self, new: list[Opened], /) -> list[str | None]:
        """The ids of those whose ref was not there."""
        self.calls.append(len(new))
        ids: list[str | None] = []
        with self.store.write() as transaction:
            refs = transaction.connection.exec_driver_sql("SELECT ref FROM ticket")
            taken = {row.ref for row in refs}
            for opened in new:
                record = opened.record
                ticket_id = self.store.ids("t")
                ref = record.ref or ticket_id
                if ref in taken:
                    ids.append(None)
                    continue
                taken.add(ref)
                at = record.at or datetime(2026, 1, 1, tzinfo=UTC)
                transaction.insert(
                    Ticket,
                    id=ticket_id,
                    ref=ref,
                    subject=record.subject,
                    requester=record.email,
                    channel=record.channel,
                    opened_at=at,
                    updated_at=at,
                )
                self._message(transaction, ticket_id, 1, record.body, at, record.external_id)
                ids.append(ticket_id)
        return ids

    def receive(
        self,
        ticket_id: str,
        body: str,
        *,
        at: datetime | None = None,
        external_id: str | None = None,
    ) -> None:
        """A further message."""
        with self.store.write() as transaction:
            count = transaction.connection.exec_driver_sql(
                "SELECT count(*) FROM message WHERE ticket_id = ?", (ticket_id,)
            ).scalar_one()
            moment = at or datetime(2026, 1, 1, tzinfo=UTC)
            self._message(transaction, ticket_id, count + 1, body, moment, external_id)

    def _message(self, transaction, ticket_id, position, body, at, external_id) -> None:
        transaction.insert(
            Message,
            id=self.store.ids("m"),
            ticket_id=ticket_id,
            position=position,
            author="customer",
            at=at,
            body=body,
            external_id=external_id,
        )


class Collected:
    """A sink that keeps all it was given."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.rows: list[Row] = []
        self.rejects: list[Reject] = []
        self.finished = False

    def add(self, rows, rejects, tally) -> None:
        """Keep a batch."""
        self.rows += rows
        self.rejects += rejects

    def finish(self) -> None:
        """Complete."""
        self.finished = True


@contextmanager
def opened(path: Path, reading: Reading):
    """One opened input."""
    (source,) = open_inputs([str(path)], reading)
    try:
        yield source
    finally:
        source.close()
