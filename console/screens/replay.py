"""A ticket's past: its steps on one side, the ticket after one of them on the other."""

import asyncio
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from agents.understanding.secrets import mask_secrets
from console.actions import bindings
from console.describe import details, headline
from console.format import line, moment
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.replaying import CHANGED, Told, decided_lines, state_lines
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.preview import lines, text
from console.widgets.rowlist import RowList
from console.widgets.timeline import SIGNS, Scrubber, Timeline, gap
from data.queries.masked import masked_events
from data.queries.rows import EventRow, TicketDetail, TicketRow
from data.queries.tickets import ticket_detail
from data.replay.masked import masked_moment
from data.replay.past import PAGE, Moment, Past
from data.store import Store

SPEEDS = (1, 4, 16)
"""How many times as fast as it happened steps are played."""

FAR = 10
"""Steps that a shifted arrow goes."""

LONGEST = 1_500
"""Characters of what a tool gave back, or was written, that are shown."""

_KEYS = ("play", "speed", "fork", "help", "quit")


@dataclass(frozen=True)
class Read:
    """What one reading found."""

    length: int
    steps: list[EventRow]
    landmarks: list[tuple[int, str]]
    detail: TicketDetail
    """The ticket as it is now: what was said, and the names of its actions."""
    moment: Moment | None


class Replay(CommandScreen):
    """Stepping through a ticket's log; nothing here can write or reach another system."""

    CSS_PATH = "replay.tcss"
    AUTO_FOCUS = "#timeline"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("left,h", "step(-1)", "Back", show=False, priority=True),
        Binding("right,l", "step(1)", "On", show=False, priority=True),
        Binding("shift+left,H", f"step(-{FAR})", "Far back", show=False, priority=True),
        Binding("shift+right,L", f"step({FAR})", "Far on", show=False, priority=True),
        Binding("home", "jump(0)", "First", show=False, priority=True),
        Binding("end", "jump(-1)", "Last", show=False, priority=True),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
    ]

    def __init__(self, store: Store, ticket: TicketRow) -> None:
        """Of this ticket, from its first step."""
        super().__init__()
        self.ticket = ticket
        self.moment: Moment | None = None
        self.playing = False
        self.speed = SPEEDS[0]
        self._store, self._past = store, Past(store, ticket.id)
        self._wanted = 1
        self._pages: set[int] = {1}
        self._length = 0
        self.detail: TicketDetail | None = None
        self._reading = Reading(self, "replay", self._load, self._show, self._trouble)

    def compose(self) -> ComposeResult:
        """Where one is, the line of all steps, the steps, the state, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static("", id="replay-head", markup=False)
        yield Scrubber()
        with Horizontal(id="replay-body"):
            with Vertical(id="replay-steps", classes="pane"):
                yield Timeline()
            with VerticalScroll(id="replay-state", classes="pane"):
                yield Static("", id="replay-words", markup=False)
        yield KeyBar(*_KEYS)

    def on_mount(self) -> None:
        """Read the first step and the first page."""
        self.timeline = self.query_one(Timeline)
        self.scrubber = self.query_one(Scrubber)
        self.query_one("#replay-steps").border_title = "Steps"
        self._say("reading …")
        self.refresh_keys()
        self._reading.ask()

    # What changes.

    def live(self, changed: Changed) -> None:
        """The log grew: the new steps are at the end; the one that is shown stays."""
        if changed.touches(self.ticket.id):
            self._reading.ask()

    def _load(self) -> Read:
        """In a thread beside the screen."""
        past, wanted = self._past, self._wanted
        pages, self._pages = self._pages, set()
        length = past.length()
        grown = length != self._length
        if grown:
            pages |= {PAGE * (self._length // PAGE) + 1}
        steps = [step for first in sorted(pages) for step in past.page(first)]
        marks = past.landmarks(SIGNS) if grown else self.scrubber.landmarks
        detail = self.detail
        if detail is None or grown:
            detail = ticket_detail(self._store, self.ticket.id)
        found = past.at(min(wanted, length)) if length else None
        if not self.console.sees_personal_data:
            steps = masked_events(steps, detail)
            found = found and masked_moment(found, detail)
        return Read(length, steps, marks, detail, found)

    def _show(self, found: Read) -> None:
        first = self._length == 0
        self._length, self.detail = found.length, found.detail
        self.timeline.names = {action.id: action.name for action in found.detail.actions}
        self.timeline.grow(found.length, found.steps)
        if first and found.length:
            self.timeline.go(0)
        self.moment = found.moment
        position = found.moment.event.position if found.moment else 0
        self.scrubber.show(position, found.length, found.landmarks)
        self._show_moment()

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {line(problem)}", "bold $text-error"))
            self.query_one("#replay-head", Static).update(told)

    @on(Timeline.Missing)
    def missing(self, event: Timeline.Missing) -> None:
        """Read the page that came into sight."""
        self._pages |= {PAGE * ((event.first - 1) // PAGE) + 1}
        self._reading.ask()

    @on(RowList.Moved, "#timeline")
    def moved(self, event: RowList.Moved) -> None:
        """The cursor is on another step: show the ticket after it."""
        position = int(event.key)
        if self.moment is None or position != self.moment.event.position:
            self._wanted = position
            self._reading.ask(at_once=True)

    @on(RowList.Opened, "#timeline")
    def opened(self, event: RowList.Opened) -> None:
        """Enter reads on in the state."""
        self.query_one("#replay-state").focus()

    @on(Scrubber.Jumped)
    def jumped(self, event: Scrubber.Jumped) -> None:
        """A click on the line of all steps."""
        self._stop()
        self.timeline.go(event.position - 1)

    # Drawing.

    def _say(self, state: str) -> None:
        speed = f"▶ playing {self.speed}×" if self.playing else f"❚❚ {self.speed}×"
        ticket = self.console.shown(self.ticket)
        told = text(
            ("Replay ", "bold"),
            (line(ticket.ref, 20), "bold $text-accent"),
            f"  {line(ticket.subject, 60)}  ",
            (f"{speed}  ", "bold"),
            (state, "dim"),
        )
        self.query_one("#replay-head", Static).update(told)

    def _show_moment(self) -> None:
        found = self.moment
        if found is None:
            self._say("its log is empty")
            return
        event = found.event
        self._say(f"step {event.position} of {self._length} · {moment(event.at)}:{event.at:%S}")
        pane = self.query_one("#replay-state")
        pane.border_title = f"After step {event.position}"
        pane.border_subtitle = f"{CHANGED} changed by this step"
        self.query_one("#replay-words", Static).update(self._told(found))
        pane.scroll_home(animate=False)

    def _told(self, found: Moment) -> Content:
        """The step itself, what was before a person who decided, and the whole state."""
        for message in self.console.shown(self.detail).messages if self.detail else []:
            told_of = found.state["messages"].get(str(message.position))
            if told_of is not None:
                told_of["words"] = message.body
        state = state_lines(found.state, found.changed)
        told = [Told(headline(found.event, self.timeline.names), kind="heading")]
        if found.decided is not None:
            told += decided_lines(found.decided)
        else:
            told += [Told(f"{name}: {value}", kind="quiet") for name, value in details(found.event)]
        if found.words:
            told.append(Told(f"in full: {line(mask_secrets(found.words), LONGEST)}", kind="quiet"))
        if self.has_class("-narrow") or self.has_class("-medium"):
            changed = [each for each in state if each.changed]
            told += [Told("Changed by this step", kind="heading"), *changed] if changed else []
        return lines([_drawn(each) for each in [*told, *state]])

    # What can be done.

    def action_step(self, steps: int) -> None:
        """So many steps on, or back."""
        self._stop()
        self.timeline.go(self.timeline.cursor + steps)

    def action_jump(self, index: int) -> None:
        """To the first step, or the last."""
        self._stop()
        self.timeline.action_jump(index)

    def do_play(self) -> None:
        """Play, from the first step if the last one is shown; or rest."""
        if self.playing:
            self._stop()
            return
        if self.timeline.cursor + 1 >= self._length:
            self.timeline.go(0)
        self.playing = True
        self._show_moment()
        self._play()

    def do_fork(self) -> None:
        """Go on from the step that is shown, in a copy."""
        from console.screens.fork import ForkFrom

        step = self.moment.event.position if self.moment else None
        self.app.push_screen(ForkFrom(self.ticket, step))

    def do_speed(self) -> None:
        """The next speed."""
        self.speed = SPEEDS[(SPEEDS.index(self.speed) + 1) % len(SPEEDS)]
        self._show_moment()

    def _stop(self) -> None:
        if self.playing:
            self.playing = False
            self._show_moment()

    @work(group="play", exclusive=True)
    async def _play(self) -> None:
        while self.playing and self.timeline.cursor + 1 < self._length:
            here = self.timeline.step(self.timeline.cursor + 1)
            after = self.timeline.step(self.timeline.cursor + 2)
            rest = gap(here.at, after.at, self.speed) if here and after else 0.1
            await asyncio.sleep(rest)
            if not self._goes_on():
                return
            self.timeline.go(self.timeline.cursor + 1)
        self._stop()

    def _goes_on(self) -> bool:
        """Whether it is still playing, after a rest."""
        return self.playing and self.standing

    def context(self) -> Context:
        """The ticket whose past is shown; nothing of it can be decided here."""
        return Context(
            now=self.console.now(),
            pane="replay",
            ticket=self.ticket,
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )


def _drawn(told: Told) -> Content:
    if told.kind == "heading":
        return text((told.text, "bold underline"))
    sign = f"{CHANGED} " if told.changed else "  "
    style = "bold $text-warning" if told.changed else "dim" if told.kind == "quiet" else ""
    return text((f"{sign}{told.text}", style))
