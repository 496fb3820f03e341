"""Personal data out of what is logged, for good, and out of what is shown to those who may not see
it: what `data.personal` finds is replaced by the name of its kind."""

from typing import Any

from data.card_digits import hide_told
from data.known import known_names
from data.personal import find, walk


def _put(kind: str, _: str) -> str:
    return f"[{kind}]"


def _field(name: str, kind: str, value: Any) -> str:
    return f"[{name}]"


def redact_text(text: str, names: tuple[str, ...] = ()) -> str:
    """`text` with what is personal by its form, and the given names, replaced."""
    return find(text, _put, known_names(names))


def redact(value: Any, names: tuple[str, ...] = ()) -> Any:
    """A JSON value with its texts redacted and fields such as `email` or `name` hidden."""
    known = known_names(names)
    return walk(value, lambda text: find(text, _put, known), _field)


def mask_text(text: str, names: tuple[str, ...] = (), *, alone: bool = False) -> str:
    """`text` redacted for those who may not see personal data: without the last digits of a card
    too, where words tell them or, with `alone`, where they are nearly all of it."""
    return hide_told(redact_text(text, names), _put, alone=alone)


def mask(value: Any, names: tuple[str, ...] = ()) -> Any:
    """A JSON value likewise."""
    return walk(value, lambda text: mask_text(text, names), _field)
