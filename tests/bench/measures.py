"""Measures of a large workspace: counting for the first time, asking again, and keeping up."""

import json
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event

from data.measures.report import By, measures, whole_period
from data.measures.rollup import catch_up
from data.store import NewEvent
from data.workspace import Workspace, open_workspace
from tests.bench.large import make_large

_MINUTE = 60_000_000
_ENDS = {"resolved": 70, "awaiting_customer": 15, "escalated": 15}
_EVENT = (
    "INSERT INTO event (chain, position, run_id, step, at, agent, kind, data, hash) "
    "VALUES (?, ?, ?, NULL, ?, ?, ?, ?, '')"
)


def large_with_courses(place: Path, tickets: int) -> None:
    """So many tickets, each with a course of events, written past the store; no valid hashes."""
    make_large(place, tickets).close()
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        held = db.execute(
            "SELECT t.id, t.opened_at, r.id FROM ticket t JOIN run r ON r.ticket_id = t.id "
            "ORDER BY t.rowid"
        )
        db.executemany(_EVENT, _courses(held))
        db.execute("UPDATE chain SET position = 5 WHERE id IN (SELECT ticket_id FROM run)")
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _courses(held: Any) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(3)
    ends = rng.choices(list(_ENDS), list(_ENDS.values()), k=4096)
    for number, (ticket, opened, run) in enumerate(held):
        at, status = opened + int(rng.lognormvariate(1, 1.5) * _MINUTE), ends[number % 4096]
        name = "process_refund" if number % 3 else "send_reply"
        steps = (
            ("resolution", "run.started", {"brain": "embedded"}),
            ("resolution", "action.verified", {"action": f"a_{number}", "name": name}),
            ("coordinator", "reply", {"characters": 300}),
            ("resolution", "run.ended", {"status": status, "outcome": {"code": "done"}}),
        )
        for position, (agent, kind, data) in enumerate(steps, 2):
            at += int(rng.lognormvariate(0, 1) * 3_000_000)
            yield ticket, position, run, at, agent, kind, json.dumps(data)


def measured(folder: Path, tickets: int) -> dict[str, float]:
    """Seconds for each way of asking; events, and events per second of the first count."""
    place = folder / "measures.db"
    large_with_courses(place, tickets)
    workspace = open_workspace(str(place))
    try:
        held: list[float] = []
        _time_writes(workspace, held)
        start = time.perf_counter()
        progress = catch_up(workspace)
        found = {"first": time.perf_counter() - start, "events": float(progress.done)}
        found["held"] = max(held)
        period = whole_period(workspace)
        assert period is not None
        asks: tuple[By | None, ...] = (None, "intent", "agent", "day")
        for by in asks:
            found[by or "all"] = _median(partial(_ask, workspace, by))
        found["days"] = period.days
        found |= _keeping_up(workspace)
        return found
    finally:
        workspace.close()


def _time_writes(workspace: Workspace, held: list[float]) -> None:
    """Keep how long each write transaction has the lock before it commits."""
    since: list[float] = []

    def begun(connection: Any) -> None:
        if connection.get_execution_options().get("writes"):
            since.append(time.perf_counter())

    def ended(connection: Any) -> None:
        if connection.get_execution_options().get("writes") and since:
            held.append(time.perf_counter() - since.pop())

    event.listen(workspace.engine, "begin", begun)
    event.listen(workspace.engine, "commit", ended)


def _ask(workspace: Workspace, by: By | None) -> None:
    catch_up(workspace)
    period = whole_period(workspace)
    assert period is not None
    measures(workspace, period, by=by)


def _median(call: Callable[[], object], rounds: int = 5) -> float:
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def _keeping_up(workspace: Workspace) -> dict[str, float]:
    """Seconds for one event that has just come in, and for each of a thousand."""
    with workspace.read() as connection:
        ids = connection.exec_driver_sql(
            "SELECT id FROM chain WHERE id <> '' ORDER BY id DESC LIMIT 1000"
        )
        chains = [row[0] for row in ids]
    one = []
    for chain in chains[:20]:
        with workspace.write() as tx:
            tx.append(NewEvent("message.received", "system", {"characters": 9}, chain))
        start = time.perf_counter()
        catch_up(workspace)
        one.append(time.perf_counter() - start)
    with workspace.write() as tx:
        for chain in chains:
            tx.append(NewEvent("message.received", "system", {"characters": 9}, chain))
    start = time.perf_counter()
    catch_up(workspace)
    return {
        "one": statistics.median(one),
        "each": (time.perf_counter() - start) / len(chains),
    }
