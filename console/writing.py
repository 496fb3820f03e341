"""Writing through the service beside the screen: how it went is told in place."""

import asyncio
from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from console.format import line
from console.reads import not_written
from console.session import SessionLike
from data.errors import HandrailError

SLOW_SECONDS = 1.0
"""After which the person is told that something is still being written."""


class Writing:
    """What one person at one console writes."""

    def __init__(
        self,
        session: SessionLike,
        changed: Callable[[], None],
        trouble: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        """`changed` is called whenever `busy` did, `trouble` when the database cannot be written
        or (None) can be again."""
        self.session, self._changed, self._trouble = session, changed, trouble
        self.busy: set[str] = set()
        """What is asked about or being written; no second writing of it is begun."""

    async def _write(self, call: Callable[[], object]) -> str | None:
        """Do it in a thread; the problem in words, or None when it is done."""
        writing = asyncio.ensure_future(asyncio.to_thread(call))
        done, _ = await asyncio.wait({writing}, timeout=SLOW_SECONDS)
        if not done:
            self._trouble("writing … another program holds the database")
        try:
            await writing
        except Exception as problem:  # told in place, never a traceback
            told = not_written(problem)
            self._trouble(None if isinstance(problem, HandrailError) else told)
            return told
        self._trouble(None)
        return None

    def _say(self, screen: Screen[Any], problem: str | None, done: str) -> None:
        if problem is None:
            screen.notify(done, markup=False)
        else:
            screen.notify(line(problem), severity="error", markup=False, timeout=10)
