"""Whose turn a ticket is: what the customer wrote that nobody has answered."""

from data.queries.rows import MessageRow, TicketDetail
from data.vocabulary import Author


def unanswered(detail: TicketDetail) -> MessageRow | None:
    """The newest message of the customer, if nothing of ours came after it; notes do not count."""
    said = [m for m in detail.messages if m.author != Author.NOTE]
    newest = max(said, key=lambda m: m.position, default=None)
    return newest if newest is not None and newest.author == Author.CUSTOMER else None


def written(detail: TicketDetail) -> int:
    """How many messages the customer has written."""
    return sum(m.author == Author.CUSTOMER for m in detail.messages)
