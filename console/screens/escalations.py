"""The human queue: what the agents handed to people, whom it waits for, and what they must know."""

from dataclasses import dataclass, replace

from textual import work
from textual.content import Content

from console.format import line
from console.possible import Context
from console.screens.browsing import Browsing
from console.widgets.conversation import conversation_of
from console.widgets.findings import handoff_lines
from console.widgets.handoffs import HandoffList
from console.widgets.header import header_of
from console.widgets.preview import lines, text
from data.queries.approvals import open_handoffs
from data.queries.operators import OperatorRow, operators
from data.queries.rows import HandoffRow, TicketDetail
from data.queries.tickets import ticket_detail

TICK_SECONDS = 2.0


@dataclass(frozen=True)
class Waiting:
    """What one read of the human queue found."""

    handoffs: list[HandoffRow]
    people: list[OperatorRow]
    detail: TicketDetail | None
    """The ticket under the cursor."""


class Escalations(Browsing[HandoffRow, Waiting]):
    """Hand-overs by skill, with what is known of the one under the cursor."""

    PANE = "escalations"
    KEYS = ("take", "availability", "help", "quit")
    LISTED, KNOWN = "Handed to people", "What is known"
    NOTHING = "Nothing waits for a person."

    def on_mount(self) -> None:
        """Let the waits grow."""
        super().on_mount()
        self.set_interval(TICK_SECONDS, lambda: self.rows.tick(self.console.now()))

    def make_list(self) -> HandoffList:
        """The hand-overs, one's own first."""
        return HandoffList(self.console.session.operator)

    def load(self, wanted: str | None) -> Waiting:
        """The hand-overs, who is there, and the ticket of the one that is wanted."""
        store, shown = self.console.session.store, self.console.shown
        waiting = shown(open_handoffs(store))
        of = next((handoff.ticket_id for handoff in waiting if handoff.id == wanted), None)
        detail = shown(ticket_detail(store, of)) if of is not None else None
        return Waiting(waiting, operators(store), detail)

    def listed(self, found: Waiting) -> None:
        """Fill the list."""
        self.rows.show_rows(found.handoffs, self.console.now())

    def head(self, found: Waiting) -> Content:
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

    def known(self, found: Waiting) -> Content | None:
        """The summary and the words of the hand-over under the cursor."""
        current, detail, now = self.rows.current, found.detail, self.console.now()
        if current is None:
            gone = "It no longer waits: move to the next." if self.rows.count else ""
            return text((gone, "bold"))
        if detail is None or detail.ticket.id != current.ticket_id:
            return None
        rows = [header_of(detail.ticket, detail, now), text("")]
        rows += [*handoff_lines(current, now), text("")]
        rows += [text(("Conversation", "bold underline")), conversation_of(detail, now)]
        return lines(rows)

    def ticket_of(self, row: HandoffRow) -> str:
        """The ticket that was handed over."""
        return row.ticket_id

    @property
    def people(self) -> list[OperatorRow]:
        """The operators."""
        return self.found.people if self.found else []

    @property
    def me(self) -> OperatorRow | None:
        """The person's own row among the operators."""
        name = self.console.session.operator
        return next((person for person in self.people if person.name == name), None)

    def context(self) -> Context:
        """The ticket that was handed over."""
        current = self.rows.current if self.standing else None
        detail = self.found.detail if self.found and current else None
        if detail is not None and current is not None and detail.ticket.id != current.ticket_id:
            detail = None
        return replace(
            super().context(),
            ticket=detail.ticket if detail else None,
            actions=tuple(detail.actions) if detail else (),
        )

    # What can be done.

    def do_take(self) -> None:
        """Accept the hand-over under the cursor."""
        current, ticket = self.rows.current, self.context().ticket
        if current is not None and ticket is not None:
            self._accept(current, ticket.owner)

    @work(group="desk-work")
    async def _accept(self, handoff: HandoffRow, owner: str) -> None:
        await self.console.desk_work.accept(self, handoff, owner)
        self._reading.ask()

    @work(group="desk-work")
    async def do_availability(self) -> None:
        """Say that one is there, or away."""
        await self.console.desk_work.turn(self)
        self._reading.ask()
