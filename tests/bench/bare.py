"""A bare Textual app with a DataTable: what the console's start and keys are measured against.

`python -P tests/bench/bare.py ROWS [UPDATES]` shows ROWS rows; UPDATES cells change each second.
"""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable

TICK = 0.05
"""Seconds between two changes of the table."""


class Bare(App[None]):
    """A table, and nothing else."""

    def __init__(self, rows: int, updates: int) -> None:
        """So many rows, so many changes a second."""
        super().__init__()
        self.rows, self.updates, self.at = rows, updates, 0

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill it, and let it change."""
        table = self.query_one(DataTable)
        self.columns = table.add_columns("ref", "status", "subject", "who", "age")
        self.keys = [
            table.add_row(f"B-{number}", "working", f"Subject {number}", "Ada Okafor", "5m")
            for number in range(self.rows)
        ]
        if self.updates:
            self.set_interval(TICK, self.change)

    def change(self) -> None:
        """Some cells change."""
        table = self.query_one(DataTable)
        for _ in range(int(self.updates * TICK)):
            self.at += 1
            table.update_cell(self.keys[self.at % self.rows], self.columns[4], f"{self.at % 99}m")


if __name__ == "__main__":
    Bare(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0).run()
