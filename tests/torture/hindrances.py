"""What a process of the torture meets: a death, too little room, a back office that fails.

All of it is put in the way of one forked process; nothing of the program knows of it.
"""

import mmap
import os
import random
import signal
import sqlite3
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from dbos._queue import Queue
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

import agents.connectors.embedded.writer
import agents.runtime.worker
import agents.wiring
import data.queries.health
import data.workspace
from agents.connectors.protocols import Reader, Writer

DEAD_AFTER = 3.0
"""Seconds without a beat after which a worker is taken for dead: as everything that has to do with
it, sooner than in earnest, so that the others need not wait long for what it held. One that is slow
is taken for dead while it lives, too."""

NO_LIMIT = 1_073_741_823
_KNOWN: dict[Any, Any] = {}
_rules_of = agents.wiring.rules_of


@dataclass(frozen=True)
class Kill:
    """When a process dies by SIGKILL: around its `number`-th commit, or by time.

    `start`: so many seconds after it was forked; `work`: after its first commit.
    """

    how: Literal["before", "inside", "after", "work", "start"]
    number: int = 0
    seconds: float = 0.0

    @classmethod
    def drawn(cls, rng: random.Random, commits: int, seconds: float) -> "Kill":
        """One at any moment within so many commits, or so many seconds."""
        how: Any = rng.choices(["before", "inside", "after", "work", "start"], [4, 4, 4, 6, 1])[0]
        if how in ("start", "work"):
            return cls(how, seconds=rng.uniform(0.0, seconds))
        # An instant in which a commit is under way lasts some tenths of a millisecond.
        within = rng.expovariate(1 / 0.0005) if how == "inside" else 0.0
        return cls(how, rng.randint(1, commits), within)


class Count:
    """A number that two processes see."""

    def __init__(self) -> None:
        """At 0."""
        self._shared = mmap.mmap(-1, 4)

    @property
    def value(self) -> int:
        """What it stands at."""
        return int(struct.unpack("i", self._shared[:])[0])

    def set(self, value: int) -> None:
        """Have it stand at a value."""
        self._shared[:] = struct.pack("i", value)


class Room:
    """How many pages the files may have, for all processes; it can be changed while they run."""

    def __init__(self) -> None:
        """No limit."""
        self._shared = mmap.mmap(-1, 8)
        self.give()

    def give(self, *, workspace: int = NO_LIMIT, back_office: int = NO_LIMIT) -> None:
        """Let each file grow to so many pages."""
        self._shared[:] = struct.pack("ii", workspace, back_office)

    @property
    def workspace(self) -> int:
        """Pages of the workspace."""
        return int(struct.unpack("ii", self._shared[:])[0])

    @property
    def back_office(self) -> int:
        """Pages of the back office."""
        return int(struct.unpack("ii", self._shared[:])[1])


@dataclass
class Ways:
    """What a process meets."""

    folder: Path
    log: str
    """The file in the folder for what it says."""
    kill: Kill | None = None
    commits: "Count | None" = None
    """Counts up with each commit of the process."""
    room: Room | None = None
    reader: Callable[[Reader], Reader] = field(default=lambda reader: reader)
    writer: Callable[[Writer], Writer] = field(default=lambda writer: writer)

    def note_death(self, what: str) -> None:
        """Leave word of a death for the one who counts."""
        note_death(self.folder, what)


def note_death(folder: Path, what: str) -> None:
    """Add a line to the list of deaths."""
    number = os.open(folder / "deaths", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, f"{what}\n".encode())
    os.close(number)


def hinder(ways: Ways) -> None:
    """Put what it meets in the way of this process."""
    _put(data.queries.health, "ALIVE", lambda _: timedelta(seconds=DEAD_AFTER))
    _put(agents.runtime.worker, "HEARTBEAT_SECONDS", lambda _: DEAD_AFTER / 5)
    assert Queue.__init__.__kwdefaults__ is not None
    Queue.__init__.__kwdefaults__["polling_interval_sec"] = DEAD_AFTER / 20
    _put(agents.wiring, "rules_of", lambda _: _rules_read_once)
    commits, room = _Commits(ways), ways.room
    commits.watch_engines()

    def watched(connect: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **more: _Watched(connect(*args, **more), commits, room)

    def limited(make: Callable[..., Engine]) -> Callable[..., Engine]:
        def make_limited(*args: Any, **more: Any) -> Engine:
            engine = make(*args, **more)
            if room is not None:
                event.listen(engine, "begin", lambda connection: _limit(connection, room))
            return engine

        return make_limited

    _put(agents.connectors.embedded.writer, "connect", watched)
    _put(data.workspace, "make_engine", limited)
    _put(agents.wiring, "EmbeddedReader", lambda real: lambda path: ways.reader(real(path)))
    _put(agents.wiring, "EmbeddedWriter", lambda real: lambda path: ways.writer(real(path)))


def _put(module: ModuleType, name: str, instead_of: Callable[[Any], Any]) -> None:
    """Replace a name of a module by what is made of it."""
    setattr(module, name, instead_of(getattr(module, name)))


def _rules_read_once(found: Any) -> Any:
    if found not in _KNOWN:
        _KNOWN[found] = _rules_of(found)
    return _KNOWN[found]


def read_rules(folder: Path) -> None:
    """Read the rules of a folder now, for all the forks."""
    _rules_read_once(agents.wiring.find_rules(folder, agents.wiring.Places()))


def _limit(connection: Connection, room: Room) -> None:
    pages = room.workspace
    if connection.info.get("pages", NO_LIMIT) != pages:
        connection.info["pages"] = pages
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


class _Commits:
    """Counts what this process commits, to whichever database, and may end it at one."""

    def __init__(self, ways: Ways) -> None:
        self._ways, self._kill = ways, ways.kill
        self._count = 0

    def around(self, commit: Callable[[], Any]) -> Any:
        kill = self._kill
        self._count += 1
        if self._ways.commits is not None:
            self._ways.commits.set(self._count)
        if kill is None or self._count != kill.number:
            return commit()
        if kill.how == "before":
            self._die()
        if kill.how == "inside":
            self._ways.note_death(f"inside commit {kill.number}")
            _kill_in(kill.seconds)
            done = commit()
            time.sleep(kill.seconds + 1)
            return done
        done = commit()
        self._die()
        return done

    def _die(self) -> None:
        assert self._kill is not None
        self._ways.note_death(f"{self._kill.how} commit {self._kill.number}")
        os.kill(os.getpid(), signal.SIGKILL)

    def watch_engines(self) -> None:
        """Count commits of SQLAlchemy's engines that changed something."""
        do_commit = DefaultDialect.do_commit

        def counted(dialect: Any, connection: Any) -> None:
            before = connection.info.get("changes", 0)
            connection.info["changes"] = connection.total_changes
            if connection.total_changes == before:
                do_commit(dialect, connection)
            else:
                self.around(lambda: do_commit(dialect, connection))

        DefaultDialect.do_commit = counted  # type: ignore[method-assign]


def _kill_in(seconds: float) -> None:
    """Have a thread kill this process after so many seconds, whatever it is at."""

    def kill() -> None:
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()


class _Watched:
    """A connection of the back office whose commits are counted, and whose room is limited."""

    def __init__(self, inner: sqlite3.Connection, commits: _Commits, room: Room | None) -> None:
        self._inner, self._commits, self._room = inner, commits, room
        self._pages = NO_LIMIT

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            return self._commits.around(lambda: self._inner.execute(sql))
        if self._room is not None and sql.startswith("BEGIN"):
            pages = self._room.back_office
            if pages != self._pages:
                self._pages = pages
                self._inner.execute(f"PRAGMA max_page_count={pages}")
        return self._inner.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
