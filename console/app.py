"""The console as a Textual app."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual import on, work
from textual.actions import SkipAction
from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input, TextArea

from agents.authority import PROOFS
from agents.policy.model import Policy
from console import ending, terminal
from console.actions import shown_key
from console.arrivals import Arrivals, Note
from console.decisions import Decisions
from console.disk import low_disk
from console.everyday import Everyday
from console.format import line, show_times_in
from console.keymap import Keys
from console.leaving import Leaving
from console.live import Changed, FeedTrouble, LiveFeed
from console.note_line import NoteLine
from console.palette import Commands
from console.reading_time import ReadingTime, Stood
from console.screens.commanding import CommandScreen
from console.screens.desk import Desk
from console.screens.sign_in import SignIn
from console.screens.stopping import Stopping
from console.session import SessionLike
from console.widgets.preview import Preview
from console.widgets.status import Standing
from console.workers import AGAIN_SECONDS, WorkerKeeper
from data.queries.masked import masked
from data.queries.rows import Health
from data.vocabulary import Role

if TYPE_CHECKING:
    from console.desk_work import DeskWork
    from console.settings import Settings

_HERE = Path(__file__).parent

DISK_SECONDS = 5.0
"""Between two looks at the room on the disk."""

LATE_SECONDS = 20.0
"""Between two looks at approvals that wait too long."""

POLICY_SECONDS = 0.3
"""After which the policy is read, so that the first picture does not wait for it."""

Shown = TypeVar("Shown")

log = logging.getLogger(__name__)


class Handrail(Everyday):
    """The operator console; it reads and writes only through the session that it is given."""

    TITLE = "Handrail"
    CSS_PATH = [_HERE / "app.tcss", _HERE / "screens" / "desk.tcss"]
    COMMANDS = {Commands}
    BINDINGS = [
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="palette"),
        # Before everything else, since dialogs keep keys from the app.
        Binding("ctrl+c", "interrupt", "Leave", show=False, priority=True),
        Binding("S", "press_stop", "Stop", show=False, priority=True, id="stop"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-tight"), (60, "-narrow"), (110, "-medium"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-short"), (30, "-tall")]

    def __init__(
        self,
        session: SessionLike,
        *,
        worker: bool = True,
        keep_worker: bool = False,
        settings: "Settings | None" = None,
        keys: Keys | None = None,
        keep_in: Path | None = None,
        ask_sign_in: bool = False,
    ) -> None:
        """On an open session; with a worker of its own unless one is alive or none is wanted.

        Whom the session does not know must sign in first; with `ask_sign_in` everybody must,
        whatever the computer or a token says. `settings` are the person's, `keys` those checked
        against each other, and `keep_in` is the file that a choice made here is kept in.
        """
        super().__init__()
        self.session, self.settings, self.keys = session, settings, keys or Keys()
        self._let_in = session.person is not None and not ask_sign_in
        self._asks = ask_sign_in
        self.decisions = Decisions(session, self._busy_changed, self.write_trouble)
        self.standing = Standing(
            start_key=self.keys.shown("worker"), who=self._who,
            settle_key=self.keys.shown("reconcile"), stop_key=self.keys.shown("stop"),
        )  # fmt: skip
        self.failure: Exception | None = None
        """The fault that ended the console, if one did."""
        self._keep_in = keep_in
        self._keeper = WorkerKeeper(session, self._worker_told, wanted=worker, kept=keep_worker)
        self._feed = LiveFeed(session.store, self.post_message)
        self._troubles: dict[str, str | None] = {}
        self._arrivals = self._new_arrivals()
        self._leaving = Leaving(self)
        self._note_line = NoteLine(self)
        self.reading, self._hurried = ReadingTime(), False
        """How long what may be decided stood on the screen; whether they were told of it."""
        self.set_keymap(self.keys.keymap | self.keys.after_escape)
        if settings is not None:
            self.theme = settings.theme
            show_times_in(settings.zone)
            if settings.reduced_motion:
                self.animation_level = "none"

    @property
    def workers_alive(self) -> int:
        """Workers that were heard of just now."""
        return self._keeper.alive

    def now(self) -> datetime:
        """The workspace's time."""
        return self.session.store.clock.now()

    @property
    def policy(self) -> Policy | None:
        """The policy in force, once it has been read."""
        return self.decisions.policy

    @cached_property
    def desk_work(self) -> "DeskWork":
        """What the person does to tickets themselves."""
        from console.desk_work import DeskWork

        return DeskWork(self.session, self._busy_changed, self.write_trouble)

    @property
    def macros(self) -> dict[str, str]:
        """The person's own texts for answers, by name."""
        return self.settings.macros if self.settings else {}

    @property
    def role(self) -> Role:
        """What the person at this console may do."""
        person = self.session.person if self._let_in else None
        return person.role if person is not None else Role.VIEWER

    @property
    def sees_personal_data(self) -> bool:
        """Whether the person at this console may see whom a ticket is about."""
        return self.role.rank >= Role.OPERATOR.rank

    def shown(self, rows: Shown) -> Shown:
        """Rows as this person may see them: viewers without personal data."""
        return rows if self.sees_personal_data else masked(rows)

    @property
    def _who(self) -> str | None:
        """Who is signed in, where people sign in."""
        person = self.session.person if self._let_in else None
        if person is None or person.signed_in_by not in PROOFS:
            return None
        return f"{line(person.name, 40)}, {person.role}"

    def _new_arrivals(self) -> Arrivals:
        where = f"{self.keys.shown('go-approvals')} shows it"
        return Arrivals(self.session.store, self.session.operator, self._tell, where)

    def get_default_screen(self) -> Screen[Any]:
        """The desk is home, for who may see it."""
        return Desk() if self._let_in else Screen()

    @on(SignIn.SignedIn)
    def signed_in(self, event: SignIn.SignedIn) -> None:
        """From here on they are who decides."""
        log.info("signed in as %s", event.person.role)
        self._let_in = True
        self._arrivals = self._new_arrivals()
        self._restate()
        self.switch_screen(Desk())

    def get_system_commands(self, screen: Screen[Any]) -> "list[SystemCommand]":
        """Only ours are offered, by their own provider."""
        return []

    def on_mount(self) -> None:
        """Begin to watch the workspace."""
        log.info("console started, theme %s, %s", self.theme, self.size)
        if not self.is_headless:
            ending.end_by_signals(self)
        if not self._let_in:
            self.push_screen(SignIn(self.session, "" if self._asks else self.session.operator))
        self._feed.start()
        self.set_timer(POLICY_SECONDS, self._read_policy)
        self.set_interval(1.0, self._look_after_worker)
        self.set_interval(DISK_SECONDS, self._look_at_disk)
        levels = self.settings.reminders.after if self.settings else ()
        if levels:
            from console.reminding import LateApprovals

            self._late = LateApprovals(self.session.store, levels)
            self.set_interval(LATE_SECONDS, self._tell_late)
            self._tell_late()

    @work(group="policy", exit_on_error=False)
    async def _read_policy(self) -> None:
        """Read the policy beside the screen, so that limits are told before a decision."""
        try:
            self.decisions.policy = await asyncio.to_thread(lambda: self.session.service.policy)
        except Exception as problem:  # the service says it when something is decided
            log.warning("the policy cannot be read: %s", problem)
        self._busy_changed()
        for screen in self.screen_stack:
            if isinstance(screen, Desk):
                screen.show_effect()

    def on_unmount(self) -> None:
        """Stop watching, and keep what was begun."""
        self._feed.stop()
        if "desk_work" in self.__dict__:
            self.desk_work.drafts.keep_all()

    # What changes.

    @on(Changed)
    def changed(self, event: Changed) -> None:
        """Tell every screen that shows something of it."""
        if event.events:
            self.write_trouble(None)
        if self._arrivals.hear(event):
            self.run_worker(self._arrivals.run(), group="arrivals", exit_on_error=False)
        for screen in self.screen_stack:
            if isinstance(screen, CommandScreen) and screen.standing:
                screen.live(event)

    @on(FeedTrouble)
    def feed_trouble(self, event: FeedTrouble) -> None:
        """The workspace cannot be watched, or can be again."""
        self._trouble("feed", event.problem)

    def read_trouble(self, problem: str | None, pane: str = "") -> None:
        """A pane could not be read, or could again."""
        self._trouble(f"read {pane}", problem)

    def write_trouble(self, problem: str | None) -> None:
        """What a person decided could not be written, or it is known to work again."""
        self._trouble("write", problem)

    def _trouble(self, part: str, problem: str | None) -> None:
        if problem == self._troubles.get(part):
            return
        log.warning("%s: %s", part, problem or "works again")
        self._troubles[part] = problem
        self._restate()

    def _restate(self, worker: str | None = None) -> None:
        told = worker if worker is not None else self.standing.worker
        problem = next((each for each in self._troubles.values() if each), None)
        self.standing = replace(self.standing, problem=problem, worker=told, who=self._who)
        for screen in self.screen_stack:
            if isinstance(screen, Desk) and screen.standing:
                screen.show_status()

    def _busy_changed(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, CommandScreen):
                screen.refresh_keys()

    # What needs a person.

    def _tell(self, notes: list[Note]) -> None:
        """Tell of what came, in the ways that are set, to somebody who may see it."""
        if not self._let_in:
            return
        wanted = self.settings.arrivals if self.settings else None
        if wanted is None or wanted.toasts:
            self._note_line.hear(notes)
        if wanted is not None and wanted.bell:
            self.bell()
        if wanted is not None and wanted.desktop:
            self.send(terminal.notification("Handrail: " + "; ".join(n.text for n in notes)))

    # How what is approved was read.

    @on(Preview.Stands)
    def stands(self, event: Preview.Stands) -> None:
        """Something else stands there to be decided."""
        self.reading.shows(event.ids, event.words)

    def was_read(self, approved: frozenset[str]) -> None:
        """Keep how long what was approved had stood there; tell who cannot have read it."""
        stood = self.reading.take(approved)
        if approved and stood is not None:
            self._keep_pace(len(approved), stood)

    @work(group="pace", exit_on_error=False)
    async def _keep_pace(self, actions: int, stood: Stood) -> None:
        from agents.practice.reading import note_reading

        session = self.session
        try:
            pace = await asyncio.to_thread(
                note_reading, session.store, session.operator, actions, stood.words, stood.seconds
            )
        except Exception as problem:  # the decision stands all the same
            log.warning("how long it was read cannot be kept: %s", problem)
            return
        if pace.unread and not self._hurried:
            told = (
                f"{pace.too_fast} of your last {pace.decisions} approvals came faster than their "
                f"effect can be read; {self.keys.shown('go-practice')} is for practice"
            )
            self.notify(told, severity="warning", markup=False, timeout=8)
        self._hurried = pace.unread

    @work(group="late", exclusive=True, exit_on_error=False)
    async def _tell_late(self) -> None:
        """Tell of approvals that wait too long."""
        note = await asyncio.to_thread(self._late.look)
        if note is not None:
            self._tell([note])

    # The worker.

    def watch_worker(self, found: Health) -> None:
        """Start a worker if none is alive at first; say so when the last one has fallen silent."""
        before = self._keeper.alive
        if self._keeper.seen(found):
            self.start_worker()
        self._look_after_worker()
        if before and not self._keeper.alive and found.workers:
            self._tell([Note("○ No worker is heard of any more", "error")])

    def _look_after_worker(self) -> None:
        if self._keeper.ended(self.keys.shown("worker")):
            self.start_worker(after=AGAIN_SECONDS)

    @work(group="worker")
    async def start_worker(self, after: float = 0.0) -> None:
        """Start a worker process."""
        await self._keeper.start(after=after)

    def _worker_told(self, words: str) -> None:
        log.info("%s", words)
        self._restate(words)

    def _look_at_disk(self) -> None:
        folder = getattr(self.session.store, "folder", None)
        self._trouble("disk", low_disk(folder) if folder is not None else None)

    def stop_worker(self) -> None:
        """Have our worker end after its step, unless it is to stay."""
        self._keeper.stop()

    # Answers that are being written.

    @work(group="keep", exit_on_error=False)
    async def keep_answer(self, ticket_id: str) -> None:
        """Keep what was begun of an answer in the workspace, though its screen is left."""
        problem = await self.desk_work.drafts.keep(ticket_id)
        if problem is not None:
            told = f"Your answer is not kept yet: {problem}"
            self.notify(line(told), severity="warning", markup=False, timeout=8)
        for screen in self.screen_stack:
            if isinstance(screen, Desk) and screen.standing and screen.ticket_id == ticket_id:
                screen.ask_ticket()

    # What every screen can do.

    def open_ticket(self, ticket_id: str) -> None:
        """Show a ticket on the desk, from whatever screen."""
        while not isinstance(self.screen, Desk) and len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, Desk):
            self.screen.open_ticket_by_id(ticket_id)

    def action_press_stop(self) -> None:
        """The stop button, on every screen; in a text a letter is a letter."""
        letters = all(len(shown_key(key)) == 1 for key in self.keys.of("stop"))
        if letters and isinstance(self.focused, Input | TextArea):
            raise SkipAction
        self.open_stop()

    def open_stop(self) -> None:
        """What is stopped now, and stopping."""
        if self._let_in and not isinstance(self.screen, Stopping):
            self.push_screen(Stopping())

    # Ending.

    @work(group="leave", exclusive=True, exit_on_error=False)
    async def leave(self) -> None:
        """Leave, or say what that would lose."""
        await self._leaving.leave()

    def _handle_exception(self, error: Exception) -> None:
        # Textual has no public hook for a fault; its own report prints the values of variables.
        if self.failure is None:
            self.failure = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        if self.is_headless:
            super()._fatal_error()
        else:
            self.panic()
