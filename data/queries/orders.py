"""The orders of the queue, each served by indexes."""

from dataclasses import dataclass
from typing import Any

from data.queries.asking import Order

Key = tuple[Any, ...]
"""Where a ticket stands in an order: the segment's number, its columns, the id last."""


@dataclass(frozen=True)
class Segment:
    """A part of an order with indexes of its own."""

    columns: tuple[str, ...]
    """What it is sorted by; the id follows."""
    down: bool
    test: str = ""
    index: str = ""
    """Serves the whole segment; else there is one for each state."""


ORDERS: dict[Order, tuple[Segment, ...]] = {
    "newest": (Segment(("opened_at",), True),),
    "oldest": (Segment(("opened_at",), False),),
    "priority": (Segment(("priority_rank", "opened_at"), False),),
    "updated": (Segment(("updated_at",), True),),
    "due": (
        Segment(("due_at",), False, "ticket.due_at IS NOT NULL", "ix_ticket_due"),
        Segment(("opened_at",), False, "ticket.due_at IS NULL"),
    ),
    "money": (
        Segment(("money_at_risk",), True, "ticket.money_at_risk > 0", "ix_ticket_money"),
        Segment(("opened_at",), True, "ticket.money_at_risk <= 0"),
    ),
}
