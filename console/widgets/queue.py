"""The queue of tickets at any size: only the rows around the screen are ever fetched."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual.message import Message

from console.cells import Piece, fit
from console.format import sums
from console.reads import Reading
from console.ticket_line import ROOMY, ticket_lines
from console.widgets.rowlist import RowList
from data.queries.orders import Key
from data.queries.queue import Asked, queue_count
from data.queries.rows import TicketRow
from data.queries.window import COUNTED, Known, Wanted, Window, look

if TYPE_CHECKING:
    from data.store import Store

COUNT_SECONDS = 5.0
"""Between two counts of what is too much to be counted each time."""


@dataclass(frozen=True)
class Looked:
    """What one look found."""

    window: Window
    at_stake: dict[str, str]
    """The money that waits in its tickets, if they are in the order of that."""


class QueueList(RowList):
    """Tickets, fetched as they come into sight; the selected one is kept by its id."""

    @dataclass
    class Counted(Message):
        """The number of tickets, or of those that arrived above the screen, changed."""

        total: int
        above: int
        exact: bool = True
        """Whether there are no more than `total`."""

    @dataclass
    class NothingToOpen(Message):
        """The person wanted to open a row, and there is none."""

    @dataclass
    class Trouble(Message):
        """The queue cannot be read, or (None) can be again."""

        problem: str | None

    def __init__(
        self,
        store: "Store",
        operator: str,
        seen: Callable[[list[TicketRow]], list[TicketRow]] = lambda rows: rows,
    ) -> None:
        """The queue of a workspace, as `operator` sees it; `seen` masks what they may not."""
        super().__init__(id="queue")
        self.store, self.operator, self.seen = store, operator, seen
        self.asked = Asked()
        self.total, self.exact = 0, True
        self.above = 0
        self.following = True
        """Whether new rows may push the list down: until the person has moved in it."""
        self.shown_ticket: str | None = None
        """The ticket that the desk shows, if it is not the one under the cursor."""
        self.now: datetime = store.clock.now()
        self._start = 0
        self._window: Window | None = None
        self._rows: list[TicketRow] = []
        self._at_stake: dict[str, str] = {}
        """The money that waits in the rows that were fetched, while they are in its order."""
        self._settled = False
        self._stood: Key | None = None
        self._counted: tuple[Asked, int, bool, float] | None = None
        self._wanted = Wanted(self.asked, 0, 0)
        self._reading = Reading(self, "queue", self._load, self._show, self._trouble, rest=0.08)
        self._counting = Reading(self, "count", self._count, self._show_count, self._ignore)

    def on_mount(self) -> None:
        """Read the first rows."""
        self.ask()

    @property
    def count(self) -> int:
        """All tickets that are asked for, fetched or not; as far as they are counted."""
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

    def lit(self, key: str | None) -> bool:
        """The row that is lit is that of the ticket which the desk shows."""
        return key is not None and key == (self.shown_ticket or self.key)

    def point_at(self, ticket_id: str | None) -> None:
        """Light the row of the ticket that the desk shows, wherever the cursor is."""
        shown = None if ticket_id == self.key else ticket_id
        if shown != self.shown_ticket:
            self.shown_ticket = shown
            self.refresh()

    def show_tickets(self, asked: Asked, *, select: str | None = None, first: bool = False) -> None:
        """Ask for other tickets; the list begins anew.

        The selected ticket stays selected, unless another is to be, or the first one there.
        """
        self.asked = asked
        if select is not None or first:
            self.key, self.gone, self._stood = select, False, None
        self._settled, self.following, self.above = False, True, 0
        self.cursor = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self.ask()

    def go(self, index: int) -> None:
        """Put the cursor on a row; where it is not fetched yet, as soon as it is."""
        self.following = index <= 0
        super().go(index)
        self._note()
        if self.key is None:
            self._settled = False
            self.ask()

    def action_open(self) -> None:
        """Open the row under the cursor, if there is one."""
        if not self.total:
            self.post_message(self.NothingToOpen())
        else:
            super().action_open()

    def tick(self) -> None:
        """Let the ages grow and the times that are left shrink."""
        self.now = self.store.clock.now()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch what came into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._count_above(self.above)
        shown = self.shown
        if shown and (self.row_at(shown.start) is None or self.row_at(shown.stop - 1) is None):
            self.ask()

    def ask(self, *, at_once: bool = True) -> None:
        """Read the rows around the screen again; if not at once, then when others may rest."""
        shown, window = self.shown, self._window
        lines = (self.scrollable_content_region.height or 40) // self.row_height
        same = self._settled and window is not None and window.wanted.asked is self.asked
        self._wanted = Wanted(
            self.asked,
            shown.start if same else self.cursor,
            lines,
            selected=self.key,
            stood=Known(self.cursor, self._stood) if same and self._stood else None,
            anchor=self._known(shown.start) if same else None,
            edges=self._edges(),
            total=self.total if same else 0,
        )
        self._reading.ask(at_once=at_once)

    def _known(self, index: int) -> Known | None:
        keys, place = self._window.keys if self._window else [], index - self._start
        return Known(index, keys[place]) if 0 <= place < len(keys) else None

    def _note(self) -> None:
        """Keep in mind where the selected row stands, for when it is out of sight."""
        if self._stood is not None and self._stood[-1] != self.key:
            self._stood = None
        for key in self._window.keys if self._window else []:
            if key[-1] == self.key:
                self._stood = key

    def _edges(self) -> tuple[Known, ...]:
        window = self._window
        if window is None or not window.keys or window.wanted.asked is not self.asked:
            return ()
        last = self._start + len(window.keys) - 1
        return Known(self._start, window.keys[0]), Known(last, window.keys[-1])

    def _load(self) -> Looked:
        window = look(self.store, self._wanted, self.operator)
        at_stake: dict[str, str] = {}
        if window.wanted.asked.order == "money":
            from data.queries.approvals import money_waiting

            some = [row.id for row in window.rows if row.money_at_risk]
            for ticket_id, amounts in money_waiting(self.store, some).items():
                at_stake[ticket_id] = sums((n, currency) for currency, n in amounts.items())
        return Looked(replace(window, rows=self.seen(window.rows)), at_stake)

    def _count(self) -> tuple[Asked, int, bool]:
        asked = self.asked
        return asked, *queue_count(self.store, asked, self.operator, COUNTED)

    def _show(self, looked: Looked) -> None:
        window = looked.window
        if window.wanted.asked is not self.asked:
            self.ask()
            return
        if window.wanted.selected != self.key:  # the person moved meanwhile
            self.ask()
            if self._settled and self.key not in {row.id for row in window.rows}:
                return
        fresh = not self._settled
        was_on_screen = self.cursor in self.shown
        before, told = self.cursor, (self.total, self.exact)
        drawn, lit = {at: self.row_at(at) for at in self.shown}, (self.cursor, self.key)
        fresh_money, self._at_stake = looked.at_stake != self._at_stake, looked.at_stake
        self._window, self._start, self._rows = window, window.start, window.rows
        self.total, self.exact = window.total, window.exact
        self._recount()
        self.now = self.store.clock.now()
        if fresh or told[0] != self.total:
            self.resize_rows()
        self._settled = True
        if self.key is None:
            self._first()
        else:
            place = self._place(window)
            self.gone = window.gone and window.wanted.selected == self.key
            self.cursor = self.cursor if place is None else place
            self._hold(window, before, was_on_screen, fresh)
        self.cursor = max(0, min(self.cursor, self.total - 1))
        if told != (self.total, self.exact) or fresh:
            self._tell()
        self._note()
        moved = fresh_money or lit != (self.cursor, self.key)
        self._redraw(drawn, everything=fresh or moved or self.gone)

    def _redraw(self, drawn: dict[int, TicketRow | None], *, everything: bool) -> None:
        """Draw the rows that are not as they were."""
        if everything:
            self.refresh()
            return
        height = self.row_height
        for at in self.shown:
            if at not in drawn or drawn[at] != self.row_at(at):
                self.refresh_lines(at * height, height)

    def _place(self, window: Window) -> int | None:
        for at, row in enumerate(window.rows):
            if row.id == self.key:
                return window.start + at
        return window.place if window.wanted.selected == self.key else None

    def _first(self) -> None:
        """Select what lies under the cursor of a list that was just asked for."""
        if self.total and self.key_at(min(self.cursor, self.total - 1)):
            following = self.following
            self.go(min(self.cursor, self.total - 1))
            self.following = following

    def _hold(self, window: Window, before: int, seen: bool, fresh: bool) -> None:
        """Scroll so that the selected row, or else the top row, stays where it was."""
        if fresh:
            self.reveal()
            return
        moved = window.wanted.selected == self.key
        delta = self.cursor - before if seen else window.top - window.wanted.top if moved else 0
        if not delta:
            return
        if self.following and self.scroll_offset.y == 0:
            self.reveal()
            return
        y = max(0, self.scroll_offset.y + delta * self.row_height)
        above = self.above + delta
        self.scroll_to(y=y, animate=False, immediate=True)
        self._count_above(above)

    def _count_above(self, arrived: int) -> None:
        """So many arrived above the screen; those that are on it now have been seen."""
        above = max(0, min(arrived, self.shown.start))
        if above != self.above:
            self.above = above
            self._tell()

    def _recount(self) -> None:
        """What is too much to be counted for each look is counted beside it, now and then."""
        if self.exact:
            return
        if self._counted is not None and self._counted[0] is self.asked:
            _, total, self.exact, at = self._counted
            self.total = max(self.total, total)
            if time.monotonic() - at < COUNT_SECONDS:
                return
        self._counting.ask()

    def _show_count(self, found: tuple[Asked, int, bool]) -> None:
        """The tickets were counted beside the screen."""
        asked, total, exact = found
        self._counted = asked, total, exact, time.monotonic()
        if asked is self.asked and (self.total, self.exact) != (total, exact):
            self.total, self.exact = max(total, self._start + len(self._rows)), exact
            self.resize_rows()
            self._tell()

    def _tell(self) -> None:
        self.post_message(self.Counted(self.total, self.above, self.exact))

    def _trouble(self, problem: str | None) -> None:
        self.post_message(self.Trouble(problem))

    def _ignore(self, problem: str | None) -> None:
        """What keeps the rows from being counted keeps them from being read, and is told there."""

    # Drawing.

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """A ticket in one line of columns or two lines."""
        row = self.row_at(index)
        if row is None:
            return [[(fit("  …", width), "muted")], [(" " * width, "")]][: self.row_height]
        at_stake = self._at_stake.get(row.id, "") if self.asked.order == "money" else None
        return ticket_lines(row, self.now, width, at_stake)
