"""Tickets beside one another: which others are of the same customer."""

from sqlalchemy import or_, select

from data.queries.queue import COLUMNS
from data.queries.rows import TicketDetail, TicketRow
from data.store import TICKET, Store
from data.vocabulary import ENDED_TICKETS, Priority, TicketStatus


def open_beside(store: Store, detail: TicketDetail, *, most: int = 20) -> list[TicketRow]:
    """Other tickets of the same customer or address that have not ended, newest first."""
    whose = []
    if detail.customer_id:
        whose.append(TICKET.c.customer_id == detail.customer_id)
    if detail.ticket.requester:
        whose.append(TICKET.c.requester == detail.ticket.requester)
    if not whose:
        return []
    ended = [status.value for status in ENDED_TICKETS]
    query = (
        select(*[TICKET.c[name] for name in COLUMNS])
        .where(or_(*whose), TICKET.c.id != detail.ticket.id, TICKET.c.status.not_in(ended))
        .order_by(TICKET.c.opened_at.desc(), TICKET.c.id)
        .limit(most)
    )
    found = []
    with store.read() as connection:
        for row in connection.execute(query):
            values = dict(zip(COLUMNS, row, strict=True))
            values["status"] = TicketStatus(values["status"])
            values["priority"] = Priority(values["priority"])
            found.append(TicketRow(**values))
    return found
