"""Quality: how well ended tickets were handled, and a person's word on each score."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from console.actions import bindings
from console.format import line
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.reviewing import QualityReviews
from console.scores import VERDICTS
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.preview import lines, text
from console.widgets.quality import QualityList, check_of
from console.widgets.rowlist import RowList
from data.queries.quality import Agreement, QualityPage, agreements, quality_page
from data.queries.rows import EventRow, TicketDetail
from data.queries.tickets import ticket_detail, ticket_events

if TYPE_CHECKING:
    from console.screens.desk import Desk

SHOWN = 500
"""Checks that the list holds, what waits for a person first."""

_KEYS = ("quality-agree", "quality-correct", "help", "quit")


@dataclass(frozen=True)
class Known:
    """What one read found."""

    page: QualityPage
    agreed: list[Agreement]
    detail: TicketDetail | None = None
    """The ticket under the cursor."""
    events: dict[int, EventRow] = field(default_factory=dict)
    """Its log, by position."""


class Quality(CommandScreen):
    """The checks, with the one under the cursor in full."""

    CSS_PATH = "quality.tcss"
    AUTO_FOCUS = "#checks"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("tab", "app.focus_next", "Next pane", show=False),
    ]

    def __init__(self, desk: "Desk") -> None:
        """Over the desk, which tickets are opened on."""
        super().__init__()
        self.desk = desk
        self.known: Known | None = None
        self._wanted: str | None = None
        self._reading = Reading(self, "quality", self._load, self._show, self._trouble)

    def compose(self) -> ComposeResult:
        """How it stands, the checks, one of them in full, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static("", id="quality-head", markup=False)
        with Horizontal(id="quality-body"):
            with Vertical(id="quality-left", classes="pane"):
                yield Static("", id="quality-none", markup=False)
                yield QualityList()
            with VerticalScroll(id="quality-known", classes="pane"):
                yield Static("", id="quality-words", markup=False)
        yield KeyBar(*_KEYS)

    def on_mount(self) -> None:
        """Read everything once, then as it changes."""
        self.checks = self.query_one(QualityList)
        self.reviews = QualityReviews(self.console.session, self.refresh_keys)
        self.query_one("#quality-left").border_title = "Quality checks"
        self.query_one("#quality-known").border_title = "Scores"
        self.refresh_keys()
        self._reading.ask()

    # What changes.

    def live(self, changed: Changed) -> None:
        """Read again what may have changed."""
        self._reading.ask()

    @on(RowList.Moved, "#checks")
    def moved(self) -> None:
        """What is shown in full follows the cursor."""
        self._wanted = self.checks.key
        self.query_one("#quality-known").scroll_home(animate=False)
        self._reading.ask()

    def _load(self) -> Known:
        store, wanted, shown = self.console.session.store, self._wanted, self.console.shown
        page, agreed = shown(quality_page(store, limit=SHOWN)), agreements(store)
        if wanted is None:
            return Known(page, agreed)
        events = {event.position: event for event in shown(ticket_events(store, wanted))}
        return Known(page, agreed, shown(ticket_detail(store, wanted)), events)

    def _show(self, found: Known) -> None:
        self.known = found
        self.checks.show_rows(found.page.rows, self.console.now())
        none = self.query_one("#quality-none", Static)
        none.display = not found.page.rows
        none.update(text(("Nothing was checked yet: a worker checks what ends.", "dim")))
        self.query_one("#quality-head", Static).update(_head(found))
        self._show_current()
        self.refresh_keys()

    def _show_current(self) -> None:
        known, current = self.known, self.checks.current
        words = self.query_one("#quality-words", Static)
        if known is None or current is None:
            words.update(text(""))
        elif known.detail is not None and known.detail.ticket.id == current.ticket_id:
            names = {action.id: action.name for action in known.detail.actions}
            words.update(check_of(current, known.events, names))

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {line(problem)}", "bold $text-error"))
            self.query_one("#quality-head", Static).update(told)

    def context(self) -> Context:
        """The ticket whose check is shown."""
        current = self.checks.current if self.standing and self.known else None
        detail = self.known.detail if self.known and current else None
        if detail is not None and current is not None and detail.ticket.id != current.ticket_id:
            detail = None
        return Context(
            now=self.console.now(),
            pane="quality",
            ticket=detail.ticket if detail else None,
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )

    # What can be done.

    @work(group="review")
    async def do_quality_agree(self) -> None:
        """Agree with the scores that are shown."""
        current = self.checks.current
        if current is not None:
            screen: Screen[Any] = self
            await self.reviews.agree(screen, current)
            self._reading.ask()

    @work(group="review")
    async def do_quality_correct(self) -> None:
        """Say what a score should be."""
        current = self.checks.current
        if current is not None:
            screen: Screen[Any] = self
            await self.reviews.correct(screen, current)
            self._reading.ask()

    @on(RowList.Opened, "#checks")
    def opened(self) -> None:
        """Enter opens the ticket on the desk."""
        current = self.checks.current
        if current is not None:
            self.app.pop_screen()
            self.desk.show_pane("conversation")
            self.desk.select(current.ticket_id)


def _head(found: Known) -> Any:
    """How many came to what, how many wait, and how often people agree."""
    page = found.page
    told = [f"{page.verdicts[v]:,} {VERDICTS[v][1]}" for v in VERDICTS if page.verdicts.get(v)]
    tone = "bold $text-warning" if page.waiting else "bold"
    waits = "1 waits" if page.waiting == 1 else f"{page.waiting:,} wait"
    rows = [text((f"{waits} for a person  ", tone), ", ".join(told))]
    agreed = [f"{a.name} {a.agreed} of {a.reviewed}" for a in found.agreed if a.share is not None]
    if agreed:
        rows.append(text((f"people agreed: {', '.join(agreed)}", "dim")))
    return lines(rows)
