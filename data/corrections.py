"""What people said of tickets where triage was wrong, read from the log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from data.keeping.fields import ERASED
from data.store import EVENT, MESSAGE, TICKET
from data.vocabulary import Author

CORRECTED = "ticket.corrected"
"""The kind of the event; its data hold `to` and `from`, each with the names that changed."""

_AT_ONCE = 500


@dataclass(frozen=True)
class CorrectedTicket:
    """A ticket that a person corrected, with the words that triage read first."""

    subject: str
    body: str
    intent: str | None
    """The corrected one, or the one that was left as it stood."""
    issue: str | None
    sentiment: str | None
    urgency: float | None


def corrected(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """What people said of one ticket: name (intent, issue, sentiment, urgency) to value."""
    query = select(EVENT.c.data).where(EVENT.c.chain == ticket_id, EVENT.c.kind == CORRECTED)
    found: dict[str, Any] = {}
    for (data,) in connection.execute(query.order_by(EVENT.c.id)):
        found |= json.loads(data)["to"]
    return found


def corrected_tickets(connection: Connection) -> list[CorrectedTicket]:
    """All of them whose words are still there, in the order in which they were first corrected."""
    query = select(EVENT.c.chain, EVENT.c.data).where(EVENT.c.kind == CORRECTED)
    told: dict[str, dict[str, Any]] = {}
    for ticket_id, data in connection.execute(query.order_by(EVENT.c.id)):
        told.setdefault(ticket_id, {}).update(json.loads(data)["to"])
    return [
        CorrectedTicket(
            row.subject or "",
            row.body,
            said.get("intent", row.intent),
            said.get("issue"),
            said.get("sentiment"),
            said.get("urgency"),
        )
        for row in _with_words(connection, list(told))
        if (said := told[row.id]) and row.body != ERASED
    ]


def _with_words(connection: Connection, tickets: list[str]) -> Iterator[Any]:
    """Tickets with the first message of the customer."""
    for first in range(0, len(tickets), _AT_ONCE):
        part = tickets[first : first + _AT_ONCE]
        words = (
            select(TICKET.c.id, TICKET.c.subject, TICKET.c.intent, MESSAGE.c.body)
            .join(MESSAGE, MESSAGE.c.ticket_id == TICKET.c.id)
            .where(TICKET.c.id.in_(part), MESSAGE.c.author == Author.CUSTOMER.value)
            .order_by(MESSAGE.c.position.desc())
        )
        found = {row.id: row for row in connection.execute(words)}
        yield from (found[ticket] for ticket in part if ticket in found)
