"""What an operator does to the selected ticket: take it, answer it, pass it on, end it.

Its screens are imported when they are first opened, so that the desk need not wait for them.
"""

from typing import TYPE_CHECKING, cast

from textual import work

from console.possible_by_hand import is_mine
from console.screens.commanding import CommandScreen
from data.queries.rows import TicketDetail

if TYPE_CHECKING:
    from console.screens.desk import Desk


class DeskHands(CommandScreen):
    """The commands of the desk that change a ticket; the desk's detail says which."""

    @property
    def _detail(self) -> TicketDetail | None:
        return cast("Desk", self).detail

    def do_take(self) -> None:
        """Take the ticket over; if it is one's own, hand it back."""
        if self._detail is not None:
            self._take(self._detail, mine=is_mine(self.context()))

    @work(group="desk-work")
    async def _take(self, detail: TicketDetail, *, mine: bool) -> None:
        desk_work = self.console.desk_work
        if mine:
            await desk_work.hand_back(self, detail.ticket)
        else:
            await desk_work.take(self, detail.ticket)

    def do_answer(self) -> None:
        """Write an answer."""
        from console.screens.compose import Compose

        if self._detail is not None:
            self.app.push_screen(Compose(self._detail))

    def do_save(self) -> None:
        """Save the files that came with the ticket."""
        from console.screens.save_files import ask_where

        if self.console.is_web:
            told = "Not in a browser, which runs on another computer: `handrail attachments --save`"
            self.notify(told, severity="warning", markup=False)
        elif self._detail is not None:
            self.app.push_screen(ask_where(self.console, self._detail))

    @work(group="desk-work")
    async def do_note(self) -> None:
        """Write an internal note."""
        if self._detail is not None:
            await self.console.desk_work.note(self, self._detail.ticket)

    @work(group="desk-work")
    async def do_propose(self) -> None:
        """Propose an action of the catalogue."""
        if self._detail is not None:
            await self.console.desk_work.propose(self, self._detail)

    @work(group="desk-work")
    async def do_assign(self) -> None:
        """Give the ticket to somebody."""
        if self._detail is not None:
            await self.console.desk_work.assign(self, self._detail.ticket)

    @work(group="desk-work")
    async def do_priority(self) -> None:
        """Set its priority."""
        if self._detail is not None:
            await self.console.desk_work.priority(self, self._detail.ticket)

    @work(group="desk-work")
    async def do_correct(self) -> None:
        """Correct what triage said of it."""
        if self._detail is not None:
            await self.console.desk_work.correct(self, self._detail)

    @work(group="desk-work")
    async def do_merge(self) -> None:
        """Merge it into another ticket."""
        if self._detail is not None:
            await self.console.desk_work.merge(self, self._detail)

    def do_resolve(self) -> None:
        """Say that it is resolved."""
        self._end(resolve=True)

    def do_close(self) -> None:
        """Close it."""
        self._end(resolve=False)

    @work(group="desk-work")
    async def _end(self, *, resolve: bool) -> None:
        detail = self._detail
        if detail is not None:
            desk_work = self.console.desk_work
            await desk_work.end(self, detail.ticket, detail.actions, resolve=resolve)

    def do_go_escalations(self) -> None:
        """To what waits for people."""
        from console.screens.escalations import Escalations

        self.app.push_screen(Escalations(cast("Desk", self)))

    def do_go_quality(self) -> None:
        """To how well tickets were handled."""
        from console.screens.quality import Quality

        self.app.push_screen(Quality(cast("Desk", self)))

    @work(group="desk-work")
    async def do_availability(self) -> None:
        """Say that one is there, or away."""
        await self.console.desk_work.turn(self)
