"""Fits the packaged triage model: `python -P -m agents.understanding.fit`.

Reads `data/triage/*.tsv`, writes `data/triage/model.npz` with the digest of what it was fitted on.
"""

import hashlib
import re
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from agents.understanding.encoder import features
from agents.understanding.model import FOLDER, MODEL, softmax

_FOLDS = StratifiedKFold(4, shuffle=True, random_state=0)


def sentences() -> list[tuple[str, str, str]]:
    """The labelled sentences: (kind, language, text)."""
    return [row for path in sorted(FOLDER.glob("sentences_*.tsv")) for row in _rows(path, 3)]  # type: ignore[misc]


def moods() -> list[tuple[str, str, str, str]]:
    """The labelled moods: (sentiment, urgency, language, text)."""
    return _rows(FOLDER / "mood.tsv", 4)  # type: ignore[return-value]


def _rows(path: Path, width: int) -> list[tuple[str, ...]]:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    rows = [tuple(line.split("\t")) for line in lines if line.strip()]
    wrong = [number for number, row in enumerate(rows, 2) if len(row) != width]
    if wrong:
        raise ValueError(f"{path.name}:{wrong[0]} does not have {width} columns")
    return rows


def digest() -> str:
    """A digest of every sentence, by which a stale model is told."""
    total = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.tsv")):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The factor on the scores under which the softmax is best calibrated on held-out folds."""
    index = np.arange(len(truth))
    losses = {
        t: -np.log(softmax(scores * t)[index, truth] + 1e-12).mean()
        for t in np.arange(1.0, 12.1, 0.25)
    }
    return float(min(losses, key=lambda t: losses[t]))


def _fit(x: object, labels: list[str]) -> tuple[list[str], np.ndarray, np.ndarray, float, float]:
    names = sorted(set(labels))
    truth = np.array([names.index(label) for label in labels])
    machine = LinearSVC(C=0.5)
    scores = cross_val_predict(machine, x, truth, cv=_FOLDS, method="decision_function")
    machine.fit(x, truth)
    accuracy = float((scores.argmax(1) == truth).mean())
    return names, machine.coef_, machine.intercept_, _temperature(scores, truth), accuracy


def main() -> None:
    """Fit and write the model; the held-out accuracy goes to standard error."""
    kinds = sentences()
    names, weights, bias, heat, accuracy = _fit(
        features([r[2] for r in kinds]), [r[0] for r in kinds]
    )
    print(f"kinds: {len(kinds)} sentences, {len(names)} labels, {accuracy:.3f}", file=sys.stderr)
    mood_rows = moods()
    x = features([row[3] for row in mood_rows])
    tones, tone_w, tone_b, tone_t, accuracy = _fit(x, [row[0] for row in mood_rows])
    print(f"sentiment: {len(mood_rows)} texts, {accuracy:.3f}", file=sys.stderr)
    urgency = Ridge(alpha=2.0)
    values = [float(row[1]) for row in mood_rows]
    held = cross_val_predict(urgency, x, values, cv=4)
    print(f"urgency: mean error {np.abs(held - values).mean():.3f}", file=sys.stderr)
    urgency.fit(x, values)
    half = np.float16
    words = sorted({w for row in kinds for w in re.findall(r"[^\W\d_]{4,}", row[2].lower())})
    np.savez_compressed(
        MODEL,
        digest=np.array(digest()),
        kinds=np.array(names), kind_w=weights.astype(half), kind_b=bias, kind_t=heat,
        tones=np.array(tones), tone_w=tone_w.astype(half), tone_b=tone_b, tone_t=tone_t,
        words=np.array(" ".join(words)),
        urgency_w=urgency.coef_.astype(half), urgency_b=urgency.intercept_,
    )  # fmt: skip


if __name__ == "__main__":
    main()
