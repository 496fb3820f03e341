"""One transaction on the back office, which remembers each row before and after."""

import sqlite3
from typing import Any

from agents.connectors.embedded.schema import decode, encode, insert_rows, key_of
from agents.connectors.protocols import Change, Row
from agents.errors import Refused


class Session:
    """Reads and changes rows within the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Work on `connection`, which is in a transaction."""
        self._connection = connection
        self.changes: list[Change] = []

    def find(self, table: str, record_id: str) -> Row | None:
        """One row, or None."""
        found = self._connection.execute(
            f'SELECT * FROM "{table}" WHERE "{key_of(table)}" = ?', (record_id,)
        ).fetchone()
        return decode(table, found) if found else None

    def get(self, table: str, record_id: str) -> Row:
        """One row; Refused if it is not there."""
        row = self.find(table, record_id)
        if row is None:
            raise Refused(f"the back office has no {table} {record_id!r}")
        return row

    def where(self, table: str, column: str, value: Any, *, any_case: bool = False) -> list[Row]:
        """Rows whose column has the value; `any_case` takes capitals for small letters."""
        fold = " COLLATE NOCASE" if any_case else ""
        query = f'SELECT * FROM "{table}" WHERE "{column}" = ?{fold}'
        found = self._connection.execute(query, (value,))
        return [decode(table, row) for row in found.fetchall()]

    def change(self, table: str, record_id: str, **fields: Any) -> Row:
        """Set fields of a row and note it before and after; the row after."""
        before = self.get(table, record_id)
        stored = encode(table, fields)
        sets = ", ".join(f'"{name}" = :{name}' for name in stored)
        self._connection.execute(
            f'UPDATE "{table}" SET {sets} WHERE "{key_of(table)}" = :__key',
            {**stored, "__key": record_id},
        )
        after = self.get(table, record_id)
        self.changes.append(Change(table, record_id, before, after))
        return after

    def add(self, table: str, row: Row) -> Row:
        """Insert a row and note it; the row as stored."""
        insert_rows(self._connection, table, [row])
        record_id = str(row[key_of(table)])
        after = self.get(table, record_id)
        self.changes.append(Change(table, record_id, None, after))
        return after

    def put(self, table: str, row: Row) -> Row:
        """Insert a row, or change the one that is there."""
        record_id = str(row[key_of(table)])
        if self.find(table, record_id) is None:
            return self.add(table, row)
        return self.change(table, record_id, **{k: v for k, v in row.items() if k != key_of(table)})
