"""Reading the log as it is stored, event by event, without holding it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, Select, func, select, type_coerce
from sqlalchemy.dialects import sqlite

from data.database import reading
from data.store import EVENT, PAYLOAD

_AT_ONCE = 200
"""Events, with their texts, that are held at a time."""

FIRST = -(2**63)
"""The lowest id that can be stored; ours begin at 1."""

Row = tuple[Any, ...]
"""id, chain, position, run_id, step, at, agent, kind, data, payload_id, payload_digest, hash; then
salt and body of the payload."""

COLUMNS = (
    "id", "chain", "position", "run_id", "step", "at", "agent", "kind", "data", "payload_id",
    "payload_digest", "hash",
)  # fmt: skip
"""The columns of an event, in the order in which they stand in a `Row`."""

_SELECTED = (
    EVENT.c.id,
    EVENT.c.chain,
    EVENT.c.position,
    EVENT.c.run_id,
    EVENT.c.step,
    type_coerce(EVENT.c.at, BigInteger),
    EVENT.c.agent,
    EVENT.c.kind,
    EVENT.c.data,
    EVENT.c.payload_id,
    EVENT.c.payload_digest,
    EVENT.c.hash,
    PAYLOAD.c.salt,
    PAYLOAD.c.body,
)


def events_as_stored(start: int = FIRST) -> Select[Any]:
    """The query for every event from the id `start` on, in the order of ids, as `Row`."""
    joined = EVENT.outerjoin(PAYLOAD, PAYLOAD.c.id == EVENT.c.payload_id)
    return select(*_SELECTED).select_from(joined).where(EVENT.c.id >= start).order_by(EVENT.c.id)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One view of the whole log for the length of the block, also while others write.

    On SQLite, a text that is not UTF-8 is read with its bytes as surrogates, so that a damaged one
    can be named.
    """
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            driver: Any = connection.connection.driver_connection
            driver.text_factory = _leniently
            try:
                yield connection
            finally:
                driver.text_factory = str
        return
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _leniently(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def stored_events(connection: Connection, *, bare: bool | None = None) -> Iterator[list[Row]]:
    """Every event in the order of ids, some at a time; `connection` is that of a `snapshot`.

    `bare` reads through the driver, which is several times faster (default: on SQLite).
    """
    if bare is None:
        bare = connection.dialect.name == "sqlite"
    return _by_driver(connection) if bare else _by_core(connection)


def _by_core(connection: Connection) -> Iterator[list[Row]]:
    streamed = connection.execute(events_as_stored().execution_options(yield_per=_AT_ONCE))
    for rows in streamed.partitions():
        yield [tuple(row) for row in rows]


def _by_driver(connection: Connection) -> Iterator[list[Row]]:
    driver: Any = connection.connection.driver_connection
    text = str(events_as_stored().compile(dialect=sqlite.dialect()))
    start, cursor = FIRST, None
    try:
        while True:
            # Strings are made in C; only where that fails, by our own function.
            driver.text_factory = str
            try:
                cursor = cursor or driver.execute(text, (start,))
                rows = cursor.fetchmany(_AT_ONCE)
            except sqlite3.OperationalError as problem:
                if "decode" not in str(problem):
                    raise
                driver.text_factory = _leniently
                rows, cursor = driver.execute(text, (start,)).fetchmany(_AT_ONCE), None
            if not rows:
                return
            yield rows
            start = rows[-1][0] + 1
    finally:
        driver.text_factory = _leniently


def newest_id(connection: Connection) -> int:
    """The id of the newest event; 0 if there is none."""
    return int(connection.execute(select(func.max(EVENT.c.id))).scalar() or 0)
