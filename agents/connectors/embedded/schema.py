"""The tables of the embedded back office; their fields are those of the scenario format."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from agents.connectors.protocols import Row
from data.errors import WorkspaceUnusable

APPLICATION_ID = 0x48424F46
"""`HBOF`: marks a back office of ours."""

TABLES: dict[str, str] = {
    "customers": (
        "id name email phone tier status language since last4 address company balance:int currency"
    ),
    "plans": "id name amount:int currency interval features:list",
    "subscriptions": (
        "id customer plan status started current_period_end canceled_at cancel_reason features:list"
    ),
    "charges": (
        "id customer subscription amount:int currency status refunded:int at period_start "
        "period_end"
    ),
    "activity": "id customer subscription at kind detail",
    "logs": "id customer subscription at service level code message",
    "services": "name status since message eta",
    "articles": "id title body tags:list",
    "staff": "name skills:list available:bool",
    "past_tickets": "id customer at subject intent status",
    "refunds": "id charge amount:int currency status at pending_until",
    "credits": "id customer amount:int currency at",
    "resets": "id customer service operation at",
    "sessions": "id customer service state changed_at",
    "caches": "id customer service state changed_at",
    "entitlements": "id customer service state changed_at",
    "locks": "id customer service state changed_at",
    "notifications": "id customer ticket channel recipient subject body state at",
    "created_tickets": "id queue summary priority status at",
    "callbacks": "id customer at topic status",
    "effects": "id key action arguments:list at result:list changes:list undone_by undoes",
}
"""Table to its columns; `:int`, `:bool` and `:list` (JSON) tell what is not text."""

WORLD = [
    "customers",
    "plans",
    "subscriptions",
    "charges",
    "activity",
    "logs",
    "services",
    "articles",
    "staff",
    "past_tickets",
]
"""What a scenario may fill."""

CONDITIONS = {
    "revoke_sessions": ("sessions", "SESSION_TOKEN_EXPIRED", "expired", "revoked"),
    "clear_cache": ("caches", "CACHE_STALE", "stale", "cleared"),
    "resync_entitlements": ("entitlements", "ENTITLEMENT_MISMATCH", "mismatched", "synced"),
    "unlock_account": ("locks", "ACCOUNT_LOCKED", "locked", "open"),
}
"""Reset operation to its table, the log code that shows the condition, its state before and
after."""

_SQL_TYPES = {"int": "INTEGER", "bool": "INTEGER", "list": "TEXT", "text": "TEXT"}
_INDEXES = (
    "subscriptions(customer)", "charges(customer, at)", "activity(customer, at)",
    "logs(customer, at)", "past_tickets(customer, at)", "refunds(charge)",
    "resets(customer, at)", "notifications(customer)",
)  # fmt: skip


def columns(table: str) -> dict[str, str]:
    """Column name to kind (text, int, bool or list); the first one is the key."""
    parts = (column.partition(":") for column in TABLES[table].split())
    return {name: kind or "text" for name, _, kind in parts}


def key_of(table: str) -> str:
    """The column that names a row."""
    return next(iter(columns(table)))


def connect(path: Path, *, synchronous: str = "FULL") -> sqlite3.Connection:
    """A connection in autocommit, so that transactions begin where they are begun."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.row_factory = sqlite3.Row
    return connection


def create(path: Path, *, synchronous: str = "FULL") -> None:
    """Make the tables if they are not there; WorkspaceUnusable for another program's file."""
    if path.exists() and path.stat().st_size and not path.read_bytes()[:15] == b"SQLite format 3":
        raise WorkspaceUnusable(f"{path} is not a back office of Handrail")
    connection = connect(path, synchronous=synchronous)
    try:
        connection.execute("BEGIN IMMEDIATE")
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        known = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if known and mark != APPLICATION_ID:
            raise WorkspaceUnusable(f"{path} is an SQLite file of another program")
        for table in TABLES:
            parts = [f'"{name}" {_SQL_TYPES[kind]}' for name, kind in columns(table).items()]
            key = key_of(table)
            number = table in ("activity", "logs", "past_tickets")
            parts[0] = f'"{key}" {"INTEGER" if number else "TEXT"} PRIMARY KEY'
            connection.execute(f'CREATE TABLE IF NOT EXISTS "{table}" ({", ".join(parts)})')
        for place in _INDEXES:
            name = "ix_" + place.replace("(", "_").replace(", ", "_").replace(")", "")
            connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {place}")
        connection.execute("CREATE UNIQUE INDEX IF NOT EXISTS ix_email ON customers(lower(email))")
        connection.execute("CREATE UNIQUE INDEX IF NOT EXISTS ix_key ON effects(key)")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("COMMIT")
    finally:
        connection.close()


def decode(table: str, found: sqlite3.Row) -> Row:
    """A stored row as plain values; an optional field that was never given is None."""
    row: Row = {}
    for name, kind in columns(table).items():
        value = found[name]
        if value is not None and kind == "list":
            value = json.loads(value)
        elif value is not None and kind == "bool":
            value = bool(value)
        row[name] = value
    return row


def encode(table: str, row: Row) -> dict[str, Any]:
    """Plain values as they are stored; KeyError for a field that the table lacks."""
    kinds, stored = columns(table), {}
    for name, value in row.items():
        if name not in kinds:
            raise KeyError(name)
        text = value is not None and kinds[name] == "list"
        stored[name] = json.dumps(value, ensure_ascii=False) if text else value
    return stored


def insert_rows(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    """Add rows, in the caller's transaction."""
    for row in rows:
        stored = encode(table, row)
        names = ", ".join(f'"{name}"' for name in stored)
        marks = ", ".join(f":{name}" for name in stored)
        connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', stored)
