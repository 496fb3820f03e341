"""Fits a team's own triage model on its labelled tickets, and measures it on held-out folds."""

import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from agents.understanding.encoder import ENCODER_WEIGHT, WIDTH, features
from agents.understanding.model import packaged_model, softmax
from agents.understanding.own_model import (
    FORM,
    Head,
    OwnModel,
    Strange,
    blend,
    packaged_routes,
    signs_of,
    weighted,
)
from agents.understanding.reading import Reading
from agents.understanding.triage import read_messages, whole_of
from data.errors import HandrailError

FEWEST = 40
"""Labelled tickets below which nothing is fitted."""

FOLDS = 5
PENALTY = 0.5
TOLERANCE = 0.02
OWN_STRANGE = 0.025
"""The share of the team's own held-out tickets that may be taken for unlike the rest."""

SETTINGS = {"folds": FOLDS, "penalty": PENALTY, "tolerance": TOLERANCE, "strange": OWN_STRANGE}
_AT_ONCE = 256
Floats = NDArray[np.floating]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Labelled:
    """A ticket with what the team says of it; None where it says nothing."""

    subject: str
    body: str
    intent: str | None = None
    issue: str | None = None
    sentiment: str | None = None
    urgency: float | None = None


@dataclass(frozen=True)
class HeldOut:
    """What a head says of the rows that it was not fitted on."""

    names: list[str]
    rows: NDArray[np.int64]
    """Which of all rows carry the label."""
    truth: NDArray[np.int64]
    probabilities: Floats
    heat: float
    few: dict[str, int]
    """Labels with fewer rows than folds, whose figures mean little."""
    left_out: list[str]
    """Labels with a single row, which cannot be learned."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the most likely name is the label, a row each."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.truth)


@dataclass(frozen=True)
class Fitted:
    """A fitted model, and what was held out of it on the way."""

    model: OwnModel
    readings: list[Reading]
    """What the packaged model says of each row."""
    heads: dict[str, HeldOut]
    strange: NDArray[np.bool_]
    """Which rows, held out, were unlike the rest."""
    seen: NDArray[np.uint32]
    """A short digest of each row's text."""


def check(rows: list[Labelled]) -> None:
    """HandrailError, with what is missing, unless something can be learned from `rows`."""
    counts = Counter(row.intent for row in rows if row.intent)
    if sum(counts.values()) < FEWEST:
        raise HandrailError(
            f"{sum(counts.values())} tickets with an intent are too few to learn from; "
            f"give at least {FEWEST}, better 25 of each intent"
        )
    learnable = [name for name, count in counts.items() if count >= 2]
    if len(learnable) < 2:
        raise HandrailError(
            f"all tickets are labelled {', '.join(learnable)}; give at least two intents, "
            "with two tickets each"
        )


def version_of(rows: list[Labelled]) -> str:
    """The version of the model that `rows` give: a digest of them and of how it is fitted."""
    told = sorted(json.dumps(list(vars(row).values()), ensure_ascii=True) for row in rows)
    held = json.dumps([FORM, SETTINGS, packaged_model().version, told])
    return f"own-{hashlib.sha256(held.encode()).hexdigest()[:12]}"


def digests(texts: list[str]) -> NDArray[np.uint32]:
    """Short digests by which a row is known again; its text cannot be told from it."""
    made = [hashlib.sha256(text.encode()).digest()[:4] for text in texts]
    return np.frombuffer(b"".join(made), np.uint32)


def fit(rows: list[Labelled], progress: Progress = lambda what, done, total: None) -> Fitted:
    """A model of `rows`. HandrailError if they are too few or all the same."""
    check(rows)
    readings: list[Reading] = []
    texts = [whole_of(row.subject, row.body) for row in rows]
    for first in range(0, len(rows), _AT_ONCE):
        batch = rows[first : first + _AT_ONCE]
        readings += read_messages([(row.subject, row.body) for row in batch])
        progress("tickets read", len(readings), len(rows))
    x = sparse.vstack(
        [features(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)], "csr"
    )
    scale = _rarity(x)
    own = weighted(x, scale)
    folds = _folds(rows)
    labelled = {
        name: [getattr(row, name) for row in rows] for name in ("intent", "issue", "sentiment")
    }
    usable = {name: given for name, given in labelled.items() if _varied(given)}
    heads, held = {}, {}
    steps, done = len(usable) * (FOLDS + 1), 0

    def step() -> None:
        nonlocal done
        done += 1
        progress("fits", done, steps)

    for name, given in usable.items():
        heads[name], held[name] = _head(own, given, folds, step)
    paths, share, held["intent"] = _blended(rows, readings, heads, held)
    centres = _centres(x, rows, list(range(len(rows))))
    strange, odd = _strange(x, rows, readings, held, folds, centres)
    model = OwnModel(
        version_of(rows), scale, heads, paths, share, _urgency(own, rows), centres, strange
    )
    return Fitted(model, readings, held, odd, digests(texts))


def _varied(given: list[str | None]) -> bool:
    counts = Counter(name for name in given if name)
    return sum(counts.values()) >= FEWEST and sum(n >= 2 for n in counts.values()) >= 2


def _rarity(x: sparse.csr_matrix) -> Floats:
    """What each n-gram counts: the more, the fewer tickets hold it."""
    in_tickets = np.bincount(x.indices, minlength=x.shape[1])[WIDTH:]
    weights: Floats = (np.log((1 + x.shape[0]) / (1 + in_tickets)) + 1).astype(np.float32)
    return weights


def _folds(rows: list[Labelled]) -> NDArray[np.int64]:
    """The fold in which each row is held out, with every label in as many as it has rows."""
    named = [row.issue or row.intent or "" for row in rows]
    fold = np.zeros(len(rows), np.int64)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if max(Counter(named).values()) < FOLDS:
            named = [row.intent or "" for row in rows]
        for number, (_, rest) in enumerate(split.split(np.zeros(len(rows)), named)):
            fold[rest] = number
    return fold


def _head(
    x: sparse.csr_matrix,
    given: list[str | None],
    folds: NDArray[np.int64],
    step: Callable[[], None],
) -> tuple[Head, HeldOut]:
    counts = Counter(name for name in given if name)
    names = sorted(name for name, count in counts.items() if count >= 2)
    at = {name: place for place, name in enumerate(names)}
    rows = np.array([i for i, name in enumerate(given) if name in at])
    truth = np.array([at[name] for name in given if name in at])
    scores = np.zeros((len(rows), len(names)), np.float32)
    for number in range(FOLDS):
        held = folds[rows] == number
        if held.any():
            weights, bias = _fit(x[rows[~held]], truth[~held], len(names))
            scores[held] = x[rows[held]] @ weights.T + bias
        step()
    heat = _heat(scores, truth)
    weights, bias = _fit(x[rows], truth, len(names))
    step()
    few = {name: counts[name] for name in names if counts[name] < FOLDS}
    alone = sorted(name for name, count in counts.items() if count < 2)
    out = HeldOut(names, rows, truth, softmax(scores * heat), heat, few, alone)
    return Head(names, weights, bias, heat), out


def _fit(x: sparse.csr_matrix, truth: NDArray[np.int64], names: int) -> tuple[Floats, Floats]:
    """Weights and biases of `names` classes; those that do not occur score below all others."""
    present = np.unique(truth)
    weights = np.zeros((names, x.shape[1]), np.float32)
    bias = np.full(names, -3.0, np.float32)
    if len(present) == 1:
        bias[present] = 1.0
        return weights, bias
    machine = LinearSVC(C=PENALTY, tol=TOLERANCE, random_state=0).fit(x, truth)
    coefficients, intercepts = machine.coef_, machine.intercept_
    if len(present) == 2:
        coefficients = np.concatenate([-coefficients, coefficients])
        intercepts = np.concatenate([-intercepts, intercepts])
    weights[present], bias[present] = coefficients, intercepts
    return weights, bias


def _heat(scores: Floats, truth: NDArray[np.int64]) -> float:
    index = np.arange(len(truth))
    losses = {
        float(heat): float(-np.log(softmax(scores * heat)[index, truth] + 1e-9).mean())
        for heat in np.geomspace(0.25, 24.0, 60)
    }
    return min(losses, key=lambda heat: losses[heat])


def _blended(
    rows: list[Labelled],
    readings: list[Reading],
    heads: dict[str, Head],
    held: dict[str, HeldOut],
) -> tuple[Floats | None, tuple[float, float], HeldOut]:
    """How issue and packaged model join in the intent, where held-out rows are better by it."""
    intent = held["intent"]
    paths = by_issue = None
    if "issue" in heads:
        paths = _paths(rows, heads["issue"].names, intent.names)
        place = {int(row): i for i, row in enumerate(held["issue"].rows)}
        at = [place.get(int(row), -1) for row in intent.rows]
        by_issue = held["issue"].probabilities[at] @ paths
        missing = np.array([i < 0 for i in at])
        by_issue[missing] = intent.probabilities[missing]
    packaged = packaged_routes([readings[i] for i in intent.rows], intent.names)
    index = np.arange(len(intent.truth))
    found: dict[tuple[float, float], tuple[float, Floats]] = {}
    for issue_share in (0.0, 0.25, 0.5, 0.75, 1.0) if by_issue is not None else (0.0,):
        for packaged_share in (0.0, 0.1, 0.2, 0.3, 0.4):
            share = (issue_share, packaged_share)
            mixed = blend(intent.probabilities, by_issue, packaged, share)
            loss = float(-np.log(mixed[index, intent.truth] + 1e-9).mean())
            # A source more must be worth something.
            found[share] = loss + 0.002 * (packaged_share > 0), mixed
    share = min(found, key=lambda s: found[s][0])
    chosen = HeldOut(
        intent.names, intent.rows, intent.truth, found[share][1], intent.heat, intent.few,
        intent.left_out,
    )  # fmt: skip
    return paths, share, chosen


def _paths(rows: list[Labelled], issues: list[str], intents: list[str]) -> Floats:
    """How often each issue goes to each intent; evenly where that was never said."""
    counts = np.full((len(issues), len(intents)), 1e-3)
    for row in rows:
        if row.issue in issues and row.intent in intents:
            counts[issues.index(row.issue), intents.index(row.intent)] += 1
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _centres(x: sparse.csr_matrix, rows: list[Labelled], chosen: list[int]) -> Floats:
    """The direction of the mean text of each issue, or intent where no issue is named."""
    groups: dict[str, list[int]] = {}
    for i in chosen:
        groups.setdefault(rows[i].issue or rows[i].intent or "", []).append(i)
    means = [np.asarray(x[part, :WIDTH].mean(axis=0)).ravel() for part in groups.values()]
    centres = np.stack(means) / ENCODER_WEIGHT
    lengths = np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    unit: Floats = (centres / lengths).astype(np.float32)
    return unit


def _strange(
    x: sparse.csr_matrix,
    rows: list[Labelled],
    readings: list[Reading],
    held: dict[str, HeldOut],
    folds: NDArray[np.int64],
    centres: Floats,
) -> tuple[Strange, NDArray[np.bool_]]:
    """Where a text counts as unlike the team's, by what held-out tickets look like."""
    best = held.get("issue", held["intent"])
    sure = np.full((len(rows), 1), 1.0)
    sure[best.rows, 0] = best.probabilities.max(axis=1)
    signs = np.zeros((len(rows), 3))
    for number in range(FOLDS):
        out = np.flatnonzero(folds == number)
        if not len(out):
            continue
        around = _centres(x, rows, [int(i) for i in np.flatnonzero(folds != number)])
        told = {"intent": sure[out]}
        signs[out] = signs_of(x[out], around, told, [readings[i] for i in out])
    mean, spread = signs.mean(axis=0), np.maximum(signs.std(axis=0), 1e-6)
    score = Strange(mean, spread, 0.0).of(signs)
    limit = float(np.quantile(score, 1 - OWN_STRANGE))
    return Strange(mean, spread, limit), score > limit


def _urgency(x: sparse.csr_matrix, rows: list[Labelled]) -> tuple[Floats, float] | None:
    given = [i for i, row in enumerate(rows) if row.urgency is not None]
    if len(given) < FEWEST:
        return None
    machine = Ridge(alpha=2.0).fit(x[given], [rows[i].urgency for i in given])
    return machine.coef_.astype(np.float32), float(machine.intercept_)
