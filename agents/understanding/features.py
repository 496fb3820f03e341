"""Texts to the numbers that classifiers read: an encoder's vectors beside hashed parts of words
and hashed words.

Measured on 18,490 sentences of `data/triage`, 41 labels, 4 folds, by what the encoder counts: 0.66
of all right at 2, 0.69 at 1 and at 0.7, with words 0.71 at 0.7; of the English ones 0.77, then
0.78. What is hashed carries the other languages. `fast` takes wordllama in place of MiniLM.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from agents.understanding import encoder_accurate, encoder_fast
from data.errors import HandrailError

WORDS = 2**15
"""How many of the features are hashed words and pairs of them; they stand last."""

_PARTS_OF_WORDS = HashingVectorizer(
    analyzer="char_wb", ngram_range=(3, 5), n_features=2**16, alternate_sign=False, lowercase=True
)
_WORDS = HashingVectorizer(
    ngram_range=(1, 2), n_features=WORDS, alternate_sign=False, token_pattern=r"(?u)\b\w+\b"
)
_REMEMBERED = 20_000
"""Texts whose vectors are kept at most."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """One way to turn texts into numbers."""

    name: str
    width: int
    """How many of the features come from the encoder; they stand first."""
    weight: float
    """How much the encoder counts beside what is hashed."""
    encode: Callable[[list[str]], list[Floats]]
    """A unit vector of `width` numbers for each text."""
    seen: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)
    """Vectors that are remembered."""

    def embed(self, texts: list[str]) -> Floats:
        """One unit vector of `width` numbers per text; recent texts are remembered."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        if len(self.seen) > _REMEMBERED:
            self.seen.clear()
        # Looked up once: another thread may clear what is remembered meanwhile.
        known = {text: self.seen.get(text) for text in texts}
        missing = [text for text, vector in known.items() if vector is None]
        if missing:
            found = dict(zip(missing, self.encode(missing), strict=True))
            self.seen.update(found)
            known.update(found)
        return np.stack([vector for text in texts if (vector := known[text]) is not None])

    def composed(self, texts: list[list[str]]) -> Floats:
        """One unit vector per text that is given in parts: theirs, each by its length.

        Half the work of encoding parts and whole, where the parts are needed anyway.
        """
        parts = list(dict.fromkeys(part for text in texts for part in text))
        at = {part: row for row, part in enumerate(parts)}
        vectors = self.embed(parts)
        found: Floats = np.zeros((len(texts), self.width), np.float32)
        for row, text in enumerate(texts):
            lengths = np.array([len(part) for part in text], np.float32)
            found[row] = lengths @ vectors[[at[part] for part in text]]
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return found

    def of(self, texts: list[str], vectors: Floats | None = None) -> sparse.csr_matrix:
        """The features of `texts`, a row each, with `vectors` if there are any."""
        dense = self.embed(texts) if vectors is None else vectors
        return sparse.hstack(
            [
                sparse.csr_matrix(dense * self.weight),
                _PARTS_OF_WORDS.transform(texts),
                _WORDS.transform(texts),
            ],
            format="csr",
        )

    def levels(self, x: sparse.csr_matrix, *, encoder: float, words: float) -> Floats:
        """A factor on each of the features `x`, by which encoder and words count so much."""
        level = np.ones(x.shape[1], np.float32)
        level[: self.width] = encoder / self.weight
        level[-WORDS:] = words
        return level

    def vectors_in(self, x: sparse.csr_matrix) -> Floats:
        """The encoder's vectors in features, a row each."""
        return np.asarray(x[:, : self.width].todense(), np.float32) / np.float32(self.weight)


ACCURATE = Features("accurate", encoder_accurate.WIDTH, 0.8, encoder_accurate.encode)
FAST = Features("fast", encoder_fast.WIDTH, 1.0, encoder_fast.encode)
BY_NAME = {features.name: features for features in (ACCURATE, FAST)}


def features_named(name: str) -> Features:
    """The features of this name; HandrailError if there are none, or their package is missing."""
    if name not in BY_NAME:
        raise HandrailError(f"there are no features {name!r}; there are {' and '.join(BY_NAME)}")
    if name == FAST.name:
        encoder_fast.check_installed()
    return BY_NAME[name]
