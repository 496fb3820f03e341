"""How many words of anger, insult, sorrow, joy and hope a text holds."""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from agents.understanding.model import FOLDER

FEELINGS = ("anger", "insult", "sorrow", "joy", "hope")
SHORTEST_STEM = 3
_WORD = re.compile(r"[^\W\d_]+")


@cache
def _words() -> tuple[dict[str, int], dict[str, int]]:
    """Whole words, and beginnings of words, each with the place of its feeling."""
    whole: dict[str, int] = {}
    stems: dict[str, int] = {}
    rows = (FOLDER / "feelings.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for feeling, _, words in (row.split("\t") for row in rows):
        for word in words.split():
            kept = stems if word.endswith("*") else whole
            kept.setdefault(word.rstrip("*"), FEELINGS.index(feeling))
    return whole, stems


@cache
def _longest() -> int:
    return max(map(len, _words()[1]))


_known: dict[str, int | None] = {}


def _feeling_of(word: str) -> int | None:
    """The place of the feeling that a word in small letters speaks of, if any."""
    if word not in _known:
        if len(_known) > 100_000:
            _known.clear()
        whole, stems = _words()
        found = whole.get(word)
        for end in range(min(len(word), _longest()), SHORTEST_STEM - 1, -1):
            if found is not None:
                break
            found = stems.get(word[:end])
        _known[word] = found
    return _known[word]


def feelings(texts: list[str]) -> NDArray[np.float32]:
    """For each text, a number for each of `FEELINGS`: the root of how many words speak of it."""
    found = np.zeros((len(texts), len(FEELINGS)), np.float32)
    for row, text in enumerate(texts):
        for word in _WORD.findall(text.lower()):
            place = _feeling_of(word)
            if place is not None:
                found[row, place] += 1
    return np.sqrt(found)
