"""The commands in the command palette, with the reason where one is not possible now."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from console.actions import COMMANDS, Command
from console.keymap import keys_of
from console.screens.commanding import CommandScreen


class Commands(Provider):
    """All commands of the screen below."""

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
        """What fits the words."""
        matcher = self.matcher(query)
        for command, words, told in self._offered():
            score = max(matcher.match(words), matcher.match(command.tooltip) * 0.9)
            if score > 0:
                yield Hit(score, Content(words), self._call(command), text=words, help=told)

    def _call(self, command: Command) -> "partial[None]":
        screen: Any = self.screen
        return partial(screen.action_command, command.id)
