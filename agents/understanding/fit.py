"""Fits the packaged triage models: `python -P -m agents.understanding.fit [FEATURES ...]`.

Reads `data/triage/*.tsv`, writes `data/triage/model-FEATURES.npz` with the digest of what it was
fitted on.
"""

import hashlib
import re
import sys
from pathlib import Path
from random import Random

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from agents.understanding.features import BY_NAME, Features, features_named
from agents.understanding.feelings import FEELINGS, feelings
from agents.understanding.kinds import ANSWERS, NOISE, TRIGGERS, intent_of
from agents.understanding.model import FOLDER, model_file, softmax
from data.vocabulary import Intent

PER_KIND, KIND_WEIGHT, ABROAD_WEIGHT = 15, 0.1, 0.3
"""How many sentences of each kind (and language) the routes are fitted on too, and what one of them
counts; one that is not English counts more, since there are few others."""

FEELING_WEIGHT = 0.3
"""What a word of feeling counts beside the encoder and the n-grams in telling the tone."""

ROUTE_LEVELS = {"encoder": 1.0, "words": 0.0}
"""What encoder and words count in telling the route; of the few sentences words tell too little."""

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


def _fit(
    x: object, labels: list[str], machine: LinearSVC
) -> tuple[list[str], np.ndarray, np.ndarray, float, float]:
    names = sorted(set(labels))
    truth = np.array([names.index(label) for label in labels])
    scores = cross_val_predict(machine, x, truth, cv=_FOLDS, method="decision_function")
    machine.fit(x, truth)
    accuracy = float((scores.argmax(1) == truth).mean())
    return names, machine.coef_, machine.intercept_, _temperature(scores, truth), accuracy


def _fit_tones(
    x: csr_matrix, rows: list[tuple[str, str, str, str]], features: Features
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, float, float]:
    """The tones, by the features `x` of `rows` and by their words of feeling.

    Few sentences want a strict penalty.
    """
    level = np.full(x.shape[1] + len(FEELINGS), FEELING_WEIGHT)
    level[: x.shape[1]] = features.levels(x, encoder=1.0, words=1.0)
    both = hstack([x, feelings([row[3] for row in rows])], format="csr").multiply(level).tocsr()
    names, weights, bias, heat, accuracy = _fit(
        both, [row[0] for row in rows], LinearSVC(C=0.2, class_weight="balanced")
    )
    weights = weights * level
    return names, weights[:, : x.shape[1]], weights[:, x.shape[1] :], bias, heat, accuracy


def _fit_routes(
    features: Features,
) -> tuple[list[str], np.ndarray, np.ndarray, float, float]:
    """By logistic regression: few sentences, and its probabilities are to be believed.

    A few sentences of each kind stand beside those of other companies, and weigh little.
    """
    rows = routes()
    names = sorted({row[0] for row in rows})
    truth = np.array([names.index(row[0]) for row in rows])
    machine = LogisticRegression(C=10.0, max_iter=2000)
    x = features.of([row[2] for row in rows])
    level = features.levels(x, **ROUTE_LEVELS)
    x = x.multiply(level).tocsr()
    scores = cross_val_predict(machine, x, truth, cv=_FOLDS, method="decision_function")
    own = _of_kinds()
    machine.fit(
        vstack([x, features.of([text for _, _, text in own]).multiply(level)]),
        np.concatenate([truth, [names.index(route) for route, _, _ in own]]),
        sample_weight=np.concatenate([np.ones(len(rows)), np.full(len(own), KIND_WEIGHT)]),
    )
    accuracy = float((scores.argmax(1) == truth).mean())
    heat = _temperature(scores, truth, 0.25)
    return names, machine.coef_ * level, machine.intercept_, heat, accuracy


def _fit_routes_abroad(names: list[str], features: Features) -> tuple[np.ndarray, np.ndarray]:
    """The same for texts that are not English, of which the encoder knows little.

    A head of its own: the sentences of six more languages would make the English one worse.
    """
    rows = [*routes(), *_rows(FOLDER / "routes_abroad.tsv", 3)]
    own = _of_kinds(english=False)
    weights = [KIND_WEIGHT if language == "en" else ABROAD_WEIGHT for _, language, _ in own]
    machine = LogisticRegression(C=10.0, max_iter=400, tol=1e-3)
    texts = [row[2] for row in [*rows, *own]]
    x = features.of(texts)
    level = features.levels(x, **ROUTE_LEVELS)
    machine.fit(
        x.multiply(level).tocsr(),
        np.array([names.index(row[0]) for row in [*rows, *own]]),
        sample_weight=np.array([1.0] * len(rows) + weights),
    )
    return machine.coef_ * level, machine.intercept_


def _of_kinds(*, english: bool = True) -> list[tuple[str, str, str]]:
    """Some sentences of each kind of request, with the intent that they go to and the language; in
    English, or in every language."""
    by_kind: dict[tuple[str, str], list[str]] = {}
    for kind, language, text in sentences():
        if (language == "en" or not english) and kind not in {*NOISE, *ANSWERS, *TRIGGERS}:
            by_kind.setdefault((kind, language), []).append(text)
    return [
        (intent_of(kind).value, language, text)
        for (kind, language), texts in sorted(by_kind.items())
        if intent_of(kind) is not Intent.ESCALATE
        for text in Random(0).sample(texts, min(PER_KIND, len(texts)))
    ]


def fit_packaged(features: Features) -> None:
    """Fit and write the model of these features; the held-out accuracy goes to standard error."""
    kinds = sentences()
    names, weights, bias, heat, accuracy = _fit(
        features.of([r[2] for r in kinds]), [r[0] for r in kinds], LinearSVC(C=0.5)
    )
    print(f"kinds: {len(kinds)} sentences, {len(names)} labels, {accuracy:.3f}", file=sys.stderr)
    mood_rows = moods()
    x = features.of([row[3] for row in mood_rows])
    tones, tone_w, tone_feelings, tone_b, tone_t, accuracy = _fit_tones(x, mood_rows, features)
    print(f"sentiment: {len(mood_rows)} texts, {accuracy:.3f}", file=sys.stderr)
    urgency = Ridge(alpha=2.0)
    values = [float(row[1]) for row in mood_rows]
    held = cross_val_predict(urgency, x, values, cv=4)
    print(f"urgency: mean error {np.abs(held - values).mean():.3f}", file=sys.stderr)
    urgency.fit(x, values)
    ways, way_w, way_b, way_t, accuracy = _fit_routes(features)
    print(f"routes: {len(routes())} sentences, {accuracy:.3f}", file=sys.stderr)
    abroad_w, abroad_b = _fit_routes_abroad(ways, features)
    half = np.float16
    words = sorted({w for row in kinds for w in re.findall(r"[^\W\d_]{4,}", row[2].lower())})
    np.savez_compressed(
        model_file(features),
        digest=np.array(digest()),
        kinds=np.array(names), kind_w=weights.astype(half), kind_b=bias, kind_t=heat,
        tones=np.array(tones), tone_w=tone_w.astype(half), tone_b=tone_b, tone_t=tone_t,
        tone_feelings=tone_feelings,
        routes=np.array(ways), route_w=way_w.astype(half), route_b=way_b, route_t=way_t,
        abroad_w=abroad_w.astype(half), abroad_b=abroad_b, abroad_t=1.0,
        words=np.array(" ".join(words)),
        urgency_w=urgency.coef_.astype(half), urgency_b=urgency.intercept_,
    )  # fmt: skip


if __name__ == "__main__":
    for named in sys.argv[1:] or BY_NAME:
        print(f"features: {named}", file=sys.stderr)
        fit_packaged(features_named(named))
