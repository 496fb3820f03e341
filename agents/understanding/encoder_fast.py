"""Texts to vectors by the mean of their tokens' vectors: wordllama (MIT), an optional package.

Over ten times as fast as a sentence encoder, and less good at what was meant.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.understanding.packages import folder_of
from data.errors import HandrailError

if TYPE_CHECKING:
    from wordllama.inference import WordLlamaInference

PACKAGE = "wordllama"

WIDTH = 256
"""Numbers of a text's vector."""

_TOKENS = 256
Floats = NDArray[np.float32]


def check_installed() -> None:
    """HandrailError, with what to do, if the package is missing."""
    try:
        folder_of(PACKAGE)
    except ModuleNotFoundError:
        raise HandrailError(
            f"the fast features need the package {PACKAGE}: pip install 'handrail[fast]'"
        ) from None


@cache
def _loaded() -> "WordLlamaInference":
    check_installed()
    from wordllama import WordLlama

    # Its weights lie in its own folder; without these two it would ask the network.
    model = WordLlama.load(cache_dir=folder_of(PACKAGE), disable_download=True)
    model.tokenizer.enable_truncation(_TOKENS)
    return model


def encode(texts: list[str]) -> list[Floats]:
    """A unit vector of 256 numbers for each text; zeros for one without a token."""
    vectors: Floats = np.zeros((len(texts), WIDTH), np.float32)
    # Texts of one length go together, since a batch is padded to its longest.
    order = sorted((i for i, text in enumerate(texts) if text.strip()), key=lambda i: len(texts[i]))
    if order:
        vectors[order] = _loaded().embed([texts[i] for i in order])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return list(vectors / np.maximum(lengths, 1e-9))
