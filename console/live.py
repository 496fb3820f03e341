"""The one thread that watches the workspace and tells the screen what was appended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from console.reads import in_words
from data.feed import Appended, events_after, newest_event
from data.store import Store

LOOK_SECONDS = 0.05
"""Between two looks, each of a few tenths of a millisecond; a burst becomes one message."""

AGAIN_SECONDS = 2.0
"""Before looking again when the database could not be read."""


@dataclass
class Changed(Message):
    """The workspace changed; `events` were appended (none for a heartbeat)."""

    events: list[Appended]

    def touches(self, ticket_id: str | None) -> bool:
        """Whether an event belongs to the ticket."""
        return any(event.ticket_id == ticket_id for event in self.events)


@dataclass
class FeedTrouble(Message):
    """The workspace cannot be watched now, or (None) can be again."""

    problem: str | None


class LiveFeed:
    """Watches a workspace from its own thread until it is stopped.

    It asks for the newest event, not `ChangeWatch`, whose connection stays in the transaction that
    its engine begins: it would see one moment for ever and keep the WAL from being checkpointed.
    """

    def __init__(self, store: Store, post: Callable[[Message], object]) -> None:
        """Tell of changes through `post`, which must be safe to call from a thread."""
        self._store, self._post = store, post
        self._stopping = threading.Event()
        self._cursor = -1
        self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits shortly for it."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._cursor < 0:
                    self._cursor = newest_event(self._store.engine)
                self._post(FeedTrouble(None))
                self._follow()
            except Exception as problem:  # said in the status line; looked at again soon
                self._post(FeedTrouble(in_words(problem)))
                self._stopping.wait(AGAIN_SECONDS)

    def _follow(self) -> None:
        self._tell()
        while not self._stopping.wait(LOOK_SECONDS):
            if newest_event(self._store.engine) > self._cursor:
                self._tell()

    def _tell(self) -> None:
        events: list[Appended] = []
        while found := events_after(self._store.engine, self._cursor, limit=500):
            events += found
            self._cursor = found[-1].id
        self._post(Changed(events))
