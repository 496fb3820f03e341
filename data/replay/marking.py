"""Marking each commit with the state that it leaves a ticket in, while it is being written."""

from collections import OrderedDict
from threading import Lock
from typing import Any

from sqlalchemy import Connection, text

from data.replay.record import BEFORE, State, changes, digest_of, recorded

_ADD_MARKS = text("INSERT INTO state_mark VALUES (:ticket_id, :position, :digest)")


class Remembered:
    """The states last recorded by this process, so that only changes need to be written.

    Each holds for one hash of its log's head: what another process wrote is never missed.
    """

    def __init__(self, most: int = 512) -> None:
        """Keep the states of the `most` tickets that were written last."""
        self._most, self._lock = most, Lock()
        self._states: OrderedDict[str, tuple[str, State]] = OrderedDict()

    def get(self, ticket_id: str, head: str) -> State | None:
        """The state recorded at the event with the hash `head`, if this process wrote it."""
        with self._lock:
            found = self._states.get(ticket_id)
        return found[1] if found is not None and found[0] == head else None

    def keep(self, states: dict[str, tuple[str, State]]) -> None:
        """Remember what a transaction that has committed recorded, by ticket: (head, state)."""
        with self._lock:
            for ticket_id, known in states.items():
                self._states[ticket_id] = known
                self._states.move_to_end(ticket_id)
            while len(self._states) > self._most:
                self._states.popitem(last=False)


class Marking:
    """The states and marks of one transaction."""

    def __init__(self, connection: Connection, remembered: Remembered) -> None:
        """Read the rows as the transaction on `connection` leaves them."""
        self._connection, self._remembered = connection, remembered
        self._now: State | None = None
        self._marked = False
        self._marks: list[tuple[str, int, str]] = []
        self.states: dict[str, tuple[str, State]] = {}
        """What is true of each ticket once this is committed, as `Remembered.keep` takes it."""

    def state_of(self, ticket_id: str, position: int, head: str, *, changed: bool) -> State:
        """What this transaction changes in a ticket's state; all of it where that is not known.

        `position` and `head` are those of the log before it; `changed` says whether there can be a
        change.
        """
        before = self._remembered.get(ticket_id, head)
        self._now, self._marked = before, False
        if not ticket_id or not changed:
            return {}
        if before is None and position <= 1:
            before = BEFORE
        self._now = recorded(self._connection, ticket_id)
        if not self._now["ticket"]:
            self._now = None
            return {}
        found = changes(before or {}, self._now)
        self._marked = bool(found)
        return found

    def at(self, ticket_id: str, position: int, head: str) -> None:
        """Note where the log of the ticket that was asked for last stands after its events."""
        if self._now is not None:
            self.states[ticket_id] = (head, self._now)
        if self._marked and self._now is not None:
            self._marks.append((ticket_id, position, digest_of(self._now)))

    def write(self) -> None:
        """Add the marks."""
        marks, self._marks = self._marks, []
        if not marks:
            return
        if self._connection.dialect.name == "sqlite":
            raw: Any = self._connection.connection.dbapi_connection
            raw.executemany("INSERT INTO state_mark VALUES (?, ?, ?)", marks)
        else:
            names = ("ticket_id", "position", "digest")
            rows = [dict(zip(names, mark, strict=True)) for mark in marks]
            self._connection.execute(_ADD_MARKS, rows)
