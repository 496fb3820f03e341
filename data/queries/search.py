"""The queue's search: words and fields such as `status:escalated older:2h "double charge"`."""

import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta

from data.errors import HandrailError
from data.vocabulary import Identity, Intent, Priority, TicketStatus

_AGE = re.compile(r"^(\d+)(m|h|d|w)$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

CHOICES: dict[str, tuple[str, ...]] = {
    "status": tuple(s.value for s in TicketStatus),
    "intent": tuple(i.value for i in Intent),
    "priority": tuple(p.value for p in Priority),
    "tier": ("standard", "premium", "enterprise"),
    "identity": tuple(i.value for i in Identity),
}
"""Fields with a closed set of values."""

FIELDS = (*CHOICES, "owner", "from", "ref", "flag", "channel", "older", "newer")
"""Every field that a search understands."""


class BadQuery(HandrailError):
    """A search that cannot be understood."""


@dataclass(frozen=True)
class Search:
    """A parsed search; all its parts must hold."""

    words: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Field to its values, any of which may hold."""
    older: timedelta | None = None
    newer: timedelta | None = None


def parse_search(text: str) -> Search:
    """Understand a search; BadQuery names the word that does not fit and what would."""
    try:
        parts = shlex.split(text.replace("'", "\\'"))
    except ValueError:
        raise BadQuery('a quotation mark is not closed: add the second "') from None
    words: list[str] = []
    fields: dict[str, tuple[str, ...]] = {}
    ages: dict[str, timedelta] = {}
    for part in parts:
        name, colon, value = part.partition(":")
        name = name.lower()
        if not colon or (name not in FIELDS and not name.isalpha()):
            words.append(part)
            continue
        if name not in FIELDS:
            raise BadQuery(f"no field {name!r}; there are {', '.join(FIELDS)}")
        if name in ("older", "newer"):
            ages[name] = _age(name, value)
            continue
        values = tuple(v for v in value.split(",") if v)
        if not values:
            raise BadQuery(f"{name}: lacks a value")
        for given in values if name in CHOICES else ():
            if given.lower() not in CHOICES[name]:
                raise BadQuery(f"{name}:{given} is unknown; {', '.join(CHOICES[name])}")
        values = tuple(v.lower() for v in values) if name in CHOICES else values
        fields[name] = fields.get(name, ()) + values
    return Search(tuple(words), fields, ages.get("older"), ages.get("newer"))


def _age(name: str, value: str) -> timedelta:
    match = _AGE.match(value)
    if not match:
        raise BadQuery(f"{name}:{value} is no age; write such as 30m, 2h, 3d or 1w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
