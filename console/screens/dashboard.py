"""The dashboard: the measures against their targets, the course of one, and its parts."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import Static

from console.actions import bindings
from console.format import line
from console.live import Changed
from console.measuring import DIMENSION, by_name
from console.possible import Context
from console.reads import Reading
from console.screens.commanding import CommandScreen
from console.screens.dialogs import Pick
from console.widgets.bars import KeyBar
from console.widgets.measures import Course, Points, Tiles, parts_of
from console.widgets.preview import text
from data.measures.definitions import TARGETS
from data.measures.period import Period, last_days, last_months, last_weeks
from data.measures.report import By, Group, Value, measures
from data.measures.rollup import Progress, catch_up
from data.measures.sums import DIMENSIONS

AGAIN_SECONDS = 2.0
"""Between two looks at what has come in meanwhile."""

MOST_PARTS = 40
"""Of a dimension; what comes after them has few tickets."""

_KEYS = ("period", "part", "help", "quit")

PERIODS = {
    "7 days": "today and six days before",
    "30 days": "today and 29 days before",
    "13 weeks": "this week and twelve before, from Monday",
    "12 months": "this month and eleven before",
}


def period_named(name: str, now: datetime) -> tuple[Period, By]:
    """The days of a period, and by what its course is told."""
    count, unit = name.split()
    number = int(count)
    match unit:
        case "weeks":
            return last_weeks(number, now), "week"
        case "months":
            return last_months(number, now), "month"
    return last_days(number, now), "day"


@dataclass(frozen=True)
class Asked:
    """What is to be shown."""

    period: str = "30 days"
    by: str = "intent"


@dataclass(frozen=True)
class Part:
    """One value of a dimension."""

    name: str
    values: dict[str, Value]
    course: tuple[Group, ...]


@dataclass(frozen=True)
class Measured:
    """What one reading found."""

    asked: Asked
    period: Period
    total: dict[str, Value]
    course: tuple[Group, ...]
    parts: tuple[Part, ...]
    at: datetime


@dataclass
class Counting(Message):
    """So much of what happened has been counted."""

    share: float


class Dashboard(CommandScreen):
    """Tiles, and below them what the one under the cursor says over time and in parts."""

    CSS_PATH = "dashboard.tcss"
    AUTO_FOCUS = "#tiles"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
    ]

    def __init__(self) -> None:
        """With nothing read yet."""
        super().__init__()
        self.asked = Asked()
        self.found: Measured | None = None
        self._left = threading.Event()
        self._stale = False
        self._reading = Reading(self, "measures", self._load, self._show, self._trouble)

    def compose(self) -> ComposeResult:
        """What is measured, the tiles, course and parts, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static("", id="dashboard-head", markup=False)
        yield Tiles()
        with Horizontal(id="dashboard-below"):
            with Vertical(id="dashboard-course", classes="pane"):
                yield Course()
            with VerticalScroll(id="dashboard-parts", classes="pane"):
                yield Static("", id="parts-words", markup=False)
        yield KeyBar(*_KEYS)

    def on_mount(self) -> None:
        """Count what is new, then again as more comes in."""
        settings = self.console.settings
        self._targets = settings.targets if settings is not None else TARGETS
        self.query_one("#tiles").border_title = "Measures"
        self._say("counting what happened …")
        self.refresh_keys()
        self._reading.ask()
        self.set_interval(AGAIN_SECONDS, self._look)

    def on_unmount(self) -> None:
        """A long count ends after its batch; the next one goes on from there."""
        self._left.set()

    # What changes.

    def live(self, changed: Changed) -> None:
        """Something happened; it is counted with what else comes until the next look."""
        self._stale = self._stale or bool(changed.events)

    def _look(self) -> None:
        if self._stale:
            self._stale = False
            self._reading.ask()

    def _load(self) -> Measured:
        """In a thread beside the screen."""
        store, asked = self.console.session.store, self.asked
        catch_up(store, on_batch=self._count, stop=self._left.is_set)
        now = store.clock.now()
        period, step = period_named(asked.period, now)
        by = cast(By, asked.by)
        report = measures(store, period, by=by, targets=self._targets)
        course = measures(store, period, by=step, targets=self._targets)
        parts = []
        for group in report.groups[:MOST_PARTS]:
            within = measures(
                store, period, by=step, within=(asked.by, group.name), targets=self._targets
            )
            parts.append(Part(group.name, by_name(group), within.groups))
        total = {value.measure.name: value for value in report.total}
        return Measured(asked, period, total, course.groups, tuple(parts), now)

    def _count(self, progress: Progress) -> None:
        if progress.done < progress.newest:
            self.post_message(Counting(progress.share))

    @on(Counting)
    def counting(self, event: Counting) -> None:
        """Say how far a long count is."""
        self._say(f"counting what happened: {event.share:.0%}")

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {line(problem)}", "bold $text-error"))
            self.query_one("#dashboard-head", Static).update(told)

    def _say(self, state: str) -> None:
        told = text(
            ("Measures", "bold"),
            f"  {self.asked.period}, by {self.asked.by}",
            (f"  {state}", "dim"),
        )
        self.query_one("#dashboard-head", Static).update(told)

    def _show(self, found: Measured) -> None:
        if found.asked != self.asked:
            return
        self.found = found
        period = found.period
        self._say(f"{period.first} to {period.last} (UTC), as of {found.at:%H:%M}")
        self.query_one(Tiles).show(found.total)
        self._show_current()

    def _show_current(self) -> None:
        """The course and the parts of the measure under the cursor."""
        found, name = self.found, self.query_one(Tiles).current
        if found is None:
            return
        value = found.total[name]
        course = tuple((group.name, by_name(group)[name].value) for group in found.course)
        self.query_one(Course).show(Points(value, course))
        self.query_one("#dashboard-course").border_title = value.measure.title
        pane = self.query_one("#dashboard-parts")
        pane.border_title = f"{value.measure.short} by {DIMENSION[found.asked.by].lower()}"
        parts = [
            (part.name, part.values[name], [by_name(g)[name].value for g in part.course])
            for part in found.parts
        ]
        width = pane.scrollable_content_region.width
        self.query_one("#parts-words", Static).update(parts_of(parts, width))

    @on(Tiles.Picked)
    def picked(self, event: Tiles.Picked) -> None:
        """The cursor goes to a tile."""
        self.query_one(Tiles).go(event.name)
        self._show_current()

    def on_resize(self, event: Resize) -> None:
        """The parts are as wide as there is room."""
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        if self.standing:
            self._show_current()

    def context(self) -> Context:
        """Nothing of a ticket is here."""
        return Context(
            now=self.console.now(),
            pane="dashboard",
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )

    # What can be done.

    @work(group="choose", exclusive=True)
    async def do_period(self) -> None:
        """Choose the days."""
        choices = [(name, text((f"{name:<11}", "bold"), told)) for name, told in PERIODS.items()]
        picked = await self.app.push_screen_wait(Pick("Period", choices, self.asked.period))
        if picked is not None:
            self._ask(Asked(picked, self.asked.by))

    @work(group="choose", exclusive=True)
    async def do_part(self) -> None:
        """Choose what the measures are told apart by."""
        choices = [(name, text((DIMENSION[name], "bold"))) for name in DIMENSIONS]
        picked = await self.app.push_screen_wait(Pick("By", choices, self.asked.by))
        if picked is not None:
            self._ask(Asked(self.asked.period, picked))

    def _ask(self, asked: Asked) -> None:
        self.asked = asked
        self._say("reading …")
        self._reading.ask()
