"""Filling a back office with a world, and altering it from outside."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from agents.connectors.embedded.reader import stamp
from agents.connectors.embedded.schema import (
    CONDITIONS,
    WORLD,
    connect,
    create,
    encode,
    insert_rows,
    key_of,
)
from agents.connectors.protocols import Row
from data.errors import HandrailError

_DEFAULTS: dict[str, Row] = {
    "customers": {"tier": "standard", "status": "active", "language": "en"},
    "charges": {"refunded": 0, "status": "succeeded"},
    "logs": {"level": "error", "message": ""},
    "services": {"status": "operational", "message": ""},
    "staff": {"available": True},
    "subscriptions": {"status": "active"},
}
_DATES = ("since", "started", "current_period_end", "period_start", "period_end")
"""Fields that hold a date where they are given as one."""


def plain(name: str, value: Any) -> Any:
    """A value of a scenario as the back office stores it: times as text in UTC."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat() if name in _DATES else f"{value.isoformat()}T00:00:00Z"
    return value


def fill(path: Path, world: dict[str, list[Row]], *, synchronous: str = "FULL") -> None:
    """Make a back office at `path` that holds `world` (tables of the scenario format).

    A condition (an expired session, a stale cache, …) is set for each error that shows one.
    """
    create(path, synchronous=synchronous)
    connection = connect(path, synchronous=synchronous)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for table in WORLD:
            rows = [
                {
                    name: plain(name, value)
                    for name, value in {**_DEFAULTS.get(table, {}), **row}.items()
                }
                for row in world.get(table) or []
            ]
            insert_rows(connection, table, rows)
        broken = {code: (table, state) for table, code, state, _ in CONDITIONS.values()}
        for row in world.get("logs") or []:
            table, state = broken.get(row.get("code", ""), ("", ""))
            if table and row.get("customer") and row.get("service"):
                connection.execute(
                    f'INSERT OR REPLACE INTO "{table}" VALUES (?, ?, ?, ?, ?)',
                    (
                        f"{row['customer']}/{row['service']}",
                        row["customer"],
                        row["service"],
                        state,
                        plain("at", row["at"]),
                    ),
                )
        connection.execute("COMMIT")
    finally:
        connection.close()


def alter(path: Path, table: str, record_id: str, fields: Row) -> None:
    """Change a row from outside, as another system would; HandrailError if it is not there."""
    connection = connect(path)
    try:
        values = encode(table, {name: plain(name, value) for name, value in fields.items()})
        sets = ", ".join(f'"{name}" = :{name}' for name in values)
        done = connection.execute(
            f'UPDATE "{table}" SET {sets} WHERE "{key_of(table)}" = :__key',
            {**values, "__key": record_id},
        )
        if done.rowcount != 1:
            raise HandrailError(f"the back office has no {table} {record_id!r} to alter")
    finally:
        connection.close()
