"""Searching on the desk: what fits in the view, and what fits in the others."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.widgets import Input, Static

from console.screens.commanding import CommandScreen
from console.widgets.bars import PANES
from console.widgets.preview import text
from console.widgets.queue import QueueList
from console.widgets.search import SearchBar
from data.errors import NotFound
from data.queries.queue import Asked, find_ticket, queue_count

if TYPE_CHECKING:
    from console.screens.desk import Desk

EVERYWHERE = "all"
"""The view that holds every ticket."""

COUNTED = 1_000
"""So far the tickets of the other views are counted."""


@dataclass(frozen=True)
class Elsewhere:
    """What a search that finds nothing in its view finds in all of them."""

    asked: Asked
    """What was searched."""
    count: int
    ticket_id: str | None
    """The ticket that is called just so, if there is one."""


class DeskSearch(CommandScreen):
    """The search line of the desk, and what is said of the queue."""

    _elsewhere: Elsewhere | None = None
    """What is offered now, where the view holds nothing."""
    _view_before: str | None = None
    """The view that was left to search in all of them."""

    @property
    def _searching(self) -> "Desk":
        return cast("Desk", self)

    def do_search(self) -> None:
        """Write a search, or words to narrow the approvals by."""
        desk = self._searching
        if desk.pane == "approvals":
            desk.narrow_approvals()
            return
        desk.show_pane("queue", focus=False)
        self.add_class("-searching")
        # At once: what is written quickly is not taken for commands.
        self.set_focus(self.query_one(SearchBar).query_one(Input))

    @on(SearchBar.Searched)
    def searched(self, event: SearchBar.Searched) -> None:
        """Show what fits; without a search, in the view that was left for one."""
        queue = self.query_one(QueueList)
        if event.search == queue.asked.search:
            return
        asked = replace(queue.asked, search=event.search)
        if not event.text and self._view_before is not None:
            asked, self._view_before = replace(asked, view=self._view_before), None
        self._elsewhere = None
        queue.show_tickets(asked)

    @on(SearchBar.Left)
    def search_left(self) -> None:
        """Back to the rows; the line stays while something is searched."""
        desk, queue = self._searching, self.query_one(QueueList)
        written = self.query_one(SearchBar).value.strip()
        self.set_class(bool(written), "-searching")
        desk.show_pane("queue")
        if written and self._offered is not None:
            self.search_everywhere()
        elif queue.gone and queue.count:
            queue.go(0)

    @property
    def _offered(self) -> Elsewhere | None:
        """What other views hold of the search that stands, if this one holds nothing."""
        found, queue = self._elsewhere, self.query_one(QueueList)
        return (
            found if found is not None and found.asked is queue.asked and not queue.total else None
        )

    @on(QueueList.NothingToOpen)
    def search_everywhere(self) -> None:
        """Search in all views, if that was offered, and select what was looked for."""
        queue, found = self.query_one(QueueList), self._offered
        if found is None:
            return
        self._view_before = self._view_before or queue.asked.view
        queue.show_tickets(
            replace(queue.asked, view=EVERYWHERE), select=found.ticket_id, first=True
        )
        if found.ticket_id is not None:
            self._searching.select(found.ticket_id)

    @work(group="read-elsewhere", exclusive=True, exit_on_error=False)
    async def _look_elsewhere(self, asked: Asked, written: str) -> None:
        session = self.console.session

        def look() -> Elsewhere:
            everywhere = replace(asked, view=EVERYWHERE)
            count, _ = queue_count(session.store, everywhere, session.operator, COUNTED)
            named = None
            with suppress(NotFound):
                named = find_ticket(session.store, written) if count else None
            return Elsewhere(asked, count, named)

        found = await asyncio.to_thread(look)
        if found.count and self.standing:
            self._elsewhere = found
            self._say_nothing()

    @on(QueueList.Counted)
    def queue_counted(self, event: QueueList.Counted) -> None:
        """Say what the queue holds."""
        asked, left = self.query_one(QueueList).asked, self.query_one("#left")
        left.border_title = f"{PANES['queue']}: {asked.view}, {asked.order}"
        above = f"▲ {event.above} new above · " if event.above else ""
        total = f"{event.total:,}{'' if event.exact else '+'}"
        left.border_subtitle = f"{above}{total} ticket{'' if event.total == 1 else 's'}"
        self.query_one("#queue-empty", Static).display = not event.total
        self._say_nothing()
        written = self.query_one(SearchBar).value.strip()
        if not event.total and written and asked.view != EVERYWHERE:
            self._look_elsewhere(asked, written)
        self.refresh_keys()

    def _say_nothing(self) -> None:
        """Say that the view holds nothing, and what can be done."""
        asked, offered = self.query_one(QueueList).asked, self._offered
        others = f"{self.console.keys.shown('view')} shows others"
        if self.has_class("-searching"):
            others = "escape takes the search away"
        rows = [f"No ticket in the view “{asked.view}”; {others}."]
        if offered is not None:
            many = "1 ticket" if offered.count == 1 else f"{offered.count:,} tickets"
            rows.append(f"All views hold {many} for this search: enter shows them.")
        self.query_one("#queue-empty", Static).update(text(("\n".join(rows), "dim")))
