"""The queue of tickets at any size: only the rows around the screen are ever fetched."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from textual.message import Message

from console.format import PRIORITY, STATUS, age, line
from console.reads import Reading
from console.widgets.rowlist import Piece, RowList, fit
from data.queries.queue import Asked, queue_page
from data.queries.rows import Page, TicketRow
from data.store import Store

ROOMY = 76
"""From this width on, a ticket is one line with columns."""

LEAST = 120
"""Rows fetched at once, at least."""


@dataclass(frozen=True)
class Wanted:
    """What one read of the store is for."""

    asked: Asked
    top: int
    lines: int
    cursor: int
    key: str | None
    anchor: str | None


@dataclass(frozen=True)
class Window:
    """Rows around the screen, and where the cursor's row and the top row lie now."""

    wanted: Wanted
    start: int
    rows: list[TicketRow]
    total: int
    cursor: int | None
    top: int | None


class QueueList(RowList):
    """Tickets, fetched as they come into sight; the selected one is kept by its id."""

    @dataclass
    class Counted(Message):
        """The number of tickets, or of those that arrived above the screen, changed."""

        total: int
        above: int

    @dataclass
    class Trouble(Message):
        """The queue cannot be read, or (None) can be again."""

        problem: str | None

    def __init__(self, store: Store, operator: str) -> None:
        """The queue of a workspace, as `operator` sees it."""
        super().__init__(id="queue")
        self.store, self.operator = store, operator
        self.asked = Asked()
        self.total = 0
        self.above = 0
        self.following = True
        """Whether new rows may push the list down: until the person has moved in it."""
        self.now: datetime = store.clock.now()
        self._start = 0
        self._rows: list[TicketRow] = []
        self._settled = False
        self._wanted = Wanted(self.asked, 0, 0, 0, None, None)
        self._reading = Reading(self, "queue", self._load, self._show, self._trouble)

    def on_mount(self) -> None:
        """Read the first rows."""
        self.ask()

    @property
    def count(self) -> int:
        """All tickets that are asked for, fetched or not."""
        return self.total

    @property
    def row_height(self) -> int:
        """One line where there is room for columns, else two."""
        return 1 if self.scrollable_content_region.width >= ROOMY else 2

    def row_at(self, index: int) -> TicketRow | None:
        """The ticket there, if it has been fetched."""
        place = index - self._start
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def key_at(self, index: int) -> str | None:
        """Its id."""
        row = self.row_at(index)
        return row.id if row else None

    def show_tickets(self, asked: Asked) -> None:
        """Ask for other tickets; the list begins anew, the selected ticket stays selected."""
        self.asked = asked
        self._settled, self.following, self.above = False, True, 0
        self.cursor = 0
        self.scroll_to(y=0, animate=False)
        self.ask()

    def go(self, index: int) -> None:
        """Put the cursor on a row; where it is not fetched yet, as soon as it is."""
        self.following = index <= 0
        super().go(index)
        if self.key is None:
            self._settled = False
            self.ask()

    def tick(self) -> None:
        """Let the ages grow."""
        self.now = self.store.clock.now()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch what came into sight."""
        super().watch_scroll_y(old_value, new_value)
        if self.above and new_value == 0:
            self.above = 0
            self.post_message(self.Counted(self.total, 0))
        shown = self.shown
        if shown and (self.row_at(shown.start) is None or self.row_at(shown.stop - 1) is None):
            self.ask()

    def ask(self) -> None:
        """Read the rows around the screen again."""
        shown = self.shown
        top = self.cursor if not self._settled else shown.start
        lines = self.scrollable_content_region.height or 40
        anchor = self.key_at(shown.start)
        self._wanted = Wanted(self.asked, top, lines, self.cursor, self.key, anchor)
        self._reading.ask()

    def _load(self) -> Window:
        wanted = self._wanted
        limit = max(LEAST, 3 * wanted.lines)

        def around(index: int) -> tuple[int, Page]:
            start = max(0, index - limit // 3)
            asked = wanted.asked
            page = queue_page(
                self.store, asked.search, view=asked.view, order=asked.order,
                limit=limit, offset=start, operator=self.operator,
            )  # fmt: skip
            return start, page

        start, page = around(wanted.top)
        if start >= page.total > 0:
            start, page = around(page.total - 1)
        places = {row.id: start + at for at, row in enumerate(page.rows)}
        cursor = places.get(wanted.key or "")
        if wanted.key and cursor is None:
            cursor = self._far(wanted, around)
            if cursor is not None and wanted.top <= wanted.cursor <= wanted.top + wanted.lines:
                start, page = around(max(0, cursor - (wanted.cursor - wanted.top)))
        return Window(wanted, start, page.rows, page.total, cursor, places.get(wanted.anchor or ""))

    def _far(self, wanted: Wanted, around: Callable[[int], tuple[int, Page]]) -> int | None:
        """Where the cursor's row lies when it is not among the rows around the screen."""
        grown = 0
        for _ in range(4):
            start, page = around(wanted.cursor + grown)
            for at, row in enumerate(page.rows):
                if row.id == wanted.key:
                    return start + at
            moved = page.total - self.total
            if not moved or grown == moved:
                return None
            grown = moved
        return None

    def _show(self, window: Window) -> None:
        if window.wanted.asked is not self.asked:
            self.ask()
            return
        if window.wanted.key != self.key:  # the person moved meanwhile
            self.ask()
            if self._settled and self.key not in {row.id for row in window.rows}:
                return
        fresh = not self._settled
        was_on_screen = self.cursor in self.shown
        height, before, total = self.row_height, self.cursor, self.total
        self._start, self._rows, self.total = window.start, window.rows, window.total
        self.now = self.store.clock.now()
        self.resize_rows()
        self._settled = True
        if self.key is None:
            self._first()
        else:
            place = self._place(window)
            self.gone = place is None
            self.cursor = self.cursor if place is None else place
            self._hold(window, before, was_on_screen, height, fresh)
        self.cursor = max(0, min(self.cursor, self.total - 1))
        if total != self.total or fresh:
            self.post_message(self.Counted(self.total, self.above))
        self.refresh()

    def _place(self, window: Window) -> int | None:
        for at, row in enumerate(window.rows):
            if row.id == self.key:
                return window.start + at
        return window.cursor if window.wanted.key == self.key else None

    def _first(self) -> None:
        """Select what lies under the cursor of a list that was just asked for."""
        if self.total and self.key_at(min(self.cursor, self.total - 1)):
            following = self.following
            self.go(min(self.cursor, self.total - 1))
            self.following = following

    def _hold(self, window: Window, before: int, seen: bool, height: int, fresh: bool) -> None:
        """Scroll so that the selected row, or else the top row, stays where it was."""
        if fresh:
            self.reveal()
            return
        delta = self.cursor - before if seen and not self.gone else 0
        if not seen and window.top is not None:
            delta = window.top - window.wanted.top
        if not delta:
            return
        if self.following and self.scroll_offset.y == 0:
            self.reveal()
            return
        self.above = max(0, self.above + delta)
        self.scroll_to(y=max(0, self.scroll_offset.y + delta * height), animate=False)
        self.post_message(self.Counted(self.total, self.above))

    def _trouble(self, problem: str | None) -> None:
        self.post_message(self.Trouble(problem))

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """A ticket in one line of columns or two lines."""
        row = self.row_at(index)
        if row is None:
            return [[(fit("  …", width), "muted")], [(" " * width, "")]][: self.row_height]
        glyph, status, tone = STATUS[row.status]
        who = line(row.customer_name or row.requester or "unknown sender", 60)
        about = ", ".join(row.intents) or row.intent or ""
        old, subject = age(row.opened_at, self.now), line(row.subject, 200) or "(no subject)"
        urgency = PRIORITY[row.priority] + ("⚑" if row.flags else " ")
        ref = line(row.ref, 40)
        facts = f" · {ref} · {who} · {about}".rstrip(" ·")
        if self.row_height == 1:
            free = width - 54
            return [
                [
                    (f"{glyph} ", tone), (fit(status, 15), tone), (urgency, "error"),
                    (" " + fit(ref, 7) + " ", "muted"), (fit(subject, free), "strong"),
                    ("  " + fit(who, 16), ""), (f"{old:>6}", "muted"), (" ", ""),
                ]
            ]  # fmt: skip
        return [
            [
                (f"{glyph} ", tone), (fit(subject, width - 10), "strong"),
                (urgency, "error"), (f"{old:>5}", "muted"),
            ],
            [
                ("  ", ""), (fit(status, len(status)), tone),
                (fit(facts, width - 2 - len(status)), "muted"),
            ],
        ]  # fmt: skip


def in_view(asked: Asked, view: str) -> Asked:
    """The same question about another saved view."""
    return replace(asked, view=view)
