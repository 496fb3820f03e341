"""The part of the policy file that says by when tickets want an answer and an end."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from data.service_levels import (
    DAYS,
    DEFAULT_LEVELS,
    BusinessHours,
    ServiceLevel,
    ServiceLevels,
    clock_time,
    zone_named,
)
from data.vocabulary import Priority

Hours = Annotated[float, Field(gt=0, le=24 * 366)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_STRICT = ConfigDict(
    extra="forbid",
    frozen=True,
    validate_by_alias=True,
    validate_by_name=True,
    serialize_by_alias=True,
)


class Level(BaseModel):
    """How long tickets of one priority may take."""

    model_config = _STRICT

    answer_hours: Hours
    resolve_hours: Hours


class OpenHours(BaseModel):
    """When the time runs; left out, it runs around the clock."""

    model_config = _STRICT

    timezone: str = "UTC"
    days: Annotated[list[Day], Field(min_length=1)] = ["mon", "tue", "wed", "thu", "fri"]
    begin: Annotated[str, Field(alias="from")] = "09:00"
    end: Annotated[str, Field(alias="to")] = "17:00"

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        zone_named(name)
        return name

    @field_validator("begin", "end")
    @classmethod
    def _time(cls, text: str) -> str:
        clock_time(text)
        return text


def _default(priority: Priority) -> Level:
    level, hour = DEFAULT_LEVELS[priority], timedelta(hours=1)
    return Level(answer_hours=level.answer / hour, resolve_hours=level.resolve / hour)


class ServiceLevelRules(BaseModel):
    """The times of each priority, and when they run."""

    model_config = _STRICT

    urgent: Level = _default(Priority.URGENT)
    high: Level = _default(Priority.HIGH)
    normal: Level = _default(Priority.NORMAL)
    low: Level = _default(Priority.LOW)
    business_hours: OpenHours | None = None

    @property
    def levels(self) -> ServiceLevels:
        """The same, to reckon with."""
        times = {
            priority: ServiceLevel(
                timedelta(hours=getattr(self, priority).answer_hours),
                timedelta(hours=getattr(self, priority).resolve_hours),
            )
            for priority in Priority
        }
        hours = self.business_hours
        if hours is None:
            return ServiceLevels(times)
        return ServiceLevels(
            times,
            BusinessHours(
                zone_named(hours.timezone),
                frozenset(DAYS.index(day) for day in hours.days),
                clock_time(hours.begin),
                clock_time(hours.end),
            ),
        )
