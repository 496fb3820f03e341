"""How times and JSON are stored, as plain functions that need no database library."""

import json
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def canonical(value: object) -> str:
    """The one JSON text of `value`: sorted keys, no spaces; what digests are made of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC; ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC time of `to_micros`, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=micros)
