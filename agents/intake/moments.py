"""Times as files write them: ISO 8601, RFC 2822, seconds since 1970."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agents.intake.records import Unreadable, shown

_EPOCH = re.compile(r"-?\d{9,}(\.\d+)?")
_ZONE = re.compile(r"\s+(?:UTC|GMT|Z)$|\s+(?=[+-]\d\d:?\d\d$)", re.IGNORECASE)
_MAIL_DATE = re.compile(r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}\s+[A-Za-z]{3,9}\s+\d{2,4}\b")
_MILLISECONDS_FROM = 100_000_000_000
"""Larger numbers are milliseconds: as seconds they would lie past the year 5138."""


def parse_moment(value: object) -> datetime | None:
    """The UTC time that `value` names, None if it is empty; Unreadable, with the value, otherwise.

    A time without a zone is taken as UTC.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_epoch(float(value))
        text = str(value).strip()
        if _EPOCH.fullmatch(text):
            return _from_epoch(float(text))
        return _in_utc(_from_text(text))
    except (ValueError, OverflowError, OSError):
        raise Unreadable(
            f"{shown(value)} is not a time; use ISO 8601 such as 2026-04-22T16:45:00Z, "
            "RFC 2822, or seconds since 1970"
        ) from None


def _from_epoch(seconds: float) -> datetime:
    if abs(seconds) >= _MILLISECONDS_FROM:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def _from_text(text: str) -> datetime:
    iso = _ZONE.sub(lambda found: "" if not found[0].strip() else "+00:00", text)
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        if not _MAIL_DATE.match(text):
            raise
        return parsedate_to_datetime(text)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
