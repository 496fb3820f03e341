"""Personal data out of what is logged, for good: what `data.personal` finds is replaced by the
name of its kind."""

from typing import Any

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
