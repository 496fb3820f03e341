"""Of `make bench-triage`: triage fitted on four fifths of Banking77, measured on the rest."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sklearn.model_selection import train_test_split

from agents.understanding.features import ACCURATE, Features
from agents.understanding.model import packaged_model
from agents.understanding.own_model import OwnModel
from agents.understanding.reading import TriageRow
from agents.understanding.training import Labelled, fit
from agents.understanding.triage import read_messages, triage_rows

REST = 0.2
"""The share of the rows that is held out."""


@dataclass(frozen=True)
class Found:
    """What a fitted model is worth on the rows that it never saw."""

    learned: int
    rows: int
    routed: float
    route_ece: float
    issues: float
    issue_ece: float
    to_person: float
    outside_to_person: float


def measure(
    rows: Sequence[Labelled],
    outside: Sequence[str],
    features: Features = ACCURATE,
    tell: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Found:
    """Fit on a part of `rows`, each with an issue, and measure on the rest and on `outside`."""
    learned, rest = train_test_split(
        list(rows), test_size=REST, random_state=3, stratify=[row.issue for row in rows]
    )
    model = fit(learned, tell, features).model
    told = _triage(rest, model)
    strange = _triage([Labelled("", text) for text in outside], model)
    routed = [(row, said) for row, said in zip(rest, told, strict=True) if row.intent]
    right = [row.intent == said.intent for row, said in routed]
    named = [row.issue == said.issues[0] for row, said in zip(rest, told, strict=True)]
    return Found(
        learned=len(learned),
        rows=len(rest),
        routed=sum(right) / len(right),
        route_ece=calibration([said.confidence for _, said in routed], right),
        issues=sum(named) / len(named),
        issue_ece=calibration(_issue_confidences(rest, model), named),
        to_person=sum(said.escalate for said in told) / len(told),
        outside_to_person=sum(said.escalate for said in strange) / len(strange),
    )


def calibration(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error over ten bins of equal width."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, correct in zip(confidences, right, strict=True):
        bins[min(int(confidence * 10), 9)].append((confidence, correct))
    total = len(right)
    return sum(
        abs(sum(c for c, _ in held) / len(held) - sum(r for _, r in held) / len(held))
        * len(held) / total
        for held in bins.values()
    )  # fmt: skip


def _triage(rows: Sequence[Labelled], model: OwnModel) -> list[TriageRow]:
    found: list[TriageRow] = []
    for first in range(0, len(rows), 256):
        found += triage_rows(list(rows[first : first + 256]), own=model)
    return found


def _issue_confidences(rows: Sequence[Labelled], model: OwnModel) -> list[float]:
    found: list[float] = []
    for first in range(0, len(rows), 256):
        texts = [(row.subject, row.body) for row in rows[first : first + 256]]
        readings = read_messages(texts, packaged_model(model.features.name), model)
        found += [max(r.own.issues.values()) if r.own else 0.0 for r in readings]
    return found
