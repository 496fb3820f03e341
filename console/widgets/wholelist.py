"""A list of rows that are all at hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from console.widgets.rowlist import RowList

Row = TypeVar("Row")


class WholeList(RowList, Generic[Row]):
    """Rows, each with a key; the cursor stays on its own whatever comes or goes."""

    def __init__(self, *, id: str) -> None:
        """An empty list."""
        super().__init__(id=id)
        self.rows: list[Row] = []
        self.now: datetime | None = None

    # What subclasses provide.

    def key_of(self, row: Row) -> str:
        """What the row is known by."""
        raise NotImplementedError

    @property
    def first(self) -> int:
        """Where the cursor is at first."""
        return 0

    # What there is.

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows)

    def key_at(self, index: int) -> str | None:
        """The key of a row, if there is one."""
        return self.key_of(self.rows[index]) if 0 <= index < len(self.rows) else None

    @property
    def current(self) -> Row | None:
        """The row under the cursor, if it is still there."""
        return next((row for row in self.rows if self.key_of(row) == self.key), None)

    def show_rows(self, found: Sequence[Row], now: datetime) -> None:
        """Show these; the cursor stays with its row."""
        before = self.cursor
        self.now, self.rows = now, list(found)
        self.resize_rows()
        if self.key is None:
            self.go(self.first)
            return
        places = {self.key_of(row): place for place, row in enumerate(self.rows)}
        place = places.get(self.key)
        self.gone = place is None
        self.cursor = max(0, min(before, self.count - 1)) if place is None else place
        if place is not None and place != before:
            self.reveal()
        self.refresh()

    def tick(self, now: datetime) -> None:
        """Let what is told of time go on."""
        self.now = now
        self.refresh()
