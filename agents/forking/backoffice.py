"""A copy of the embedded back office, taken back to how it was at a moment."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agents.connectors.embedded.reader import stamp
from agents.connectors.embedded.schema import connect, encode, insert_rows, key_of
from agents.connectors.protocols import Change
from agents.errors import OutOfReach


@dataclass(frozen=True)
class Done:
    """An effect of the back office."""

    key: str
    at: str
    """To the second."""
    changes: list[Change]


def copy_back_office(source: Path, copy: Path) -> None:
    """Copy it by SQLite's backup, from a handle that cannot write; OutOfReach if it is not there.

    What others write meanwhile is in the copy, or not, but never half.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(copy)) as here,
        ):
            there.backup(here)
    except sqlite3.Error as problem:
        raise OutOfReach(f"the back office {source} cannot be copied: {problem}") from problem


def effects_since(copy: Path, second: str) -> list[Done]:
    """Every effect from a second on, oldest first."""
    with closing(connect(copy, synchronous="OFF")) as connection:
        found = connection.execute(
            "SELECT key, at, changes FROM effects WHERE at >= ? ORDER BY rowid", (second,)
        )
        return [_done(row) for row in found.fetchall()]


def take_back(copy: Path, later: list[Done]) -> None:
    """Take these effects back on the copy, the last one first.

    Each row gets back the fields that the effect changed.
    """
    with closing(connect(copy, synchronous="OFF")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for effect in reversed(later):
            for change in reversed(effect.changes):
                _restore(connection, change)
            connection.execute("DELETE FROM effects WHERE key = ?", (effect.key,))
            connection.execute(
                "UPDATE effects SET undone_by = NULL WHERE undone_by = ?", (effect.key,)
            )
        connection.execute("COMMIT")


def _done(row: sqlite3.Row) -> Done:
    changes = [Change(**change) for change in json.loads(row["changes"] or "[]")]
    return Done(row["key"], row["at"], changes)


def _restore(connection: sqlite3.Connection, change: Change) -> None:
    table, key = change.table, key_of(change.table)
    before, after = change.before, change.after
    if before is None:
        connection.execute(f'DELETE FROM "{table}" WHERE "{key}" = ?', (change.id,))
        return
    if after is None:
        insert_rows(connection, table, [before])
        return
    fields = {name: value for name, value in before.items() if after.get(name) != value}
    if not fields:
        return
    stored = encode(table, fields)
    sets = ", ".join(f'"{name}" = :{name}' for name in stored)
    connection.execute(
        f'UPDATE "{table}" SET {sets} WHERE "{key}" = :__key', {**stored, "__key": change.id}
    )


def second_of(moment: datetime) -> str:
    """A moment as effects tell their time."""
    return stamp(moment)
