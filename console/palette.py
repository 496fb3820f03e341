"""The commands in the command palette, with the reason where one is not possible now; tickets by
their refs."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from console.actions import COMMANDS, Command
from console.format import line
from console.keymap import keys_of
from console.screens.commanding import CommandScreen
from data.queries.queue import find_ticket
from data.queries.rows import TicketRow
from data.queries.tickets import ticket_detail


class Commands(Provider):
    """All commands of the screen below, and tickets."""

    def _offered(self) -> Iterator[tuple[Command, str, str]]:
        screen: Any = self.screen
        if not isinstance(screen, CommandScreen):
            return
        context, keys = screen.context(), keys_of(self.app)
        for command in COMMANDS:
            if command.id == "palette":
                continue
            reason = command.unavailable(context)
            told = f"not now: {reason}" if reason else command.tooltip
            shown = keys.shown(command.id)
            yield command, f"{command.label}  [{shown}]" if shown else command.label, told

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for command, words, told in self._offered():
            yield DiscoveryHit(Content(words), self._call(command), text=words, help=told)

    async def search(self, query: str) -> Hits:
        """What fits the words; first the ticket that is called so."""
        ticket = await self._ticket(query.strip().removeprefix("#"))
        if ticket is not None:
            words, told = f"Ticket {line(ticket.ref, 40)}", line(ticket.subject, 80)
            open_it = partial(self._open, ticket.id)
            yield Hit(2.0, Content(words), open_it, text=words, help=told or "(no subject)")
        matcher = self.matcher(query)
        for command, words, told in self._offered():
            score = max(matcher.match(words), matcher.match(command.tooltip) * 0.9)
            if score > 0:
                yield Hit(score, Content(words), self._call(command), text=words, help=told)

    def _call(self, command: Command) -> "partial[None]":
        screen: Any = self.screen
        return partial(screen.action_command, command.id)

    async def _ticket(self, name: str) -> TicketRow | None:
        """The ticket with this ref or id, as this person may see it."""
        app: Any = self.app
        store = app.session.store
        if not name or not isinstance(self.screen, CommandScreen):
            return None
        try:
            found = await asyncio.to_thread(lambda: ticket_detail(store, find_ticket(store, name)))
        except Exception:  # there is none, or it cannot be read: the status line says so
            return None
        shown: TicketRow = app.shown(found.ticket)
        return shown

    def _open(self, ticket_id: str) -> None:
        app: Any = self.app
        app.open_ticket(ticket_id)
