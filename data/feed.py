"""The change feed: tells a process that the workspace changed, and what was appended."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select

from data.database import reading
from data.store import EVENT

LOOK_SECONDS = 0.03
"""Between two looks; a look on the driver's own connection costs 3 microseconds."""


class ChangeWatch:
    """Notices commits of other connections; belongs to the one thread that uses it."""

    def __init__(self, engine: Engine) -> None:
        """Watch from now on."""
        self._engine = engine
        self._raw = engine.raw_connection() if engine.dialect.name == "sqlite" else None
        self._seen = self._version()

    def _version(self) -> int:
        if self._raw is None:
            return newest_event(self._engine)
        cursor = self._raw.cursor()
        try:
            cursor.execute("PRAGMA data_version")
            row = cursor.fetchone()
            return int(row[0]) if row else 0
        finally:
            cursor.close()

    def changed(self) -> bool:
        """Whether anything was committed since the last call that said so."""
        found = self._version()
        if found == self._seen:
            return False
        self._seen = found
        return True

    def wait(self, timeout: float) -> bool:
        """Block until something was committed, at most `timeout` seconds; whether it was."""
        deadline = time.monotonic() + timeout
        while not self.changed():
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def close(self) -> None:
        """Give the connection back."""
        if self._raw is not None:
            self._raw.close()


@dataclass(frozen=True)
class Appended:
    """An event as the feed tells of it."""

    id: int
    ticket_id: str
    at: datetime
    agent: str
    kind: str


def newest_event(engine: Engine) -> int:
    """The cursor that stands behind everything so far."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.max(EVENT.c.id))).scalar() or 0)


def events_after(engine: Engine, cursor: int, limit: int = 500) -> Sequence[Appended]:
    """Events past the cursor, oldest first, at most `limit`."""
    columns = (EVENT.c.id, EVENT.c.chain, EVENT.c.at, EVENT.c.agent, EVENT.c.kind)
    query: Any = select(*columns).where(EVENT.c.id > cursor).order_by(EVENT.c.id).limit(limit)
    with reading(engine) as connection:
        return [Appended(*row) for row in connection.execute(query)]
