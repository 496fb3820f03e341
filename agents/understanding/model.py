"""The triage model: how likely each kind, each sentiment, and how urgent a text is."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import data
from agents.understanding.features import ACCURATE, Features, features_named
from agents.understanding.kinds import FAMILIES
from agents.understanding.versions import spelled

FOLDER = Path(data.__file__).parent / "triage"


def softmax(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Scores to probabilities, row by row."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class TriageModel:
    """Fitted weights; see `agents.understanding.fit`."""

    version: str
    kinds: list[str]
    tones: list[str]
    routes: list[str]
    """Where a text of any company goes: an intent, or `outside` for what is no support request."""
    weights: dict[str, NDArray[np.floating]]
    features: Features = ACCURATE
    """What it reads."""

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each kind stands among the probabilities."""
        return {kind: place for place, kind in enumerate(self.kinds)}

    @cached_property
    def families(self) -> NDArray[np.floating]:
        """What sums up the probabilities of kinds (rows) to those of families (columns)."""
        joined = np.zeros((len(self.kinds), len(FAMILIES)))
        for column, kinds in enumerate(FAMILIES.values()):
            joined[[self.index[kind] for kind in kinds if kind in self.index], column] = 1.0
        return joined

    def read(
        self,
        texts: list[str],
        vectors: NDArray[np.float32] | None = None,
        abroad: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.floating], ...]:
        """For each text: the probabilities of `kinds`, of `tones`, the urgency (0 to 1), and the
        probabilities of `routes`.

        `vectors` are the encoder's, if they are there already; `abroad` says which are not English.
        """
        from agents.understanding.feelings import feelings

        x, w = self.features.of(texts, vectors), self.weights
        kinds = self._kinds(x)
        felt = feelings(texts) @ w["tone_feelings"].T
        tones = softmax((x @ w["tone_w"].T + felt + w["tone_b"]) * w["tone_t"])
        urgency = np.clip(x @ w["urgency_w"] + w["urgency_b"], 0.0, 1.0)
        routes = softmax((x @ w["route_w"].T + w["route_b"]) * w["route_t"])
        if abroad is not None and abroad.any():
            told = x[np.flatnonzero(abroad)] @ w["abroad_w"].T + w["abroad_b"]
            routes[abroad] = softmax(told * w["abroad_t"])
        return kinds, tones, urgency, routes

    def read_kinds(self, texts: list[str]) -> NDArray[np.floating]:
        """For each text the probabilities of `kinds`, and nothing else."""
        return self._kinds(self.features.of(texts))

    def _kinds(self, x: Any) -> NDArray[np.floating]:
        w = self.weights
        return softmax((x @ w["kind_w"].T + w["kind_b"]) * w["kind_t"])


def model_file(features: Features) -> Path:
    """Where the packaged model of these features lies."""
    return FOLDER / f"model-{features.name}.npz"


@cache
def packaged_model(named: str = ACCURATE.name) -> TriageModel:
    """The model that comes with the program, of the features `named`.

    HandrailError if there are no such features, or their package is missing.
    """
    features = features_named(named)
    with np.load(model_file(features), allow_pickle=False) as stored:
        weights = {
            name: stored[name].astype(np.float32)
            for name in stored.files
            if name.split("_")[0] in ("kind", "tone", "urgency", "route", "abroad")
        }
        version = f"packaged-{spelled(str(stored['digest']))}"
        return TriageModel(
            version if features is ACCURATE else f"{version}-{features.name}",
            [str(kind) for kind in stored["kinds"]],
            [str(tone) for tone in stored["tones"]],
            [str(route) for route in stored["routes"]],
            weights,
            features,
        )


@cache
def known_words() -> frozenset[str]:
    """Every word of the sentences that the packaged models were fitted on."""
    with np.load(model_file(ACCURATE), allow_pickle=False) as stored:
        return frozenset(str(stored["words"]).split())
