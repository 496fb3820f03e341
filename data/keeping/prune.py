"""Forgetting by age: what tickets that ended long ago still hold."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from data.errors import HandrailError
from data.keeping.fields import ERASED
from data.keeping.removal import AT_ONCE, Removal
from data.store import ACTION, MESSAGE, TICKET, NewEvent, Store
from data.vocabulary import ENDED_TICKETS, OPEN_ACTIONS, AgentName

BREATH = 0.1
"""Seconds between two batches, in which other writers come to their turn."""


@dataclass
class Pruned:
    """What was erased by age."""

    tickets: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    """Table to how many of its rows lost something."""


def old_tickets(store: Store, days: int) -> int:
    """How many tickets that ended more than `days` days ago hold personal data still."""
    with store.read() as connection:
        query = select(func.count()).select_from(TICKET).where(*_old(store, days))
        return int(connection.execute(query).scalar_one())


def prune(
    store: Store,
    days: int,
    *,
    by: str,
    at_once: int = AT_ONCE,
    on_batch: Callable[[int], None] = lambda done: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Pruned:
    """Erase the personal data of tickets that ended more than `days` days ago.

    `at_once` of them a transaction, each with an event in their chains and one in the
    workspace's; stopped at any point, the next call goes on with the rest. `on_batch` hears how
    many tickets are done.
    """
    if days < 1:
        raise HandrailError(f"{days} days: tickets are kept for a day or longer")
    done, last = Pruned(), ""
    while True:
        with store.write() as tx:
            ids = _next(tx.connection, store, days, last, at_once)
            if not ids:
                return done
            why = {"why": "kept for its time", "days": days}
            rows = Removal(tx, ids).apply(by, why)
            data = {"by": by, "days": days, "tickets": len(ids), "erased": dict(rows)}
            tx.append(NewEvent("tickets.pruned", AgentName.OPERATOR.value, data))
        done.tickets += len(ids)
        done.rows += rows
        last = ids[-1]
        on_batch(done.tickets)
        sleep(BREATH)


def _old(store: Store, days: int) -> list[Any]:
    """Ended so long ago, nothing open, and a message that is not erased."""
    held = select(MESSAGE.c.id).where(MESSAGE.c.ticket_id == TICKET.c.id, MESSAGE.c.body != ERASED)
    requests = select(ACTION.c.id).where(
        ACTION.c.ticket_id == TICKET.c.id, ACTION.c.state.in_([s.value for s in OPEN_ACTIONS])
    )
    return [
        TICKET.c.status.in_([s.value for s in ENDED_TICKETS]),
        TICKET.c.ended_at < store.clock.now() - timedelta(days=days),
        TICKET.c.pending.is_(False),
        held.exists(),
        ~requests.exists(),
    ]


def _next(connection: Connection, store: Store, days: int, last: str, at_once: int) -> list[str]:
    query = select(TICKET.c.id).where(*_old(store, days), TICKET.c.id > last)
    return list(connection.execute(query.order_by(TICKET.c.id).limit(at_once)).scalars())
