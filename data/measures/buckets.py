"""Percentiles from counts in fixed buckets, eight for each doubling of a time in milliseconds."""

from bisect import bisect_left
from collections.abc import Mapping

PER_DOUBLING = 8
_YEARS = 42
"""Doublings of a millisecond: more than a hundred years."""

BOUNDS: tuple[int, ...] = tuple(
    sorted({int(2 ** (step / PER_DOUBLING)) for step in range(PER_DOUBLING * _YEARS + 1)})
)
"""The largest whole number of milliseconds in each bucket; fixed, since counts are stored by it."""


def bucket_of(milliseconds: int) -> int:
    """The number of the bucket; what is longer than all bounds falls into the last one."""
    return min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The time in milliseconds that `share` of the counted ones do not exceed; None if none is.

    Spread evenly within its bucket, so that it is off by a tenth at most.
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    rank = share * total
    for bucket in sorted(counts):
        count = counts[bucket]
        if count > 0 and rank <= count:
            below = BOUNDS[bucket - 1] if bucket else 0
            return below + (BOUNDS[bucket] - below) * rank / count
        rank -= count
    return float(BOUNDS[max(counts)])
