"""Personal data out of what is logged: addresses, phones, long numbers, and the customer's own
names."""

import re
from typing import Any

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?<![\w.])\+\d[\d ()/.\-]{6,18}\d")
_NUMBER = re.compile(r"(?<![\w.\-])(?!\d{4}-\d\d-\d\d(?:[ T]|\b))\d(?:[ -]?\d){8,18}(?![\w])")
_HIDDEN = frozenset(
    {"email", "phone", "last4", "address", "company", "requester", "recipient", "customer_name"}
)

_PERSONAL = frozenset({"email", "phone", "last4"})
"""Fields by which a record is told to be a person's; then its `name` is hidden too."""


def redact_text(text: str, names: tuple[str, ...] = ()) -> str:
    """`text` with addresses, phones, runs of 9 to 19 digits and the given names replaced."""
    text = _EMAIL.sub("[email]", text)
    text = _NUMBER.sub("[number]", _PHONE.sub("[phone]", text))
    for name in names:
        if len(name) > 2:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    return text


def redact(value: Any, names: tuple[str, ...] = ()) -> Any:
    """A JSON value with its texts redacted and fields such as `email` or `name` hidden."""
    if isinstance(value, str):
        return redact_text(value, names)
    if isinstance(value, dict):
        person = bool(_PERSONAL & value.keys())
        return {
            key: f"[{key}]"
            if _is_told(item)
            and (key in _HIDDEN or (key == "name" and (person or isinstance(item, list))))
            else redact(item, names)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item, names) for item in value]
    return value


def _is_told(item: Any) -> bool:
    """Whether it is a text, or texts such as the two sides of a change."""
    return isinstance(item, str | list)
