"""Periods of whole days (UTC), and the fewest days and months that make one up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from data.errors import HandrailError

_BACK = re.compile(r"^(\d{1,5})([dw])$")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """From a day to another, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """HandrailError if it ends before it begins."""
        if self.last < self.first:
            raise HandrailError(
                f"a period from {self.first} to {self.last} ends before it begins; swap them"
            )

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def each_day(self) -> Iterator[date]:
        """Its days, in order."""
        for number in range(self.days):
            yield self.first + timedelta(days=number)

    def spans(self) -> list[str]:
        """Its days and whole months, as `measure_sum` names them, in order and without overlap."""
        found, day = [], self.first
        while day <= self.last:
            end = _month_end(day)
            if day.day == 1 and end <= self.last:
                found.append(f"{day:%Y-%m}")
                day = end + _DAY
            else:
                found.append(day.isoformat())
                day += _DAY
        return found

    def months(self) -> Iterator["Period"]:
        """The months that it has a part in, each cut to what lies within."""
        day = self.first
        while day <= self.last:
            end = min(_month_end(day), self.last)
            yield Period(day, end)
            day = end + _DAY

    def weeks(self) -> Iterator["Period"]:
        """The weeks from Monday to Sunday that it has a part in, each cut to what lies within."""
        day = self.first
        while day <= self.last:
            end = min(day + timedelta(days=6 - day.weekday()), self.last)
            yield Period(day, end)
            day = end + _DAY


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - _DAY


def last_days(days: int, now: datetime) -> Period:
    """So many days, today included."""
    today = now.astimezone(UTC).date()
    return Period(today - timedelta(days=days - 1), today)


def last_weeks(weeks: int, now: datetime) -> Period:
    """So many weeks from Monday, this one included as far as it has come."""
    today = now.astimezone(UTC).date()
    return Period(today - timedelta(days=today.weekday() + 7 * (weeks - 1)), today)


def last_months(months: int, now: datetime) -> Period:
    """So many months, this one included as far as it has come."""
    today = now.astimezone(UTC).date()
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return Period(date(year, month + 1, 1), today)


def day_of(text: str, now: datetime) -> date:
    """A day as people write it: 2026-03-09, today, yesterday, or such as 7d and 4w, which is the
    first of so many days with today. HandrailError in words otherwise."""
    today, word = now.astimezone(UTC).date(), text.strip().lower()
    if word in ("today", "yesterday"):
        return today if word == "today" else today - _DAY
    try:
        if match := _BACK.match(word):
            count = int(match[1]) * (7 if match[2] == "w" else 1)
            if count:
                return today - timedelta(days=count - 1)
        return date.fromisoformat(word)
    except (ValueError, OverflowError):
        raise HandrailError(
            f"{text!r} is no day; write such as 2026-03-09, yesterday, 7d or 4w (whole days, UTC)"
        ) from None
