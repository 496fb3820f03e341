"""What was handed to people, by skill; whose it is and how long it waits."""

from collections.abc import Sequence
from datetime import datetime

from console.cells import Piece, fit
from console.format import age, line
from console.widgets.wholelist import WholeList
from data.queries.rows import HandoffRow

KINDS = {"warm_transfer": "handed to", "callback": "callback", "queue": "queued"}


class HandoffList(WholeList[HandoffRow]):
    """Hand-overs that nobody has accepted."""

    def __init__(self, me: str) -> None:
        """An empty list, for this person."""
        super().__init__(id="handoffs")
        self.me = me

    def key_of(self, row: HandoffRow) -> str:
        """The hand-over's id."""
        return row.id

    def show_rows(self, found: Sequence[HandoffRow], now: datetime) -> None:
        """Show these: one's own first, then by skill, the longest waiting first."""

        def place(handoff: HandoffRow) -> tuple[bool, str, datetime, str]:
            return handoff.assigned_to != self.me, handoff.skill, handoff.queued_at, handoff.id

        super().show_rows(sorted(found, key=place), now)

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """Skill, ticket and subject; below, to whom, how long it waits and is to wait."""
        handoff = self.rows[index]
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
