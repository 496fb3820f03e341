"""Forking a ticket: asking from where and with what changed, and both ways side by side."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from console.actions import bindings
from console.cli.replay_fork import DECIDE, Asked, thought
from console.describe import headline
from console.forked import compared, told_changed, told_left_out
from console.format import line
from console.possible import Context
from console.reads import in_words
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.preview import text
from data.queries.rows import EventRow, TicketRow
from data.queries.tickets import ticket_detail, ticket_events
from data.store import Store

if TYPE_CHECKING:
    from agents.forking.fork import Forked
    from console.app import Handrail

_TURNS = frozenset(
    {
        "ticket.opened", "message.received", "plan", "run.parked", "run.ended", "action.proposed",
        "action.approved", "action.rejected", "action.edited", "action.stale", "action.verified",
        "ticket.taken",
    }
)  # fmt: skip
"""Kinds of steps that are offered to fork from."""

_OFFERED = 300
AS_IT_WAS = "as it was"
_KEYS = ("help", "quit")


class ForkFrom(ModalScreen[None]):
    """Asks what to change, goes on in a shadow copy, and shows the comparison; stays meanwhile."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("ctrl+s", "submit", "Fork", priority=True),
    ]

    def __init__(self, ticket: TicketRow, step: int | None = None) -> None:
        """From a step of this ticket; None: it is chosen here."""
        super().__init__(classes="dialog")
        self.ticket, self.step = ticket, step
        self._forking = False

    @property
    def console(self) -> "Handrail":
        """The app, with the session that it was given."""
        app: Any = self.app
        found: Handrail = app
        return found

    def compose(self) -> ComposeResult:
        """From where, with what changed, and the two ways out."""
        with Vertical(classes="dialog-box -large") as box:
            box.border_title = f"Fork {line(self.ticket.ref, 40)}"
            box.border_subtitle = "in a copy; nothing here is touched; ctrl+s goes on"
            with VerticalScroll(id="edit-form", can_focus=False):
                yield self._named("from step", "the ticket as it was then")
                yield Select[int]([], prompt="reading …", id="fork-step", compact=True)
                yield self._named("the decision there, or next")
                yield Select(
                    [(each, each) for each in (AS_IT_WAS, *DECIDE)], value=AS_IT_WAS,
                    allow_blank=False, id="fork-decide", compact=True,
                )  # fmt: skip
                yield self._named("its arguments", "such as amount=1000, in minor units")
                yield Input(id="fork-set", compact=True)
                yield self._named("policy", "a file; empty: the one in force")
                yield Input(id="fork-policy", compact=True)
                yield self._named("playbooks", "a folder; empty: those in force")
                yield Input(id="fork-playbooks", compact=True)
            yield Static("", id="fork-told", markup=False, classes="problem")
            with Horizontal(classes="dialog-answers"):
                yield Button("Leave (esc)", id="leave", compact=True)
                yield Button("Fork (ctrl+s)", id="go", variant="primary", compact=True)

    def _named(self, name: str, hint: str = "") -> Static:
        return Static(name + (f" ({hint})" if hint else ""), markup=False, classes="edit-name")

    def on_mount(self) -> None:
        """Read the steps."""
        self._read()
        self.query_one("#fork-decide").focus()

    @work(group="read-fork", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        try:
            offered = await asyncio.to_thread(
                steps_to_fork, self.console.session.store, self.ticket.id, self.step
            )
        except Exception as problem:  # said in place
            self._tell(f"! {in_words(problem)}", bad=True)
            return
        choice: Select[int] = self.query_one("#fork-step", Select)
        choice.set_options([(text(words), step) for step, words in offered])
        if offered:
            choice.value = self.step or _usual(offered)

    def _tell(self, words: str, *, bad: bool = False) -> None:
        if self.is_mounted:
            told = text((line(words), "$text-error" if bad else "bold"))
            self.query_one("#fork-told", Static).update(told)

    @on(Input.Submitted)
    def entered(self) -> None:
        """Enter goes on to the next field."""
        self.focus_next()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Leave or go on."""
        if event.button.id == "leave":
            self.dismiss(None)
        else:
            self.action_submit()

    def asked(self) -> Asked:
        """What was filled in."""
        step = self.query_one("#fork-step", Select).value
        decide = str(self.query_one("#fork-decide", Select).value)
        settings = [] if decide == AS_IT_WAS else [f"decide={decide}"]
        settings += self._written("#fork-set").split()
        files = [self._written(f"#fork-{name}") for name in ("policy", "playbooks")]
        policy, playbooks = (Path(file).expanduser() if file else None for file in files)
        chosen = step if isinstance(step, int) else None
        return Asked(chosen, settings, None, None, None, policy, playbooks)

    def _written(self, field: str) -> str:
        return self.query_one(field, Input).value.strip()

    def action_submit(self) -> None:
        """Go on from there, beside the screen."""
        asked = self.asked()
        if self._forking or asked.step is None:
            return
        self._forking = True
        self._tell("going on from there …")
        self._fork(asked)

    @work(group="fork", exclusive=True, exit_on_error=False)
    async def _fork(self, asked: Asked) -> None:
        session, app = self.console.session, self.app
        assert asked.step is not None

        def turned(events: int) -> None:
            app.call_from_thread(self._tell, f"going on from there: {events} events …")

        try:
            brain = await asyncio.to_thread(thought, session.store, self.ticket.id)
            forked = await asyncio.to_thread(
                session.fork, self.ticket.id, asked.step, asked.changed, asked.rules(brain), turned
            )
        except typer.BadParameter as problem:
            self._tell(f"! {problem.message}", bad=True)
        except Exception as problem:  # said in place, never a traceback
            self._tell(f"! {in_words(problem)}", bad=True)
        else:
            if self.is_current:
                self.dismiss(None)
                self.app.push_screen(BothWays(self.ticket, self.console.shown(forked)))
        finally:
            self._forking = False


def steps_to_fork(store: Store, ticket_id: str, step: int | None) -> list[tuple[int, str]]:
    """The steps that a fork is offered from, the newest last, each in words; with `step` itself."""
    names = {action.id: action.name for action in ticket_detail(store, ticket_id).actions}
    turns = [
        event for event in ticket_events(store, ticket_id)
        if event.kind in _TURNS or event.position == step
    ]  # fmt: skip
    kept = [event for event in turns if event.position == step or event in turns[-_OFFERED:]]
    return [(event.position, _told(event, names)) for event in kept]


def _told(event: EventRow, names: dict[str, str]) -> str:
    return f"{event.position:>4}  {headline(event, names)}"


def _usual(offered: list[tuple[int, str]]) -> int:
    """The first decision, else the newest step."""
    decided = [step for step, words in offered if "approved:" in words or "rejected:" in words]
    return decided[0] if decided else offered[-1][0]


class BothWays(CommandScreen):
    """The ticket as it went and as it goes in the fork, line by line beside each other."""

    CSS_PATH = "fork.tcss"
    AUTO_FOCUS = "#both-ways"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, ticket: TicketRow, forked: "Forked") -> None:
        """Of this ticket."""
        super().__init__()
        self.ticket, self.forked = ticket, forked

    def compose(self) -> ComposeResult:
        """What was changed, the lines, what was not done again, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        head = text(
            ("Fork ", "bold"), (line(self.ticket.ref, 20), "bold $text-accent"),
            f"  from step {self.forked.base}, {told_changed(self.forked)}",
        )  # fmt: skip
        yield Static(head, id="fork-head", markup=False)
        yield self._row("", "as it was", "in the fork", style="bold underline")
        with VerticalScroll(id="both-ways"):
            for row in compared(self.forked):
                sign, style = ("≠ ", "bold $text-warning") if row.differs else ("  ", "")
                yield self._row(sign + row.name, row.original, row.fork, style=style)
            for each in told_left_out(self.forked):
                yield Static(text((each, "dim")), markup=False)
        yield KeyBar(*_KEYS)

    def _row(self, name: str, one: str, other: str, *, style: str) -> Horizontal:
        return Horizontal(
            Static(text((name, style)), markup=False, classes="fork-name"),
            Static(text((one, style if not name else "")), markup=False, classes="fork-way"),
            Static(text((other, style if not name else "")), markup=False, classes="fork-way"),
            classes="fork-row",
        )

    def on_mount(self) -> None:
        """Dim the keys that do nothing."""
        self.refresh_keys()

    def action_scroll(self, rows: int) -> None:
        """Move like everywhere."""
        self.query_one("#both-ways").scroll_relative(y=rows, animate=False)

    def context(self) -> Context:
        """The ticket that was forked; nothing of it can be decided here."""
        return Context(
            now=self.console.now(),
            pane="fork",
            ticket=self.ticket,
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )
