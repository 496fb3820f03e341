"""Reading the store beside the screen: never two reads of one pane at once, never a lost change."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

from data.errors import HandrailError

Found = TypeVar("Found")

AGAIN_SECONDS = 0.5
"""Before what could not be read is read again."""


def in_words(problem: Exception) -> str:
    """An error of the store or the service as one line for a person."""
    if isinstance(problem, HandrailError):
        return str(problem)
    original = getattr(problem, "orig", None) or problem
    text = " ".join(str(original).split())[:200] or type(problem).__name__
    if "locked" in text:
        return "the database is locked by another program; trying again"
    if "full" in text:
        return "the disk is full: free some space; trying again"
    return f"the workspace cannot be read: {text}"


def not_written(problem: Exception) -> str:
    """Why a decision was not written, as one line for a person, with what to do."""
    if isinstance(problem, HandrailError):
        return str(problem)
    original = getattr(problem, "orig", None) or problem
    text = " ".join(str(original).split())[:200] or type(problem).__name__
    if "locked" in text:
        return "not written: another program holds the database; try again when it is done"
    if "full" in text:
        return "not written: the disk is full; free some space, then try again"
    if "readonly" in text:
        return "not written: the database cannot be written; check the disk and its permissions"
    return f"not written: {text}"


class Reading(Generic[Found]):
    """Keeps one pane fresh: `ask` as often as you like, the newest question is always answered."""

    def __init__(
        self,
        pane: Widget,
        name: str,
        load: Callable[[], Found],
        show: Callable[[Found], None],
        trouble: Callable[[str | None], None],
        *,
        rest: float = 0.0,
    ) -> None:
        """`load` runs in a thread and touches no widget; `show` and `trouble` run on the screen.

        `rest` seconds lie between two reads, unless one is asked for at once.
        """
        self._pane, self._name, self._rest = pane, name, rest
        self._load, self._show, self._trouble = load, show, trouble
        self._asked = self._running = False
        self._hurry = asyncio.Event()
        self._last = -rest

    @property
    def _there(self) -> bool:
        """Whether there is a pane to show it in: not while its screen is taken down."""
        pane = self._pane
        return pane.is_attached and (bool(pane.children) or not isinstance(pane, Screen))

    def ask(self, *, at_once: bool = False) -> "Worker[None] | None":
        """Read again soon; a read that is under way is followed by another."""
        self._asked = True
        if at_once:
            self._hurry.set()
        if self._running or not self._there:
            return None
        self._running = True
        return self._pane.run_worker(self._run(), group=f"read-{self._name}", exit_on_error=False)

    async def _run(self) -> None:
        try:
            while self._asked and self._there:
                await self._until(self._last + self._rest)
                self._asked, begun = False, time.monotonic()
                self._hurry.clear()
                try:
                    found = await asyncio.to_thread(self._load)
                except Exception as problem:  # said on the screen
                    if self._there:
                        self._trouble(in_words(problem))
                    # What is asked for cannot be read: the next change tries again. All else may
                    # be over soon.
                    self._asked = self._asked or not isinstance(problem, HandrailError)
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                if not self._there:
                    return
                self._trouble(None)
                self._show(found)
                self._last = now = time.monotonic()
                if self._asked:  # a burst: leave most of the time to the keys
                    await self._until(now + min(1.0, 2 * (now - begun)))
        finally:
            self._running = False

    async def _until(self, moment: float) -> None:
        """Wait until then, or until something is asked for at once."""
        left = moment - time.monotonic()
        if left > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), left)
