"""For how long what may be decided stood on the screen, and how much there was to read."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MOST = 500
"""Things shown that are remembered; the oldest are forgotten."""


@dataclass
class Stood:
    """One thing that stood there: an action, or a line of several."""

    words: int
    seconds: float = 0.0


class ReadingTime:
    """Adds up how long each thing stood on the screen; what stands there now goes on counting."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._stood: dict[tuple[str, ...], Stood] = {}
        self._now: tuple[str, ...] = ()
        self._since = clock()

    def shows(self, ids: tuple[str, ...], words: int) -> None:
        """From now on these actions stand there, in so many words; none: nothing to decide."""
        self._count()
        self._now = ids
        if ids:
            self._stood.setdefault(ids, Stood(0)).words = words
            for oldest in list(self._stood)[: max(0, len(self._stood) - MOST)]:
                del self._stood[oldest]

    def take(self, ids: Iterable[str]) -> Stood | None:
        """What stood there of these actions, all of it together; it is then forgotten.

        None if none of them was ever shown.
        """
        self._count()
        wanted = set(ids)
        found = [key for key in self._stood if wanted & set(key)]
        stood = [self._stood.pop(key) for key in found]
        if not stood:
            return None
        return Stood(sum(s.words for s in stood), sum(s.seconds for s in stood))

    def _count(self) -> None:
        now = self._clock()
        if self._now in self._stood:
            self._stood[self._now].seconds += now - self._since
        self._since = now
