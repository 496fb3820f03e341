"""What held-out tickets say of a freshly fitted model, beside the model in use."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from agents.understanding.features import ACCURATE
from agents.understanding.heads import FOLDS, HeldOut
from agents.understanding.own_model import Learned, OwnModel
from agents.understanding.reading import Reading
from agents.understanding.training import FEWEST, Fitted, Labelled, Progress, read_all
from agents.understanding.triage import row_of, whole_of

MOST_CONFUSED = 12
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class InUse:
    """The model in use before: a team's own, and what it was fitted on."""

    model: OwnModel
    learned: Learned
    about: dict[str, Any]


def calibration_error(probabilities: Floats, truth: NDArray[np.int64]) -> float:
    """Expected calibration error over ten bins of equal width of the highest probability."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((sure * 10).astype(int), 9)
    apart = [abs(sure[bins == b].sum() - right[bins == b].sum()) for b in range(10)]
    return float(sum(apart) / max(1, len(truth)))


def measured(held: HeldOut) -> dict[str, Any]:
    """Accuracy, calibration, recall and precision by label, and the worst confusions."""
    said = held.probabilities.argmax(axis=1)
    labels = []
    for place, name in enumerate(held.names):
        own, told = held.truth == place, said == place
        right = int((own & told).sum())
        labels.append(
            {
                "label": name,
                "rows": int(own.sum()),
                "recall": round(right / max(1, int(own.sum())), 4),
                "precision": round(right / int(told.sum()), 4) if told.any() else None,
            }
        )
    wrong = Counter(
        (held.names[t], held.names[s])
        for t, s in zip(held.truth.tolist(), said.tolist(), strict=True)
        if t != s
    )
    return {
        "rows": len(held.truth),
        "accuracy": round(float(held.right.mean()), 4),
        "ece": round(calibration_error(held.probabilities, held.truth), 4),
        "labels": labels,
        "confused": [
            {"label": truth, "said": told, "rows": rows}
            for (truth, told), rows in wrong.most_common(MOST_CONFUSED)
        ],
        "too_few": held.few,
        "left_out": held.left_out,
    }


def report_of(
    rows: list[Labelled],
    fitted: Fitted,
    in_use: InUse | None,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, Any]:
    """What `handrail train` prints and keeps; `in_use` None: the packaged accurate model."""
    intent = fitted.heads["intent"]
    sure = intent.probabilities.max(axis=1)
    to_person = fitted.strange[intent.rows] | (sure < 0.5)
    return {
        "version": fitted.model.version,
        "features": fitted.model.features.name,
        "rows": len(rows),
        "folds": FOLDS,
        "share": {"issue": fitted.model.share[0], "packaged": fitted.model.share[1]},
        "heads": {name: measured(held) for name, held in fitted.heads.items()},
        "left_to_packaged": fitted.left_to_packaged,
        "contradictory": fitted.contradictory,
        "to_person": round(float(to_person.mean()), 4),
        "compared": _compared(rows, fitted, in_use, progress),
    }


def _compared(
    rows: list[Labelled], fitted: Fitted, in_use: InUse | None, progress: Progress
) -> dict[str, Any]:
    """The new model's held-out answers beside those of the model in use, on the same rows.

    What that one says of a ticket that it was fitted on is what it said while that was held out.
    """
    intent, seen = fitted.heads["intent"], fitted.learned.seen
    name, note, known = "packaged", "", dict[int, str]()
    chosen = intent.rows
    if in_use is not None:
        name = in_use.model.version
        known = in_use.learned.answers(in_use.model.heads["intent"].names)
        fitted_on = np.isin(seen[chosen], in_use.learned.seen)
        told = np.isin(seen[chosen], np.array(list(known), np.uint32))
        if (fitted_on & ~told).any():
            # Stored by an earlier version, which kept no answers.
            chosen = chosen[~fitted_on]
            if len(chosen) < FEWEST:
                return _not_comparable(name, in_use, intent, len(chosen))
            note = f"on the {len(chosen)} rows that {name} was not fitted on"
        elif fitted_on.any():
            note = (
                f"of {fitted_on.sum():,} tickets that {name} was fitted on, its held-out answers "
                "are counted"
            )
    new_to_it = np.array([row for row in chosen if int(seen[row]) not in known], np.int64)
    readings = _readings(rows, fitted, in_use, new_to_it, progress)
    place = {int(row): i for i, row in enumerate(intent.rows)}
    at = np.array([place[int(row)] for row in chosen])
    truth = [intent.names[t] for t in intent.truth[at]]
    new = [intent.names[s] for s in intent.probabilities[at].argmax(axis=1)]
    old = [known.get(int(seen[row])) or row_of(readings[int(row)]).intent for row in chosen]
    # A ticket that was sent again counts once.
    once = np.unique(seen[chosen], return_index=True)[1]
    moves = Counter((o, n) for o, n in zip(old, new, strict=True) if o != n)
    better = Counter((o, n) for o, n, t in zip(old, new, truth, strict=True) if o != n and n == t)
    worse = Counter((o, n) for o, n, t in zip(old, new, truth, strict=True) if o != n and o == t)
    return {
        "with": name,
        "rows": len(chosen),
        "before": _share(old, truth),
        "now": _share(new, truth),
        "chance": _chance(
            [(o == t, n == t) for i in once for o, n, t in [(old[i], new[i], truth[i])]]
        ),
        "note": note,
        "changed": [
            {"from": o, "to": n, "rows": count, "right": better[o, n], "wrong": worse[o, n]}
            for (o, n), count in moves.most_common()
        ],
    }


def _not_comparable(name: str, in_use: InUse, intent: HeldOut, fresh: int) -> dict[str, Any]:
    """The figures of both, each on its own held-out tickets, for want of better ones."""
    but = f"all but {fresh} of these rows" if fresh else "these rows"
    return {
        "with": name,
        "rows": len(intent.rows),
        "before": round(float(in_use.about.get("accuracy", 0.0)), 4),
        "now": round(float(intent.right.mean()), 4),
        "chance": None,
        "note": f"{name} was fitted on {but}; its own held-out accuracy stands for it",
        "changed": [],
    }


def _chance(answers: list[tuple[bool, bool]]) -> float:
    """How likely the new model would be right so often where only one of the two is, of (old right,
    new right), if neither were better: the sign test, one-sided."""
    right = sum(new and not old for old, new in answers)
    wrong = sum(old and not new for old, new in answers)
    if not right + wrong:
        return 1.0
    return round(float(binomtest(right, right + wrong, alternative="greater").pvalue), 4)


def _share(said: list[str], truth: list[str]) -> float:
    return round(sum(s == t for s, t in zip(said, truth, strict=True)) / max(1, len(truth)), 4)


def _readings(
    rows: list[Labelled],
    fitted: Fitted,
    in_use: InUse | None,
    chosen: NDArray[np.int64],
    progress: Progress,
) -> list[Reading]:
    """What the model in use says of the rows that are `chosen`."""
    features = in_use.model.features if in_use else ACCURATE
    readings = fitted.readings
    if features is not fitted.model.features:
        readings = read_all(rows, features, progress)
    if in_use is None:
        return readings
    model, found = in_use.model, list(readings)
    for first in range(0, len(chosen), 256):
        part = [int(row) for row in chosen[first : first + 256]]
        texts = [whole_of(rows[i].subject, rows[i].body) for i in part]
        for i, reading in zip(part, model.read([readings[i] for i in part], texts), strict=True):
            found[i] = reading
    return found
