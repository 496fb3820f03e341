"""Checking tickets as they end, beside a worker's work: from a cursor in the log, one at a time."""

import logging
from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from agents.quality.checking import Checker
from agents.quality.dossier import ENDS
from data.measures.rollup import SETTING
from data.queries.settled import newest_settled
from data.store import EVENT, Store

CURSOR = "checked_to"
"""The setting that holds the newest event whose ticket was looked at."""

_AT_ONCE = 20
_FAR = 5_000
"""Events without an end after which the cursor moves on all the same."""

log = logging.getLogger(__name__)


def sweep(
    checker: Checker, rest: Callable[[], bool] = lambda: False, at_once: int = _AT_ONCE
) -> bool:
    """Check the tickets of the next ends in the log; whether there may be more.

    Workers may do so at the same time: an end is checked once. A ticket that cannot be checked is
    told of and left to `handrail qa run`. `rest` is called between two tickets; True ends it.
    """
    store = checker.store
    newest, since = newest_settled(store), _cursor(store)
    query = (
        select(EVENT.c.id, EVENT.c.chain)
        .where(EVENT.c.id > since, EVENT.c.id <= newest, EVENT.c.kind.in_(ENDS))
        .order_by(EVENT.c.id)
        .limit(at_once)
    )
    with store.read() as connection:
        ends = connection.execute(query).all()
    for ticket_id in dict.fromkeys(end.chain for end in ends):
        if rest():
            return False
        try:
            checker.check(ticket_id)
        except DatabaseError as problem:
            # No room, or held by another program: the engine tells of it too, and it passes.
            log.warning(
                "the quality of ticket %s could not be checked: %s", ticket_id, problem.orig
            )
        except Exception:
            log.warning("the quality of ticket %s could not be checked", ticket_id, exc_info=True)
    more = len(ends) == at_once
    if ends or newest - since > _FAR:
        _move(store, since, ends[-1].id if more else newest)
    return more


def _cursor(store: Store) -> int:
    with store.read() as connection:
        found = connection.execute(select(SETTING.c.value).where(SETTING.c.name == CURSOR)).scalar()
    return int(found or 0)


def _move(store: Store, since: int, until: int) -> None:
    """Move the cursor on, unless another worker has."""
    if until <= since:
        return
    with store.write() as tx:
        tx.connection.execute(
            update(SETTING)
            .where(SETTING.c.name == CURSOR, SETTING.c.value == str(since))
            .values(value=str(until))
        )
