"""Everything that is on record about one ticket, read in one view for the checks."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, func, select

from agents.connectors.protocols import Effect
from agents.engine.starting import COUNTED, HALT
from agents.policy.model import Policy
from data.errors import HandrailError
from data.queries.tickets import DECISION, HANDOFF, ISSUE, RUN
from data.store import ACTION, EVENT, MESSAGE, PAYLOAD, TICKET, Store
from data.vocabulary import IMPORTED, Author, TicketStatus

Row = dict[str, Any]
LookUp = Callable[[str], Effect | None]
"""The effect that an idempotency key had in the outside system, or None."""

ENDS = ("run.ended", "run.failed", "ticket.resolved", "ticket.closed", "ticket.merged")
"""Kinds of events by which a ticket comes to an end."""

AT_REST = (
    TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.ESCALATED,
    TicketStatus.AWAITING_CUSTOMER,
)  # fmt: skip
"""Where a ticket stands that has come to an end, as the policy understands ends."""

_ABOUT = ("articles", "services", "plans")
"""Read tools whose rows are about nobody."""

_TABLE_OF = {"customer": "customers", "customer_by_email": "customers", "errors": "logs"}
"""The table that a read tool reads, where it is not called by its name."""


@dataclass(frozen=True)
class Entry:
    """One event of the ticket's log."""

    position: int
    at: datetime
    agent: str
    kind: str
    run_id: str | None
    data: Row
    payload: str | None
    """The raw text beside it; None where there is none, or no longer."""

    @cached_property
    def result(self) -> Any:
        """The payload as a JSON value; None where it is none."""
        try:
            return json.loads(self.payload) if self.payload else None
        except json.JSONDecodeError:
            return None


@dataclass(frozen=True)
class Usage:
    """What had been started of an action's kind on its day, itself included."""

    count: int
    amount: int
    """Minor units of its currency."""


@dataclass(frozen=True)
class Dossier:
    """One ticket with its rows, its log and what the outside system says of its actions."""

    ticket: Row
    messages: list[Row]
    """All of them in order; those of the customer with `raw`."""
    issues: list[Row]
    actions: list[Row]
    decisions: dict[str, list[Row]]
    handoffs: list[Row]
    runs: list[Row]
    entries: list[Entry]
    earlier: list[Row] = field(default_factory=list)
    """The customer's other tickets that were opened before this one."""
    halts: list[Row] = field(default_factory=list)
    """Stop buttons that were pressed while something of the ticket started."""
    used: dict[str, Usage] = field(default_factory=dict)
    """By action, for the caps of a day."""
    effects: dict[str, Effect | None] = field(default_factory=dict)
    """By idempotency key; a key that is not there could not be looked up."""

    @property
    def imported(self) -> bool:
        """Whether other agents did it, of whose work little is on record."""
        return bool(self.ticket["channel"] == IMPORTED)

    def under(self, policy: Policy) -> bool:
        """Whether the agents last worked under this policy: else its numbers say nothing of it."""
        return bool(self.runs) and self.runs[-1]["policy_version"] == policy.version

    @property
    def end(self) -> Entry | None:
        """The event by which it ended last."""
        return next((e for e in reversed(self.entries) if e.kind in ENDS), None)

    def of_kind(self, *kinds: str) -> list[Entry]:
        """The events of some kinds, in order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    def about(self, action: Row, *kinds: str) -> list[Entry]:
        """The events of some kinds that are about an action, in order."""
        return [e for e in self.of_kind(*kinds) if e.data.get("action") == action["id"]]

    def last(self, kind: str, before: int | None = None) -> Entry | None:
        """The newest event of a kind, or the newest before a position."""
        found = [e for e in self.of_kind(kind) if before is None or e.position < before]
        return found[-1] if found else None

    @cached_property
    def said(self) -> list[Row]:
        """The customer's messages."""
        return [m for m in self.messages if m["author"] == Author.CUSTOMER]

    @cached_property
    def replies(self) -> list[tuple[Entry | None, str]]:
        """What the agents answered, each with its event where the log has one."""
        # What an imported run said is masked in what is shown; whether it leaked is in the raw.
        raw = self.imported
        texts = [
            (m["raw"] or m["body"]) if raw else m["body"]
            for m in self.messages
            if m["author"] == Author.AGENT
        ]
        events = [e for e in self.of_kind("reply") if e.agent != "operator"]
        padded = [*events, *[None] * len(texts)][: len(texts)]
        return list(zip(padded, texts, strict=True))

    @cached_property
    def records(self) -> dict[str, dict[str, Row]]:
        """What was read of the outside systems: table to id to row, the newest reading of each."""
        found: dict[str, dict[str, Row]] = {}
        for table, row in self._read():
            found.setdefault(table, {})[str(row.get("id") or row.get("name"))] = row
        return found

    def _read(self) -> Iterator[tuple[str, Row]]:
        for entry in self.of_kind("tool.called", "context"):
            parts: dict[str, Any] = {str(entry.data.get("tool") or ""): entry.result}
            if entry.kind == "context" and isinstance(entry.result, dict):
                parts = {**entry.result, "customers": entry.result.get("profile")}
            for tool, rows in parts.items():
                for row in rows if isinstance(rows, list) else [rows]:
                    if isinstance(row, dict) and tool:
                        yield _TABLE_OF.get(tool, tool), row
        for action in self.actions:
            for name, record in (action["records"] or {}).items():
                if isinstance(record.get("fields"), dict):
                    yield name.partition(":")[0], record["fields"]

    @cached_property
    def public(self) -> str:
        """What may be said to anyone: the customer's own words, and rows that are about nobody."""
        words = [self.ticket["subject"], *(m["body"] for m in self.said)]
        words += [m["raw"] for m in self.said if m["raw"]]
        for table in _ABOUT:
            for row in self.records.get(table, {}).values():
                words += _texts_in(row)
        return "\n".join(words)


def _texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts_in(item)]
    return [str(value)] if value is not None else []


def read_dossier(store: Store, ticket_id: str, look_up: LookUp | None = None) -> Dossier:
    """What is on record about a ticket; without `look_up` nothing is asked of other systems."""
    with store.read() as connection:
        dossier = _read_in(connection, ticket_id)
    if look_up is not None:
        dossier.effects.update(_effects(dossier.actions, look_up))
    return dossier


def _rows(connection: Connection, query: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _read_in(connection: Connection, ticket_id: str) -> Dossier:
    ticket = _rows(connection, select(TICKET).where(TICKET.c.id == ticket_id))[0]
    raw = select(MESSAGE, PAYLOAD.c.body.label("raw")).outerjoin(
        PAYLOAD, PAYLOAD.c.id == MESSAGE.c.payload_id
    )
    messages = raw.where(MESSAGE.c.ticket_id == ticket_id).order_by(MESSAGE.c.position)
    actions = _rows(
        connection,
        select(ACTION).where(ACTION.c.ticket_id == ticket_id).order_by(ACTION.c.position),
    )
    decisions: dict[str, list[Row]] = {}
    query = select(DECISION).join(ACTION, ACTION.c.id == DECISION.c.action_id)
    for row in _rows(connection, query.where(ACTION.c.ticket_id == ticket_id)):
        decisions.setdefault(row["action_id"], []).append(row)
    started = [action for action in actions if action["started_at"] is not None]
    return Dossier(
        ticket=ticket,
        messages=_rows(connection, messages),
        issues=_of_ticket(connection, ISSUE, ticket_id, ISSUE.c.position),
        actions=actions,
        decisions=decisions,
        handoffs=_of_ticket(connection, HANDOFF, ticket_id, HANDOFF.c.queued_at),
        runs=_of_ticket(connection, RUN, ticket_id, RUN.c.number),
        entries=_entries(connection, ticket_id),
        earlier=_earlier(connection, ticket),
        halts=_rows(connection, select(HALT)) if started else [],
        used={action["id"]: _used(connection, action) for action in started},
    )


def _of_ticket(connection: Connection, table: Any, ticket_id: str, order: Any) -> list[Row]:
    return _rows(connection, select(table).where(table.c.ticket_id == ticket_id).order_by(order))


def _entries(connection: Connection, ticket_id: str) -> list[Entry]:
    query = (
        select(EVENT, PAYLOAD.c.body)
        .outerjoin(PAYLOAD, PAYLOAD.c.id == EVENT.c.payload_id)
        .where(EVENT.c.chain == ticket_id)
        .order_by(EVENT.c.position)
    )
    return [
        Entry(e.position, e.at, e.agent, e.kind, e.run_id, json.loads(e.data), e.body)
        for e in connection.execute(query)
    ]


def _earlier(connection: Connection, ticket: Row) -> list[Row]:
    if ticket["customer_id"] is None:
        return []
    query = select(TICKET.c.id, TICKET.c.intents, TICKET.c.opened_at).where(
        TICKET.c.customer_id == ticket["customer_id"],
        TICKET.c.id != ticket["id"],
        TICKET.c.opened_at <= ticket["opened_at"],
        TICKET.c.merged_into.is_(None),
    )
    return _rows(connection, query)


def _used(connection: Connection, action: Row) -> Usage:
    began = action["started_at"]
    day = began.replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count(), func.coalesce(func.sum(ACTION.c.amount), 0)).where(
        ACTION.c.name == action["name"],
        ACTION.c.started_at >= day,
        ACTION.c.started_at < day + timedelta(days=1),
        ACTION.c.started_at <= began,
        ACTION.c.state.in_(COUNTED),
    )
    if action["currency"] is not None:
        query = query.where(ACTION.c.currency == action["currency"])
    count, amount = connection.execute(query).one()
    return Usage(int(count), int(amount))


def _effects(actions: list[Row], look_up: LookUp) -> dict[str, Effect | None]:
    """What became of the keys of actions that started, as far as the system can be asked."""
    found: dict[str, Effect | None] = {}
    for action in actions:
        if action["started_at"] is None:
            continue
        try:
            found[action["idempotency_key"]] = look_up(action["idempotency_key"])
        except HandrailError:
            # The system cannot be asked now; what it knows is no part of the check then.
            continue
    return found
