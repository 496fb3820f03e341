"""Measures of a large workspace: counting for the first time, asking again, and keeping up."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event

from data.measures.report import By, measures, whole_period
from data.measures.rollup import catch_up
from data.plain import to_micros
from data.store import NewEvent
from data.tables import Issue, Run, Ticket
from data.triggers import GUARDS
from data.workspace import Workspace, open_workspace

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
_DAYS = 730

_OPENED = (
    f"({to_micros(NOW)} - CAST({_DAYS} * 86400000000.0 * (1.0 - n * 1.0 / :tickets) AS INTEGER))"
)
_RANDOM = "((n * (2654435761 + {salt} * 80006) + {salt} * 2246822519) % 4294967296 / 4294967296.0)"
"""A number from 0 to 1 that looks random, the same for the same ticket and salt."""


def drawn(salt: int, **shares: int) -> str:
    """SQL for one of these words, by their shares of a hundred."""
    share, up_to = _RANDOM.format(salt=salt), 0
    cases = []
    for word, part in shares.items():
        up_to += part
        cases.append(f"WHEN {share} < {up_to / 100} THEN '{word}'")
    return f"CASE {' '.join(cases)} ELSE '{next(iter(shares))}' END"


def _took(salt: int, seconds: float) -> str:
    """SQL for microseconds, short ones often and long ones seldom."""
    return f"CAST({seconds * 1e6} * 0.05 / (0.02 + {_RANDOM.format(salt=salt)}) AS INTEGER)"


_TICKET = {
    "id": "'t_' || n", "ref": "'R-' || n", "opened_at": _OPENED, "updated_at": _OPENED,
    "intent": drawn(1, billing=40, technical=30, account=15, product=12, escalate=3),
    "channel": drawn(2, email=70, chat=20, phone=7, web=3),
}  # fmt: skip
_RUN = {
    "id": "'r_' || n", "ticket_id": "'t_' || n", "started_at": _OPENED,
    "cost_micros": f"CAST(5000 * {_RANDOM.format(salt=3)} AS INTEGER)",
}  # fmt: skip
_ISSUE = {
    "id": "'i_' || n", "ticket_id": "'t_' || n", "intent": _TICKET["intent"],
    "agent": drawn(1, billing=40, technical=30, account=15, product=15),
}  # fmt: skip
_STARTED, _VERIFIED = f"{_OPENED} + {_took(4, 60)}", _took(5, 20)
_EVENTS = (
    (_OPENED, "system", "ticket.opened", "'{}'"),
    (_STARTED, "resolution", "run.started", "'{}'"),
    (
        f"{_STARTED} + {_VERIFIED}", "resolution", "action.verified",
        "'{\"action\":\"a_' || n || '\",\"name\":\"' || "
        + drawn(6, process_refund=66, send_reply=34) + " || '\"}'",
    ),
    (f"{_STARTED} + {_VERIFIED} + 900000", "coordinator", "reply", "'{}'"),
    (
        f"{_STARTED} + {_VERIFIED} + 1000000", "resolution", "run.ended",
        "'{\"status\":\"' || "
        + drawn(7, resolved=70, awaiting_customer=15, escalated=15)
        + " || '\",\"outcome\":{\"code\":\"done\"}}'",
    ),
)  # fmt: skip


def large(place: Path, tickets: int) -> None:
    """So many tickets of two years with their events, written past the store; no valid hashes."""
    store = open_workspace(str(place), started=NOW, synchronous="OFF")
    with store.write() as tx:
        tx.insert(Ticket, id="t_0", ref="R-0", opened_at=NOW, updated_at=NOW, pending=False)
        tx.insert(Run, id="r_0", ticket_id="t_0", number=1, started_at=NOW)
        tx.insert(Issue, id="i_0", ticket_id="t_0", position=0, kind="", intent="billing")
    store.close()
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        for name in GUARDS:
            db.execute(f"DROP TRIGGER {name}")
        number(db, tickets)
        for table, columns in (("ticket", _TICKET), ("run", _RUN), ("issue", _ISSUE)):
            copy_rows(db, table, columns, tickets)
        for position, (at, agent, kind, data) in enumerate(_EVENTS, 1):
            run = "NULL" if agent == "system" else "'r_' || n"
            db.execute(
                "INSERT INTO event (id, chain, position, run_id, at, agent, kind, data, hash) "
                f"SELECT (n - 1) * {len(_EVENTS)} + {position}, 't_' || n, {position}, {run}, "
                f"{at}, '{agent}', '{kind}', {data}, '' FROM series",
                {"tickets": tickets},
            )
        db.execute(f"INSERT INTO chain SELECT 't_' || n, {len(_EVENTS)}, '' FROM series")
        for text in GUARDS.values():
            db.execute(text)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def number(db: sqlite3.Connection, tickets: int) -> None:
    """A table `series` of the numbers from 1 to so many."""
    db.execute("CREATE TEMP TABLE series (n INTEGER PRIMARY KEY)")
    db.execute(
        "INSERT INTO series WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s "
        "WHERE n < ?) SELECT n FROM s",
        (tickets,),
    )


def copy_rows(db: sqlite3.Connection, table: str, columns: dict[str, str], tickets: int) -> None:
    """As many rows as there are tickets, like the one that is there but for these columns."""
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    told = ", ".join(columns.get(name, f"t.{name}") for name in names)
    db.execute(
        f"INSERT INTO {table} SELECT {told} FROM (SELECT * FROM {table} LIMIT 1) t, series",
        {"tickets": tickets},
    )


def measured(folder: Path, tickets: int) -> dict[str, float]:
    """Seconds for each way of asking; events, and events per second of the first count."""
    place = folder / "measures.db"
    large(place, tickets)
    workspace = open_workspace(str(place))
    try:
        held: list[float] = []
        _time_writes(workspace, held)
        start = time.perf_counter()
        progress = catch_up(workspace)
        found = {"first": time.perf_counter() - start, "events": float(progress.done)}
        found |= {"held": max(held), "mostly": sorted(held)[int(0.95 * len(held))]}
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
