"""What the commands do on the desk."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast, get_args

from textual import on, work
from textual.widgets import Input

from console.format import line
from console.screens.commanding import CommandScreen
from console.screens.dialogs import GoTo, Pick
from console.widgets.preview import text
from console.widgets.queue import QueueList
from console.widgets.rowlist import RowList
from console.widgets.search import SearchBar
from data.queries.queue import VIEWS, Order, saved_searches, view_counts

if TYPE_CHECKING:
    from console.screens.desk import Desk

COUNT_PATIENCE = 0.5
"""Seconds that the list of views waits for its counts."""

ORDERS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "priority": "most urgent first, then oldest",
    "updated": "last changed first",
    "due": "due soonest first",
    "money": "most money at risk first",
}


class DeskCommands(CommandScreen):
    """The commands; each works on what the context of this moment holds."""

    @property
    def desk(self) -> "Desk":
        """This screen."""
        return cast("Desk", self)

    def do_retry(self) -> None:
        """Have the agents look again."""
        ticket = self.context().ticket
        if ticket is not None:
            self._retry(ticket.id, ticket.ref)

    @work(group="decide")
    async def _retry(self, ticket_id: str, ref: str) -> None:
        await self.console.decisions.retry(self, ticket_id, ref)

    @on(RowList.Opened, "#queue")
    def open_ticket(self, event: RowList.Opened) -> None:
        """Enter goes to the ticket's conversation."""
        self.desk.show_pane("conversation")

    def do_fork(self) -> None:
        """How the ticket would have gone with something changed."""
        from console.screens.fork import ForkFrom

        ticket = self.context().ticket
        if ticket is not None:
            self.app.push_screen(ForkFrom(ticket))

    # The queue.

    @work(group="choose", exclusive=True)
    async def do_view(self) -> None:
        """Choose a saved view."""
        queue = self.query_one(QueueList)
        settings = self.console.settings
        own = settings.views if settings else {}
        named = VIEWS | {name: f"search: {query}" for name, query in own.items()}
        counts = await self._view_counts(own)
        choices = [
            (
                name,
                text(f"{counts.get(name, ''):>9}  ", (f"{line(name, 40):<16}", "bold"), line(told)),
            )
            for name, told in named.items()
        ]
        picked = await self.app.push_screen_wait(Pick("View", choices, queue.asked.view))
        if picked in own:
            # As a search that is written out, so that it can be seen, changed and taken away.
            queue.show_tickets(replace(queue.asked, view="all"))
            self.add_class("-searching")
            self.query_one(SearchBar).query_one(Input).value = own[picked]
            self.desk.show_pane("queue")
        elif picked is not None and picked != queue.asked.view:
            queue.show_tickets(replace(queue.asked, view=picked))
            self.desk.show_pane("queue")

    async def _view_counts(self, own: Mapping[str, str]) -> dict[str, str]:
        """How many tickets each view and saved search holds; nothing where that takes too long."""
        session = self.console.session
        counting = asyncio.to_thread(
            view_counts, session.store, session.operator, saved_searches(own)
        )
        try:
            found = await asyncio.wait_for(counting, COUNT_PATIENCE)
        except Exception:  # the list is offered all the same; the queue says what is wrong
            return {}
        return {name: f"{n:,}{'' if exact else '+'}" for name, (n, exact) in found.items()}

    def do_order(self) -> None:
        """Choose the order of the queue, or of the approvals."""
        if self.desk.pane == "approvals":
            self.desk.order_approvals()
        else:
            self._order_queue()

    @work(group="choose", exclusive=True)
    async def _order_queue(self) -> None:
        queue = self.query_one(QueueList)
        choices = [(name, text((f"{name:<12}", "bold"), ORDERS[name])) for name in get_args(Order)]
        picked = await self.app.push_screen_wait(Pick("Order", choices, queue.asked.order))
        if picked is not None and picked != queue.asked.order:
            queue.show_tickets(replace(queue.asked, order=cast(Order, picked)), first=True)
            self.desk.show_pane("queue")

    # Going.

    def do_goto(self) -> None:
        """Wait for the letter; at once, so that a quick one is not taken for a command here."""

        def go(place: str | None) -> None:
            if place is not None:
                self.action_command(place)

        self.app.push_screen(GoTo(), go)

    def do_go_queue(self) -> None:
        """To the tickets."""
        self.desk.show_pane("queue")

    def do_go_conversation(self) -> None:
        """To what was said."""
        self.desk.show_pane("conversation")

    def do_go_findings(self) -> None:
        """To what was found."""
        self.desk.show_pane("findings")

    def do_go_trace(self) -> None:
        """To the steps."""
        self.desk.show_pane("trace")

    def do_go_approvals(self) -> None:
        """To what waits."""
        self.desk.show_pane("approvals")

    def do_go_dashboard(self) -> None:
        """To the measures."""
        from console.screens.dashboard import Dashboard

        self.app.push_screen(Dashboard())

    def do_go_trials(self) -> None:
        """To the intents on trial."""
        from console.screens.trials import Trials

        self.app.push_screen(Trials(self.desk))

    def do_go_practice(self) -> None:
        """To the practice lane."""
        from console.screens.practice import PracticeLane

        self.app.push_screen(PracticeLane())

    def do_go_replay(self) -> None:
        """To the ticket's past."""
        from console.screens.replay import Replay

        ticket = self.context().ticket
        if ticket is not None:
            self.app.push_screen(Replay(self.console.session.store, ticket))

    def do_worker(self) -> None:
        """Start a worker."""
        self.console.start_worker()
