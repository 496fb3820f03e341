"""Fits the packaged triage model: `python -P -m agents.understanding.fit`.

Reads `data/triage/*.tsv`, writes `data/triage/model.npz` with the digest of what it was fitted on.
"""

import hashlib
import re
import sys
from pathlib import Path
from random import Random

import numpy as np
from scipy.sparse import vstack
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from agents.understanding.encoder import features
from agents.understanding.kinds import ANSWERS, NOISE, TRIGGERS, intent_of
from agents.understanding.model import FOLDER, MODEL, softmax
from data.vocabulary import Intent

PER_KIND, KIND_WEIGHT = 15, 0.1
"""How many sentences of each kind the routes are fitted on too, and what one of them counts."""

_FOLDS = StratifiedKFold(4, shuffle=True, random_state=0)


def sentences() -> list[tuple[str, str, str]]:
    """The labelled sentences: (kind, language, text)."""
    return [row for path in sorted(FOLDER.glob("sentences_*.tsv")) for row in _rows(path, 3)]  # type: ignore[misc]


def moods() -> list[tuple[str, str, str, str]]:
    """The labelled moods: (sentiment, urgency, language, text)."""
    return _rows(FOLDER / "mood.tsv", 4)  # type: ignore[return-value]


def routes() -> list[tuple[str, str, str]]:
    """Sentences to companies of many kinds: (route, language, text)."""
    return _rows(FOLDER / "routes.tsv", 3)  # type: ignore[return-value]


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


def _temperature(scores: np.ndarray, truth: np.ndarray, least: float = 1.0) -> float:
    """The factor on the scores under which the softmax is best calibrated on held-out folds."""
    index = np.arange(len(truth))
    losses = {
        t: -np.log(softmax(scores * t)[index, truth] + 1e-12).mean()
        for t in np.arange(least, 12.1, 0.25)
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


def _fit_routes() -> tuple[list[str], np.ndarray, np.ndarray, float, float]:
    """By logistic regression: few sentences, and its probabilities are to be believed.

    A few sentences of each kind stand beside those of other companies, and weigh little.
    """
    rows = routes()
    names = sorted({row[0] for row in rows})
    truth = np.array([names.index(row[0]) for row in rows])
    machine = LogisticRegression(C=10.0, max_iter=2000)
    x = features([row[2] for row in rows])
    scores = cross_val_predict(machine, x, truth, cv=_FOLDS, method="decision_function")
    own = _of_kinds()
    machine.fit(
        vstack([x, features([text for _, text in own])]),
        np.concatenate([truth, [names.index(route) for route, _ in own]]),
        sample_weight=np.concatenate([np.ones(len(rows)), np.full(len(own), KIND_WEIGHT)]),
    )
    accuracy = float((scores.argmax(1) == truth).mean())
    return names, machine.coef_, machine.intercept_, _temperature(scores, truth, 0.25), accuracy


def _of_kinds() -> list[tuple[str, str]]:
    """Some English sentences of each kind of request, with the intent that they go to."""
    by_kind: dict[str, list[str]] = {}
    for kind, language, text in sentences():
        if language == "en" and kind not in {*NOISE, *ANSWERS, *TRIGGERS}:
            by_kind.setdefault(kind, []).append(text)
    return [
        (intent_of(kind).value, text)
        for kind, texts in sorted(by_kind.items())
        if intent_of(kind) is not Intent.ESCALATE
        for text in Random(0).sample(texts, min(PER_KIND, len(texts)))
    ]


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
    ways, way_w, way_b, way_t, accuracy = _fit_routes()
    print(f"routes: {len(routes())} sentences, {accuracy:.3f}", file=sys.stderr)
    half = np.float16
    words = sorted({w for row in kinds for w in re.findall(r"[^\W\d_]{4,}", row[2].lower())})
    np.savez_compressed(
        MODEL,
        digest=np.array(digest()),
        kinds=np.array(names), kind_w=weights.astype(half), kind_b=bias, kind_t=heat,
        tones=np.array(tones), tone_w=tone_w.astype(half), tone_b=tone_b, tone_t=tone_t,
        routes=np.array(ways), route_w=way_w.astype(half), route_b=way_b, route_t=way_t,
        words=np.array(" ".join(words)),
        urgency_w=urgency.coef_.astype(half), urgency_b=urgency.intercept_,
    )  # fmt: skip


if __name__ == "__main__":
    main()
