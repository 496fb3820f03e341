"""Which runs have ended and were not exported yet: from a cursor in the log, beside the work."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, select, update

from agents.telemetry.export import Exporter
from agents.telemetry.spans import RunRow, Step, spans_of, trace_id
from data.measures.rollup import SETTING
from data.queries.settled import newest_settled
from data.queries.tickets import RUN
from data.store import EVENT, Store
from data.tables import Setting

CURSOR = "traced_to"
"""The setting that holds the newest event whose run was exported."""

_ENDS = ("run.ended", "run.failed")
_AT_ONCE = 50

log = logging.getLogger(__name__)


class Tracing:
    """Exports the runs that end from now on; what ended before it was first set up is left out."""

    def __init__(self, store: Store, exporter: Exporter) -> None:
        """Begin at the end of the log, or where the last exporter stood."""
        self._store, self._exporter, self._failing = store, exporter, False
        newest = newest_settled(store)
        with store.write() as tx:
            if _cursor(tx.connection) is None:
                tx.insert(Setting, name=CURSOR, value=str(newest))

    def export(self, rest: Callable[[], bool] = lambda: False) -> bool:
        """Send the traces of the next runs that ended; whether there may be more at once.

        One that the collector does not take stops it there; it is sent again the next time.
        """
        newest = newest_settled(self._store)
        with self._store.read() as connection:
            since = _cursor(connection) or 0
            ends = connection.execute(
                select(EVENT.c.id, EVENT.c.run_id)
                .where(EVENT.c.id > since, EVENT.c.id <= newest, EVENT.c.kind.in_(_ENDS))
                .order_by(EVENT.c.id)
                .limit(_AT_ONCE)
            ).all()
        for end in ends:
            if rest():
                return False
            if end.run_id is not None and not self._send(end.run_id):
                return False
            self._move(end.id)
        return len(ends) == _AT_ONCE

    def close(self) -> None:
        """Give the exporter back."""
        self._exporter.close()

    def _send(self, run_id: str) -> bool:
        with self._store.read() as connection:
            run, steps = _run(connection, run_id)
        offset: timedelta = getattr(self._store.clock, "offset", timedelta(0))
        taken = self._exporter.send(trace_id(run_id), spans_of(run, steps, offset))
        if not taken and not self._failing:
            log.warning("the collector of traces takes none; they are sent when it does")
        self._failing = not taken
        return taken

    def _move(self, until: int) -> None:
        with self._store.write() as tx:
            tx.connection.execute(
                update(SETTING).where(SETTING.c.name == CURSOR).values(value=str(until))
            )


def _cursor(connection: Connection) -> int | None:
    found = connection.execute(select(SETTING.c.value).where(SETTING.c.name == CURSOR)).scalar()
    return None if found is None else int(found)


def _run(connection: Connection, run_id: str) -> tuple[RunRow, list[Step]]:
    """A run and its events."""
    names = list(RunRow.__dataclass_fields__)
    row = connection.execute(select(*[RUN.c[n] for n in names]).where(RUN.c.id == run_id)).one()
    query = select(EVENT).where(EVENT.c.chain == row.ticket_id, EVENT.c.run_id == run_id)
    steps = [
        Step(e.position, e.at, e.agent, e.kind, json.loads(e.data))
        for e in connection.execute(query.order_by(EVENT.c.position))
    ]
    return RunRow(*row), steps
