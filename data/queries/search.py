"""The queue's search: words and fields such as `status:escalated older:2h -vip "double charge"`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import NoReturn

from data.errors import HandrailError
from data.vocabulary import Identity, Intent, Priority, TicketStatus

_AGE = re.compile(r"^(\d+)(m|h|d|w)$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AMOUNT = re.compile(r"^(>=|<=|>|<|=)?(\d+)(?:\.(\d\d))?$")
_NAME = re.compile(r"^[A-Za-z]+$")
_OLDEST = timedelta(days=36_500)
_MOST = 10**15

CHOICES: dict[str, tuple[str, ...]] = {
    "status": tuple(s.value for s in TicketStatus),
    "intent": tuple(i.value for i in Intent),
    "priority": tuple(p.value for p in Priority),
    "identity": tuple(i.value for i in Identity),
    "is": (
        "mine", "breaching", "waiting", "escalated", "unassigned", "customer", "open", "ended",
    ),
}  # fmt: skip
"""Fields with a closed set of values."""

LIKELY: dict[str, tuple[str, ...]] = {
    "tier": ("standard", "premium", "enterprise"),
    "channel": ("email", "chat", "phone", "web"),
    "language": ("en", "es", "de", "fr", "it", "nl", "pt"),
    "owner": ("agents",),
    "older": ("30m", "2h", "1d", "1w"),
    "newer": ("30m", "2h", "1d", "1w"),
    "amount": (">100.00", ">=50.00", "<10.00"),
}
"""Values to offer for fields that take any."""

ABOUT: dict[str, str] = {
    "status": "where it stands",
    "intent": "what it is about",
    "priority": "how urgent",
    "is": "a view: mine, breaching, open …",
    "tier": "the customer's tier",
    "owner": "who has it",
    "customer": "the customer's name",
    "requester": "the sender's address",
    "ref": "its number; 10* for a beginning",
    "channel": "how it came in",
    "language": "its language",
    "flag": "what was noticed about it",
    "identity": "how surely the customer is known",
    "amount": "money that waits: >5000 or >50.00",
    "older": "opened before: 30m 2h 3d 1w",
    "newer": "opened since: 30m 2h 3d 1w",
}
"""Every field that a search understands, and what it means."""

FIELDS = tuple(ABOUT)
ALSO = {"from": "requester", "customers": "customer", "flags": "flag", "lang": "language"}
"""Other names of fields."""

_SEVERAL = frozenset({"intent", "flag", "is"})
"""Fields of which a ticket may have several values: each one given must hold."""


class BadQuery(HandrailError):
    """A search that cannot be understood; `at` is where, 0 for the first character."""

    def __init__(self, problem: str, at: int, length: int = 1) -> None:
        """Say `problem` about `length` characters from `at` on."""
        super().__init__(f"character {at + 1}: {problem}")
        self.problem, self.at, self.length = problem, at, max(1, length)


@dataclass(frozen=True)
class Words:
    """A word or phrase to be found in subject, names, ref or messages."""

    text: str
    begins: bool = False
    """Whether words that begin so count as well."""
    negated: bool = False


@dataclass(frozen=True)
class Among:
    """A field that must have one of the values."""

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Age:
    """Opened at least (`older`) or at most so long ago."""

    older: bool
    span: timedelta


@dataclass(frozen=True)
class Amount:
    """Money that waits, in minor units, compared to `value`."""

    sign: str
    """One of > >= < <= =."""
    value: int
    negated: bool = False


Condition = Among | Age | Amount


@dataclass(frozen=True)
class Search:
    """A parsed search; all its parts must hold."""

    words: tuple[Words, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        """Whether it narrows anything down."""
        return bool(self.words or self.conditions)


@dataclass(frozen=True)
class Part:
    """A piece of a search as it was written."""

    at: int
    negated: bool
    name: str
    """The field before the colon, or empty."""
    values: tuple[tuple[str, bool, int], ...]
    """Each value, whether it was quoted, and where it begins."""


def parts_of(text: str) -> list[Part]:
    """The pieces of a search; BadQuery for a quotation mark that is not closed."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        part, at = _part(text, at)
        found.append(part)
    return found


def _part(text: str, at: int) -> tuple[Part, int]:
    begun = at
    negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
    at += negated
    colon = re.compile(r"([A-Za-z]+):").match(text, at)
    name = ""
    if colon and not text.startswith("//", colon.end()):
        name, at = colon[1].lower(), colon.end()
    values: list[tuple[str, bool, int]] = []
    while True:
        value, quoted, start = "", False, at
        while at < len(text) and not text[at].isspace():
            if text[at] == '"' and (not value or name):
                end = text.find('"', at + 1)
                if end < 0:
                    raise BadQuery('a quotation mark is not closed: add the second "', at)
                value, quoted, at = value + text[at + 1 : end], True, end + 1
                if not name:
                    break
            elif text[at] == "," and name:
                break
            else:
                value, at = value + text[at], at + 1
        if value or quoted:
            values.append((value, quoted, start))
        if at < len(text) and text[at] == "," and name:
            at += 1
            continue
        return Part(begun, negated, name, tuple(values)), at


def parse_search(text: str) -> Search:
    """Understand a search; BadQuery names where it does not fit, and what would."""
    words: list[Words] = []
    conditions: list[Condition] = []
    for part in parts_of(text):
        if not part.name:
            words += [_words(value, quoted, part) for value, quoted, _ in part.values]
            continue
        name = ALSO.get(part.name, part.name)
        if name not in ABOUT:
            if not part.values:  # such as the `Re:` of a pasted subject
                words.append(Words(part.name, negated=part.negated))
                continue
            _refuse(f"no field {part.name!r}", part.name, (*FIELDS, *ALSO), _name_at(part))
        if not part.values:
            raise BadQuery(f"{name}: lacks a value; {_hint(name)}", part.at, len(name) + 1)
        conditions += _conditions(name, part)
    kept = [word for word in words if any(c.isalnum() for c in word.text)]
    return Search(tuple(kept), tuple(_joined(conditions)))


def _words(value: str, quoted: bool, part: Part) -> Words:
    if quoted:
        return Words(value, negated=part.negated)
    starred = value.rstrip("*")
    short = sum(c.isalnum() for c in starred) < 3
    return Words(starred, begins=starred != value or not short, negated=part.negated)


def _name_at(part: Part) -> int:
    return part.at + part.negated


def _conditions(name: str, part: Part) -> Iterable[Condition]:
    if name in ("older", "newer"):
        spans = [_age(name, value, at) for value, _, at in part.values]
        older = (name == "older") is not part.negated
        # Several ages of which one must hold come to the one that holds soonest.
        return [Age(older, min(spans) if older else max(spans))]
    if name == "amount":
        if len(part.values) > 1:
            raise BadQuery("amount: takes one value", part.values[1][2])
        return [_amount(value, at, part.negated) for value, _, at in part.values]
    values = tuple(_value(name, value, at) for value, _, at in part.values)
    if name in _SEVERAL and not part.negated:
        return [Among(name, values)]
    return [Among(name, values, part.negated)]


def _value(name: str, value: str, at: int) -> str:
    if name not in CHOICES:
        lower = name in ("tier", "channel", "language", "requester")
        return value.lower() if lower else value
    if value.lower() not in CHOICES[name]:
        _refuse(f"{name}:{value} is unknown", value.lower(), CHOICES[name], at)
    return value.lower()


def _joined(conditions: list[Condition]) -> Iterable[Condition]:
    """Values of one field given in several places: any of them may hold, where it has only one."""
    merged: dict[str, int] = {}
    found: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Among) and not condition.negated:
            name = condition.field
            if name in merged and name not in _SEVERAL:
                before = found[merged[name]]
                assert isinstance(before, Among)
                found[merged[name]] = Among(name, before.values + condition.values)
                continue
            merged[name] = len(found)
        found.append(condition)
    return found


def _refuse(problem: str, given: str, known: Iterable[str], at: int) -> NoReturn:
    names = list(known)
    near = get_close_matches(given, names, 1, 0.6)
    more = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    raise BadQuery(f"{problem}; {more}", at, len(given))


def _hint(name: str) -> str:
    known = CHOICES.get(name) or LIKELY.get(name)
    return f"such as {name}:{known[0]}" if known else f"write one after the colon: {name}:…"


def _age(name: str, value: str, at: int) -> timedelta:
    match = _AGE.match(value)
    if not match:
        problem = f"{name}:{value} is no age; write such as 30m, 2h, 3d or 1w"
        raise BadQuery(problem, at, len(value))
    try:
        return min(timedelta(**{_UNITS[match[2]]: int(match[1])}), _OLDEST)
    except OverflowError:
        return _OLDEST


def _amount(value: str, at: int, negated: bool) -> Amount:
    match = _AMOUNT.match(value)
    if not match:
        problem = f"amount:{value} is no amount; write such as >5000 (cents) or >50.00"
        raise BadQuery(problem, at, len(value))
    units = int(match[2]) * 100 + int(match[3]) if match[3] else int(match[2])
    return Amount(match[1] or "=", min(units, _MOST), negated)
