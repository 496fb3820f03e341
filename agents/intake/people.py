"""Who a record of a file is from, as the file names them."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from data.personal import FIELDS

_NAMES = frozenset({"name", "customer", "from", "sender", "author", "requester", "user", "contact"})
"""Fields that hold a name, an address with one, or a record of a person."""


def person_in(row: Mapping[str, object]) -> dict[str, Any]:
    """The name and the personal fields in a row of a file, as a customer's record has them; what
    is nested under a person's field counts too."""
    found: dict[str, Any] = {}
    for field, value in row.items():
        plain = str(field).lower().replace(" ", "_").replace("-", "_")
        named = plain in _NAMES or plain.removesuffix("_name") in _NAMES or plain == "customer_name"
        if isinstance(value, Mapping) and plain in _NAMES:
            found |= person_in(value)
        elif isinstance(value, str) and named:
            name, address = parseaddr(value)
            if name or "@" not in address:
                found.setdefault("name", name or value.strip())
        elif isinstance(value, str) and plain in FIELDS:
            found.setdefault(plain, value)
    return found
