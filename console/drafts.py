"""Answers that are begun at this console: here at once, in the workspace soon after."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from console.session import SessionLike

Write = Callable[[Callable[[], object]], Awaitable[str | None]]
"""Does a call beside the screen; the problem in words, or None when it is done."""

log = logging.getLogger(__name__)


class Drafts:
    """What one person has begun and not sent, by ticket."""

    def __init__(self, session: SessionLike, write: Write) -> None:
        """With nothing read and nothing begun."""
        self._session, self._write = session, write
        self._stored: dict[str, str] = {}
        """What the workspace holds, as far as it was read or written here."""
        self.unsaved: dict[str, str] = {}
        """What it does not hold yet; an empty one is still to be dropped there."""
        self._refs: dict[str, str] = {}
        self.alone = asyncio.Lock()
        """Held while something of this is written, so that the newest words are the last ones."""

    @property
    def at_risk(self) -> dict[str, str]:
        """Tickets, with what people call them, whose answer would be lost with this console."""
        return {ticket_id: self._refs[ticket_id] for ticket_id, w in self.unsaved.items() if w}

    def read(self, ticket_id: str) -> str:
        """What was begun for a ticket, empty if nothing was; reads the workspace."""
        session = self._session
        found = session.service.begun(ticket_id, by=session.operator)
        self._stored[ticket_id] = found or ""
        return self.unsaved.get(ticket_id, self._stored[ticket_id])

    def note(self, ticket_id: str, ref: str, words: str) -> None:
        """This is what is written now; `keep` brings it into the workspace."""
        self._refs[ticket_id] = ref
        if words == self._stored.get(ticket_id, "") and not self.alone.locked():
            self.unsaved.pop(ticket_id, None)
        else:
            self.unsaved[ticket_id] = words

    async def keep(self, ticket_id: str) -> str | None:
        """Bring what was noted last into the workspace; the problem in words if that fails."""
        async with self.alone:
            while (words := self.unsaved.get(ticket_id)) is not None:
                problem = await self._write(self._keeping(ticket_id, words))
                if problem is not None:
                    return problem
                self._stored[ticket_id] = words
                if self.unsaved.get(ticket_id) == words:
                    del self.unsaved[ticket_id]
        return None

    def sent(self, ticket_id: str) -> None:
        """The answer went out; the workspace has dropped what was begun."""
        self._stored[ticket_id] = ""
        self.unsaved.pop(ticket_id, None)

    def keep_all(self) -> None:
        """Bring everything into the workspace at once, before the console ends."""
        for ticket_id, words in list(self.unsaved.items()):
            try:
                self._keeping(ticket_id, words)()
                del self.unsaved[ticket_id]
            except Exception as problem:  # the console ends all the same
                log.warning("an answer that was begun cannot be kept: %s", problem)

    def _keeping(self, ticket_id: str, words: str) -> Callable[[], object]:
        session = self._session
        return lambda: session.service.keep_begun(ticket_id, words, by=session.operator)
