"""Disks that fill up and are emptied again while everybody is at work."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from tests.torture.crowd import BACK_OFFICE, LEASES, WORKSPACE
from tests.torture.hindrances import Room

FULL_SECONDS = 2.5
"""How long a disk stays full once somebody has noticed."""

PATIENCE_SECONDS = 12.0
"""How long is waited for somebody to notice."""

SAYS_SO = "is full"


class Filling:
    """Fills a disk at given shares of the work, and empties it once the workers have said so."""

    def __init__(
        self,
        log: Path,
        done: Callable[[], float],
        fill: Callable[[], None],
        empty: Callable[[], None],
        shares: tuple[float, ...],
    ) -> None:
        """Watch `log`; `done` says which share of the work is done."""
        self._log, self._done, self._fill, self._empty = log, done, fill, empty
        self._shares = list(shares)
        self._since: float | None = None
        self._noticed: float | None = None
        self._lines = 0
        self.noticed = 0
        """How often somebody said that it is full."""

    def look(self) -> bool:
        """Fill, or empty, if it is time; whether there is room now."""
        now = time.monotonic()
        if self._since is None:
            if self._shares and self._done() >= self._shares[0]:
                self._shares.pop(0)
                self._lines, self._since, self._noticed = self._said(), now, None
                self._fill()
            return self._since is None
        if self._noticed is None and self._said() > self._lines:
            self._noticed = now
            self.noticed += 1
        began = self._noticed or self._since + PATIENCE_SECONDS - FULL_SECONDS
        if now - began >= FULL_SECONDS:
            self._since = None
            self._empty()
        return self._since is None

    def _said(self) -> int:
        return self._log.read_text().count(SAYS_SO) if self._log.exists() else 0


def pages_of(path: Path) -> int:
    """How many pages a database has."""
    with closing(sqlite3.connect(path, timeout=20)) as database:
        return int(database.execute("PRAGMA page_count").fetchone()[0])


def limits(folder: Path, room: Room, which: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """How to fill and to empty by `max_page_count`: the workspace's file or the back office's."""

    def fill() -> None:
        if which == "workspace":
            room.give(workspace=pages_of(folder / WORKSPACE) + 1)
        else:
            room.give(back_office=pages_of(folder / BACK_OFFICE))

    return fill, room.give


def ballast(disk: Path, folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """How to fill and to empty a small disk: by a file that takes what is left of it."""
    weight = disk / "ballast"

    def fill() -> None:
        # What a log of SQLite's has taken once is written over again; so it is to begin anew.
        for name in (WORKSPACE, BACK_OFFICE, LEASES):
            with closing(sqlite3.connect(folder / name, timeout=5)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with suppress(OSError), weight.open("wb", buffering=0) as file:
            while file.write(b"\0" * 4096):
                pass

    def empty() -> None:
        with suppress(FileNotFoundError):
            os.unlink(weight)

    return fill, empty
