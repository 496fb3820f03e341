"""What a ticket's log tells of records that other systems changed: rows as they were read then."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.connectors.embedded.reader import stamp
from agents.connectors.embedded.schema import TABLES, columns, connect, encode, key_of
from agents.connectors.protocols import Change
from agents.forking.course import Course, Told

_TABLE_OF = {
    "customer": "customers", "customer_by_email": "customers", "profile": "customers",
    "errors": "logs",
}  # fmt: skip
"""What is read to its table, where that has another name."""

_DATED = ("charges", "activity", "logs", "past_tickets")
"""Tables whose rows other systems add, with the time of each."""


@dataclass(frozen=True)
class Seen:
    """Fields of a row as they were at a moment."""

    at: datetime
    table: str
    id: str
    fields: dict[str, Any]


def seen_in(course: Course) -> list[Seen]:
    """Every row that the ticket's steps read, and what stale actions found changed, in order."""
    found = [seen for event in course.events for seen in _seen(event)]
    return sorted(found, key=lambda seen: seen.at)


def _seen(event: Told) -> Iterator[Seen]:
    if event.kind == "action.stale":
        for reference, fields in (event.data.get("changed") or {}).items():
            table, _, record = reference.partition(":")
            # Personal fields are hidden in the log.
            if table in TABLES and table != "customers":
                yield Seen(event.at, table, record, {f: pair[1] for f, pair in fields.items()})
        return
    if event.step is None or event.payload is None:
        return
    read = json.loads(event.payload)
    if event.kind == "tool.called":
        yield from _rows(event.at, str(event.data.get("tool")), read)
    elif event.kind == "context" and isinstance(read, dict):
        for name, rows in read.items():
            yield from _rows(event.at, name, rows)


def _rows(at: datetime, name: str, read: Any) -> Iterator[Seen]:
    table = _TABLE_OF.get(name, name)
    if table not in TABLES:
        return
    known = columns(table)
    for row in read if isinstance(read, list) else [read]:
        if isinstance(row, dict) and row.get(key_of(table)) is not None:
            fields = {field: value for field, value in row.items() if field in known}
            yield Seen(at, table, str(row[key_of(table)]), fields)


def restore_seen(
    copy: Path, seen: list[Seen], at: datetime, effects: list[tuple[datetime, Change]]
) -> None:
    """Give rows of the copy the values that they had at a moment, as far as they were seen.

    Rows of other systems that are dated later, and were not seen before, were not there yet.
    """
    there = {(each.table, each.id) for each in seen if each.at <= at}
    with closing(connect(copy, synchronous="OFF")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for (table, record), fields in values_at(seen, at, effects).items():
            _write(connection, table, record, fields)
        for table in _DATED:
            name = key_of(table)
            late = connection.execute(
                f'SELECT "{name}" AS id FROM "{table}" WHERE at > ?', (stamp(at),)
            ).fetchall()
            for row in late:
                if (table, str(row["id"])) not in there:
                    connection.execute(f'DELETE FROM "{table}" WHERE "{name}" = ?', (row["id"],))
        connection.execute("COMMIT")


def values_at(
    seen: list[Seen], at: datetime, effects: list[tuple[datetime, Change]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """The fields of each row that was seen, by table and id, as they were at a moment.

    What was seen last before it counts, with the `effects` that came after that. A row that was
    first seen later had these values already, but for the effects in between.
    """
    told = [(each.at, (each.table, each.id), each.fields) for each in seen if each.at <= at]
    there = {row for _, row, _ in told}
    told += [
        (done, (change.table, change.id), _side(change, 1))
        for done, change in effects
        if done <= at and (change.table, change.id) in there
    ]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for _, row, fields in sorted(told, key=lambda each: each[0]):
        rows.setdefault(row, {}).update(fields)
    for each in seen:
        row = (each.table, each.id)
        if row in rows:
            continue
        rows[row] = dict(each.fields)
        for done, change in reversed(effects):
            if at < done <= each.at and (change.table, change.id) == row:
                rows[row].update(_side(change, 0))
    return rows


def _side(change: Change, side: int) -> dict[str, Any]:
    """The fields that a change touched, before (0) or after it (1)."""
    return {field: pair[side] for field, pair in change.fields().items()}


def _write(connection: sqlite3.Connection, table: str, record: str, fields: dict[str, Any]) -> None:
    key = key_of(table)
    stored = encode(table, {name: value for name, value in fields.items() if name != key})
    if stored:
        sets = ", ".join(f'"{name}" = :{name}' for name in stored)
        connection.execute(
            f'UPDATE "{table}" SET {sets} WHERE "{key}" = :__key', {**stored, "__key": record}
        )
