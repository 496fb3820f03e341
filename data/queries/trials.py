"""Tickets whose intents were planned on trial, with what was planned and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from data.queries.rows import ActionRow
from data.queries.tickets import ISSUE, actions_where
from data.store import ACTION, TICKET, Store
from data.vocabulary import TicketStatus

_AT_ONCE = 500
"""Tickets whose actions are read together."""


@dataclass(frozen=True)
class Tried:
    """One intent of one ticket, as it was planned on trial."""

    ticket_id: str
    ref: str
    subject: str
    status: TicketStatus
    merged: bool
    opened_at: datetime
    intent: str
    mode: str
    """shadow or assist: the mode that its newest plan was made in."""
    rules: tuple[str, ...]
    issues: frozenset[str]
    others: tuple[str, ...]
    """The ticket's other intents that were planned in shadow."""
    actions: tuple[ActionRow, ...]
    """All of the ticket's, oldest first."""


def tried(store: Store, intent: str | None = None) -> Iterator[Tried]:
    """Every intent of a ticket that was planned on trial, the newest ticket first."""
    query = select(ISSUE.c.ticket_id).join(TICKET, TICKET.c.id == ISSUE.c.ticket_id)
    query = query.where(ISSUE.c.trial.is_not(None)).distinct()
    if intent is not None:
        query = query.where(ISSUE.c.intent == intent)
    with store.read() as connection:
        query = query.add_columns(TICKET.c.opened_at)
        ordered = query.order_by(TICKET.c.opened_at.desc(), ISSUE.c.ticket_id)
        ids = list(connection.execute(ordered).scalars())
        for start in range(0, len(ids), _AT_ONCE):
            for one in _tried(connection, ids[start : start + _AT_ONCE]):
                if intent in (None, one.intent):
                    yield one


def _tried(connection: Connection, ids: list[str]) -> Iterator[Tried]:
    names = ("id", "ref", "subject", "status", "merged_into", "opened_at")
    columns = [TICKET.c[name] for name in names]
    tickets = {
        row.id: row for row in connection.execute(select(*columns).where(TICKET.c.id.in_(ids)))
    }
    actions: dict[str, list[ActionRow]] = {ticket_id: [] for ticket_id in ids}
    for action in actions_where(connection, ACTION.c.ticket_id.in_(ids), [ACTION.c.position]):
        actions[action.ticket_id].append(action)
    issues: dict[str, list[tuple[str, str, str, str | None]]] = {ticket_id: [] for ticket_id in ids}
    query = select(ISSUE).where(ISSUE.c.ticket_id.in_(ids), ISSUE.c.trial.is_not(None))
    for row in connection.execute(query.order_by(ISSUE.c.position)):
        if not (row.slots or {}).get("follows"):
            issues[row.ticket_id].append((row.id, row.intent, row.trial, row.rule))
    for ticket_id in ids:
        ticket = tickets[ticket_id]
        for intent in dict.fromkeys(intent for _, intent, _, _ in issues[ticket_id]):
            mine = [issue for issue in issues[ticket_id] if issue[1] == intent]
            yield Tried(
                ticket_id=ticket_id,
                ref=ticket.ref,
                subject=ticket.subject,
                status=TicketStatus(ticket.status),
                merged=ticket.merged_into is not None,
                opened_at=ticket.opened_at,
                intent=intent,
                mode=mine[-1][2],
                rules=tuple(dict.fromkeys(rule for _, _, _, rule in mine if rule)),
                issues=frozenset(issue for issue, _, _, _ in mine),
                others=tuple(
                    dict.fromkeys(
                        other for _, other, mode, _ in issues[ticket_id]
                        if other != intent and mode == "shadow"
                    )
                ),
                actions=tuple(actions[ticket_id]),
            )  # fmt: skip
