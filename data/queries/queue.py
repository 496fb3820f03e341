"""The queue: pages of tickets, counted and in order, for any size of workspace."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data.errors import NotFound
from data.plain import from_micros
from data.queries.asking import Order, question
from data.queries.held import Run
from data.queries.orders import Key
from data.queries.rows import Page, TicketRow
from data.queries.search import BadQuery, Search, parse_search
from data.queries.views import VIEWS
from data.queries.walk import Walk
from data.vocabulary import OPEN_ACTIONS, Priority, TicketStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from data.store import Store

__all__ = ["COLUMNS", "VIEWS", "Asked", "Order", "Page", "queue_page"]

COLUMNS = (
    "id", "ref", "status", "priority", "intent", "intents", "subject", "requester",
    "customer_name", "tier", "owner", "flags", "opened_at", "updated_at", "money_at_risk",
    "message_count", "due_at",
)  # fmt: skip
"""What a line of the queue is made of."""

_JSON, _TIMES = ("intents", "flags"), ("opened_at", "updated_at", "due_at")
_AT_ONCE = 500
"""Rows fetched by one query."""


@dataclass(frozen=True)
class Asked:
    """Which tickets the queue shows, and in what order."""

    search: Search = field(default_factory=Search)
    view: str = "open"
    order: Order = "newest"


def runner(connection: "Connection") -> Run:
    """What runs SQL in the transaction of a connection, with nothing in between on SQLite."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection

        def direct(query: str, params: dict[str, Any]) -> Sequence[Sequence[Any]]:
            rows: Sequence[Sequence[Any]] = raw.execute(query, params).fetchall()
            return rows

        return direct
    from sqlalchemy import text

    def through(query: str, params: dict[str, Any]) -> Sequence[Sequence[Any]]:
        statement = text(query)
        needed = statement.compile().params
        return connection.execute(statement, {name: params[name] for name in needed}).all()

    return through


@contextmanager
def walking(store: "Store", asked: Asked, operator: str) -> Iterator[tuple[Walk, Run]]:
    """A walk through the queue, in one consistent view for the length of the block."""
    with store.read() as connection:
        run, indexed = runner(connection), connection.dialect.name == "sqlite"
        now = store.clock.now()
        wanted = question(asked.search, asked.view, asked.order, operator, now, indexed=indexed)
        yield Walk(wanted, run), run


def queue_page(
    store: "Store",
    search: Search | None = None,
    *,
    view: str = "all",
    order: Order = "newest",
    limit: int = 100,
    offset: int = 0,
    operator: str = "",
    most: int | None = None,
) -> Page:
    """At most `limit` tickets from `offset` on, with the count of all that the search finds.

    Beyond `most`, if given, the count is `most` and not exact.
    """
    with walking(store, Asked(search or Search(), view, order), operator) as (walk, run):
        rows = rows_of(run, walk.page(limit, offset=offset))
        seen = offset + len(rows) if rows else 0
        if rows and len(rows) < limit:
            return Page(rows, seen)
        total, exact = walk.count(most, seen=seen)
    return Page(rows, max(total, seen), exact)


def queue_count(store: "Store", asked: Asked, operator: str, most: int) -> tuple[int, bool]:
    """How many tickets there are, and whether that is exact: beyond `most` it is `most`."""
    with walking(store, asked, operator) as (walk, _):
        return walk.count(most)


def saved_searches(queries: Mapping[str, str]) -> dict[str, Search]:
    """A person's own searches by their names, parsed; those that cannot be understood are left
    out."""
    found = {}
    for name, query in queries.items():
        with suppress(BadQuery):
            found[name] = parse_search(query)
    return found


def view_counts(
    store: "Store", operator: str, more: Mapping[str, Search], most: int = 1_000
) -> dict[str, tuple[int, bool]]:
    """What `queue_count` says of each view, and of the searches `more` by their names."""
    asked = {view: Asked(view=view) for view in VIEWS}
    asked |= {name: Asked(search, "all") for name, search in more.items()}
    return {name: queue_count(store, one, operator, most) for name, one in asked.items()}


def rows_of(run: Run, keys: Sequence[Key]) -> list[TicketRow]:
    """The tickets that the keys stand for, in the same order."""
    found: dict[str, TicketRow] = {}
    ids = [str(key[-1]) for key in keys]
    for start in range(0, len(ids), _AT_ONCE):
        some = {f"i{at}": name for at, name in enumerate(ids[start : start + _AT_ONCE])}
        listed = ", ".join(f":{name}" for name in some)
        query = f"SELECT {', '.join(COLUMNS)} FROM ticket WHERE id IN ({listed})"
        for row in run(query, some):
            ticket = _ticket_row(row)
            found[ticket.id] = ticket
    return [found[name] for name in ids if name in found]


def _ticket_row(row: Sequence[Any]) -> TicketRow:
    """A line of the queue from the stored values of `COLUMNS`."""
    values = dict(zip(COLUMNS, row, strict=True))
    for name in _JSON:
        values[name] = json.loads(values[name]) if values[name] != "[]" else []
    for name in _TIMES:
        values[name] = from_micros(values[name]) if values[name] is not None else None
    values["status"] = TicketStatus(values["status"])
    values["priority"] = Priority(values["priority"])
    return TicketRow(**values)


def find_ticket(store: "Store", name: str) -> str:
    """The id of the ticket that an id or a ref names; NotFound with the name if there is none."""
    query = "SELECT id FROM ticket WHERE id = :name UNION ALL SELECT id FROM ticket "
    query += "WHERE ref = :name"
    with store.read() as connection:
        found = runner(connection)(query, {"name": name})
    if not found:
        raise NotFound(f"no ticket {name!r}; `handrail tickets` lists them")
    return str(found[0][0])


def pending_tickets(store: "Store", limit: int) -> list[str]:
    """Tickets that the agents have yet to look at, oldest first, at most `limit`."""
    query = "SELECT id FROM ticket WHERE pending = true ORDER BY opened_at, id LIMIT :limit"
    with store.read() as connection:
        return [str(row[0]) for row in runner(connection)(query, {"limit": limit})]


def open_action_targets(store: "Store", name: str, targets: list[str]) -> dict[str, str]:
    """Of the records `targets`, those with an open request of action `name`: target to ticket."""
    if not targets:
        return {}
    params: dict[str, Any] = {f"t{at}": target for at, target in enumerate(targets)}
    states = ", ".join(f"'{state.value}'" for state in sorted(OPEN_ACTIONS))
    query = (
        f"SELECT target, ticket_id FROM action WHERE name = :name AND state IN ({states}) "
        f"AND target IN ({', '.join(f':{name}' for name in params)})"
    )
    with store.read() as connection:
        rows = runner(connection)(query, params | {"name": name})
        return {str(target): str(ticket) for target, ticket in rows}
