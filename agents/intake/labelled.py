"""A team's labelled tickets, out of the files that it has them in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.intake.fields import plain_name
from agents.intake.records import Incoming, Reject, safe, shown
from agents.understanding.training import Labelled
from data.errors import BadFile
from data.vocabulary import URGENCY_OF, Intent, Priority, Sentiment

LABELS: dict[str, tuple[str, ...]] = {
    "intent": ("intent", "route"),
    "issue": ("issue", "issues", "category", "label"),
    "sentiment": ("sentiment", "tone"),
    "urgency": ("urgency",),
}
"""Our labels, and the names under which they are understood."""

_LONGEST = 120


@dataclass
class Gathered:
    """What labelled files gave."""

    rows: list[Labelled] = field(default_factory=list)
    unlabelled: int = 0
    """Tickets with neither intent nor issue."""
    rejects: list[Reject] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    """The names that any of the tickets has, in order."""
    with_intent: bool = False
    """Whether one of them holds the intent."""

    def add(self, other: "Gathered") -> None:
        """Take what another file gave as well."""
        self.rows += other.rows
        self.unlabelled += other.unlabelled
        self.rejects += other.rejects
        self.columns |= other.columns
        self.with_intent = self.with_intent or other.with_intent

    def check_intent(self, place: str) -> None:
        """BadFile unless a column holds the intent, where there are tickets at all."""
        if (self.rows or self.unlabelled) and not self.with_intent:
            raise BadFile(
                place,
                f"no column holds the intent; found: {_told(self.columns)}; name it: "
                "--map COLUMN=intent",
            )


def split_map(pairs: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The mapping of tickets' fields, and that of our labels to the file's names."""
    tickets = {theirs: ours for theirs, ours in pairs.items() if ours not in LABELS}
    return tickets, {ours: theirs for theirs, ours in pairs.items() if ours in LABELS}


def gather(records: Iterable[Incoming | Reject], named: Mapping[str, str], place: str) -> Gathered:
    """The labelled tickets of `records`; `named` gives the file's own names of our labels.

    BadFile, with the line, for a label that is none of those that exist, for a name of `named` that
    no ticket has, and where there is neither intent nor issue.
    """
    found = Gathered()
    for record in records:
        if isinstance(record, Reject):
            found.rejects.append(record)
            continue
        row = _labelled(record, named, place)
        found.columns |= dict.fromkeys(str(name) for name in record.labels)
        if row.intent is None and row.issue is None:
            found.unlabelled += 1
        else:
            found.rows.append(row)
    for ours, theirs in named.items():
        if (found.rows or found.unlabelled) and theirs not in found.columns:
            raise BadFile(
                place,
                f"--map {shown(f'{theirs}={ours}')}: no such column; found: {_told(found.columns)}",
            )
    plain = {plain_name(name) for name in found.columns}
    found.with_intent = "intent" in named or not plain.isdisjoint(LABELS["intent"])
    if not found.rows:
        found.check_intent(place)
    return found


def _told(columns: Iterable[str]) -> str:
    return ", ".join(safe(name)[:40] for name in list(columns)[:20]) or "none"


def _column(record: Incoming, ours: str, named: Mapping[str, str]) -> str | None:
    if ours in named:
        return named[ours] if named[ours] in record.labels else None
    plain = {plain_name(str(name)): str(name) for name in record.labels}
    return next((plain[name] for name in LABELS[ours] if name in plain), None)


def _labelled(record: Incoming, named: Mapping[str, str], place: str) -> Labelled:
    told: dict[str, str | None] = {}
    for ours in LABELS:
        column = _column(record, ours, named)
        value = record.labels.get(column) if column else None
        if isinstance(value, list):
            value = value[0] if value else None
        told[ours] = " ".join(str(value).split()) or None if value is not None else None
    issue = told["issue"]
    if issue is not None and len(issue) > _LONGEST:
        raise BadFile(place, f"an issue's name is longer than {_LONGEST} characters", record.line)
    return Labelled(
        record.subject,
        record.body,
        _one_of(told["intent"], Intent, "intent", record, place),
        issue,
        _one_of(told["sentiment"], Sentiment, "sentiment", record, place),
        _urgency(told["urgency"], record, place),
    )


def _one_of(
    value: str | None, known: type[Intent | Sentiment], what: str, record: Incoming, place: str
) -> str | None:
    if value is None:
        return None
    plain = plain_name(value)
    if plain not in {str(name.value) for name in known}:
        names = ", ".join(str(name.value) for name in known)
        hint = "; names of your own go into the column issue" if what == "intent" else ""
        raise BadFile(place, f"{what} {shown(value)} is none of {names}{hint}", record.line)
    return plain


def _urgency(value: str | None, record: Incoming, place: str) -> float | None:
    if value is None:
        return None
    plain = plain_name(value)
    if plain in {level.value for level in Priority}:
        return URGENCY_OF[Priority(plain)]
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise BadFile(
            place, f"urgency {shown(value)} is no number from 0 to 1, nor low to urgent",
            record.line,
        )  # fmt: skip
    return number
