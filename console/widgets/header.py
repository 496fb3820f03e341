"""The lines above a ticket that say which one it is."""

from datetime import datetime

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from console.cells import fit
from console.countdown import countdown
from console.format import PRIORITY, STATUS, ago, label, line, money
from console.widgets.preview import lines, text, tint
from data.queries.awaiting import unanswered
from data.queries.rows import TicketDetail, TicketRow
from data.vocabulary import AGENTS_OWN, ENDED_TICKETS, ActionState

SLACK = 12
"""Cells that are lost where a line breaks between words."""

USUAL = 76
"""The width that is reckoned with where it is not known."""


def header_of(
    ticket: TicketRow, detail: TicketDetail | None, now: datetime, width: int = USUAL
) -> Content:
    """Which ticket this is, in at most two lines of `width` cells; whose, and until when."""
    glyph, status, tone = STATUS[ticket.status]
    urgency = PRIORITY[ticket.priority].strip()
    who = line(ticket.customer_name or ticket.requester or "unknown sender", 60)
    facts = [who]
    if ticket.customer_name and ticket.requester:
        facts.append(line(ticket.requester, 60))
    if detail is not None:
        facts.append(f"identity {line(detail.identity)}")
    facts += [line(ticket.tier)] if ticket.tier else []
    facts.append(f"opened {ago(ticket.opened_at, now)}")
    due, _ = countdown(ticket.due_at, now)
    facts += [f"due: {due}"] if due else []
    if ticket.owner != AGENTS_OWN:
        facts.append(f"taken by {line(ticket.owner, 40)}")
        if detail is not None and unanswered(detail) and ticket.status not in ENDED_TICKETS:
            facts.append("◂ the customer waits for an answer")
    for who in detail.begun_by if detail is not None else ():
        facts.append(f"✎ {line(who, 40)} has begun an answer")
    lead = f"{glyph} {status}  {urgency + ' ' if urgency else ''}{ticket.priority}  "
    ref = line(ticket.ref, 40)
    room = max(20, 2 * width - SLACK - cell_len(lead) - cell_len(ref) - 2)
    subject = line(ticket.subject) or "(no subject)"
    subject = subject if cell_len(subject) <= room else fit(subject, room)
    first = text(
        (f"{glyph} {status}", f"bold {tint(tone)}"),
        lead.removeprefix(f"{glyph} {status}"),
        (f"{ref}  {subject}", "bold"),
    )
    flags = [f"⚑ {line(flag, 40).replace('_', ' ')}" for flag in ticket.flags]
    second = text((" · ".join(facts), "dim"), (f"  {' '.join(flags)}", "bold $text-error"))
    rows = [first, second]
    for action in detail.actions if detail is not None else []:
        if action.state is ActionState.UNKNOWN:
            what = f"{label(action.name)} {money(action.amount, action.currency)}".rstrip()
            words = f" ? OUTCOME UNKNOWN: {what}: look whether it happened, then settle it "
            rows.append(text((words, "bold reverse $text-error")))
    return lines(rows)


class TicketHeader(Static):
    """Which ticket this is, fit to the width that there is."""

    def __init__(self, *, id: str) -> None:
        """Of no ticket yet."""
        super().__init__("", id=id, markup=False)
        self._shown: tuple[TicketRow, TicketDetail, datetime] | None = None

    def show(self, detail: TicketDetail, now: datetime) -> None:
        """Of this ticket."""
        self._shown = detail.ticket, detail, now
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the new width."""
        self._draw()

    def _draw(self) -> None:
        if self._shown is not None:
            width = self.content_size.width or USUAL
            self.update(header_of(*self._shown, width))
