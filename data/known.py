"""Finding what one person is known by: their names, addresses and numbers, however written."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from data.card_digits import hide_digits, is_tail
from data.names import APOSTROPHES, HYPHENS, company_parts, parts_of
from data.personal import FIELDS, MARKED, Put, bare, digits_of, key_of
from data.plain_words import PLAIN_WORDS

Detail = tuple[str, str]
"""A kind, and a text by which one person is known."""

_PIECE = re.compile(r"[,;\n]\s*")
_WITHOUT = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "oe",
    "Ø": "Oe", "å": "aa", "Å": "Aa", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ı": "i",
})  # fmt: skip
"""Letters as they are written where a keyboard has none of them."""


def _whole(text: str) -> tuple[str, ...]:
    return (text,)


_PARTS = {"name": parts_of, "company": company_parts}
"""What else a value of a kind is known by."""


def details_of(record: Mapping[str, Any] | None, sender: str | None = None) -> tuple[Detail, ...]:
    """By what a person is known: the fields of their record, the parts of their name, their company
    without its legal form, and the address that they wrote from."""
    found: dict[str, str] = {}
    record = record or {}
    for field, value in sorted(record.items(), key=lambda item: item[0] != "name"):
        kind = "name" if field == "name" else FIELDS.get(field)
        if kind is None or not isinstance(value, str | int) or isinstance(value, bool):
            continue
        for part in _PARTS.get(kind, _whole)(str(value)):
            found.setdefault(part, kind)
        if kind == "card" and (digits := digits_of(str(value))):
            found[digits.zfill(4)[-4:]] = kind
        if kind == "address":
            pieces = [piece for piece in _PIECE.split(str(value)) if any(map(str.isdigit, piece))]
            found |= {piece: kind for piece in pieces if len(piece) > 4 and piece not in found}
    if sender:
        found.setdefault(sender, "email")
    return tuple((kind, detail.strip()) for detail, kind in found.items() if detail.strip())


class Known:
    """Finds what one person is known by, longest first, however it is written."""

    def __init__(self, details: tuple[Detail, ...]) -> None:
        """Look for `details`."""
        self._cards = [detail for kind, detail in details if kind == "card" and is_tail(detail)]
        places = [each for each in details if each[0] == "address"]
        self._places = _pattern_of(places) if places else None
        self._pattern = _pattern_of(details)
        self._details = {
            key_of(written): (kind, detail)
            for kind, detail in reversed(details)
            for written in _ways_to_write(detail)
        }

    def places(self, text: str, put: Put) -> str:
        """`text` with the postal addresses replaced, before a part of one is taken for another."""
        return self._places.sub(lambda m: put("address", m[0]), text) if self._places else text

    def find(self, text: str, put: Put) -> str:
        """`text` with the details replaced by `put`."""
        text = hide_digits(self._cards, text, put) if self._cards else text
        details = self._details
        return self._pattern.sub(lambda m: put(*details.get(key_of(m[0]), ("name", m[0]))), text)


def _pattern_of(details: Iterable[Detail]) -> re.Pattern[str]:
    written = {each: kind for kind, detail in details for each in _ways_to_write(detail)}
    parts = [_as_written(written[each], each) for each in sorted(written, key=len, reverse=True)]
    return re.compile(rf"(?:{'|'.join(parts) or '(?!)'}){MARKED}", re.IGNORECASE | re.MULTILINE)


def _ways_to_write(detail: str) -> set[str]:
    """A detail in both forms of Unicode, without accents, and in letters that any keyboard has;
    none if it is too short to be looked for."""
    if len(detail) < 2 or not any(map(str.isalnum, detail)):
        return set()
    composed = unicodedata.normalize("NFC", detail)
    apart = unicodedata.normalize("NFD", detail)
    plain = composed.translate(_WITHOUT)
    return {detail, composed, apart, plain, bare(detail), bare(plain)}


@lru_cache(maxsize=512)
def known_by(details: tuple[Detail, ...]) -> Known | None:
    """What finds these details; None if there are none."""
    return Known(details) if details else None


def _as_written(kind: str, detail: str) -> str:
    """A pattern for one detail; two letters, such as Bo, only as they are written, and an ordinary
    word only where it stands for a name."""
    if detail.isdigit():
        # No sum, no year of a date, and no id.
        year = len(detail) == 4 and detail[:2] in ("19", "20")
        before, after = (r"(?<!\d[/.\-])", r"(?![/.\-]\d)") if year else ("", "")
        return rf"(?<!\d)(?<![a-z\d]_){before}{detail}{after}(?!\d|[.,]\d\d(?!\d))"
    if kind != "address" and detail.lower() in PLAIN_WORDS:
        return _as_a_name(detail.capitalize())
    escaped = r"\s+".join("".join(map(_sign, word)) for word in detail.split())
    return rf"(?<!\w){f'(?-i:{escaped})' if len(detail) == 2 else escaped}(?!\w)"


def _sign(sign: str) -> str:
    if sign in "ßẞ":
        return "(?:ß|ẞ|ss)"
    if sign in APOSTROPHES:
        return f"[{APOSTROPHES}]?"
    return f"[{HYPHENS}]" if sign in HYPHENS else re.escape(sign)


def _as_a_name(word: str) -> str:
    """A pattern for an ordinary word where it is written as a name: with a capital that no
    beginning of a sentence accounts for, or at the end of a line."""
    within = r"(?<![.!?…:] )(?<![.!?…\n])(?!^)"
    return rf"(?-i:(?<!\w)(?:{within}{word}|{word}(?=[^\w\s]*\s*$|,))(?!\w))"


@lru_cache(maxsize=512)
def known_names(names: tuple[str, ...]) -> Known | None:
    """What finds these names, and last digits of a card; None if there are none."""
    kinds = (("card" if is_tail(name) else "name", name) for name in names if name)
    return known_by(tuple(kinds))
