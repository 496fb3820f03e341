"""Fits a team's own triage model on its labelled tickets, and measures it on held-out folds."""

import hashlib
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedKFold

from agents.understanding.features import ACCURATE, Features
from agents.understanding.heads import FOLDS, PENALTY, TOLERANCE, HeldOut, fit_head
from agents.understanding.likeness import KERNEL
from agents.understanding.model import packaged_model
from agents.understanding.own_model import (
    FORM,
    Head,
    Learned,
    OwnModel,
    Share,
    Strange,
    blend,
    packaged_routes,
    signs_of,
    weighted,
)
from agents.understanding.reading import Reading
from agents.understanding.triage import read_messages, whole_of
from agents.understanding.versions import spelled
from data.errors import HandrailError

FEWEST = 40
"""Labelled tickets below which nothing is fitted."""

MOST_ISSUES = 500
"""Different issues; more are rather free text than names."""

OWN_STRANGE = 0.025
"""The share of the team's own held-out tickets that may be taken for unlike the rest."""

SETTINGS = {
    "folds": FOLDS, "penalty": PENALTY, "tolerance": TOLERANCE, "strange": OWN_STRANGE,
    "kernel": KERNEL,
}  # fmt: skip
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
class Fitted:
    """A fitted model, and what was held out of it on the way."""

    model: OwnModel
    readings: list[Reading]
    """What the packaged model says of each row."""
    heads: dict[str, HeldOut]
    strange: NDArray[np.bool_]
    """Which rows, held out, were unlike the rest."""
    left_to_packaged: list[str]
    """What was labelled too, but is told no better than by the packaged model, which keeps it."""
    learned: Learned
    contradictory: dict[str, int]
    """Intents that one and the same ticket was given, and how many such tickets there are."""


def check(rows: list[Labelled]) -> None:
    """HandrailError, with what is missing, unless something can be learned from `rows`."""
    counts = Counter(row.intent for row in rows if row.intent)
    if sum(counts.values()) < FEWEST:
        raise HandrailError(
            f"{sum(counts.values())} tickets with an intent are too few to learn from; "
            f"give at least {FEWEST}, better 25 of each intent"
        )
    issues = len({row.issue for row in rows if row.issue})
    if issues > MOST_ISSUES:
        raise HandrailError(
            f"{issues:,} different issues; give names that return, at most {MOST_ISSUES}, "
            "or leave the column out"
        )
    learnable = [name for name, count in counts.items() if count >= 2]
    if len(learnable) < 2:
        raise HandrailError(
            f"all tickets are labelled {', '.join(learnable)}; give at least two intents, "
            "with two tickets each"
        )


def version_of(rows: list[Labelled], features: Features = ACCURATE) -> str:
    """The version of the model that `rows` give: a digest of them and of how it is fitted."""
    told = sorted(json.dumps(list(vars(row).values()), ensure_ascii=True) for row in rows)
    held = json.dumps([FORM, SETTINGS, packaged_model(features.name).version, told])
    return f"own-{spelled(hashlib.sha256(held.encode()).hexdigest()[:12])}"


def alike(text: str) -> str:
    """The letters of a text alone: texts that share them are one ticket, sent again."""
    return "".join(re.findall(r"[^\W\d_]", text.lower())) or text


def digests(texts: list[str]) -> NDArray[np.uint32]:
    """Short digests by which a ticket is known again; its text cannot be told from it."""
    made = [hashlib.sha256(alike(text).encode()).digest()[:4] for text in texts]
    return np.frombuffer(b"".join(made), np.uint32)


def read_all(rows: list[Labelled], features: Features, progress: Progress) -> list[Reading]:
    """What the packaged model of `features` says of each row."""
    readings: list[Reading] = []
    model = packaged_model(features.name)
    for first in range(0, len(rows), _AT_ONCE):
        batch = rows[first : first + _AT_ONCE]
        readings += read_messages([(row.subject, row.body) for row in batch], model)
        progress("tickets read", len(readings), len(rows))
    return readings


def fit(
    rows: list[Labelled],
    progress: Progress = lambda what, done, total: None,
    features: Features = ACCURATE,
) -> Fitted:
    """A model of `rows`. HandrailError if they are too few or all the same."""
    check(rows)
    readings = read_all(rows, features, progress)
    texts = [whole_of(row.subject, row.body) for row in rows]
    x = sparse.vstack(
        [features.of(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)], "csr"
    )
    vectors = features.vectors_in(x)
    scale = _rarity(x, features.width)
    own = weighted(x, scale, features.width)
    folds = _folds(rows, texts)
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
        near = vectors if name == "issue" else None
        heads[name], held[name] = fit_head(own, given, folds, step, vectors=near)
    paths, share, held["intent"] = _blended(rows, readings, heads, held)
    centres = _centres(vectors, rows, list(range(len(rows))))
    strange, odd = _strange(vectors, rows, readings, held, folds, centres)
    kept_out = []
    if "sentiment" in heads and not _better_tone(readings, held["sentiment"]):
        kept_out.append("sentiment")
        del heads["sentiment"]
    speed = _urgency(own, rows, readings, folds)
    if speed is None and any(row.urgency is not None for row in rows):
        kept_out.append("urgency")
    version = version_of(rows, features)
    model = OwnModel(version, scale, heads, paths, share, speed, centres, strange, features)
    said = np.full(len(rows), -1, np.int16)
    said[held["intent"].rows] = held["intent"].probabilities.argmax(axis=1)
    learned = Learned(digests(texts), said)
    return Fitted(model, readings, held, odd, kept_out, learned, _contradictory(rows, texts))


def _contradictory(rows: list[Labelled], texts: list[str]) -> dict[str, int]:
    """`billing, product` to the number of tickets that carry both, the most frequent first."""
    given: dict[str, set[str]] = {}
    for row, text in zip(rows, texts, strict=True):
        if row.intent:
            given.setdefault(alike(text), set()).add(row.intent)
    counts = Counter(", ".join(sorted(names)) for names in given.values() if len(names) > 1)
    return dict(counts.most_common())


def _better_tone(readings: list[Reading], held: HeldOut) -> bool:
    told = [readings[i].sentiment.value for i in held.rows]
    packaged = np.mean([t == held.names[n] for t, n in zip(told, held.truth, strict=True)])
    return bool(held.right.mean() > packaged)


def _varied(given: list[str | None]) -> bool:
    counts = Counter(name for name in given if name)
    return sum(counts.values()) >= FEWEST and sum(n >= 2 for n in counts.values()) >= 2


def _rarity(x: sparse.csr_matrix, width: int) -> Floats:
    """What each n-gram, all behind `width`, counts: the more, the fewer tickets hold it."""
    in_tickets = np.bincount(x.indices, minlength=x.shape[1])[width:]
    weights: Floats = (np.log((1 + x.shape[0]) / (1 + in_tickets)) + 1).astype(np.float32)
    return weights


def _folds(rows: list[Labelled], texts: list[str]) -> NDArray[np.int64]:
    """The fold in which each row is held out, with every label in as many as it has tickets.

    Rows with the same ticket are held out together; else it would be known from the others.
    """
    tickets = list(dict.fromkeys(map(alike, texts)))
    at = {ticket: place for place, ticket in enumerate(tickets)}
    of = [at[alike(text)] for text in texts]
    first = dict(zip(reversed(of), reversed(rows), strict=True))
    return _spread([first[place] for place in range(len(tickets))])[of]


def _spread(rows: list[Labelled]) -> NDArray[np.int64]:
    """A fold for each of `rows`, the labels spread evenly."""
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


def _blended(
    rows: list[Labelled],
    readings: list[Reading],
    heads: dict[str, Head],
    held: dict[str, HeldOut],
) -> tuple[Floats | None, Share, HeldOut]:
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
    found: dict[Share, tuple[float, Floats]] = {}
    for issue_share in (0.0, 0.25, 0.5, 0.75, 1.0) if by_issue is not None else (0.0,):
        for packaged_share in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
            for heat in (0.7, 0.85, 1.0, 1.2, 1.4, 1.7):
                share = (issue_share, packaged_share, heat)
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


def _centres(vectors: Floats, rows: list[Labelled], chosen: list[int]) -> Floats:
    """The direction of the mean text of each issue, or intent where no issue is named."""
    groups: dict[str, list[int]] = {}
    for i in chosen:
        groups.setdefault(rows[i].issue or rows[i].intent or "", []).append(i)
    centres = np.stack([vectors[part].mean(axis=0) for part in groups.values()])
    lengths = np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    unit: Floats = (centres / lengths).astype(np.float32)
    return unit


def _strange(
    vectors: Floats,
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
        around = _centres(vectors, rows, [int(i) for i in np.flatnonzero(folds != number)])
        told = {"intent": sure[out]}
        signs[out] = signs_of(vectors[out], around, told, [readings[i] for i in out])
    mean, spread = signs.mean(axis=0), np.maximum(signs.std(axis=0), 1e-6)
    score = Strange(mean, spread, 0.0).of(signs)
    limit = float(np.quantile(score, 1 - OWN_STRANGE))
    return Strange(mean, spread, limit), score > limit


def _urgency(
    x: sparse.csr_matrix,
    rows: list[Labelled],
    readings: list[Reading],
    folds: NDArray[np.int64],
) -> tuple[Floats, float] | None:
    """Weights and bias of the urgency; None for too few rows, or if the packaged is as near."""
    given = np.array([i for i, row in enumerate(rows) if row.urgency is not None], np.int64)
    if len(given) < FEWEST:
        return None
    truth = np.array([rows[i].urgency for i in given], np.float64)
    told = np.zeros(len(given))
    for number in range(FOLDS):
        out = folds[given] == number
        if out.any() and not out.all():
            part = Ridge(alpha=2.0).fit(x[given[~out]], truth[~out])
            told[out] = np.clip(part.predict(x[given[out]]), 0.0, 1.0)
    packaged = np.array([readings[i].urgency for i in given])
    if np.abs(told - truth).mean() >= np.abs(packaged - truth).mean():
        return None
    machine = Ridge(alpha=2.0).fit(x[given], truth)
    return machine.coef_.astype(np.float32), float(machine.intercept_)
