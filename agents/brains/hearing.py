"""A model's words on their way to the screen: a row that is overwritten while they come."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from data.store import Store, table
from data.tables import ModelWords

WORDS = table(ModelWords)

EVERY = 0.25
"""Seconds between two writes."""

LEFT_BEHIND = timedelta(minutes=10)
"""Words of workers that were killed are taken away after so long."""

log = logging.getLogger(__name__)


class Hearing:
    """Hears the words of one answer. What cannot be written is not shown, and holds nothing up."""

    def __init__(
        self,
        store: Store,
        ticket_id: str,
        run_id: str,
        agent: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is written before the first words."""
        self._store, self._whose = store, {"ticket_id": ticket_id, "run_id": run_id, "agent": agent}
        self._clock, self._last = clock, -EVERY
        self._id: str | None = None
        self._text = ""

    def __call__(self, words: str) -> None:
        """Take what was said next; an empty text says that the words begin anew."""
        self._text = self._text + words if words else ""
        if self._clock() - self._last >= EVERY:
            self._last = self._clock()
            self._write()

    def done(self) -> None:
        """The answer is there, or will not come: what was shown meanwhile goes."""
        if self._id is not None:
            self._try(delete(WORDS).where(WORDS.c.id == self._id))
            self._id = None

    def _write(self) -> None:
        if self._id is not None:
            now = self._store.clock.now()
            row = WORDS.c.id == self._id
            self._try(update(WORDS).where(row).values(text=self._text, at=now))
            return
        try:
            with self._store.write() as tx:
                old = WORDS.c.at < tx.now - LEFT_BEHIND
                tx.connection.execute(delete(WORDS).where(old))
                made = tx.ids("mw")
                tx.insert(ModelWords, id=made, at=tx.now, text=self._text, **self._whose)
            self._id = made
        except DBAPIError:
            log.debug("words of a model are not shown", exc_info=True)

    def _try(self, statement: object) -> None:
        try:
            with self._store.write() as tx:
                tx.connection.execute(statement)  # type: ignore[call-overload]
        except DBAPIError:
            log.debug("words of a model are not shown", exc_info=True)
