"""What was handed to people, by skill; whose it is and how long it waits."""

from collections.abc import Sequence
from datetime import datetime

from console.format import age, line
from console.widgets.rowlist import Piece, RowList, fit
from data.queries.rows import HandoffRow

KINDS = {"warm_transfer": "handed to", "callback": "callback", "queue": "queued"}


class HandoffList(RowList):
    """Hand-overs that nobody has accepted; the cursor stays on its own whatever comes or goes."""

    def __init__(self, me: str) -> None:
        """An empty list, for this person."""
        super().__init__(id="handoffs")
        self.me, self.handoffs = me, list[HandoffRow]()
        self.now: datetime | None = None

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self.handoffs)

    def key_at(self, index: int) -> str | None:
        """The hand-over's id."""
        return self.handoffs[index].id if 0 <= index < len(self.handoffs) else None

    @property
    def current(self) -> HandoffRow | None:
        """The hand-over under the cursor, if it still waits."""
        return next((handoff for handoff in self.handoffs if handoff.id == self.key), None)

    def in_order(self, found: Sequence[HandoffRow]) -> list[HandoffRow]:
        """One's own first, then by skill, the longest waiting first."""
        return sorted(found, key=lambda h: (h.assigned_to != self.me, h.skill, h.queued_at, h.id))

    def show_handoffs(self, found: Sequence[HandoffRow], now: datetime) -> None:
        """Show these; the cursor stays with its hand-over."""
        before = self.cursor
        self.now, self.handoffs = now, self.in_order(found)
        self.resize_rows()
        if self.key is None:
            if self.handoffs:
                self.go(0)
            return
        places = {handoff.id: place for place, handoff in enumerate(self.handoffs)}
        place = places.get(self.key)
        self.gone = place is None
        self.cursor = max(0, min(before, self.count - 1)) if place is None else place
        if place is not None and place != before:
            self.reveal()
        self.refresh()

    def tick(self, now: datetime) -> None:
        """Let the waits grow."""
        self.now = now
        self.refresh()

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """Skill, ticket and subject; below, to whom, how long it waits and is to wait."""
        handoff = self.handoffs[index]
        mine = handoff.assigned_to == self.me
        skill = f"{line(handoff.skill, 20)} "
        told = f"{line(handoff.ticket_ref, 20)}  {line(handoff.subject, 100) or '(no subject)'}"
        to = "you" if mine else line(handoff.assigned_to, 40) if handoff.assigned_to else ""
        kind = KINDS.get(handoff.kind, line(handoff.kind, 20))
        notes = [
            f"{kind} {to}".strip(),
            f"waits {age(handoff.queued_at, self.now or handoff.queued_at)}",
        ]
        if handoff.wait_minutes is not None:
            notes.append(f"about {handoff.wait_minutes} min expected")
        return [
            [(skill, "accent"), (fit(told, width - len(skill)), "strong")],
            [(fit("  " + " · ".join(notes), width), "warning" if mine else "muted")],
        ]
