"""Telling whether a text holds a person's own words or details."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from data.names import parts_of

_EMAIL = re.compile(r"[\w.%+\-]+@[\w.\-]+\.\w{2,}")
_NUMBER = re.compile(r"(?<![\w.])(?:\+\d[\d ()/.\-]{6,18}\d|\d(?: ?\d){8,18})(?!\w)")
_WORD = re.compile(r"\w+")
_DETAILS = frozenset({"email", "phone", "address", "company", "recipient"})
_SHORTEST = 3
"""Characters of the shortest detail that is looked for."""

IN_A_ROW = 5
"""So many words of a message in their order are taken for a quotation."""


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def details_in(value: Any) -> Iterator[str]:
    """Names, addresses and numbers of people in a JSON value of records or arguments.

    A `name` is a person's only beside an address or number, or among the changes of a record.
    """
    if isinstance(value, dict):
        person = "email" in value or "phone" in value
        for key, item in value.items():
            if key == "changes" and isinstance(item, dict):
                yield from details_in({"email": "", **item})
            elif not isinstance(item, str):
                yield from details_in(item)
            elif key == "name" and person:
                yield from parts_of(item)
            elif key in _DETAILS:
                yield item
    elif isinstance(value, list):
        for item in value:
            yield from details_in(item)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[i : i + IN_A_ROW]) for i in range(len(words) - IN_A_ROW + 1)}


def _stands_in(detail: str, text: str) -> bool:
    """Whether `text` holds it as words of its own, not within others."""
    return bool(re.search(rf"(?<!\w){re.escape(detail)}(?!\w)", text))


class Words:
    """What a person said, and the details by which they are known."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._details: set[str] = set()
        self._names: set[str] = set()
        """Single words, which may mean something else where they are written otherwise."""
        self._quotable: set[tuple[str, ...]] = set()

    def add_details(self, details: Iterable[str | None]) -> None:
        """Look for these names, addresses and numbers; a single word only as it is written."""
        for detail in (found.strip() for found in details if found):
            if len(detail) < _SHORTEST or not any(map(str.isalnum, detail)):
                continue
            if detail.isalpha():
                self._names.add(detail)
            else:
                self._details.add(detail.lower())

    def add_said(self, texts: Iterable[str | None]) -> None:
        """Look for quotations of these texts, and for the addresses and numbers in them."""
        for text in filter(None, texts):
            self._quotable |= _runs(text)
            self.add_details([*_EMAIL.findall(text), *_NUMBER.findall(text)])

    def held_by(self, text: str) -> bool:
        """Whether `text` holds a detail of the person, or words of theirs in a row."""
        lower = text.lower()
        if any(detail in lower and _stands_in(detail, lower) for detail in self._details):
            return True
        if any(name in text and _stands_in(name, text) for name in self._names):
            return True
        return not self._quotable.isdisjoint(_runs(text))

    def without(self, text: str, instead: str) -> str:
        """`text`, or `instead` if it holds words of the person, or any address."""
        return instead if _EMAIL.search(text) or self.held_by(text) else text
