"""One decision: approving, and starting what was approved, against a bare SQLite transaction."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from agents.engine.journal import Journal
from agents.engine.snapshot import Row, take_snapshot
from agents.engine.starting import begin
from agents.service import NewTicket
from data.queries.approvals import pending_approvals
from data.queries.rows import ActionRow
from tests.bench.whole import Site


class Took(NamedTuple):
    """Milliseconds of an act."""

    wall: float
    cpu: float


STARTED = "approved, then executing"


def deciding(folder: Path, tickets: int, seed: int) -> dict[str, list[Took]]:
    """How long each act takes, all in turns on the same disk, synchronous=FULL.

    The bare transaction changes one row of a table of the same length: BEGIN IMMEDIATE, UPDATE,
    COMMIT.
    """
    site = Site(folder, tickets, seed)
    try:
        for written in site.written:
            new = NewTicket(None, written.subject, written.body, written.email)
            site.engine.advance(site.service.ingest(new))
        took: dict[str, list[Took]] = {"bare": [], "approve": [], STARTED: []}
        with closing(_bare(folder / "bare.db", tickets)) as bare:
            for number, action in enumerate(pending_approvals(site.workspace)):
                took["bare"].append(_timed(partial(_change, bare, number)))
                approved = _timed(partial(_approve, site, action))
                took["approve"].append(approved)
                snapshot = take_snapshot(site.workspace, action.ticket_id)
                row = next(a for a in snapshot.actions if a["id"] == action.id)
                started = _timed(partial(_start, site, snapshot.ticket, row))
                both = Took(approved.wall + started.wall, approved.cpu + started.cpu)
                took[STARTED].append(both)
        return took
    finally:
        site.close()


def summed_up(took: list[Took]) -> tuple[float, float, float]:
    """The median and the 95th percentile of the time, and the median of the CPU."""
    walls = [one.wall for one in took]
    late = statistics.quantiles(walls, n=20, method="inclusive")[-1]
    return statistics.median(walls), late, statistics.median(one.cpu for one in took)


def _timed(act: Callable[[], None]) -> Took:
    cpu, start = time.process_time(), time.perf_counter()
    act()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    return Took(wall * 1000, cpu * 1000)


def _approve(site: Site, action: ActionRow) -> None:
    site.service.approve(action.id, by="bench", digest=action.digest)


def _start(site: Site, ticket: Row, action: Row) -> None:
    """Spend the decision and record the intent, as the executor does before it calls anybody."""
    journal = Journal(site.workspace, ticket)
    journal.run_id = action["run_id"]
    capped = begin(site.engine.parts, journal, action)
    assert capped is None, capped


def _bare(path: Path, rows: int) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE action (id INTEGER PRIMARY KEY, state TEXT)")
    database.executemany(
        "INSERT INTO action VALUES (?, 'proposed')", [(number,) for number in range(rows)]
    )
    return database


def _change(database: sqlite3.Connection, number: int) -> None:
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE action SET state = 'approved' WHERE id = ?", (number,))
    database.execute("COMMIT")
