"""A back office that fails: what happens to a call hangs on what it asks for, never on when.

How often a call was made is kept in files, since workers share the work.
"""

import hashlib
import os
import time
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.connectors.protocols import Effect, Reader, Row, Writer
from agents.errors import Retryable, UnknownOutcome
from data.columns import canonical
from tests.engine.plain import timeless

_OF_THE_RUN = ("ticket", "action", "at")
"""Arguments that differ from run to run."""


def lot(name: str, arguments: Row) -> int:
    """A number from 0 to 9, drawn from what a call asks for."""
    said = {k: v for k, v in arguments.items() if k not in _OF_THE_RUN}
    return zlib.crc32(timeless(canonical([name, said])).encode()) % 10


class Times:
    """How often something was asked, counted over processes."""

    def __init__(self, folder: Path) -> None:
        """Keep the counts in `folder`."""
        self._folder = folder

    def first(self, *what: str) -> bool:
        """Whether this is asked for the first time."""
        name = hashlib.sha256("\\n".join(what).encode()).hexdigest()[:20]
        try:
            os.close(os.open(self._folder / name, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


class Failing:
    """A writer in front of the real one, which a subclass has fail before or after the work."""

    def __init__(self, inner: Writer, times: Times) -> None:
        """Fail in front of `inner`."""
        self.inner, self.times = inner, times

    def before(self, name: str, arguments: Row, key: str) -> None:
        """Called ahead of each execution."""

    def after(self, name: str, arguments: Row, key: str) -> None:
        """Called when it is done."""

    def ahead(self, what: str, key: str) -> None:
        """Called ahead of previews and of what is looked up."""

    def execute(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """As the real one, between two chances to fail."""
        self.before(name, arguments, key)
        effect = self.inner.execute(name, arguments, key, now)
        self.after(name, arguments, key)
        return effect

    def preview(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """As the real one."""
        self.ahead("preview", canonical([name, lot(name, arguments)]))
        return self.inner.preview(name, arguments, key, now)

    def preview_undo(self, key: str, now: datetime) -> Effect:
        """As the real one."""
        self.ahead("preview_undo", key)
        return self.inner.preview_undo(key, now)

    def lookup(self, key: str) -> Effect | None:
        """As the real one."""
        self.ahead("lookup", key)
        return self.inner.lookup(key)

    def undo(self, key: str, undo_key: str, now: datetime) -> Effect:
        """As the real one."""
        self.ahead("undo", key)
        return self.inner.undo(key, undo_key, now)

    def close(self) -> None:
        """Give up what the real one holds."""
        self.inner.close()  # type: ignore[attr-defined]


class Erring(Failing):
    """Answers an error to some calls once, and to some each time, before anything is done."""

    def before(self, name: str, arguments: Row, key: str) -> None:
        """503, once or for ever."""
        drawn = lot(name, arguments)
        if errs_for_ever(name, arguments) or (drawn in (2, 3, 4) and self.times.first("do", key)):
            raise Retryable("the back office answers 503")

    def ahead(self, what: str, key: str) -> None:
        """503, once for every preview of a kind."""
        if what == "preview" and self.times.first(what, key):
            raise Retryable("the back office answers 503")


def errs_for_ever(name: str, arguments: Row) -> bool:
    """Which calls `Erring` never carries out."""
    return lot(name, arguments) == 1


class Silent(Failing):
    """Does the work and gives no answer to the first call; it can be asked by the key."""

    def after(self, name: str, arguments: Row, key: str) -> None:
        """No answer."""
        if is_silent(name, arguments) and self.times.first("did", key):
            raise UnknownOutcome("no answer within 30 seconds")


def is_silent(name: str, arguments: Row) -> bool:
    """Which calls `Silent` leaves without an answer."""
    return lot(name, arguments) in (5, 6, 7)


class Mute(Silent):
    """The same, and nothing can be told of a key."""

    def ahead(self, what: str, key: str) -> None:
        """Nothing is told."""
        if what == "lookup":
            raise UnknownOutcome("the back office keeps no keys")


class Slow(Failing):
    """Takes its time."""

    def before(self, name: str, arguments: Row, key: str) -> None:
        """Up to half a second."""
        time.sleep(0.05 * lot(name, arguments))

    def ahead(self, what: str, key: str) -> None:
        """A tenth of a second."""
        time.sleep(0.1)


class Reading:
    """A reader in front of the real one whose methods call `ahead(method, arguments)` first."""

    def __init__(self, inner: Reader, ahead: Callable[[str, str], None]) -> None:
        """Read from `inner`."""
        self._inner, self._ahead = inner, ahead

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "close":
            return found

        def call(*args: Any, **more: Any) -> Any:
            self._ahead(name, str(args[:1]))
            return found(*args, **more)

        return call


def erring_reads(times: Times) -> Callable[[str, str], None]:
    """Some reads fail the first time."""

    def ahead(method: str, about: str) -> None:
        if zlib.crc32(f"{method}{about}".encode()) % 6 == 0 and times.first("read", method, about):
            raise Retryable("the back office answers 503")

    return ahead


def slow_reads(method: str, about: str) -> None:
    """Each read takes some milliseconds, some take more."""
    time.sleep(0.002 if zlib.crc32(f"{method}{about}".encode()) % 6 else 0.05)
