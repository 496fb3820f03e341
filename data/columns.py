"""Column types that read and write the same on SQLite and PostgreSQL."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from data.plain import canonical, from_micros, to_micros

__all__ = ["Json", "UtcTime", "canonical", "from_micros", "to_micros"]


class UtcTime(TypeDecorator[datetime]):
    """A UTC time, stored as microseconds since 1970 so that it sorts and compares anywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Datetime to stored integer."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Stored integer to datetime."""
        return None if value is None else from_micros(value)


class Json(TypeDecorator[Any]):
    """A JSON value, stored as its canonical text, so that what is hashed is what is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Value to canonical text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        """Text to value."""
        return None if value is None else json.loads(value)
