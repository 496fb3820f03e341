"""Which of some tickets the index of words finds, without going through all that it finds."""

from collections.abc import Sequence
from itertools import pairwise

from data.queries.asking import Run

_STRETCHES = 4
"""At most so many looks into the index; a beginning of a word is gathered anew by each."""

_NEAR = 2_000
"""Numbers nearer to each other than this are looked for together."""

_QUERY = (
    "SELECT rowid FROM ticket_words WHERE ticket_words MATCH :words "
    "AND rowid BETWEEN :low AND :high"
)


def words_that_fit(run: Run, expression: str, numbers: Sequence[int]) -> set[int]:
    """Of the tickets with these numbers, and perhaps others, those that `expression` finds."""
    found: set[int] = set()
    for low, high in stretches(sorted(numbers)):
        bounds = {"words": expression, "low": low, "high": high}
        found.update(row[0] for row in run(_QUERY, bounds))
    return found


def stretches(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """A few ranges that hold all of the ascending `numbers`, parted at the widest gaps."""
    if not numbers:
        return []
    gaps = [(b - a, at) for at, (a, b) in enumerate(pairwise(numbers))]
    widest = sorted((gap for gap in gaps if gap[0] > _NEAR), reverse=True)[: _STRETCHES - 1]
    ends = sorted(at for _, at in widest)
    starts = [0, *(at + 1 for at in ends)]
    return [
        (numbers[start], numbers[end])
        for start, end in zip(starts, [*ends, len(numbers) - 1], strict=True)
    ]
