"""A workspace with a log worth forging, and the forger's own way into it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data.clock import CountingIds, VirtualClock
from data.columns import from_micros
from data.store import GENESIS, NewEvent, event_hash
from data.tables import Message, Ticket
from data.workspace import Workspace, open_workspace

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

Change = str | Callable[[sqlite3.Connection], object]


def logged(path: Path) -> Workspace:
    """Three tickets whose events stand among one another, and a chain of the workspace's own.

    Ids: t_1 has 1, 4, 7, 10; t_2 has 2, 5, 8, 11; t_3 has 3, 6, 9, 12; the workspace has 13, 14.
    """
    store = open_workspace(str(path), clock=VirtualClock(NOW), ids=CountingIds(), synchronous="OFF")
    for number in range(1, 4):
        ticket = f"t_{number}"
        with store.write() as tx:
            tx.insert(Ticket, id=ticket, ref=f"T{number}", opened_at=NOW, updated_at=NOW)
            body = f'I am {number}, "quoted" and ünïcode\n'
            payload, digest = tx.add_payload(body)
            tx.insert(
                Message, id=f"m_{number}", ticket_id=ticket, position=1, author="customer",
                at=NOW, body=body, payload_id=payload,
            )  # fmt: skip
            data: dict[str, Any] = {"message": digest, "path": "C:\\temp", "name": "„ü“"}
            tx.append(NewEvent("ticket.opened", "system", data, ticket))
    for turn in range(3):
        for number in range(1, 4):
            with store.write() as tx:
                step = f"look.{number}.{turn}" if turn else None
                found = None if turn == 1 else f"found {turn} for {number}"
                data = {"rows": turn, "ms": 0.07}
                tx.append(
                    NewEvent("tool.called", "billing", data, f"t_{number}", "r_1", step, found)
                )
    for turn in range(2):
        with store.write() as tx:
            tx.append(NewEvent("halt.pressed", "operator", {"turn": turn}))
    return store


def forge(path: Path, *changes: Change) -> None:
    """Change the log as somebody who can write the file does: the triggers are put back after."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        triggers = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
            "AND tbl_name IN ('event', 'payload')"
        ).fetchall()
        db.execute("BEGIN IMMEDIATE")
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for change in changes:
            if callable(change):
                change(db)
            else:
                db.execute(change)
        for _, text in triggers:
            db.execute(text)
        db.execute("COMMIT")


def rewrite(chain: str) -> Change:
    """Hash a chain anew from its first event on, and move its head to its end."""

    def change(db: sqlite3.Connection) -> None:
        rows = db.execute(
            "SELECT id, position, run_id, step, at, agent, kind, data, payload_digest FROM event "
            "WHERE chain = ? ORDER BY position", (chain,),
        ).fetchall()  # fmt: skip
        before, position = GENESIS, 0
        names = ("position", "run_id", "step", "at", "agent", "kind", "data", "payload_digest")
        for event, *columns in rows:
            row: dict[str, Any] = {"chain": chain, **dict(zip(names, columns, strict=True))}
            position, row["at"] = row["position"], from_micros(row["at"])
            before = event_hash(before, row)
            db.execute("UPDATE event SET hash = ? WHERE id = ?", (before, event))
        head = (position, before, chain)
        db.execute("UPDATE chain SET position = ?, hash = ? WHERE id = ?", head)

    return change


def close_up(db: sqlite3.Connection) -> None:
    """Give events the ids that they would have if the removed ones had never been."""
    ids = [row[0] for row in db.execute("SELECT id FROM event ORDER BY id")]
    for new, old in enumerate(ids, 1):
        db.execute("UPDATE event SET id = ? WHERE id = ?", (new, old))
