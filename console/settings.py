"""What a person set for themselves: read from a TOML file, checked, with a default for everything.

Nothing of a workspace is set here: who may decide and what runs alone is its policy's.
"""

import math
import os
import re
from datetime import UTC, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from platformdirs import user_config_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from agents.brains.choice import ModelChoice
from console.settings_file import SettingsFile
from data.errors import BadFile, HandrailError
from data.measures.definitions import TARGETS

ENVIRONMENT = "HANDRAIL_SETTINGS"
"""Names another file than the one in the user's configuration folder."""

THEMES = (
    "textual-dark", "textual-light", "nord", "gruvbox", "catppuccin-mocha", "dracula",
    "tokyo-night", "monokai", "flexoki", "catppuccin-latte", "catppuccin-frappe",
    "catppuccin-macchiato", "solarized-light", "solarized-dark", "rose-pine", "rose-pine-moon",
    "rose-pine-dawn", "atom-one-dark", "atom-one-light", "ansi-dark", "ansi-light",
)  # fmt: skip
"""Textual's own, written out, since importing Textual takes a quarter of a second."""

_SPAN = re.compile(r"^(\d{1,4})(m|h|d)$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _SPAN.match(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError('write such as "30m", "2h" or "1d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _query(value: str) -> str:
    from data.queries.search import parse_search

    try:
        parse_search(value)
    except HandrailError as problem:
        raise ValueError(str(problem)) from None
    return value


Span = Annotated[timedelta, BeforeValidator(_span)]
Query = Annotated[str, AfterValidator(_query)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Arrivals(_Section):
    """How the console tells of what needs a person."""

    toasts: bool = True
    bell: bool = False
    desktop: bool = False


class Reminders(_Section):
    """When and where approvals that wait too long are told of."""

    after: tuple[Span, ...] = ()
    command: tuple[str, ...] = ()
    apprise_env: str = ""

    @field_validator("after", "command", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("after")
    @classmethod
    def _grows(cls, value: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("each must be longer than the one before")
        return value

    @field_validator("command")
    @classmethod
    def _has_a_name(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and not value[0].strip():
            raise ValueError("the first part is the program's name")
        return value

    @field_validator("apprise_env")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if value and not _VARIABLE.match(value):
            raise ValueError("name an environment variable that holds the addresses, not them")
        return value


class Settings(_Section):
    """All settings; see `handrail settings`."""

    theme: str = "textual-dark"
    reduced_motion: bool = False
    time_zone: str = "UTC"
    arrivals: Arrivals = Field(default_factory=Arrivals)
    reminders: Reminders = Field(default_factory=Reminders)
    keys: dict[str, str] = Field(default_factory=dict)
    views: dict[str, Query] = Field(default_factory=dict)
    macros: dict[str, str] = Field(default_factory=dict)
    model: ModelChoice = Field(default_factory=ModelChoice)
    targets: dict[str, float] = Field(default_factory=lambda: dict(TARGETS))

    @field_validator("targets", mode="before")
    @classmethod
    def _beside_the_others(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        for name, target in value.items():
            if name not in TARGETS:
                raise ValueError(f"{name!r} has no target{_near(str(name), list(TARGETS))}")
            if type(target) not in (int, float) or not 0 <= target < math.inf:
                raise ValueError(f"{name}: write a number, such as {TARGETS[name]:g}")
        return TARGETS | {name: float(target) for name, target in value.items()}

    @field_validator("theme")
    @classmethod
    def _is_a_theme(cls, value: str) -> str:
        if value not in THEMES:
            raise ValueError(f"there is no such theme{_near(value, THEMES)}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in ("UTC", "local"):
            try:
                ZoneInfo(value)
            except (KeyError, OSError, ValueError):  # by what is wrong with the name
                raise ValueError('write "UTC", "local" or such as "Europe/Berlin"') from None
        return value

    @field_validator("views")
    @classmethod
    def _has_its_own_names(cls, value: dict[str, str]) -> dict[str, str]:
        from data.queries.queue import VIEWS

        for name in value:
            if name in VIEWS:
                raise ValueError(f"{name!r} is a view that is always there; name yours otherwise")
        return value

    @property
    def zone(self) -> tzinfo | None:
        """Where times are shown; None is the computer's own zone."""
        if self.time_zone == "local":
            return None
        return UTC if self.time_zone == "UTC" else ZoneInfo(self.time_zone)


def _near(word: str, words: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(word, words, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(words)}"


def settings_place() -> Path:
    """The file that is meant, there or not: HANDRAIL_SETTINGS, else in the user's folder."""
    named = os.environ.get(ENVIRONMENT)
    return Path(named).expanduser() if named else user_config_path("handrail") / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """The settings in force; the defaults where there is no file.

    BadFile names file, line and field of the first mistake, and what may have been meant; also
    for a file that HANDRAIL_SETTINGS names and that is not there.
    """
    place = path or settings_place()
    if not place.exists():
        if path is not None or os.environ.get(ENVIRONMENT):
            raise BadFile(
                place,
                "is not there; `handrail settings` prints one to begin with",
            )
        return Settings()
    file = SettingsFile(place)
    try:
        return Settings.model_validate(file.content)
    except ValidationError as problem:
        found = problem.errors()
        # A misspelt field is named before what else is wrong.
        first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
        where = tuple(first["loc"])
        raise file.error(_said(dict(first), where), *where) from None


def _said(error: dict[str, Any], where: tuple[str | int, ...]) -> str:
    if error["type"] == "extra_forbidden":
        model: Any = Settings
        for part in where[:-1]:
            model = model.model_fields[part].annotation
        return f"is no setting{_near(str(where[-1]), list(model.model_fields))}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if not isinstance(error["input"], dict | list | tuple):
        message += f" (found {error['input']!r})"
    return message
