"""Why arguments do not fit their action, in words for a person."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

_NUMBER = "must be a whole number of minor units, such as 1850"
_MOMENT = "must be a UTC time such as 2026-03-11T09:00:00Z"
_TEXT = "must be text"

_BY_TYPE = {
    "missing": "is missing",
    "string_type": _TEXT,
    "string_too_short": "must not be empty",
    "greater_than": "must be more than 0",
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_parsing_size": "is larger than any amount can be",
    "int_from_float": _NUMBER,
    "finite_number": _NUMBER,
    "dict_type": "must name the fields to change",
    "too_short": "must name a field to change",
}
_BY_FIELD = {"string_pattern_mismatch": {"currency": "must be three small letters, such as usd"}}


def near(word: str, known: Iterable[str]) -> str:
    """The known word that was likely meant, as the end of a sentence; empty if none is close."""
    found = get_close_matches(word, list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def problem_in_words(error: Mapping[str, Any], known: Iterable[str]) -> str:
    """An error of validation as `argument: what is wrong`; `known` are the arguments there are."""
    place, kind = error["loc"], str(error["type"])
    name = ".".join(str(part) for part in place) or "arguments"
    argument = str(place[0]) if place else ""
    if kind == "extra_forbidden":
        names = sorted(known)
        return f"{name}: is no argument of it{near(name, names) or f'; it has {_listed(names)}'}"
    return f"{name}: {_what(error, kind, argument)}"


def _what(error: Mapping[str, Any], kind: str, argument: str) -> str:
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind in ("literal_error", "enum"):
        expected = str((error.get("ctx") or {}).get("expected", ""))
        choices = [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]
        given = str(error.get("input"))
        return f"must be {_listed(choices, 'or')}{near(given, choices)}"
    if kind.startswith(("datetime", "timezone")):
        return _MOMENT
    by_field = _BY_FIELD.get(kind, {}).get(argument)
    return by_field or _BY_TYPE.get(kind, "does not fit")


def _listed(words: list[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
