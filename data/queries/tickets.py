"""One ticket: what was said, found, proposed, decided and done."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from data.errors import NotFound
from data.queries.attachments import attachments_in
from data.queries.drafts import begun_by
from data.queries.queue import COLUMNS
from data.queries.rows import (
    ActionRow,
    DecisionRow,
    EventRow,
    HandoffRow,
    IssueRow,
    MessageRow,
    RunRow,
    TicketDetail,
    TicketRow,
)
from data.store import ACTION, EVENT, MESSAGE, TICKET, Store, table
from data.tables import Decision, Handoff, Issue, Run
from data.vocabulary import ActionState, Gate, Priority, TicketStatus

DECISION, HANDOFF, ISSUE, RUN = table(Decision), table(Handoff), table(Issue), table(Run)

ROW_COLUMNS = [TICKET.c[name] for name in COLUMNS]

_MESSAGE = ["id", "position", "author", "name", "at", "body"]
_ISSUE = [
    "id",
    "position",
    "kind",
    "intent",
    "rule",
    "agent",
    "state",
    "confidence",
    "cause",
    "skill",
    "evidence",
    "trial",
]
_RUN = [
    "id",
    "number",
    "state",
    "brain",
    "started_at",
    "ended_at",
    "tokens",
    "cost_micros",
    "problem",
]
_HANDOFF = [
    "id",
    "ticket_id",
    "skill",
    "kind",
    "assigned_to",
    "reason",
    "summary",
    "wait_minutes",
    "queued_at",
    "accepted_at",
    "accepted_by",
]
_DETAIL = [
    "channel",
    "identity",
    "customer_id",
    "sentiment",
    "sentiment_score",
    "anger",
    "urgency",
    "confidence",
    "language",
    "outcome",
    "escalation",
    "merged_into",
]
_ACTION = [
    "id",
    "ticket_id",
    "issue_id",
    "position",
    "name",
    "arguments",
    "digest",
    "target",
    "agent",
    "state",
    "gate",
    "rule",
    "reason",
    "risk",
    "amount",
    "currency",
    "people_needed",
    "preview",
    "undo",
    "proposed_at",
    "expires_at",
    "decided_by",
    "decided_at",
    "decision_reason",
    "supersedes",
    "superseded_by",
    "executed_at",
    "undo_until",
    "problem",
    "undoes",
    "proposed_by",
    "role_needed",
    "executed_arguments",
    "idempotency_key",
    "started_at",
]
_OF_TICKET = ["ref", "subject", "requester", "customer_name"]


def ticket_row(row: Any) -> TicketRow:
    """A line of the queue from a row that begins with the columns `ROW_COLUMNS`."""
    values = dict(zip(COLUMNS, row, strict=False))
    values["status"] = TicketStatus(values["status"])
    values["priority"] = Priority(values["priority"])
    return TicketRow(**values)


def actions_where(connection: Connection, condition: Any, order: list[Any]) -> list[ActionRow]:
    """Actions with their decisions and the names of their tickets, in the given order."""
    query = (
        select(*[ACTION.c[n] for n in _ACTION], *[TICKET.c[n] for n in _OF_TICKET])
        .join(TICKET, TICKET.c.id == ACTION.c.ticket_id)
        .where(condition)
        .order_by(*order)
    )
    rows = connection.execute(query).all()
    ids = [row[0] for row in rows]
    decisions: dict[str, list[DecisionRow]] = {}
    if ids:
        found = connection.execute(
            select(DECISION).where(DECISION.c.action_id.in_(ids)).order_by(DECISION.c.at)
        )
        for d in found:
            decision = DecisionRow(d.kind, d.operator, d.reason, d.at, d.role, d.signed_in_by)
            decisions.setdefault(d.action_id, []).append(decision)
    made = []
    for row in rows:
        values = dict(zip([*_ACTION, *_OF_TICKET], row, strict=True))
        values["ticket_ref"] = values.pop("ref")
        values["state"], values["gate"] = ActionState(values["state"]), Gate(values["gate"])
        made.append(ActionRow(**values, decisions=decisions.get(values["id"], [])))
    return made


def _rows(connection: Connection, made: type, source: Any, names: list[str], ticket_id: str) -> Any:
    order = "number" if "number" in names else "position"
    query = select(*[source.c[n] for n in names]).where(source.c.ticket_id == ticket_id)
    return [
        made(**dict(zip(names, row, strict=True)))
        for row in connection.execute(query.order_by(source.c[order]))
    ]


def ticket_detail(store: Store, ticket_id: str) -> TicketDetail:
    """Everything about one ticket but its events; NotFound if there is none."""
    with store.read() as connection:
        columns = [*ROW_COLUMNS, *[TICKET.c[n] for n in _DETAIL]]
        row = connection.execute(select(*columns).where(TICKET.c.id == ticket_id)).first()
        if row is None:
            raise NotFound(f"no ticket {ticket_id!r}")
        ticket = ticket_row(row)
        extra = dict(zip(_DETAIL, row[len(COLUMNS) :], strict=True))
        actions = actions_where(connection, ACTION.c.ticket_id == ticket_id, [ACTION.c.position])
        return TicketDetail(
            ticket=ticket,
            **extra,
            messages=_rows(connection, MessageRow, MESSAGE, _MESSAGE, ticket_id),
            issues=_rows(connection, IssueRow, table(Issue), _ISSUE, ticket_id),
            runs=_rows(connection, RunRow, RUN, _RUN, ticket_id),
            actions=actions,
            handoffs=handoffs_where(connection, HANDOFF.c.ticket_id == ticket_id),
            attachments=attachments_in(connection, ticket_id),
            begun_by=begun_by(connection, ticket_id),
        )


def handoffs_where(connection: Connection, condition: Any) -> list[HandoffRow]:
    """Hand-overs with the names of their tickets, oldest first."""
    query = (
        select(*[HANDOFF.c[n] for n in _HANDOFF], TICKET.c.ref, TICKET.c.subject)
        .join(TICKET, TICKET.c.id == HANDOFF.c.ticket_id)
        .where(condition)
        .order_by(HANDOFF.c.queued_at)
    )
    names = [*_HANDOFF, "ticket_ref", "subject"]
    return [HandoffRow(**dict(zip(names, r, strict=True))) for r in connection.execute(query)]


def ticket_events(store: Store, ticket_id: str, *, after: int = 0) -> list[EventRow]:
    """The ticket's events past the event id `after`, oldest first."""
    with store.read() as connection:
        return list(events_where(connection, EVENT.c.chain == ticket_id, EVENT.c.id > after))


_EVENT = ["id", "position", "run_id", "step", "at", "agent", "kind", "data"]


def events_where(connection: Connection, *conditions: Any) -> Iterator[EventRow]:
    """Events of one log that fit the conditions, oldest first, read as they are asked for."""
    query = select(*[EVENT.c[n] for n in _EVENT]).where(*conditions).order_by(EVENT.c.position)
    for row in connection.execute(query):
        values = dict(zip(_EVENT, row, strict=True))
        values["data"] = json.loads(values["data"])
        yield EventRow(**values)
