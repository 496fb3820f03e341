"""Card numbers in groups, and what tells them from lists of shorter numbers."""

import re
from collections.abc import Callable

_APART = r" ?[.,;:/\\|_·•*+~'’=] ?"
_IN_GROUPS = re.compile(
    rf"(?<!\d)(?:\d{{4}}(?:{_APART}\d{{4}}){{3}}(?:{_APART}\d{{1,3}})?"
    rf"|\d{{4}}{_APART}\d{{6}}{_APART}\d{{4,5}}|\d(?:{_APART}\d){{12,18}})(?!\d)"
)
"""Groups, or one digit after the other, whatever stands between."""
_THIRTEEN = re.compile(r"\d(?:[^\d\n]{0,3}\d){12}")

_YEAR = re.compile(r"(?:19|20)\d\d")
_LISTED = re.compile(r"[^\d./·]")


def in_groups(text: str, put: Callable[[str], str]) -> str:
    """`text` with the numbers of cards that are written in groups replaced by `put`."""
    if not _THIRTEEN.search(text):
        return text
    return _IN_GROUPS.sub(lambda m: put(m[0]) if _is_card(m[0]) else m[0], text)


def _is_card(found: str) -> bool:
    """Whether groups are the number of a card rather than a list, such as one of years: the
    checksum fits, or they stand close together and begin otherwise than each other."""
    groups = re.findall(r"\d+", found)
    if all(_YEAR.fullmatch(group) for group in groups):
        return False
    if not _LISTED.search(found) or passes_luhn("".join(groups)):
        return True
    return " " not in found and len({group[0] for group in groups}) > 1


def passes_luhn(digits: str) -> bool:
    """Whether the checksum of a card's number fits."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
