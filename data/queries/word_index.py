"""Looks into the index of words that cost little, however many tickets it finds."""

from collections.abc import Sequence
from itertools import pairwise

from data.queries.held import Run, Way

FOUND = Way(
    "(SELECT rowid AS found FROM ticket_words WHERE ticket_words MATCH :match) d CROSS JOIN ticket",
    "ticket.seq = d.found",
)
"""The tickets that the index finds."""

MATCHES = "SELECT 1 FROM ticket_words WHERE ticket_words MATCH :match"
"""A row for each of them."""

_NEAR = 1_300
"""Numbers nearer to each other than this are looked for together: a look costs as much as passing
what a word in many tickets has between them."""

_LOOKS = 4
"""At most so many looks for a beginning, whose tickets are gathered anew by each."""

_TERMS = 16
"""A beginning with more words than this is left to the index."""

_VOCABULARY = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.ticket_terms "
    "USING fts5vocab('main', 'ticket_words', 'instance')"
)
_NEXT = "SELECT term FROM temp.ticket_terms WHERE term >= :low AND term < :high LIMIT 1"

_QUERY = (
    "SELECT rowid FROM ticket_words WHERE ticket_words MATCH :words "
    "AND rowid BETWEEN :low AND :high"
)


def words_that_fit(run: Run, expression: str, numbers: Sequence[int]) -> set[int]:
    """Of the tickets with these numbers, and perhaps others, those that `expression` finds."""
    found: set[int] = set()
    looks = _LOOKS if " *" in expression else len(numbers)
    for low, high in stretches(sorted(numbers), looks):
        bounds = {"words": expression, "low": low, "high": high}
        found.update(row[0] for row in run(_QUERY, bounds))
    return found


def words_beginning(run: Run, begun: str) -> list[str]:
    """The words in the index that begin so; empty if there are none, or too many to name.

    The index gathers all tickets of a beginning before it tells the first, those of words as they
    are asked for.
    """
    run(_VOCABULARY, {})
    found: list[str] = []
    low, high = begun, begun + chr(0x10FFFF)
    while rows := run(_NEXT, {"low": low, "high": high}):
        found.append(str(rows[0][0]))
        if len(found) > _TERMS:
            return []
        low = found[-1] + "\x01"  # past all places of this one
    return found


def stretches(numbers: Sequence[int], most: int) -> list[tuple[int, int]]:
    """At most so many ranges that hold all of the ascending `numbers`, parted at the widest
    gaps."""
    if not numbers:
        return []
    gaps = [(b - a, at) for at, (a, b) in enumerate(pairwise(numbers))]
    widest = sorted((gap for gap in gaps if gap[0] > _NEAR), reverse=True)[: most - 1]
    ends = sorted(at for _, at in widest)
    starts = [0, *(at + 1 for at in ends)]
    return [
        (numbers[start], numbers[end])
        for start, end in zip(starts, [*ends, len(numbers) - 1], strict=True)
    ]
