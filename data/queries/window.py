"""The rows of the queue around a screen, whatever arrived, moved or went since the last look."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.queries.held import Run
from data.queries.orders import Key
from data.queries.queue import Asked, rows_of, walking
from data.queries.rows import TicketRow
from data.queries.walk import Walk

if TYPE_CHECKING:
    from data.store import Store

LEAST = 120
"""Rows fetched at once, at least."""

_NEAR = 500
"""Up to so many rows before a window are counted; further down an index is as it was."""

COUNTED = 100_000
"""Up to so many tickets a search is counted."""


@dataclass(frozen=True)
class Known:
    """A row and its place, as they were at the last look."""

    index: int
    key: Key


@dataclass(frozen=True)
class Wanted:
    """What one look is for."""

    asked: Asked
    top: int
    """Index of the first row that is to be on the screen."""
    lines: int
    """Rows on the screen."""
    selected: str | None = None
    """The ticket under the cursor, to be kept where it is if it is on the screen."""
    stood: Known | None = None
    """Where it stood; None if nothing is known, as of a list that was not looked at before."""
    anchor: Known | None = None
    """Another row of the screen, which stays where it is if the selected one is not on it."""
    edges: tuple[Known, ...] = ()
    """Rows from which others can be reached."""
    total: int = 0
    """So many there were at least."""


@dataclass(frozen=True)
class Window:
    """The rows around the screen, and where what was asked about lies now."""

    wanted: Wanted
    start: int
    """Index of the first row."""
    keys: list[Key]
    rows: list[TicketRow]
    total: int
    exact: bool
    """Whether there are no more than `total`."""
    place: int | None
    """Where the selected row is, or would be; None if that is not known."""
    gone: bool
    """Whether the selected ticket is no answer (any more)."""
    top: int
    """Index of the row that the screen should begin with, so that nothing moves on it."""


def look(store: "Store", wanted: Wanted, operator: str) -> Window:
    """The rows around the screen as they are now, from one consistent view."""
    with walking(store, wanted.asked, operator) as (walk, run):
        return _Look(walk, run, wanted).window()


class _Look:
    """One look; its parts share the walk."""

    def __init__(self, walk: Walk, run: Run, wanted: Wanted) -> None:
        self.walk, self.run, self.wanted = walk, run, wanted
        self.size = max(LEAST, 3 * wanted.lines)
        self.total, self.exact = walk.count(0)

    def window(self) -> Window:
        """Put together what the parts find."""
        wanted, stood = self.wanted, self.wanted.stood
        stands = self.walk.key_of(wanted.selected) if wanted.selected else None
        pin, here = self._pin(stands)
        fresh = pin is not None and stood is None and wanted.anchor is None
        first = pin.index if pin is not None and fresh else wanted.top
        # Rows may have come above the first one that was known.
        target = first - self.size // 3
        if pin is not None:
            start, keys = self._around(pin, target, here=here)
        else:
            start, keys = self._at(max(0, target))
        if not keys and target > 0:
            keys = self.walk.page(self.size, backward=True)
            self.total, self.exact = self.walk.count()
            start = self.total - len(keys)
        start = self._placed(start, keys)
        total = self.total if self.exact else max(wanted.total, start + len(keys))
        top, place = wanted.top, None
        if pin is not None:
            top = max(0, wanted.top + self._place(pin, start, keys) - pin.index)
        if stands or stood:
            was = stood.index if stood else pin.index if pin else 0
            place = self._place(Known(was, stands or (stood.key if stood else ())), start, keys)
        gone = wanted.selected is not None and stands is None
        rows = rows_of(self.run, keys)
        return Window(wanted, start, keys, rows, total, self.exact, place, gone, top)

    def _pin(self, stands: Key | None) -> tuple[Known | None, bool]:
        """The row that is to stay where it is on the screen, and whether it is still there."""
        wanted, stood = self.wanted, self.wanted.stood
        if stood is not None and wanted.top <= stood.index < wanted.top + wanted.lines:
            return Known(stood.index, stands or stood.key), stands is not None
        if stood is None and stands is not None and wanted.anchor is None:
            found = self.walk.count_before(stands, 2 * _NEAR)
            return Known(2 * _NEAR if found is None else found, stands), True
        anchor = wanted.anchor
        return anchor, anchor is not None and self.walk.key_of(anchor.key[-1]) == anchor.key

    def _around(self, pin: Known, target: int, *, here: bool) -> tuple[int, list[Key]]:
        """The rows from the index `target` on (or the first), reached from a row whose place is
        known."""
        above, page = pin.index - target, self.walk.page
        if above < 0:
            return target, self._ended(page(self.size, after=pin.key, offset=-above - here), target)
        far = max(0, above - self.size)
        before = page(above - far, after=pin.key, backward=True, offset=far)
        keys = before
        if not far:
            keys = [*before, pin.key] if here else before
            keys = [*keys, *page(self.size - len(keys), after=pin.key)]
        if len(before) < above - far:  # the first row is among them
            if far:
                keys = page(self.size)
            return 0, self._ended(keys, 0)
        target = max(0, target)
        return target, keys if far else self._ended(keys, target)

    def _at(self, target: int) -> tuple[int, list[Key]]:
        """The rows from the index `target` on, reached from wherever is nearest."""
        ways = [(target, 0)]
        edges = self.wanted.edges
        ways += [(abs(edge.index - target), at) for at, edge in enumerate(edges, 1)]
        rest = self.total - target
        if self.exact and rest > 0:
            ways.append((rest, -1))
        at = min(ways)[1]
        if at > 0:
            edge = edges[at - 1]
            here = self.walk.key_of(edge.key[-1]) == edge.key
            return self._around(edge, target, here=here)
        if at < 0:
            past = max(0, rest - self.size)
            return target, self.walk.page(min(rest, self.size), backward=True, offset=past)
        return target, self._ended(self.walk.page(self.size, offset=target), target)

    def _ended(self, keys: list[Key], start: int) -> list[Key]:
        """The same keys; where they end before the page is full, all are counted."""
        if len(keys) < self.size and not self.exact and (keys or not start):
            self.total, self.exact = start + len(keys), True
        return keys

    def _placed(self, start: int, keys: list[Key]) -> int:
        """Where the window begins: counted where that is near, else as it seemed."""
        if not keys:
            return 0
        if start <= _NEAR:
            found = self.walk.count_before(keys[0], 2 * _NEAR)
            if found is not None:
                return found
            start = 2 * _NEAR + 1
        rest = self.total - len(keys)
        if not self.exact:
            return start
        return min(start, rest) if len(keys) == self.size else rest

    def _place(self, row: Known, start: int, keys: list[Key]) -> int:
        """Where a row stands, or would; as it was, if that is too far to be counted."""
        if row.key in keys:
            return start + keys.index(row.key)
        before = self.walk.page(1, after=row.key, backward=True)
        if not before:
            return 0
        if before[0] in keys:
            return start + keys.index(before[0]) + 1
        found = self.walk.count_before(row.key, _NEAR)
        return row.index if found is None else found
