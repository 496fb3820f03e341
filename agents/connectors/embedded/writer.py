"""Writing the embedded back office: once per key, within its own rules, with rows before and
after."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.connectors.embedded import undo, writes
from agents.connectors.embedded.reader import stamp
from agents.connectors.embedded.schema import connect, decode, insert_rows
from agents.connectors.embedded.session import Session
from agents.connectors.protocols import Change, Effect, Row
from agents.errors import OutOfReach, Refused, Retryable
from data.columns import canonical
from data.database import passes


class EmbeddedWriter:
    """Implements `Writer`; only the executor holds one."""

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        """Write to the back office at `path`."""
        self._connection = connect(path, synchronous=synchronous)
        self._trial = connect(path, synchronous=synchronous)
        self._trial.set_authorizer(_never_commit)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give up the connections."""
        self._connection.close()
        self._trial.close()

    def execute(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """Do it once: a key seen before answers with the first effect.

        Refused if the key came with other arguments, or the rules of the back office forbid it.
        """
        with self._transaction(self._connection) as session:
            seen = _effect(self._connection, key)
            if seen is not None:
                if (seen["action"], json.loads(seen["arguments"])) != (name, arguments):
                    raise Refused(f"the key {key} was used for something else")
                return _read_effect(seen)
            effect = writes.apply(session, name, arguments, key, now)
            _keep(self._connection, name, arguments, key, now, effect)
            return effect

    def preview(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """Really do it on a handle that cannot commit, and roll it back."""
        with self._transaction(self._trial, commit=False) as session:
            return writes.apply(session, name, arguments, key, now)

    def preview_undo(self, key: str, now: datetime) -> Effect:
        """Really take it back on a handle that cannot commit; Refused where that cannot be."""
        with self._transaction(self._trial, commit=False) as session:
            seen = _effect(self._trial, key)
            if seen is None or seen["undone_by"]:
                raise Refused("there is nothing left to undo")
            return _undo(session, seen, now)

    def lookup(self, key: str) -> Effect | None:
        """The effect that a key had, or None."""
        with self._guarded():
            seen = _effect(self._connection, key)
            return _read_effect(seen) if seen is not None else None

    def undo(self, key: str, undo_key: str, now: datetime) -> Effect:
        """Take the effect of `key` back; Refused with the reason where that is too late."""
        with self._transaction(self._connection) as session:
            done = _effect(self._connection, undo_key)
            if done is not None:
                return _read_effect(done)
            seen = _effect(self._connection, key)
            if seen is None or seen["undone_by"]:
                raise Refused("there is nothing left to undo")
            effect = _undo(session, seen, now)
            arguments = {"undoes": key}
            _keep(self._connection, f"undo_{seen['action']}", arguments, undo_key, now, effect, key)
            self._connection.execute(
                "UPDATE effects SET undone_by = ? WHERE key = ?", (undo_key, key)
            )
            return effect

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.IntegrityError as problem:
                raise Refused(f"the back office does not take that: {problem}") from problem
            except sqlite3.Error as problem:
                kind = OutOfReach if passes(problem) else Retryable
                raise kind(f"the back office cannot be written: {problem}") from problem

    @contextmanager
    def _transaction(
        self, connection: sqlite3.Connection, *, commit: bool = True
    ) -> Iterator[Session]:
        with self._guarded():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Session(connection)
                connection.execute("COMMIT" if commit else "ROLLBACK")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


def _never_commit(
    action: int, what: str | None, _table: str | None, _database: str | None, _by: str | None
) -> int:
    """Lets a handle do everything but commit (https://sqlite.org/c3ref/set_authorizer.html)."""
    if action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _undo(session: Session, seen: sqlite3.Row, now: datetime) -> Effect:
    arguments = json.loads(seen["arguments"])
    return undo.apply(session, seen["action"], arguments, _read_effect(seen), now, seen["at"])


def _effect(connection: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = connection.execute(
        "SELECT * FROM effects WHERE key = ?", (key,)
    ).fetchone()
    return found


def _read_effect(found: sqlite3.Row) -> Effect:
    row = decode("effects", found)
    result: dict[str, Any] = row["result"]
    until = result.get("undo_until")
    return Effect(
        changes=[Change(**change) for change in row["changes"]],
        result=result["values"],
        undo_until=datetime.fromisoformat(until) if until else None,
        undoable=result["undoable"],
    )


def _keep(
    connection: sqlite3.Connection,
    name: str,
    arguments: Row,
    key: str,
    now: datetime,
    effect: Effect,
    undoes: str | None = None,
) -> None:
    until = effect.undo_until.astimezone(UTC).isoformat() if effect.undo_until else None
    changes = [
        {"table": c.table, "id": c.id, "before": c.before, "after": c.after} for c in effect.changes
    ]
    row = {
        "id": "ef_" + hashlib.sha256(key.encode()).hexdigest()[:12],
        "key": key,
        "action": name,
        "arguments": json.loads(canonical(arguments)),
        "at": stamp(now),
        "result": {"values": effect.result, "undo_until": until, "undoable": effect.undoable},
        "changes": changes,
        "undone_by": None,
        "undoes": undoes,
    }
    insert_rows(connection, "effects", [row])
