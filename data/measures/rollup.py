"""Keeping facts and sums up to date with the log: from a cursor, in batches, by many processes."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from data.database import writing
from data.measures.reading import FACT, read_facts, stored_facts
from data.measures.sums import Cell, Key, Sums, add, merge, spread
from data.store import CHAIN, EVENT, Store, Transaction, table
from data.tables import MeasureSum, Setting

SUM, SETTING = table(MeasureSum), table(Setting)
CURSOR = "measured_to"
"""The setting that holds the newest event that was taken in."""

BATCH = 2_000
"""Events that are taken in together; the write lock is held for what they change."""

_KEYS_AT_ONCE = 300


@dataclass(frozen=True)
class Progress:
    """How far the measures are."""

    done: int
    """The event that they know of."""
    newest: int
    """The newest event there is."""

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.done / self.newest if self.newest else 1.0


class _Overtaken(Exception):
    """Another process took the same events in first."""


def catch_up(
    store: Store,
    *,
    on_batch: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    at_once: int = BATCH,
) -> Progress:
    """Take in what was appended to the log since the last time; where the measures then stand.

    Reads and reckons in one transaction, writes in another, `at_once` events at a time, so that
    other writers come to their turn. Processes may do so at the same time: each event counts once.
    `on_batch` hears of each batch, `stop` ends it between two.
    """
    newest = _newest(store.engine)
    if not _may_count(store.engine):
        with store.engine.connect() as connection:
            return Progress(_cursor(connection), newest)
    while True:
        taken = _Batch.read(store, newest, at_once)
        progress = Progress(taken.until, max(newest, taken.until))
        if taken.until > taken.since:
            try:
                with store.write() as tx:
                    taken.write(tx)
            except _Overtaken:
                continue
            on_batch(progress)
        if taken.until >= newest or stop():
            return progress


def _newest(engine: Engine) -> int:
    """The newest event; every one up to it is committed.

    On PostgreSQL ids are given out before the commit, so a writer that is at it is waited for.
    """
    newest = select(func.coalesce(func.max(EVENT.c.id), 0))
    with engine.connect() as connection:
        found, done = int(connection.execute(newest).scalar_one()), _cursor(connection)
    if engine.dialect.name != "postgresql" or found <= done:
        return found
    with writing(engine) as connection:
        return int(connection.execute(newest).scalar_one())


def _may_count(engine: Engine) -> bool:
    """Whether this login may write what is counted; a viewer's on a server may not."""
    if engine.dialect.name != "postgresql":
        return True
    asked = text("SELECT has_table_privilege(current_user, 'measure_sum', 'UPDATE')")
    with engine.connect() as connection:
        return bool(connection.execute(asked).scalar_one())


def _cursor(connection: Connection) -> int:
    found = connection.execute(select(SETTING.c.value).where(SETTING.c.name == CURSOR)).scalar()
    return int(found or 0)


@dataclass
class _Batch:
    """Some events, and the rows that they change.

    The rows change with the cursor alone: as long as it stands where it was, they may be written.
    """

    since: int
    until: int
    facts: list[dict[str, Any]]
    sums: list[dict[str, Any]]

    @classmethod
    def read(cls, store: Store, newest: int, at_once: int) -> "_Batch":
        """What the next events change."""
        with store.read() as connection:
            since = _cursor(connection)
            events = connection.execute(
                select(EVENT.c.id, EVENT.c.chain, EVENT.c.position)
                .where(EVENT.c.id > since, EVENT.c.id <= newest)
                .order_by(EVENT.c.id)
                .limit(at_once)
            ).all()
            if not events:
                return cls(since, max(since, newest), [], [])
            tickets = _last_touched(connection, {e.chain: e.position for e in events})
            cells: dict[Cell, Sums] = {}
            for fact in stored_facts(connection, tickets):
                add(cells, fact, -1)
            facts = list(read_facts(connection, tickets))
            for fact in facts:
                add(cells, fact, +1)
            sums = list(_changed_sums(connection, spread(cells)))
        return cls(since, events[-1].id, [fact.row() for fact in facts], sums)

    def write(self, tx: Transaction) -> None:
        """Store it; _Overtaken if the measures are no longer where they were when it was read."""
        moved = tx.connection.execute(
            update(SETTING)
            .where(SETTING.c.name == CURSOR, SETTING.c.value == str(self.since))
            .values(value=str(self.until))
        )
        if moved.rowcount != 1:
            raise _Overtaken
        _put(tx.connection, FACT, self.facts)
        _put(tx.connection, SUM, self.sums)


def _last_touched(connection: Connection, positions: dict[str, int]) -> list[str]:
    """Tickets of which this batch holds the newest event; later batches come to the others."""
    positions.pop("", None)
    chains, found = list(positions), []
    for start in range(0, len(chains), _KEYS_AT_ONCE):
        some = CHAIN.c.id.in_(chains[start : start + _KEYS_AT_ONCE])
        heads = connection.execute(select(CHAIN.c.id, CHAIN.c.position).where(some))
        found += [head.id for head in heads if head.position <= positions[head.id]]
    return found


def _changed_sums(connection: Connection, changes: dict[Key, Sums]) -> Iterable[dict[str, Any]]:
    """The rows of `measure_sum` as they are after the changes."""
    keys = list(changes)
    key = tuple_(SUM.c.dimension, SUM.c.value, SUM.c.span)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        stored = {
            (row.dimension, row.value, row.span): row.sums
            for row in connection.execute(select(SUM).where(key.in_(some)))
        }
        for each in some:
            sums = Counter(stored.get(each, {}))
            merge(sums, changes[each].items())
            dimension, value, span = each
            yield {"dimension": dimension, "value": value, "span": span, "sums": sums}


@cache
def _upsert(into: Table, dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    insert = make(into)
    keys = [column.name for column in into.primary_key]
    return insert.on_conflict_do_update(
        index_elements=keys,
        set_={c.name: insert.excluded[c.name] for c in into.columns if c.name not in keys},
    )


def _put(connection: Connection, into: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or replace those that are there."""
    if rows:
        connection.execute(_upsert(into, connection.dialect.name), rows)
