"""Service levels: by when a ticket wants its first answer and its end, in business hours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from data.vocabulary import ENDED_TICKETS, Priority, TicketStatus

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MIDNIGHT = time(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class BusinessHours:
    """The hours of the week in which a service level's time runs, as a clock on the wall says."""

    zone: tzinfo
    days: frozenset[int]
    """0 for Monday to 6 for Sunday; at least one."""
    begin: time
    end: time
    """Not after `begin`: of the day after, so that 00:00 to 00:00 is the whole day."""

    def __post_init__(self) -> None:
        """ValueError where no time would ever run."""
        if not self.days or not self.days <= set(range(7)):
            raise ValueError("business hours need at least one day of the week")

    def spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans that end after `moment`, in UTC, in order, without an end."""
        day = moment.astimezone(self.zone).date() - _DAY
        while True:
            if day.weekday() in self.days:
                last = day if self.end > self.begin else day + _DAY
                opens = datetime.combine(day, self.begin, self.zone).astimezone(UTC)
                closes = datetime.combine(last, self.end, self.zone).astimezone(UTC)
                if closes > moment and closes > opens:
                    yield opens, closes
            day += _DAY

    def add(self, moment: datetime, hours: timedelta) -> datetime:
        """When so much business time has gone by since `moment`, in UTC.

        Hours are real ones: a day on which the clocks change is as long as it is.
        """
        left = hours
        if left <= timedelta(0):
            return moment.astimezone(UTC)
        for opens, closes in self.spans(moment):
            start = max(opens, moment)
            if left <= closes - start:
                return start.astimezone(UTC) + left
            left -= closes - start
        raise AssertionError("business hours have no end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The business time from `start` to `end`; zero if `end` is not later."""
        total = timedelta(0)
        if end <= start:
            return total
        for opens, closes in self.spans(start):
            if opens >= end:
                return total
            total += min(closes, end) - max(opens, start)
        raise AssertionError("business hours have no end")


@dataclass(frozen=True)
class ServiceLevel:
    """How long a ticket of one priority may take."""

    answer: timedelta
    """To the first answer."""
    resolve: timedelta
    """To the end, once the first answer is given."""


def _level(answer: float, resolve: float) -> ServiceLevel:
    return ServiceLevel(timedelta(hours=answer), timedelta(hours=resolve))


DEFAULT_LEVELS: Mapping[Priority, ServiceLevel] = {
    Priority.URGENT: _level(1, 4),
    Priority.HIGH: _level(4, 24),
    Priority.NORMAL: _level(24, 72),
    Priority.LOW: _level(48, 120),
}


@dataclass(frozen=True)
class ServiceLevels:
    """The times of all priorities, and the hours in which they run (None: around the clock)."""

    levels: Mapping[Priority, ServiceLevel] = field(default_factory=lambda: DEFAULT_LEVELS)
    hours: BusinessHours | None = None

    def due(self, priority: Priority, start: datetime, *, answered: bool) -> datetime:
        """By when a ticket whose time runs from `start` wants its answer, or then its end."""
        level = self.levels[priority]
        wanted = level.resolve if answered else level.answer
        if self.hours is None:
            return start.astimezone(UTC) + wanted
        return self.hours.add(start, wanted)


STOPPED = ENDED_TICKETS | {TicketStatus.NEW, TicketStatus.AWAITING_CUSTOMER}
"""States in which no service level runs: ended, not triaged yet, or the customer's turn."""

_AGAIN = ENDED_TICKETS | {TicketStatus.AWAITING_CUSTOMER}


def due_changes(
    levels: ServiceLevels,
    before: Mapping[str, object],
    after: Mapping[str, object],
    now: datetime,
) -> dict[str, datetime | None]:
    """What becomes of `due_at` and `due_from` when a ticket's columns change as told.

    `before` and `after` hold status, priority, opened_at, answered_at, due_from. Time runs from the
    opening; where a ticket had ended or awaited the customer and goes on, it runs anew from `now`.
    """
    status = TicketStatus(str(after["status"]))
    if status in STOPPED:
        return {"due_at": None}
    changes: dict[str, datetime | None] = {}
    if TicketStatus(str(before["status"])) in _AGAIN:
        changes["due_from"] = now
    start = changes.get("due_from") or after["due_from"] or after["opened_at"]
    answered = after["answered_at"]
    assert isinstance(start, datetime)
    given = isinstance(answered, datetime) and answered >= start
    changes["due_at"] = levels.due(Priority(str(after["priority"])), start, answered=given)
    return changes


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name; ValueError in words if this computer knows none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"no time zone {name!r} is known here; write one such as Europe/Madrid or UTC"
        ) from None


def clock_time(text: str) -> time:
    """A time of day such as `09:00`; `24:00` is midnight. ValueError in words otherwise."""
    if text == "24:00":
        return _MIDNIGHT
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or len(text) not in (5, 8):
        raise ValueError(f"{text!r} is no time of day; write such as 09:00")
    return found
