"""Results on a stream, such as standard output, as they come."""

import csv
import tempfile
from collections.abc import Callable
from typing import TextIO

from agents.intake.batch import Row, Tally
from agents.intake.layouts import Layout, closing, opening, read_rejects, rejects_text, rows_text
from agents.intake.records import Reject


class StreamSink:
    """Writes rows to a stream and tells rejects one by one."""

    def __init__(
        self, out: TextIO, layout: Layout, tell: Callable[[Reject], None] = lambda reject: None
    ) -> None:
        """Write to `out`; `tell` is called with each reject."""
        self._out, self._layout, self._tell = out, layout, tell
        self._first, self._begun = True, False
        self._kept = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
        csv.writer(self._kept).writerow(["line", "why", "raw"])

    def add(self, rows: list[Row], rejects: list[Reject], tally: Tally) -> None:
        """Write a batch and pass it on at once."""
        self._begin()
        self._out.write(rows_text(self._layout, rows, first=self._first))
        self._out.flush()
        self._first = self._first and not rows
        for reject in rejects:
            self._tell(reject)
        if self._layout is Layout.JSON:
            self._kept.write(rejects_text(Reject(r.line, r.why) for r in rejects))

    def finish(self) -> None:
        """Write the end."""
        self._begin()
        self._kept.seek(0)
        for piece in closing(self._layout, read_rejects(self._kept)):
            self._out.write(piece)
        self._out.flush()
        self._kept.close()

    def _begin(self) -> None:
        """Write the beginning with the first batch; an unusable file writes nothing."""
        if not self._begun:
            self._out.write(opening(self._layout))
            self._begun = True
