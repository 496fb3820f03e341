"""Likeness to labelled texts: kernel ridge regression over the sentence encoder's vectors.

The Gaussian kernel is stood in for by random Fourier features (Rahimi and Recht, 2007), so that a
fitted model keeps weights alone and nothing by which one of the texts could be told.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import Ridge

KERNEL = {"gamma": 0.8, "features": 4096, "penalty": 0.06}
"""Chosen on held-out rows of Banking77 (train.csv): exact kernel 0.933, 4,096 features 0.932."""

_AT_ONCE = 2048
Floats = NDArray[np.floating]


@cache
def _sampler(width: int) -> RBFSampler:
    sampler = RBFSampler(
        gamma=KERNEL["gamma"], n_components=int(KERNEL["features"]), random_state=0
    )
    return sampler.fit(np.zeros((1, width), np.float32))


def lifted(vectors: Floats) -> Floats:
    """The random Fourier features of texts, given by their vectors; a row each."""
    return np.asarray(_sampler(vectors.shape[1]).transform(vectors), np.float32)


def fit_likeness(vectors: Floats, truth: NDArray[np.int64], names: int) -> Floats:
    """Weights, a row for each of `names` classes: texts score near 1 in their own class."""
    wanted = np.zeros((len(vectors), names), np.float32)
    wanted[np.arange(len(truth)), truth] = 1.0
    machine = Ridge(alpha=KERNEL["penalty"], fit_intercept=False, solver="cholesky")
    weights: Floats = np.asarray(machine.fit(lifted(vectors), wanted).coef_, np.float32)
    return weights


def likeness(vectors: Floats, weights: Floats) -> Floats:
    """The scores of the classes of `weights`, a row per text."""
    found = [
        lifted(vectors[first : first + _AT_ONCE]) @ weights.T
        for first in range(0, len(vectors), _AT_ONCE)
    ]
    return np.concatenate(found) if found else np.zeros((0, len(weights)), np.float32)
