"""Triage measured against labels that a team gave, a row at a time, in the same little memory."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.intake.fields import plain_name
from agents.intake.records import safe, shown
from data.errors import HandrailError
from data.vocabulary import Intent

INTENTS = frozenset(intent.value for intent in Intent)
CONFIDENCES = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Where the confidence could be drawn below which a person has the row."""

UNSURE = "confidence is low"
"""The reason of a row that goes to a person for its confidence alone."""

NOISE = "noise: "
"""How the reason of a row begins that is closed without an answer, and goes to nobody."""

_OF_ISSUES = ("issue", "issues")
"""Names of columns that hold issues, also where one is called like an intent."""

MOST_LABELS = 1_000
"""Different labels that are kept apart; what comes after them counts as `OTHERS`."""

OTHERS = "(others)"
NOTHING = "(none)"


class Judged(Protocol):
    """What is compared with the label of a row."""

    @property
    def intent(self) -> str: ...
    @property
    def issues(self) -> list[str]: ...
    @property
    def confidence(self) -> float: ...
    @property
    def escalate(self) -> bool: ...
    @property
    def reason(self) -> str: ...


def is_noise(result: Judged) -> bool:
    """Whether a row is closed as noise."""
    return not result.escalate and result.reason.startswith(NOISE)


def check_column(column: str, labels: Mapping[str, object]) -> None:
    """HandrailError, naming what there is, unless a record has the column."""
    if column not in labels:
        found = ", ".join(safe(str(name))[:40] for name in list(labels)[:20])
        raise HandrailError(f"--labels {shown(column)}: no such column; found: {found}")


@dataclass
class Measured:
    """How often triage said what the labels say, and how sure it was then."""

    column: str = ""
    rows: int = 0
    right: int = 0
    unlabelled: int = 0
    of_issues: int = 0
    """Rows that are compared by their issue, of which the confidence says nothing."""
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(label, what triage said) to rows."""
    bins: list[list[float]] = field(default_factory=lambda: [[0, 0, 0.0] for _ in range(10)])
    """Rows, right ones and the sum of confidences by tenths of confidence."""
    handed: list[int] = field(default_factory=lambda: [0] * len(CONFIDENCES))
    """Rows that a person would have at each of `CONFIDENCES`."""
    wrong_kept: list[int] = field(default_factory=lambda: [0] * len(CONFIDENCES))
    """Rows among the rest, noise among them, that are wrong."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Labels that triage cannot say to rows, which are not compared."""
    issues: frozenset[str] | None = None
    """All issues that triage can say; None if it may say any."""

    def add(self, labels: Mapping[str, object], result: Judged) -> None:
        """Count a row; one without a label is counted as such.

        A label that is an intent is compared with the intent, one that triage can say with the
        first issue.
        """
        label = self._label(labels)
        if not label:
            self.unlabelled += 1
            return
        if label in INTENTS and plain_name(self.column) not in _OF_ISSUES:
            said = str(result.intent)
        elif self.issues is not None and label not in self.issues:
            self.left_out[_kept(label, self.left_out)] += 1
            return
        else:
            self.of_issues += 1
            said = str(result.issues[0]) if result.issues else NOTHING
            label = _kept(label, {truth for truth, _ in self.pairs})
        right, sure = said == label, float(result.confidence)
        self.rows += 1
        self.right += right
        self.pairs[label, said] += 1
        held = self.bins[min(9, max(0, int(sure * 10)))]
        held[0] += 1
        held[1] += right
        held[2] += sure
        always = result.escalate and result.reason.partition(";")[0] != UNSURE
        never = is_noise(result)
        for place, least in enumerate(CONFIDENCES):
            if always or (sure < least and not never):
                self.handed[place] += 1
            else:
                self.wrong_kept[place] += not right

    def _label(self, labels: Mapping[str, object]) -> str:
        value = labels.get(self.column)
        label = " ".join(str(value).split()) if value is not None else ""
        plain, issues = plain_name(label[:60]), self.issues or ()
        return (
            plain if label not in issues and (plain in INTENTS or plain in issues) else label[:200]
        )

    @property
    def comparable(self) -> bool:
        """Whether any label is an intent, or an issue that triage told of some row."""
        said = {told for _, told in self.pairs}
        return any(truth in INTENTS or truth in said for truth, _ in self.pairs)

    @property
    def is_mixed(self) -> bool:
        """Whether some labels are intents and others issues."""
        return 0 < self.of_issues < self.rows

    @property
    def labels(self) -> int:
        """How many labels there are, those that triage cannot say among them."""
        return len({truth for truth, _ in self.pairs}) + len(self.left_out)

    @property
    def accuracy(self) -> float:
        """The share of labelled rows that are right; 0 without any."""
        return self.right / self.rows if self.rows else 0.0

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error over ten bins of equal width; None where issues are compared,
        as the confidence is the intent's."""
        if not self.rows or self.of_issues:
            return None
        return sum(abs(right - sure) for _, right, sure in self.bins) / self.rows

    def by_label(self) -> list[dict[str, Any]]:
        """Rows, recall and precision of each label, and what it is most often taken for; as they
        are, since what is shown is rounded once."""
        truths: Counter[str] = Counter()
        said: Counter[str] = Counter()
        worst: dict[str, tuple[int, str]] = {}
        for (truth, told), count in self.pairs.items():
            truths[truth] += count
            said[told] += count
            if truth != told and count > worst.get(truth, (0, ""))[0]:
                worst[truth] = (count, told)
        return [
            {
                "label": label,
                "rows": count,
                "recall": self.pairs[label, label] / count,
                "precision": self.pairs[label, label] / said[label] if said[label] else None,
                "taken_for": worst.get(label, (0, None))[1],
                "taken_for_rows": worst.get(label, (0, None))[0],
            }
            for label, count in truths.most_common()
        ]

    def at_each_confidence(self) -> list[dict[str, Any]]:
        """What people would have at each confidence, and the error among the rest."""
        return [
            {
                "confidence": least,
                "to_people": handed,
                "share": handed / self.rows,
                "kept": self.rows - handed,
                "wrong": wrong,
                "error": wrong / (self.rows - handed) if self.rows > handed else None,
            }
            for least, handed, wrong in zip(CONFIDENCES, self.handed, self.wrong_kept, strict=True)
            if self.rows
        ]

    def document(self) -> dict[str, Any]:
        """All of it, for a program."""
        return {
            "column": self.column,
            "rows": self.rows,
            "unlabelled": self.unlabelled,
            "of_issues": self.of_issues,
            "left_out": [
                {"label": label, "rows": rows} for label, rows in self.left_out.most_common()
            ],
            "accuracy": round(self.accuracy, 4),
            "ece": None if (error := self.calibration_error) is None else round(error, 4),
            "labels": [_rounded(row) for row in self.by_label()],
            "confusion": [
                {"label": truth, "said": told, "rows": count}
                for (truth, told), count in self.pairs.most_common()
            ],
            "confidences": [_rounded(row) for row in self.at_each_confidence()],
        }

    def stored_form(self) -> dict[str, Any]:
        """As JSON, for a run that goes on later, which knows itself what it can say."""
        pairs = [[truth, told, count] for (truth, told), count in self.pairs.items()]
        return {**vars(self), "pairs": pairs, "issues": None}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> "Measured":
        """That of `stored_form`."""
        pairs = Counter({(truth, told): count for truth, told, count in stored["pairs"]})
        return cls(**{**stored, "pairs": pairs, "left_out": Counter(stored["left_out"])})


def _kept(label: str, known: Collection[str]) -> str:
    """The label under which a row is counted, however many there are."""
    return label if label in known or len(known) < MOST_LABELS else OTHERS


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
