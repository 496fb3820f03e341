"""Checking tickets as they end, beside a worker's work: from a cursor in the log, one at a time."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from agents.quality.checking import Checker
from agents.quality.dossier import ENDS
from data.measures.rollup import SETTING, newest_event
from data.store import EVENT, Store

CURSOR = "checked_to"
"""The setting that holds the newest event whose ticket was looked at."""

PAUSE_SECONDS = 1.0
"""Between two looks for tickets that ended."""

BREATH_SECONDS = 0.02
"""Between two tickets, so that the worker's own threads come first."""

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
    newest, since = newest_event(store.engine), _cursor(store)
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


class QualityThread:
    """Sweeps in a thread of its own until it is stopped."""

    def __init__(self, checker: Checker, pause: float = PAUSE_SECONDS) -> None:
        """Not yet started; `pause` seconds lie between two looks."""
        self._checker, self._pause, self._stop = checker, pause, threading.Event()
        self._thread = threading.Thread(target=self._run, name="quality", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the ticket in hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                while sweep(self._checker, lambda: self._stop.wait(BREATH_SECONDS)):
                    pass
            except SQLAlchemyError:
                # Out of reach for now; the worker tells of that itself.
                continue
