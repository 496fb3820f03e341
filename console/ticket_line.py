"""How a ticket is written in the queue: in columns where there is room, else in two lines."""

from datetime import datetime

from console.cells import Piece, fit
from console.countdown import countdown
from console.format import PRIORITY, STATUS, age, line
from data.queries.rows import TicketRow

ROOMY = 76
"""From this width on, a ticket is one line with columns."""

MONEY = 14
"""Cells of the column of money."""

WIDE = 100
"""From this width on, there is a column for who asks."""


def ticket_lines(
    row: TicketRow, now: datetime, width: int, at_stake: str | None = None
) -> list[list[Piece]]:
    """The lines of a ticket in a list of this width; with the money that waits, where the list is
    in its order."""
    if width + 2 >= ROOMY:
        return [columns(row, now, width, at_stake)]
    return two_lines(row, now, width, at_stake)


def columns(row: TicketRow, now: datetime, width: int, at_stake: str | None = None) -> list[Piece]:
    """A ticket in one line of `width` cells."""
    glyph, status, tone = STATUS[row.status]
    due, urgent = countdown(row.due_at, now)
    who: list[Piece] = [("  " + fit(_who(row), 16), "")] if width >= WIDE else []
    stake: list[Piece] = []
    if at_stake is not None:
        stake = [(f" {fit(at_stake, MONEY).rstrip():>{MONEY}}", "warning")]
    free = width - 46 - (18 if who else 0) - (MONEY + 1 if stake else 0)
    return [
        (f"{glyph} ", tone), (fit(status, 15), tone), (_urgency(row), "error"),
        (" " + fit(line(row.ref, 40), 7) + " ", "muted"), (fit(_subject(row), free), "strong"),
        *who, *stake, (f"{due:>10}", urgent), (f"{age(row.opened_at, now):>5}", "muted"), (" ", ""),
    ]  # fmt: skip


def two_lines(
    row: TicketRow, now: datetime, width: int, at_stake: str | None = None
) -> list[list[Piece]]:
    """A ticket in two lines of `width` cells."""
    glyph, status, tone = STATUS[row.status]
    due, urgent = countdown(row.due_at, now)
    due = f" · {due}" if due else ""
    stake = f" · {at_stake}" if at_stake else ""
    about = ", ".join(row.intents) or row.intent or ""
    facts = f" · {line(row.ref, 40)} · {_who(row)} · {about}".rstrip(" ·")
    return [
        [
            (f"{glyph} ", tone), (fit(_subject(row), width - 10), "strong"),
            (_urgency(row), "error"), (f"{age(row.opened_at, now):>5}", "muted"),
        ],
        [
            ("  ", ""), (status, tone), (stake, "warning"), (due, urgent),
            (fit(facts, width - 2 - len(status) - len(stake) - len(due)), "muted"),
        ],
    ]  # fmt: skip


def _subject(row: TicketRow) -> str:
    return line(row.subject, 200) or "(no subject)"


def _who(row: TicketRow) -> str:
    return line(row.customer_name or row.requester or "unknown sender", 60)


def _urgency(row: TicketRow) -> str:
    return PRIORITY[row.priority] + ("⚑" if row.flags else " ")
