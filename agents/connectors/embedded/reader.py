"""Reading the embedded back office; its connections cannot write."""

import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.connectors.embedded.schema import TABLES, connect, decode, key_of
from agents.connectors.protocols import Row
from agents.errors import OutOfReach, Retryable
from data.database import passes


def stamp(moment: datetime) -> str:
    """A time as the back office stores it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class EmbeddedReader:
    """Implements `Reader`; one connection per thread."""

    def __init__(self, path: Path) -> None:
        """Read the back office at `path`."""
        self._path, self._local = path, threading.local()
        self._open: list[sqlite3.Connection] = []

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self._path)
            connection.execute("PRAGMA query_only=ON")
            self._local.connection = connection
            self._open.append(connection)
        return connection

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._local = threading.local()

    def _rows(self, table: str, where: str = "", *values: Any) -> list[Row]:
        try:
            found = (
                self._connection().execute(f'SELECT * FROM "{table}" {where}', values).fetchall()
            )
        except sqlite3.Error as problem:
            kind = OutOfReach if passes(problem) else Retryable
            raise kind(f"the back office cannot be read ({table}): {problem}") from problem
        return [decode(table, row) for row in found]

    def table(self, name: str) -> list[Row]:
        """Every row of a table, in the order of its key."""
        return self._rows(name, f'ORDER BY "{key_of(name)}"')

    def record(self, table: str, record_id: str) -> Row | None:
        """One row by table and id, or None; None too for a table that is not kept here."""
        if table not in TABLES:
            return None
        found = self._rows(table, f'WHERE "{key_of(table)}" = ?', record_id)
        return found[0] if found else None

    def customer(self, customer_id: str) -> Row | None:
        """One customer, or None."""
        return self.record("customers", customer_id)

    def customer_by_email(self, email: str) -> Row | None:
        """The customer with this address, or None."""
        found = self._rows("customers", "WHERE lower(email) = ?", email.strip().lower())
        return found[0] if found else None

    def plans(self) -> list[Row]:
        """Every plan."""
        return self._rows("plans")

    def subscriptions(self, customer_id: str) -> list[Row]:
        """The customer's subscriptions, oldest first."""
        return self._rows("subscriptions", "WHERE customer = ? ORDER BY started, id", customer_id)

    def charges(self, customer_id: str, since: datetime | None = None) -> list[Row]:
        """The customer's charges from `since` on, oldest first."""
        start = stamp(since) if since else ""
        return self._rows(
            "charges", "WHERE customer = ? AND at >= ? ORDER BY at, id", customer_id, start
        )

    def refunds(self, customer_id: str) -> list[Row]:
        """Refunds of the customer's charges, oldest first."""
        return self._rows(
            "refunds",
            "WHERE charge IN (SELECT id FROM charges WHERE customer = ?) ORDER BY at",
            customer_id,
        )

    def errors(self, customer_id: str, since: datetime) -> list[Row]:
        """The customer's errors from `since` on, newest first."""
        return self._rows(
            "logs",
            "WHERE customer = ? AND level = 'error' AND at >= ? ORDER BY at DESC, id DESC",
            customer_id,
            stamp(since),
        )

    def activity(self, customer_id: str, since: datetime | None = None) -> list[Row]:
        """What the customer did, oldest first."""
        start = stamp(since) if since else ""
        return self._rows(
            "activity", "WHERE customer = ? AND at >= ? ORDER BY at, id", customer_id, start
        )

    def services(self) -> list[Row]:
        """Every service with its status."""
        return self._rows("services")

    def resets(self, customer_id: str, since: datetime) -> list[Row]:
        """Resets done for the customer, newest first."""
        return self._rows(
            "resets", "WHERE customer = ? AND at >= ? ORDER BY at DESC", customer_id, stamp(since)
        )

    def articles(self) -> list[Row]:
        """Every article."""
        return self._rows("articles")

    def past_tickets(self, customer_id: str) -> list[Row]:
        """The customer's earlier tickets, newest first."""
        return self._rows("past_tickets", "WHERE customer = ? ORDER BY at DESC", customer_id)

    def staff(self) -> list[Row]:
        """People with their skills."""
        return self._rows("staff")
