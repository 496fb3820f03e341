"""A ticket as an advance finds it, read in one view."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from data.queries.tickets import DECISION, ISSUE, RUN
from data.store import ACTION, MESSAGE, PAYLOAD, TICKET, Store
from data.vocabulary import OPEN_ACTIONS, ActionState, Author, TicketStatus

Row = dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Everything of one ticket that the engine decides by."""

    ticket: Row
    messages: list[Row]
    """The customer's messages, oldest first, each with `raw`."""
    issues: list[Row]
    actions: list[Row]
    decisions: dict[str, list[Row]]
    run: Row | None
    """The newest run."""

    @property
    def unread(self) -> int:
        """How many of the customer's messages the agents have not read."""
        return len(self.messages) - int(self.ticket["read_count"])

    @property
    def generation(self) -> str:
        """Names this look at the ticket: another one once messages or actions have changed."""
        stale = sum(a["state"] == ActionState.STALE for a in self.actions)
        return f"{len(self.messages)}.{len(self.actions)}.{stale}"

    def actions_of(self, issue_id: str | None) -> list[Row]:
        """An issue's actions in their order, without those that a later revision replaced."""
        return [
            a
            for a in self.actions
            if a["issue_id"] == issue_id
            and a["superseded_by"] is None
            and a["name"] != "send_reply"
        ]


def _rows(connection: Connection, query: Any, **values: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query, values).mappings()]


# Built once: an advance reads them seven times, and building costs as much as reading.
_ID: BindParameter[str] = bindparam("ticket_id")
_TICKET = select(TICKET).where(TICKET.c.id == _ID)
_MESSAGES = (
    select(MESSAGE, PAYLOAD.c.body.label("raw"))
    .outerjoin(PAYLOAD, PAYLOAD.c.id == MESSAGE.c.payload_id)
    .where(MESSAGE.c.ticket_id == _ID, MESSAGE.c.author == Author.CUSTOMER.value)
    .order_by(MESSAGE.c.position)
)
_ISSUES = select(ISSUE).where(ISSUE.c.ticket_id == _ID).order_by(ISSUE.c.position)
_ACTIONS = select(ACTION).where(ACTION.c.ticket_id == _ID).order_by(ACTION.c.position)
_DECISIONS = (
    select(DECISION)
    .join(ACTION, ACTION.c.id == DECISION.c.action_id)
    .where(ACTION.c.ticket_id == _ID)
)
_NEWEST_RUN = select(RUN).where(RUN.c.ticket_id == _ID).order_by(RUN.c.number.desc()).limit(1)


def take_snapshot(store: Store, ticket_id: str) -> Snapshot:
    """Read the ticket and what belongs to it."""
    with store.read() as connection:
        return snapshot_in(connection, ticket_id)


def snapshot_in(connection: Connection, ticket_id: str) -> Snapshot:
    """The ticket and what belongs to it as a transaction sees them."""
    ticket = _rows(connection, _TICKET, ticket_id=ticket_id)[0]
    messages = _rows(connection, _MESSAGES, ticket_id=ticket_id)
    issues = _rows(connection, _ISSUES, ticket_id=ticket_id)
    actions = _rows(connection, _ACTIONS, ticket_id=ticket_id)
    decisions: dict[str, list[Row]] = {}
    if actions:
        for row in _rows(connection, _DECISIONS, ticket_id=ticket_id):
            decisions.setdefault(row["action_id"], []).append(row)
    runs = _rows(connection, _NEWEST_RUN, ticket_id=ticket_id)
    return Snapshot(ticket, messages, issues, actions, decisions, runs[0] if runs else None)


def open_refunds(store: Store, customer_id: str, ticket_id: str) -> frozenset[str]:
    """Charges of the customer that another ticket's open request refunds already."""
    query = (
        select(ACTION.c.target)
        .join(TICKET, TICKET.c.id == ACTION.c.ticket_id)
        .where(
            TICKET.c.customer_id == customer_id,
            ACTION.c.ticket_id != ticket_id,
            ACTION.c.name == "process_refund",
            ACTION.c.state.in_([s.value for s in OPEN_ACTIONS]),
        )
    )
    with store.read() as connection:
        return frozenset(row.target.partition(":")[2] for row in connection.execute(query))


def earlier_tickets(store: Store, ticket: Row, customer_id: str, days: int) -> list[Row]:
    """The customer's other tickets of the days before this one was opened."""
    query = select(TICKET).where(
        TICKET.c.customer_id == customer_id,
        TICKET.c.id != ticket["id"],
        TICKET.c.opened_at <= ticket["opened_at"],
        TICKET.c.opened_at >= ticket["opened_at"] - timedelta(days=days),
        TICKET.c.merged_into.is_(None),
    )
    with store.read() as connection:
        return _rows(connection, query)


def open_tickets_of(store: Store, ticket: Row, customer_id: str | None) -> list[Row]:
    """Other tickets of the same customer or sender that have not ended, oldest first."""
    who = (
        TICKET.c.customer_id == customer_id
        if customer_id
        else TICKET.c.requester == ticket["requester"]
    )
    if not customer_id and not ticket["requester"]:
        return []
    ended = [TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value, TicketStatus.NEW.value]
    query = select(TICKET).where(
        who, TICKET.c.id != ticket["id"], TICKET.c.status.not_in(ended),
        TICKET.c.opened_at <= ticket["opened_at"],
    )  # fmt: skip
    with store.read() as connection:
        return _rows(connection, query.order_by(TICKET.c.opened_at))


def next_position(store: Store, ticket_id: str) -> int:
    """The position after the ticket's last action."""
    with store.read() as connection:
        found = connection.execute(
            select(func.max(ACTION.c.position)).where(ACTION.c.ticket_id == ticket_id)
        ).scalar()
    return int(found or 0) + 1


def first_expiry(snapshot: Snapshot) -> datetime | None:
    """When the first pending request of the ticket expires."""
    times = [
        a["expires_at"] for a in snapshot.actions
        if a["state"] == ActionState.PROPOSED and a["expires_at"] is not None
    ]  # fmt: skip
    return min(times, default=None)
