"""Patterns that are searched in small letters: some third faster than `re.IGNORECASE`."""

import re
from collections.abc import Iterator
from functools import lru_cache

_lower = lru_cache(4096)(str.lower)
_CAPITAL = re.compile(r"(?<!\\)(?<!\(\?)[A-Z]")


class Caseless:
    """A pattern without capitals, found in a text however that is written.

    Places are those in the text's small letters.
    """

    def __init__(self, pattern: str) -> None:
        """ValueError for a pattern that holds a capital, and so would never be found."""
        found = _CAPITAL.search(pattern)
        if found:
            raise ValueError(f"a capital at {found.start()} of {pattern[:60]!r}")
        self._pattern = re.compile(pattern)

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where it stands."""
        return self._pattern.search(_lower(text))

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every place where it stands."""
        return self._pattern.finditer(_lower(text))
