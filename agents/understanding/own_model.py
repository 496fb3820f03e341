"""A team's own triage model: heads fitted on its labelled tickets, beside the packaged ones."""

import io
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from agents.understanding.features import ACCURATE, Features, features_named
from agents.understanding.likeness import likeness
from agents.understanding.model import softmax
from agents.understanding.reading import Own, Reading
from data.errors import BadFile, HandrailError
from data.vocabulary import Sentiment

Floats = NDArray[np.floating]
Share = tuple[float, float, float]
CLAUSE_SURE = 0.8
"""How likely an issue must be for a clause to ask for it beside what the whole asks for."""

FORM = 3
"""The form of the stored file; another one is refused."""


@dataclass(frozen=True)
class Learned:
    """The tickets that a model was fitted on, without their texts."""

    seen: NDArray[np.uint32]
    """A short digest of each ticket's text."""
    said: NDArray[np.int16]
    """Which of its intents the model gave each ticket while that was held out; -1 for none."""

    def answers(self, names: list[str]) -> dict[int, str]:
        """Digest to the intent that was given, by the model's `names` of intents."""
        pairs = zip(self.seen.tolist(), self.said.tolist(), strict=True)
        return {digest: names[place] for digest, place in pairs if place >= 0}


@dataclass(frozen=True)
class Head:
    """A linear classifier whose softmax is calibrated."""

    names: list[str]
    weights: Floats
    bias: Floats
    heat: float
    """The factor on the scores under which held-out rows were best calibrated."""
    alike: Floats | None = None
    """Weights of the likeness to the team's texts, which is added to the scores."""

    def read(self, x: sparse.csr_matrix, vectors: Floats) -> Floats:
        """The probabilities of `names`, a row per text, by its features and its vector."""
        scores = x @ self.weights.T + self.bias
        if self.alike is not None:
            scores = scores + likeness(vectors, self.alike)
        return softmax(scores * self.heat)


@dataclass(frozen=True)
class OwnModel:
    """What was fitted on a team's tickets."""

    version: str
    scale: Floats
    """What each hashed n-gram counts, by how rare it is in the team's tickets."""
    heads: dict[str, Head]
    """`intent`, and where they were labelled `issue` and `sentiment`."""
    paths: Floats | None = None
    """How often each issue went to each intent."""
    share: "Share" = (0.0, 0.0, 1.0)
    """What the issue, and the packaged model, count in the intent; the rest is the head's own. Last
    the power by which held-out rows were best calibrated."""
    urgency: tuple[Floats, float] | None = None
    centres: Floats = field(default_factory=lambda: np.zeros((0, ACCURATE.width), np.float32))
    """The mean of the encoded texts of each issue, or of each intent."""
    strange: "Strange | None" = None
    features: Features = ACCURATE
    """What its heads read."""

    def weighted(self, x: sparse.csr_matrix) -> sparse.csr_matrix:
        """The features as this model's heads read them."""
        return weighted(x, self.scale, self.features.width)

    def read(self, readings: list[Reading], texts: list[str]) -> list[Reading]:
        """Packaged readings of `texts` with what this model says of each added."""
        if not texts:
            return []
        vectors = self.features.embed(texts)
        own = self.weighted(self.features.of(texts, vectors))
        told = {name: head.read(own, vectors) for name, head in self.heads.items()}
        routes = self.routes(told, readings)
        odd = self.strangeness(vectors, told, readings)
        more = self.issues_of_clauses(readings)
        speed = None
        if self.urgency is not None:
            speed = np.clip(own @ self.urgency[0] + self.urgency[1], 0.0, 1.0)
        found = []
        for row, reading in enumerate(readings):
            added = Own(
                version=self.version,
                routes=_named(self.heads["intent"].names, routes[row]),
                issues=_named(self.heads["issue"].names, told["issue"][row], 5)
                if "issue" in self.heads
                else {},
                beside=more.get(row, []),
                strange=bool(self.strange is not None and odd[row] > self.strange.limit),
            )
            changes: dict[str, Any] = {"own": added, "model": f"{self.version} {reading.model}"}
            if "sentiment" in self.heads:
                head = self.heads["sentiment"]
                changes["sentiment"] = Sentiment(head.names[int(told["sentiment"][row].argmax())])
            if speed is not None:
                changes["urgency"] = round(float(speed[row]), 3)
            found.append(replace(reading, **changes))
        return found

    def issues_of_clauses(self, readings: list[Reading]) -> dict[int, list[str]]:
        """Where a text holds several clauses, the issues that one of them surely is of."""
        clauses = [
            (row, heard.text)
            for row, reading in enumerate(readings)
            if len(reading.heard) > 1
            for heard in reading.heard
        ]
        if "issue" not in self.heads or not clauses:
            return {}
        head, found = self.heads["issue"], dict[int, list[str]]()
        texts = [text for _, text in clauses]
        vectors = self.features.embed(texts)
        told = head.read(self.weighted(self.features.of(texts, vectors)), vectors)
        for (row, _), likely in zip(clauses, told, strict=True):
            best = int(likely.argmax())
            if likely[best] >= CLAUSE_SURE:
                found.setdefault(row, []).append(head.names[best])
        return found

    def routes(self, told: dict[str, Floats], readings: list[Reading]) -> Floats:
        """The probabilities of the intents, all sources weighed together."""
        by_issue = told["issue"] @ self.paths if self.paths is not None else None
        names = self.heads["intent"].names
        return blend(told["intent"], by_issue, packaged_routes(readings, names), self.share)

    def strangeness(
        self, vectors: Floats, told: dict[str, Floats], readings: list[Reading]
    ) -> Floats:
        """How little each text is like those that this model was fitted on."""
        if self.strange is None:
            return np.zeros(len(vectors))
        return self.strange.of(signs_of(vectors, self.centres, told, readings))


@dataclass(frozen=True)
class Strange:
    """Tells what is unlike the team's tickets."""

    mean: Floats
    spread: Floats
    limit: float

    def of(self, signs: Floats) -> Floats:
        """The sum of the signs, each measured in spreads among the team's own tickets."""
        found: Floats = ((signs - self.mean) / self.spread).sum(axis=1)
        return found


def weighted(x: sparse.csr_matrix, scale: Floats, width: int) -> sparse.csr_matrix:
    """Features whose hashed part, all behind `width`, is weighted by `scale`, each row of it of
    length 1."""
    dense, hashed = x[:, :width], x[:, width:].multiply(scale).tocsr()
    lengths = np.sqrt(np.asarray(hashed.multiply(hashed).sum(axis=1))).ravel()
    hashed = sparse.diags(1.0 / np.maximum(lengths, 1e-9)) @ hashed
    return sparse.hstack([dense, hashed], format="csr")


def blend(own: Floats, by_issue: Floats | None, packaged: Floats, share: Share) -> Floats:
    """Probabilities of the intents: the mean of head and issue, drawn towards the packaged."""
    issue_share, packaged_share, heat = share
    mixed = own if by_issue is None else (1 - issue_share) * own + issue_share * by_issue
    if packaged_share:
        mixed = (mixed + 1e-6) ** (1 - packaged_share) * (packaged + 1e-3) ** packaged_share
    mixed = (mixed + 1e-9) ** heat
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))


def packaged_routes(readings: list[Reading], names: list[str]) -> Floats:
    """What the packaged model says of the intents `names`; `escalate` is what is outside."""
    found = np.array(
        [[r.routes.get(n, r.routes.get("outside", 0.0)) for n in names] for r in readings]
    )
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))


def signs_of(
    vectors: Floats, centres: Floats, told: dict[str, Floats], readings: list[Reading]
) -> Floats:
    """Signs that a text is unlike the team's: far from every centre, no issue likely, outside."""
    near = (vectors @ centres.T).max(axis=1)
    sure = told.get("issue", told["intent"]).max(axis=1)
    outside = np.array([r.routes.get("outside", 0.0) for r in readings])
    return np.stack([-near, -np.log(sure + 1e-6), np.log(outside + 1e-2)], axis=1)


def _named(names: list[str], row: Floats, most: int = 99) -> dict[str, float]:
    order = np.argsort(-row)[:most]
    return {names[i]: round(float(row[i]), 4) for i in order}


def stored(model: OwnModel, about: dict[str, Any], learned: Learned) -> bytes:
    """The model, what is to be known `about` it (JSON), and what it was fitted on."""
    arrays: dict[str, Any] = {
        "scale": model.scale.astype(np.float32), "centres": model.centres, **vars(learned),
    }  # fmt: skip
    for name, head in model.heads.items():
        arrays |= {
            f"{name}_names": np.array(head.names),
            f"{name}_w": head.weights.astype(np.float16),
            f"{name}_b": head.bias,
            f"{name}_t": head.heat,
        }
        if head.alike is not None:
            arrays[f"{name}_a"] = head.alike.astype(np.float16)
    if model.paths is not None:
        arrays["paths"] = model.paths
    if model.urgency is not None:
        arrays |= {"urgency_w": model.urgency[0].astype(np.float16), "urgency_b": model.urgency[1]}
    if model.strange is not None:
        odd = model.strange
        arrays |= {"odd_mean": odd.mean, "odd_spread": odd.spread, "odd_limit": odd.limit}
    held = io.BytesIO()
    np.savez_compressed(
        held,
        form=FORM,
        version=np.array(model.version),
        features=np.array(model.features.name),
        share=np.array(model.share),
        about=np.array(json.dumps(about)),
        **arrays,
    )
    return held.getvalue()


def load_own(path: Path) -> OwnModel:
    """The model of a file that `stored` wrote; BadFile if it is none, or of another form."""
    try:
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        if int(held["form"]) != FORM:
            raise BadFile(path, "was written by another version of Handrail; train again")
        try:
            features = features_named(str(held.get("features", ACCURATE.name)))
        except HandrailError as problem:
            raise BadFile(path, str(problem)) from None
        if not all(np.isfinite(a).all() for a in held.values() if a.dtype.kind == "f"):
            raise BadFile(path, "is damaged: a weight is no number; train again")
        return _built(held, features)
    except BadFile:
        raise
    except FileNotFoundError:
        raise BadFile(path, "there is no such model; `handrail train --list` shows them") from None
    except Exception as problem:
        raise BadFile(path, "is damaged, or no model that `handrail train` stored") from problem


def about_stored(path: Path) -> dict[str, Any]:
    """What was stored about a model."""
    with np.load(path, allow_pickle=False) as file:
        found: dict[str, Any] = json.loads(str(file["about"]))
    return found


def learned_by(path: Path) -> tuple[Learned, dict[str, Any]]:
    """What a stored model was fitted on, and what was stored about it."""
    with np.load(path, allow_pickle=False) as file:
        about: dict[str, Any] = json.loads(str(file["about"]))
        seen = file["seen"]
        said = file["said"] if "said" in file.files else np.full(len(seen), -1, np.int16)
        return Learned(seen, said), about


def _built(held: dict[str, Any], features: Features) -> OwnModel:
    heads = {
        name: Head(
            [str(n) for n in held[f"{name}_names"]],
            held[f"{name}_w"].astype(np.float32),
            held[f"{name}_b"].astype(np.float32),
            float(held[f"{name}_t"]),
            held[f"{name}_a"].astype(np.float32) if f"{name}_a" in held else None,
        )
        for name in ("intent", "issue", "sentiment")
        if f"{name}_w" in held
    }
    speed = None
    if "urgency_w" in held:
        speed = (held["urgency_w"].astype(np.float32), float(held["urgency_b"]))
    odd = None
    if "odd_mean" in held:
        odd = Strange(held["odd_mean"], held["odd_spread"], float(held["odd_limit"]))
    issue_share, packaged_share, heat = (float(value) for value in held["share"])
    paths = held.get("paths")
    return OwnModel(
        str(held["version"]),
        held["scale"],
        heads,
        paths,
        (issue_share, packaged_share, heat),
        speed,
        held["centres"],
        odd,
        features,
    )
