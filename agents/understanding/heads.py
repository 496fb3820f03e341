"""Fitting one linear head on labelled rows, measured on the folds that it was not fitted on."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from agents.understanding.likeness import fit_likeness, likeness
from agents.understanding.model import softmax
from agents.understanding.own_model import Head

FOLDS = 5
PENALTY = 0.5
TOLERANCE = 0.02
SHARES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""How much the likeness to known texts may count beside the linear scores."""
WORTH = 0.005
"""What the likeness must save in the loss of held-out rows to count at all."""
Floats = NDArray[np.floating]


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


def fit_head(
    x: sparse.csr_matrix,
    given: list[str | None],
    folds: NDArray[np.int64],
    step: Callable[[], None],
    *,
    vectors: Floats | None = None,
) -> tuple[Head, HeldOut]:
    """A head for the labels `given` (None: no label) of the rows of `x`, and what it says of the
    rows of each fold when it was fitted on the others. `step` is called after each fit. With
    `vectors` of the rows the likeness to known texts counts too, where held-out rows are better
    told by it."""
    counts = Counter(name for name in given if name)
    names = sorted(name for name, count in counts.items() if count >= 2)
    at = {name: place for place, name in enumerate(names)}
    rows = np.array([i for i, name in enumerate(given) if name in at])
    truth = np.array([at[name] for name in given if name in at])
    scores = np.zeros((len(rows), len(names)), np.float32)
    nearness = np.zeros_like(scores)
    for number in range(FOLDS):
        held = folds[rows] == number
        if held.any():
            learned, out = x[rows[~held]], x[rows[held]]
            weights, bias = _fit(learned, truth[~held], len(names))
            scores[held] = out @ weights.T + bias
            if vectors is not None:
                known = fit_likeness(vectors[rows[~held]], truth[~held], len(names))
                nearness[held] = likeness(vectors[rows[held]], known)
        step()
    share, heat = _joined(scores, nearness, truth, SHARES if vectors is not None else (0.0,))
    scores = scores + share * nearness
    weights, bias = _fit(x[rows], truth, len(names))
    alike = None
    if vectors is not None and share:
        alike = share * fit_likeness(vectors[rows], truth, len(names))
    step()
    few = {name: counts[name] for name in names if counts[name] < FOLDS}
    alone = sorted(name for name, count in counts.items() if count < 2)
    told = HeldOut(names, rows, truth, softmax(scores * heat), heat, few, alone)
    return Head(names, weights, bias, heat, alike), told


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


def _joined(
    scores: Floats, nearness: Floats, truth: NDArray[np.int64], shares: tuple[float, ...]
) -> tuple[float, float]:
    """How much `nearness` is to count beside `scores`, and the factor on their sum."""
    index = np.arange(len(truth))
    losses = {
        (share, float(heat)): WORTH * (share > 0)
        - float(np.log(softmax((scores + share * nearness) * heat)[index, truth] + 1e-9).mean())
        for share in shares
        for heat in np.geomspace(0.25, 24.0, 60)
    }
    return min(losses, key=lambda joined: losses[joined])
