"""Batch triage: records in, classified rows out, in order, a batch at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from agents.intake.measuring import Measured, is_noise
from agents.intake.records import Incoming, Reject

COLUMNS = (
    "id",
    "intent",
    "issues",
    "sentiment",
    "urgency",
    "confidence",
    "priority",
    "language",
    "escalate",
    "reason",
)
"""What a row of the result holds, in this order."""

LONGEST_READ = 20_000
"""How much of a text is classified, in characters; the rest is not looked at."""

BATCH = 256
BATCH_CHARACTERS = 4_000_000
"""A batch is complete with so many records or so many characters, whichever comes first."""

NAMED = 5
"""Ids that are named of many."""

Row = dict[str, Any]
"""A line of the result, under `COLUMNS`."""


class Triaged(Protocol):
    """What the classifier says of one record."""

    @property
    def intent(self) -> str: ...
    @property
    def issues(self) -> list[str]: ...
    @property
    def sentiment(self) -> str: ...
    @property
    def urgency(self) -> float: ...
    @property
    def confidence(self) -> float: ...
    @property
    def priority(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def escalate(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def at_once(self) -> bool: ...


class Stopped(Exception):
    """Classifying must stop here, whatever is left; what was done before is kept."""

    def __init__(self, why: BaseException, done: "Sequence[Triaged]", cost_micros: int = 0) -> None:
        """Because of `why`, after the results `done` of the batch's first records; `cost_micros`
        were spent on others."""
        super().__init__(str(why))
        self.why, self.done, self.cost_micros = why, done, cost_micros
        self.left = 0
        """Records that were not classified, once `triage_all` has told it; 0 after ctrl+c."""
        self.tally = Tally()
        """What was done before, likewise."""


Classify = Callable[[list[Incoming]], Sequence[Triaged]]
"""Gives a result for each record, in order. One that can say certain issues only has their names
as `issues`."""


@dataclass
class Tally:
    """What a batch triage has done so far."""

    done: int = 0
    """Records taken from the input, rejected ones among them."""
    rows: int = 0
    rejected: int = 0
    escalated: int = 0
    noise: int = 0
    """Rows that are closed without an answer."""
    cut: int = 0
    """Texts that were longer than what is classified."""
    by_model: int = 0
    stood_in: int = 0
    """Rows that a language model was to do: those that it did, and that the embedded triage did."""
    stood_in_because: Counter[str] = field(default_factory=Counter)
    """Why it did."""
    cost_micros: int = 0
    stored: int = 0
    duplicates: int = 0
    changed: int = 0
    """Of the duplicates, those that have another text."""
    changed_ids: list[str] = field(default_factory=list)
    """The first of them, at most `NAMED`."""
    confidence_sum: float = 0.0
    confidence_bins: list[int] = field(default_factory=lambda: [0] * 10)
    """Rows by tenths of confidence."""
    intents: Counter[str] = field(default_factory=Counter)
    sentiments: Counter[str] = field(default_factory=Counter)
    priorities: Counter[str] = field(default_factory=Counter)
    escalated_intents: Counter[str] = field(default_factory=Counter)
    escalated_reasons: Counter[str] = field(default_factory=Counter)
    """Rows for people by the reason, without what it adds about the single row."""
    measured: Measured | None = None
    """How that compares with the team's own labels, where they were named."""

    @property
    def mean_confidence(self) -> float:
        """The mean over all rows; 0 without any."""
        return self.confidence_sum / self.rows if self.rows else 0.0

    def add(self, result: Triaged) -> None:
        """Count a row."""
        self.rows += 1
        if (by_model := getattr(result, "by_model", None)) is not None:
            self.by_model += by_model
            self.stood_in += not by_model
            if not by_model:
                self.stood_in_because[getattr(result, "why", "")] += 1
            self.cost_micros += getattr(result, "cost_micros", 0)
        self.intents[result.intent] += 1
        self.sentiments[result.sentiment] += 1
        self.priorities[result.priority] += 1
        self.confidence_sum += result.confidence
        self.confidence_bins[min(9, max(0, int(result.confidence * 10)))] += 1
        self.noise += is_noise(result)
        if result.escalate:
            self.escalated += 1
            self.escalated_intents[result.intent] += 1
            self.escalated_reasons[result.reason.partition(";")[0][:80]] += 1

    def stored_form(self) -> dict[str, Any]:
        """The tally as JSON."""
        return {**vars(self), "measured": self.measured and self.measured.stored_form()}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> "Tally":
        """The tally of `stored_form`."""
        tally = cls()
        for name, value in stored.items():
            if name == "measured":
                tally.measured = Measured.restored(value) if value else None
                continue
            counted = isinstance(getattr(tally, name), Counter)
            setattr(tally, name, Counter(value) if counted else value)
        return tally


class Sink(Protocol):
    """Where rows go."""

    def add(self, rows: list[Row], rejects: list[Reject], tally: Tally) -> None:
        """Take the results of the batch with which the input is done up to `tally.done`."""
        ...

    def finish(self) -> None:
        """Complete what was written."""
        ...


@dataclass(frozen=True)
class Stored:
    """What became of records that were put into the queue."""

    new: int
    known: int
    """There already."""
    rejects: list[Reject]
    changed: list[str] = field(default_factory=list)
    """Ids of those that are there already with another text."""


class Queue(Protocol):
    """Takes records into the queue as well."""

    def add(self, records: list[Incoming]) -> Stored:
        """Store them; what became of them."""
        ...


def row_of(record: Incoming, number: int, result: Triaged) -> Row:
    """The line of the result for the record that is the `number`th of the input."""
    return {
        "id": record.ref or record.external_id or record.ticket or str(number),
        "intent": str(result.intent),
        "issues": [str(issue) for issue in result.issues],
        "sentiment": str(result.sentiment),
        "urgency": round(float(result.urgency), 4),
        "confidence": round(float(result.confidence), 4),
        "priority": str(result.priority),
        "language": str(result.language),
        "escalate": bool(result.escalate),
        "reason": str(result.reason),
    }


def batches(
    records: Iterable[Incoming | Reject], size: int = BATCH
) -> Iterator[list[Incoming | Reject]]:
    """`records` in lists of at most `size`, shorter where the texts are long."""
    held: list[Incoming | Reject] = []
    characters = 0
    for record in records:
        held.append(record)
        characters += record.size if isinstance(record, Incoming) else len(record.raw)
        if len(held) >= size or characters >= BATCH_CHARACTERS:
            yield held
            held, characters = [], 0
    if held:
        yield held


def triage_all(
    records: Iterable[Incoming | Reject],
    classify: Classify,
    sink: Sink,
    *,
    tally: Tally | None = None,
    limit: int | None = None,
    queue: Queue | None = None,
    on_batch: Callable[[Tally], None] = lambda tally: None,
    size: int = BATCH,
) -> Tally:
    """Classify `records`, at most `limit` of them, into `sink`; what was done.

    With the `tally` of an interrupted run, what it had done is passed over. Raises the classifier's
    Stopped when what it had done before is in the sink, which is then not finished.
    """
    tally = tally or Tally()
    wanted = islice(records, tally.done, limit)
    for whole in batches(wanted, size):
        batch, stop = whole, None
        readable = _readable(batch, tally.done)
        try:
            results = classify([_cut(record) for _, record in readable]) if readable else []
        except Stopped as stopped:
            stop, results = stopped, stopped.done
            tally.cost_micros += stopped.cost_micros
            batch = batch[: readable[len(results)][0] - tally.done - 1]
            readable = readable[: len(results)]
        rejects = [record for record in batch if isinstance(record, Reject)]
        rows = []
        for (number, record), result in zip(readable, results, strict=True):
            tally.add(result)
            if tally.measured is not None:
                tally.measured.add(record.labels, result)
            tally.cut += len(record.subject) + len(record.body) > LONGEST_READ
            rows.append(row_of(record, number, result))
        if queue is not None and readable:
            stored = queue.add([record for _, record in readable])
            tally.stored += stored.new
            tally.duplicates += stored.known
            tally.changed += len(stored.changed)
            tally.changed_ids += stored.changed[: NAMED - len(tally.changed_ids)]
            rejects += stored.rejects
        tally.done += len(batch)
        tally.rejected += len(rejects)
        sink.add(rows, rejects, tally)
        on_batch(tally)
        if stop is not None:
            stop.tally = tally
            if isinstance(stop.why, Exception):  # after ctrl+c nothing more is read
                stop.left = len(whole) - len(batch) + sum(1 for _ in wanted)
            raise stop
    sink.finish()
    return tally


def _readable(batch: list[Incoming | Reject], done: int) -> list[tuple[int, Incoming]]:
    """The records that could be read, with their numbers in the whole input."""
    return [(n, r) for n, r in enumerate(batch, done + 1) if isinstance(r, Incoming)]


def _cut(record: Incoming) -> Incoming:
    if len(record.subject) + len(record.body) <= LONGEST_READ:
        return record
    subject = record.subject[: LONGEST_READ // 2]
    return replace(record, subject=subject, body=record.body[: LONGEST_READ - len(subject)])
