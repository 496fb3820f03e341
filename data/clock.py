"""Time, ids and randomness, passed in wherever they are needed."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Clock(Protocol):
    """Tells the time of a workspace."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


class OffsetClock:
    """The real time, moved by a fixed offset that the workspace stores."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        """Run `offset` ahead of real time."""
        self.offset = offset

    def now(self) -> datetime:
        """Real time plus the offset, in UTC."""
        return datetime.now(UTC) + self.offset


class VirtualClock:
    """A clock that stands until it is moved; each look moves it on by a microsecond."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start`."""
        self._now = start

    def now(self) -> datetime:
        """The time it was set to; strictly later at each look, so that events keep their order."""
        self._now += timedelta(microseconds=1)
        return self._now

    def advance_to(self, moment: datetime) -> None:
        """Move on to `moment`; never back."""
        self._now = max(self._now, moment)


NewId = Callable[[str], str]
"""Makes an id that begins with the given prefix."""


def new_id(prefix: str) -> str:
    """An id such as `t_0r5k2mzv9xq4c8wd`: sorts by the second it was made in, 40 random bits."""
    stamp, text = int(time.time()), ""
    for _ in range(7):
        text = _ALPHABET[stamp & 31] + text
        stamp >>= 5
    chance = secrets.token_bytes(8)
    return f"{prefix}_{text}" + "".join(_ALPHABET[byte & 31] for byte in chance)


class CountingIds:
    """Ids in the order they are asked for, for runs that must repeat exactly."""

    def __init__(self) -> None:
        """Begin at 1."""
        self._count = 0

    def __call__(self, prefix: str) -> str:
        """The next id, such as `t_000001`."""
        self._count += 1
        return f"{prefix}_{self._count:06d}"
