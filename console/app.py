"""The console as a Textual app, and the function that runs it on an open session."""

import asyncio
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import App, SystemCommand
from textual.screen import Screen

from console.decisions import Decisions
from console.live import Changed, FeedTrouble, LiveFeed
from console.palette import Commands
from console.reads import in_words
from console.screens.commanding import CommandScreen
from console.screens.desk import Desk
from console.session import SessionLike
from console.widgets.status import Standing
from data.queries.rows import Health

_HERE = Path(__file__).parent

PATIENCE_SECONDS = 5.0
"""How long a worker may take to finish its step when the console closes."""


class Handrail(App[None]):
    """The operator console; it reads and writes only through the session that it is given."""

    TITLE = "Handrail"
    CSS_PATH = [_HERE / "app.tcss", _HERE / "screens" / "desk.tcss"]
    COMMANDS = {Commands}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    HORIZONTAL_BREAKPOINTS = [(0, "-tight"), (60, "-narrow"), (110, "-medium"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-short"), (30, "-tall")]

    def __init__(
        self, session: SessionLike, *, worker: bool = True, keep_worker: bool = False
    ) -> None:
        """On an open session; with a worker of its own unless one is alive or none is wanted."""
        super().__init__()
        self.session = session
        self.decisions = Decisions(session, self._busy_changed)
        self.standing = Standing()
        self.workers_alive = 0
        self._wants_worker, self._keeps_worker = worker, keep_worker
        self._worker: subprocess.Popen[Any] | None = None
        self._feed = LiveFeed(session.store, self.post_message)
        self._feed_problem: str | None = None
        self._read_problem: str | None = None

    def now(self) -> datetime:
        """The workspace's time."""
        return self.session.store.clock.now()

    def get_default_screen(self) -> Screen[Any]:
        """The desk is home."""
        return Desk()

    def get_system_commands(self, screen: Screen[Any]) -> "list[SystemCommand]":
        """Only ours are offered, and the themes."""
        return [SystemCommand("Theme", "Change the colours", self.action_change_theme)]

    def on_mount(self) -> None:
        """Begin to watch the workspace."""
        self._feed.start()

    def on_unmount(self) -> None:
        """Stop watching."""
        self._feed.stop()

    # What changes.

    @on(Changed)
    def changed(self, event: Changed) -> None:
        """Tell every screen that shows something of it."""
        for screen in self.screen_stack:
            if isinstance(screen, CommandScreen) and screen.standing:
                screen.live(event)

    @on(FeedTrouble)
    def feed_trouble(self, event: FeedTrouble) -> None:
        """The workspace cannot be watched, or can be again."""
        self._feed_problem = event.problem
        self._restate()

    def read_trouble(self, problem: str | None) -> None:
        """A pane could not be read, or could again."""
        if problem != self._read_problem:
            self._read_problem = problem
            self._restate()

    def _restate(self, worker: str | None = None) -> None:
        told = worker if worker is not None else self.standing.worker
        self.standing = Standing(self._feed_problem or self._read_problem, told)
        for screen in self.screen_stack:
            if isinstance(screen, Desk) and screen.standing:
                screen.show_status()

    def _busy_changed(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, CommandScreen):
                screen.refresh_keys()

    # The worker.

    def watch_worker(self, found: Health) -> None:
        """Start a worker if none is alive at first; say so when ours has ended."""
        self.workers_alive = sum(worker.alive for worker in found.workers)
        if self._wants_worker and not self.workers_alive and self._worker is None:
            self._wants_worker = False
            self.start_worker()
        self._wants_worker = False
        if self._worker is not None and self._worker.poll() is not None:
            code, self._worker = self._worker.returncode, None
            self._restate(f"the worker ended (code {code}): w starts another")

    @work(group="worker", exclusive=True)
    async def start_worker(self) -> None:
        """Start a worker process."""
        self._restate("starting a worker …")
        try:
            self._worker = await asyncio.to_thread(self.session.start_worker)
        except Exception as problem:  # told in the status line
            self._restate(f"no worker: {in_words(problem)}")

    def stop_worker(self) -> None:
        """Have our worker end after its step, unless it is to stay."""
        if self._worker is None or self._keeps_worker or self._worker.poll() is not None:
            return
        self._worker.terminate()
        try:
            self._worker.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._worker.kill()


def run(session: SessionLike, *, worker: bool = True, keep_worker: bool = False) -> None:
    """Show the console until the person leaves; the session is closed by who opened it."""
    app = Handrail(session, worker=worker, keep_worker=keep_worker)
    try:
        app.run()
    finally:
        app.stop_worker()
