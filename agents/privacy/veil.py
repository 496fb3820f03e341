"""Personal data out of what a language model reads, and the little that comes back of its answer.

A placeholder such as `[email-qwhdkzmaxtrnvb]` is made from the ticket's nonce, which is kept in the
workspace alone: whoever does not know it cannot make one, and what only looks like one is broken.
"""

import hmac
import re
from collections.abc import Callable
from typing import Any, TypeVar

from agents.connectors.protocols import Row
from agents.understanding.secrets import MASK, mask_secrets
from agents.understanding.slots import amounts, last4s
from agents.understanding.visible import visible
from data.card_digits import CODE, hide_told, is_year_or_sum
from data.known import details_of, known_by
from data.personal import digits_of, find, key_of, walk

Value = TypeVar("Value")

NEVER = frozenset({"card", "number", "account", "link"})
"""Kinds that nothing puts back."""

_LETTERS = 8
"""Letters that tell one value of a ticket from another: a clash among 1,000 is one in 400,000."""
_CHECK = 6
"""Letters by which a placeholder is known to be ours: one guess in 300 million fits."""
_LOOKS_LIKE = re.compile(rf"\[\s*([a-z]{{2,8}})\s*-\s*([a-z]{{{_LETTERS + _CHECK}}})\s*\]", re.I)
_FOUR = re.compile(r"(?<!\d)(?<![A-Za-z\d]_)\d{4}(?!\d)")
_OF_A_CODE = re.compile(rf"{CODE.pattern}\w*\W{{0,3}}$")


def _letters(digest: bytes, count: int) -> str:
    number, found = int.from_bytes(digest[:12], "big"), ""
    for _ in range(count):
        number, at = divmod(number, 26)
        found += chr(97 + at)
    return found


class Veil:
    """Hides personal data of one ticket, always the same value behind the same placeholder.

    Another one of the same nonce makes the same placeholders, in any process; it knows those that
    it has made itself, and those of the customer's record.
    """

    def __init__(
        self,
        nonce: str,
        customer: Row | None = None,
        sender: str | None = None,
        names_in: Callable[[str], list[str]] | None = None,
    ) -> None:
        """Hide what belongs to `customer`, the record, and `sender`, the address of the ticket.

        `names_in` finds further names in a text that is hidden for the first time.
        """
        if len(nonce) < 12:
            raise ValueError("a nonce has 12 characters or more")
        self._key, self._names_in = nonce.encode(), names_in
        details = details_of(customer, sender)
        self._known = known_by(details)
        self._made: dict[str, tuple[str, str]] = {}
        self._given: dict[str, str] = {}
        """What `restore` may put back: names and address as they stand in the customer's record."""
        own = key_of(str((customer or {}).get("email") or ""))
        for kind, detail in details if customer else ():
            if kind == "name" or (kind == "email" and key_of(detail) == own):
                self._given.setdefault(self._code(kind, detail), detail)

    def hide(self, value: Value) -> Value:
        """A JSON value without personal data; hidden again, it is the same."""
        hidden: Value = self._keys(walk(value, self._text, self._field))
        return hidden

    def restore(self, value: Value, also: frozenset[str] = frozenset()) -> Value:
        """A JSON value with the customer's name and address put back; any other placeholder,
        forged or not, becomes a neutral word.

        `also` names further kinds for arguments that the policy checks, such as a new phone
        number; cards, long numbers, accounts and links never come back.
        """

        def put_back(match: re.Match[str]) -> str:
            kind, code = match[1].lower(), match[2].lower()
            if not self._is_ours(kind, code):
                return MASK
            if code in self._given:
                return self._given[code]
            known, found = self._made.get(code, ("", ""))
            return found if known == kind and kind in also - NEVER else MASK

        done: Value = walk(
            value,
            lambda text: _LOOKS_LIKE.sub(put_back, text),
            lambda name, kind, item: self._each(item, lambda t: _LOOKS_LIKE.sub(put_back, t)),
        )
        return done

    def _text(self, text: str) -> str:
        """One text; what replacing uncovered is replaced as well, until nothing is found."""
        text = _LOOKS_LIKE.sub(self._broken, visible(text))
        if self._names_in is not None and not _LOOKS_LIKE.search(text):
            names = known_by(tuple(("person", name) for name in self._names_in(text)))
            text = names.find(text, self._put) if names else text
        while True:
            before = text
            text = self._tails(find(text, self._put, self._known))
            text = mask_secrets(text)
            if text == before:
                return text

    def _tails(self, text: str) -> str:
        """The last four digits of a card, told by the words around them or sent alone."""
        text = hide_told(text, self._put, alone=True)
        if not _FOUR.search(text):
            return text
        words = text.split()
        alone = len(words) <= 4 and not CODE.search(text)
        tails = set(last4s(text, asked=alone)) - {
            sum.number for sum in amounts(text) if sum.currency
        }

        def put(match: re.Match[str]) -> str:
            before = text[max(0, match.start() - 24) : match.start()]
            if match[0] not in tails or _OF_A_CODE.search(before):
                return match[0]
            if is_year_or_sum(text, *match.span()):
                return match[0]
            return self._put("card", match[0])

        return _FOUR.sub(put, text)

    def _field(self, name: str, kind: str, item: Any) -> Any:
        return self._each(item, lambda text: self._whole(kind, text))

    def _whole(self, kind: str, text: str) -> str:
        """A field that is personal as a whole, unless a placeholder stands for it already."""
        match = _LOOKS_LIKE.fullmatch(text)
        if not text.strip() or (match and self._is_ours(match[1].lower(), match[2].lower())):
            return text
        return self._put(kind, text)

    def _each(self, item: Any, change: Any) -> Any:
        if isinstance(item, list):
            return [self._each(each, change) for each in item]
        if isinstance(item, dict):
            return {key: self._each(each, change) for key, each in item.items()}
        if item is None or isinstance(item, bool | float):
            return item
        return change(str(item))

    def _keys(self, value: Any) -> Any:
        """Names of fields are texts too."""
        if isinstance(value, dict):
            return {
                self._text(key) if isinstance(key, str) else key: self._keys(item)
                for key, item in value.items()
            }
        return [self._keys(item) for item in value] if isinstance(value, list) else value

    def _put(self, kind: str, found: str) -> str:
        code = self._code(kind, found)
        self._made.setdefault(code, (kind, found))
        return f"[{kind}-{code}]"

    def _broken(self, match: re.Match[str]) -> str:
        if self._is_ours(match[1].lower(), match[2].lower()):
            return match[0]
        return f"({match[0][1:-1]})"

    def _code(self, kind: str, found: str) -> str:
        same = digits_of(found) if kind in ("phone", "number", "card") else key_of(found)
        code = _letters(self._digest(kind, same or found), _LETTERS)
        return code + self._check(kind, code)

    def _check(self, kind: str, code: str) -> str:
        return _letters(self._digest("check", f"{kind}-{code}"), _CHECK)

    def _is_ours(self, kind: str, code: str) -> bool:
        return hmac.compare_digest(self._check(kind, code[:_LETTERS]), code[_LETTERS:])

    def _digest(self, what: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{what}\0{text}".encode(), "sha256")
