"""The human queue: what the agents handed to people, whom it waits for, and what they must know."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.actions import bindings
from console.format import line
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.conversation import conversation_of
from console.widgets.findings import handoff_lines, header_of
from console.widgets.handoffs import HandoffList
from console.widgets.preview import lines, text
from console.widgets.rowlist import RowList
from data.queries.approvals import open_handoffs
from data.queries.operators import OperatorRow, operators
from data.queries.rows import HandoffRow, TicketDetail
from data.queries.tickets import ticket_detail

if TYPE_CHECKING:
    from console.screens.desk import Desk

TICK_SECONDS = 2.0
_KEYS = ("take", "availability", "help", "quit")


@dataclass(frozen=True)
class Waiting:
    """What one read of the human queue found."""

    handoffs: list[HandoffRow]
    people: list[OperatorRow]
    detail: TicketDetail | None
    """The ticket under the cursor."""


class Escalations(CommandScreen):
    """Hand-overs by skill, with what is known of the one under the cursor."""

    CSS_PATH = "escalations.tcss"
    AUTO_FOCUS = "#handoffs"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("tab", "app.focus_next", "Next pane", show=False),
    ]

    def __init__(self, desk: "Desk") -> None:
        """Over the desk, which tickets are opened on."""
        super().__init__()
        self.desk = desk
        self.people: list[OperatorRow] = []
        self.detail: TicketDetail | None = None
        self._wanted: str | None = None
        self._reading = Reading(self, "escalations", self._load, self._show, self._trouble)

    def compose(self) -> ComposeResult:
        """Who one is here, the hand-overs, what is known of one, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static("", id="escalations-me", markup=False)
        with Horizontal(id="escalations-body"):
            with Vertical(id="escalations-left", classes="pane"):
                yield Static("", id="escalations-none", markup=False)
                yield HandoffList(self.console.session.operator)
            with VerticalScroll(id="escalations-known", classes="pane"):
                yield Static("", id="escalations-words", markup=False)
        yield KeyBar(*_KEYS)

    def on_mount(self) -> None:
        """Read everything once, then as it changes."""
        self.handoffs = self.query_one(HandoffList)
        self.query_one("#escalations-left").border_title = "Handed to people"
        self.query_one("#escalations-known").border_title = "What is known"
        self.refresh_keys()
        self._reading.ask()
        self.set_interval(TICK_SECONDS, lambda: self.handoffs.tick(self.console.now()))

    # What changes.

    def live(self, changed: Changed) -> None:
        """Read again what may have changed."""
        self._reading.ask()

    @on(RowList.Moved, "#handoffs")
    def moved(self) -> None:
        """What is known follows the cursor."""
        current = self.handoffs.current
        self._wanted = current.ticket_id if current is not None else None
        self._reading.ask()

    def _load(self) -> Waiting:
        store, wanted = self.console.session.store, self._wanted
        shown = self.console.shown
        detail = shown(ticket_detail(store, wanted)) if wanted is not None else None
        return Waiting(shown(open_handoffs(store)), operators(store), detail)

    def _show(self, found: Waiting) -> None:
        self.people, self.detail = found.people, found.detail
        self.handoffs.show_handoffs(found.handoffs, self.console.now())
        none = self.query_one("#escalations-none", Static)
        none.display = not found.handoffs
        none.update(text(("Nothing waits for a person.", "dim")))
        self.query_one("#escalations-me", Static).update(self._who())
        self._show_known()
        self.refresh_keys()

    def _show_known(self) -> None:
        """The summary and the words of the hand-over under the cursor."""
        current, detail, now = self.handoffs.current, self.detail, self.console.now()
        known = self.query_one("#escalations-words", Static)
        if current is None:
            gone = "It no longer waits: move to the next." if self.handoffs.count else ""
            known.update(text((gone, "bold")))
        elif detail is not None and detail.ticket.id == current.ticket_id:
            rows = [header_of(detail.ticket, detail, now), text("")]
            rows += [*handoff_lines(current, now), text("")]
            rows += [text(("Conversation", "bold underline")), conversation_of(detail, now)]
            known.update(lines(rows))

    @property
    def me(self) -> OperatorRow | None:
        """The person's own row among the operators."""
        name = self.console.session.operator
        return next((person for person in self.people if person.name == name), None)

    def _who(self) -> Content:
        """Whether one is there, what one takes on, and who else is."""
        me = self.me
        if me is None:
            mine = text(("You are not on the list of operators", "bold $text-warning"))
        else:
            there = ("● available", "bold $text-success")
            state = there if me.available else ("○ away", "bold $text-warning")
            skills = ", ".join(line(skill, 20) for skill in me.skills) or "none told"
            mine = text((f"{line(me.name, 40)} ", "bold"), state, f"  skills: {skills}")
        others = [p for p in self.people if p.available and p.skills and p is not me]
        if not others:
            return mine
        told = "; ".join(
            f"{line(p.name, 30)} ({', '.join(line(s, 20) for s in p.skills)})" for p in others
        )
        return lines([mine, text((f"also there: {told}", "dim"))])

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {line(problem)}", "bold $text-error"))
            self.query_one("#escalations-me", Static).update(told)

    def context(self) -> Context:
        """The ticket that was handed over."""
        current = self.handoffs.current if self.standing else None
        shown = self.detail if current and self.detail else None
        if shown is not None and current is not None and shown.ticket.id != current.ticket_id:
            shown = None
        return Context(
            now=self.console.now(),
            pane="escalations",
            ticket=shown.ticket if shown else None,
            actions=tuple(shown.actions) if shown else (),
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )

    # What can be done.

    def do_take(self) -> None:
        """Accept the hand-over under the cursor."""
        current, ticket = self.handoffs.current, self.context().ticket
        if current is not None and ticket is not None:
            self._accept(current, ticket.owner)

    @work(group="desk-work")
    async def _accept(self, handoff: HandoffRow, owner: str) -> None:
        await self.console.desk_work.accept(self, handoff, owner)
        self._reading.ask()

    @on(RowList.Opened, "#handoffs")
    def opened(self) -> None:
        """Enter opens the ticket on the desk."""
        current = self.handoffs.current
        if current is not None:
            self.app.pop_screen()
            self.desk.show_pane("conversation")
            self.desk.select(current.ticket_id)

    @work(group="desk-work")
    async def do_availability(self) -> None:
        """Say that one is there, or away."""
        await self.console.desk_work.turn(self)
        self._reading.ask()
