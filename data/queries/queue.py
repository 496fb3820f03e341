"""The queue: pages of tickets, counted and in order, for any size of workspace."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select
from sqlalchemy.engine import Row

from data.errors import HandrailError, NotFound
from data.queries.rows import Page, TicketRow
from data.queries.search import Search
from data.store import ACTION, MESSAGE, TICKET, Store
from data.vocabulary import ENDED_TICKETS, OPEN_ACTIONS, Priority, TicketStatus

Order = Literal["attention", "newest", "oldest", "updated"]

VIEWS: dict[str, str] = {
    "all": "every ticket",
    "open": "not ended",
    "needs approval": "waits for a decision",
    "escalated": "waits for a person",
    "customer": "waits for the customer",
    "mine": "taken by you",
    "ended": "resolved or closed",
}
"""Saved views and what each holds."""

_COLUMNS = [
    "id",
    "ref",
    "status",
    "priority",
    "intent",
    "intents",
    "subject",
    "requester",
    "customer_name",
    "tier",
    "owner",
    "flags",
    "opened_at",
    "updated_at",
    "money_at_risk",
    "message_count",
]
ROW_COLUMNS = [TICKET.c[name] for name in _COLUMNS]

_ORDERS: dict[str, list[Any]] = {
    "attention": [TICKET.c.priority_rank, TICKET.c.opened_at, TICKET.c.id],
    "newest": [TICKET.c.opened_at.desc(), TICKET.c.id.desc()],
    "oldest": [TICKET.c.opened_at, TICKET.c.id],
    "updated": [TICKET.c.updated_at.desc(), TICKET.c.id.desc()],
}


def ticket_row(row: Row[Any]) -> TicketRow:
    """A line of the queue from the columns `ROW_COLUMNS`."""
    values = dict(zip(_COLUMNS, row, strict=False))
    values["status"] = TicketStatus(values["status"])
    values["priority"] = Priority(values["priority"])
    return TicketRow(**values)


def _like(column: Any, word: str) -> ColumnElement[bool]:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.ilike(f"%{escaped}%", escape="\\")  # type: ignore[no-any-return]


def _conditions(search: Search, view: str, operator: str, now: datetime) -> list[Any]:
    held: list[Any] = []
    for word in search.words:
        in_body = select(MESSAGE.c.ticket_id).where(_like(MESSAGE.c.body, word))
        named = [TICKET.c.subject, TICKET.c.requester, TICKET.c.ref, TICKET.c.customer_name]
        held.append(or_(*(_like(column, word) for column in named), TICKET.c.id.in_(in_body)))
    for name, values in search.fields.items():
        if name == "from":
            held.append(or_(*(_like(TICKET.c.requester, value) for value in values)))
        elif name in ("intent", "flag"):
            column = TICKET.c.intents if name == "intent" else TICKET.c.flags
            held.append(
                or_(
                    *(
                        cast(column, Text).contains(f'"{value}"', autoescape=True)
                        for value in values
                    )
                )
            )
        else:
            held.append(TICKET.c[name].in_(values))
    if search.older:
        held.append(TICKET.c.opened_at <= now - search.older)
    if search.newer:
        held.append(TICKET.c.opened_at >= now - search.newer)
    ended = [s.value for s in ENDED_TICKETS]
    match view:
        case "all":
            pass
        case "open":
            held.append(TICKET.c.status.not_in(ended))
        case "needs approval":
            waiting = select(ACTION.c.ticket_id).where(ACTION.c.state == "proposed")
            held.append(TICKET.c.id.in_(waiting))
        case "escalated":
            held.append(TICKET.c.status == TicketStatus.ESCALATED.value)
        case "customer":
            held.append(TICKET.c.status == TicketStatus.AWAITING_CUSTOMER.value)
        case "mine":
            held.append(TICKET.c.owner == operator)
        case "ended":
            held.append(TICKET.c.status.in_(ended))
        case _:
            raise HandrailError(f"no view {view!r}; there are {', '.join(VIEWS)}")
    return held


def queue_page(
    store: Store,
    search: Search | None = None,
    *,
    view: str = "all",
    order: Order = "newest",
    limit: int = 100,
    offset: int = 0,
    operator: str = "",
) -> Page:
    """At most `limit` tickets from `offset` on, with the count of all that the search finds."""
    held = _conditions(search or Search(), view, operator, store.clock.now())
    rows: Select[Any] = select(*ROW_COLUMNS).where(and_(True, *held))
    rows = rows.order_by(*_ORDERS[order]).limit(limit).offset(offset)
    count = select(func.count()).select_from(TICKET).where(and_(True, *held))
    with store.read() as connection:
        found = [ticket_row(row) for row in connection.execute(rows)]
        total = int(connection.execute(count).scalar_one())
    return Page(found, total)


def find_ticket(store: Store, name: str) -> str:
    """The id of the ticket that an id or a ref names; NotFound with the name if there is none."""
    with store.read() as connection:
        found = connection.execute(
            select(TICKET.c.id).where(or_(TICKET.c.id == name, TICKET.c.ref == name))
        ).first()
    if found is None:
        raise NotFound(f"no ticket {name!r}; `handrail tickets` lists them")
    return str(found.id)


def pending_tickets(store: Store, limit: int) -> list[str]:
    """Tickets that the agents have yet to look at, oldest first, at most `limit`."""
    query = select(TICKET.c.id).where(TICKET.c.pending.is_(True))
    with store.read() as connection:
        rows = connection.execute(query.order_by(TICKET.c.opened_at, TICKET.c.id).limit(limit))
        return [row.id for row in rows]


def open_action_targets(store: Store, name: str, targets: list[str]) -> dict[str, str]:
    """Of the records `targets`, those with an open request of action `name`: target to ticket."""
    query = select(ACTION.c.target, ACTION.c.ticket_id).where(
        ACTION.c.name == name,
        ACTION.c.target.in_(targets),
        ACTION.c.state.in_([s.value for s in OPEN_ACTIONS]),
    )
    with store.read() as connection:
        return {row.target: row.ticket_id for row in connection.execute(query)}
