"""What a person can do at the console on any screen: copy, choose colours, leave."""

import asyncio
import time
from pathlib import Path

from textual import events, work
from textual.actions import SkipAction
from textual.app import App
from textual.notifications import SeverityLevel
from textual.widgets import Input, TextArea

from console import terminal
from console.format import line
from console.screens.dialogs import GoTo
from console.screens.themes import Themes

LEAVE_SECONDS = 4.0
"""Within so long, a second ctrl+c leaves."""


class Everyday(App[None]):
    """The part of the app that knows nothing of a workspace."""

    _keep_in: Path | None = None
    """The file that a choice made here is kept in."""
    _interrupted = -LEAVE_SECONDS

    _noted_until = 0.0
    """Until when the note that stands has its time."""

    @property
    def note_rests(self) -> float:
        """Seconds that the note which stands has left; what can wait waits for so long."""
        return max(0.0, self._noted_until - time.monotonic())

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Note it in place of what stands, and keep in mind how long it has."""
        lasts = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self._noted_until = time.monotonic() + lasts
        super().notify(message, title=title, severity=severity, timeout=lasts, markup=markup)

    def on_notify(self) -> None:
        """There is one note at a time: what stands gives way."""
        self.clear_notifications()

    async def on_event(self, event: events.Event) -> None:
        """What a person still does while the console ends finds no screen, and is let go."""
        if not isinstance(event, events.InputEvent) or self.screen_stack:
            await super().on_event(event)

    def send(self, sequence: str) -> None:
        """Send a sequence to the terminal, where there is one."""
        # Textual has no public way to send a sequence of one's own among its frames.
        driver = self._driver
        if driver is not None and not self.is_headless and not self.is_web:
            driver.write(sequence)

    def copy(self, what: str, text: str) -> None:
        """Copy a text to the clipboard of the terminal, and say so."""
        self.copy_to_clipboard(text)
        if terminal.in_tmux() and not self.is_headless:
            self.run_worker(
                lambda: terminal.give_to_tmux(text), group="copy", thread=True, exit_on_error=False
            )
        self.notify(f"Copied the {what.removeprefix('the ')}: {line(text, 60)}", markup=False)

    @work(group="choose", exclusive=True)
    async def choose_theme(self) -> None:
        """Choose the colours, and keep the choice."""
        was = self.theme
        names = {name: theme.dark for name, theme in self.available_themes.items()}
        picked = await self.push_screen_wait(Themes(names, was))
        self.theme = picked or was
        if picked is not None and picked != was and self._keep_in is not None:
            await self._keep_theme(self._keep_in, picked)

    async def _keep_theme(self, place: Path, name: str) -> None:
        from console.settings_file import keep_value

        try:
            await asyncio.to_thread(keep_value, place, "theme", name)
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or problem
            told = f"{name} is worn until you leave: {place} was not changed ({why})"
            self.notify(line(told), severity="warning", markup=False, timeout=8)

    def on_key(self, event: events.Key) -> None:
        """A key that was on its way to what had the keys before goes to what has them now."""
        if isinstance(self.screen, GoTo):
            self.screen.choose(event)
        elif isinstance(self.focused, Input | TextArea) and event.is_printable:
            if isinstance(self.focused, TextArea) and self.focused.read_only:
                return
            self.focused.post_message(events.Key(event.key, event.character))

    def action_interrupt(self) -> None:
        """Leave at the second press; where something is selected, ctrl+c copies it."""
        if self.screen.get_selected_text() or getattr(self.focused, "selected_text", ""):
            raise SkipAction
        now = time.monotonic()
        if now - self._interrupted < LEAVE_SECONDS:
            self.exit()
            return
        self._interrupted = now
        self.notify("Press ctrl+c again to leave", markup=False, timeout=LEAVE_SECONDS)
