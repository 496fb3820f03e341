"""What the tests of the intake share: reading a text as a file, a classifier, a desk."""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agents.intake.batch import Row
from agents.intake.formats import Reading, open_inputs, read
from agents.intake.records import Incoming, Reject
from agents.policy.model import load_policy
from agents.service import NewTicket, Service
from data.store import Store
from data.workspace import Workspace, open_workspace


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
    at_once: bool = False


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


class Desk(Service):
    """The service, with the sizes of the batches that it was given."""

    def __init__(self, store: Store) -> None:
        """Write into `store`."""
        super().__init__(store, load_policy())
        self.calls: list[int] = []

    def ingest_many(self, batch: list[NewTicket]) -> list[str | None]:
        """Store them."""
        self.calls.append(len(batch))
        return super().ingest_many(batch)


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


class Session:
    """An open workspace of a test, as the console's bootstrap would give it."""

    def __init__(self, store: Workspace) -> None:
        """Use `store`."""
        self.store, self.service = store, Desk(store)

    @classmethod
    @contextmanager
    def opened(cls, db: str | None):
        """The workspace at `db`, for the length of a block."""
        workspace = open_workspace(str(db), synchronous="OFF")
        try:
            yield cls(workspace)
        finally:
            workspace.close()
