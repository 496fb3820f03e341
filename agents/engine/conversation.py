"""What stands in a ticket's conversation beside the customer's own words."""

from datetime import datetime

from sqlalchemy import func, select

from data.store import MESSAGE, TICKET, Transaction
from data.tables import Message
from data.vocabulary import Author


def add_message(
    tx: Transaction,
    ticket_id: str,
    author: Author,
    body: str,
    name: str | None,
    at: datetime | None = None,
) -> None:
    """Add a message of ours, or a note, to the end of the conversation."""
    last = tx.connection.execute(
        select(func.max(MESSAGE.c.position)).where(MESSAGE.c.ticket_id == ticket_id)
    ).scalar()
    tx.insert(
        Message, id=tx.ids("m"), ticket_id=ticket_id, position=int(last or 0) + 1,
        author=author.value, name=name, at=at or tx.now, body=body,
    )  # fmt: skip
    tx.set_ticket(ticket_id, message_count=TICKET.c.message_count + 1)
