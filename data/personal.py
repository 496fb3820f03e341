"""Finding personal data: by its form in a text, by a person's record, by the name of a field.

The one set of rules behind what the log loses for good (`data.redaction`), what is hidden from a
model for the length of a ticket, and what exports and viewers see masked.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import phonenumbers

Put = Callable[[str, str], str]
"""What stands in the place of a kind of data that was found, given the kind and the text."""

Detail = tuple[str, str]
"""A kind, and a text by which one person is known."""

FIELDS = {
    "email": "email", "requester": "email", "recipient": "email", "phone": "phone",
    "mobile": "phone", "telephone": "phone", "last4": "card", "card": "card",
    "card_number": "card", "iban": "account", "ip": "ip", "ip_address": "ip",
    "address": "address", "street": "address", "company": "company", "customer_name": "name",
    "first_name": "name", "last_name": "name", "full_name": "name",
}  # fmt: skip
"""Names of fields that hold personal data, with its kind."""

_PERSON = frozenset({"email", "phone", "last4"})
"""Fields by which a record is told to be a person's; then its `name` is hidden too."""
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PT", "BR")
"""Countries whose way of writing a number at home is known: those of our languages."""

_HINT = re.compile(r"[\d@]|://")
_SPOKEN_HINTS = (
    " dot ", "(at)", "[at]", "( at )", "{at}", "gmail", "yahoo", "hotmail", "outlook", "icloud",
    "rediffmail",
)  # fmt: skip
_GAP = r"[ \u00a0\u2007\u2009\u202f\u2010-\u2015-]"
_DATE = (
    r"(?:(?:19|20)\d\d([-./])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|1[0-2])\2(?:(?:19|20)\d\d))(?!\d)"
)
_WHOLE_DATE = re.compile(rf"(?<!\d){_DATE}")
_DAY = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"

_LINK = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,11}://[^\s<>\"\[\]]+")
_TELLING = re.compile(
    r"(?i)@|%40|[?&#;/](?:access_?|refresh_?|id_?|auth_?|reset_?|csrf_?)?"
    r"(?:token|key|api_?key|sig|signature|secret|pass(?:word|wd)?|pwd|code|auth|session(?:id)?|sid|jwt|"
    r"credential|e?mail|phone|otp|invite)s?[=/]|(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{24,}"
)
_EMAIL = re.compile(
    r"(?<![\w.%+\-])(?<![\w.%+\-]')[\w.%+\-][\w.%+'\-]*+@(?:[\w\-]+\.)+[^\W\d_][\w\-]*[^\W_]"
)
_TOP = r"(?:com|org|net|edu|info|io|de|fr|es|it|nl|pt|br|uk|in|eu)"
_POST = r"(?:gmail|yahoo|hotmail|outlook|icloud|ymail|rediffmail)"
_DOT = r"(?: ?[(\[{] ?dot ?[)\]}] ?| dot )"
_AT = r" ?[(\[{] ?at ?[)\]}] ?"
_SPOKEN = re.compile(
    rf"(?i)(?<![\w.+-])(?:[\w.+-]++{_AT}[\w-]++(?:{_DOT}[\w-]++)*?(?:{_DOT}|\.){_TOP}\b"
    rf"|[\w.+-]++ at [\w-]++(?:{_DOT}[\w-]++)*?{_DOT}{_TOP}\b"
    rf"|[\w.+-]+?{_POST}(?:{_DOT}|\.? ?){_TOP}\b"
    rf"|[\w.+-]++(?: \d{{1,6}})? {_POST}(?:{_DOT}| ?){_TOP}\b)"
)
"""Addresses without their sign: `ana (at) mail (dot) com`, `ana 45 gmailcom`."""
_IBAN = re.compile(
    rf"\b[A-Z]{{2}}\d{{2}}(?:{_GAP}?[A-Z0-9]{{4}}){{2,7}}(?:{_GAP}?[A-Z0-9]{{1,3}})?(?![A-Za-z0-9])"
    rf"|(?i:\b[a-z]{{2}}\d{{2}}(?:{_GAP}?\d{{4}}){{2,7}}(?:{_GAP}?\d{{1,3}})?(?!\w))"
)
_IP = re.compile(
    r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)|(?i:[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:]))"
)
_SEVEN = re.compile(r"\d(?:[^\d\n]{0,3}\d){6}")
_PHONE = re.compile(r"(?<!\w)(?:\+|00(?=[1-9]))\(?\d[\d ()/.\-\u00a0\u2010-\u2015]{5,20}\d(?!\d)")
_CALLED = re.compile(
    r"(?i)\b(?:phone|mobile|cell|tel|telephone|telefon\w*|handy|fax|whatsapp|call|ring|text|dial|sms|"
    r"móvil|teléfono|téléphone|portable|telemóvel|celular|cellulare|telefono|mobiel|número|nummer|number)\b"
    r"(?:[^\w\n]{0,4}[^\W\d]{1,9}){0,3}[^\w\n]{0,4}(\(?\d[\d ()/.\-]{5,18}\d)(?!\d)"
)
_AT_HOME = re.compile(r"(?<![\w.,/:\-])\(?\d(?:[ ()/.\-]{0,2}\d){6,14}(?![\w]|[.,/:\-]\d)")
_ALONE = re.compile(r"(?:^|\.)\d(?:\.|$)")
_NUMBER = re.compile(
    r"(?P<ours>\b[a-z]{1,12}_(?!\d{13,19}(?!\w))\w+|\b(?=\d*[a-f])[0-9a-f]{32,}\b"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    rf"|(?<!\d){_DAY}|(?<!\d)(?:19|20)\d\d-(?:19|20)\d\d(?!\d|{_GAP}\d{{4}}(?!\d))"
    rf"|(?<!\d)\d{{1,3}}(?:[.,' \u00a0\u202f]\d{{3}}){{0,3}}[.,]\d{{2}}(?![\d/])"
    r"|(?<!\d)\d{4,12}[.,]\d{2}(?![\d/]))"
    rf"|\d(?:(?:{_GAP}{{1,2}}(?!{_DAY})|{_GAP}-{_GAP})?\d){{8,}}+"
    r"|\d{4}(?:[./·]\d{4}){2,3}(?:[./·]?\d{1,4})?(?!\d)"
)
"""Runs of digits; `ours` are ids, days and sums of money, which stay."""
_SUM = re.compile(r"(?:\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+[.,]\d{1,2})$")
_SPACE = re.compile(r"\s+")
_PIECE = re.compile(r"[,;\n]\s*")
_MARKED = r"(?!-[a-z]{14}\])"
"""What follows the first word of a placeholder is not a person's name."""


def find(text: str, put: Put, details: tuple[Detail, ...] = ()) -> str:
    """`text` with everything personal that its form or `details` tells replaced by `put`.

    Kinds are email, phone, account, ip, link, number (a run of 9 digits or more, with spaces or
    dashes inside, whether or not a checksum fits), and those of `details`. Dates, sums of money
    and ids of ours stay.
    """
    lower = text.lower()
    if any(hint in lower for hint in _SPOKEN_HINTS):
        text = _SPOKEN.sub(lambda m: put("email", m[0]), text)
    if _HINT.search(text):
        text = _by_form(text, put)
    if details:
        pattern, kinds = _known(details)
        if pattern is not None:
            text = pattern.sub(lambda m: put(kinds.get(key_of(m[0]), "name"), m[0]), text)
    return text


def _by_form(text: str, put: Put) -> str:
    if "://" in text:
        text = _LINK.sub(lambda m: put("link", m[0]) if _TELLING.search(m[0]) else m[0], text)
    if "@" in text:
        text = _EMAIL.sub(lambda m: put("email", m[0]), text)
    if _SEVEN.search(text):
        text = _IBAN.sub(lambda m: put("account", m[0]), text)
        text = _IP.sub(lambda m: put("ip", m[0]) if _is_address(m[0]) else m[0], text)
        text = _PHONE.sub(lambda m: put("phone", m[0]), text)
        text = _NUMBER.sub(lambda m: m[0] if m["ours"] else put("number", m[0]), text)
    if _SEVEN.search(text):
        text = _CALLED.sub(lambda m: _called(m, put), text)
        text = _AT_HOME.sub(lambda m: put("phone", m[0]) if at_home(m[0]) else m[0], text)
    elif text.count(".") > 2 or ":" in text:
        text = _IP.sub(lambda m: put("ip", m[0]) if _is_address(m[0]) else m[0], text)
    return text


def _is_address(found: str) -> bool:
    try:
        ip_address(found)
    except ValueError:
        return False
    return True


def _called(match: re.Match[str], put: Put) -> str:
    number = match[1]
    if _WHOLE_DATE.search(number) or _SUM.fullmatch(number) or len(digits_of(number)) > 15:
        return match[0]
    if len(digits_of(number)) < 7:
        return match[0]
    return match[0][: match.start(1) - match.start()] + put("phone", number)


@lru_cache(maxsize=1024)
def at_home(number: str) -> bool:
    """Whether `number` is a phone number as people of one of our countries write it."""
    if _WHOLE_DATE.search(number) or _SUM.fullmatch(number) or number.isdigit():
        return False
    if _ALONE.search(number):  # 10.0.19041.1 is a version
        return False
    if number[0] not in "(0" and (len(digits_of(number)) < 9 or set("()/.").isdisjoint(number)):
        return False
    for region in _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def digits_of(text: str) -> str:
    """The digits of `text` alone."""
    return "".join(filter(str.isdigit, text))


def key_of(text: str) -> str:
    """What is the same for every way in which a name or address is written."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return _SPACE.sub(" ", bare.casefold()).strip()


def details_of(record: Mapping[str, Any] | None, sender: str | None = None) -> tuple[Detail, ...]:
    """By what a person is known: the fields of their record, the words of their name, and the
    address that they wrote from."""
    found: dict[str, str] = {}
    record = record or {}
    name = str(record.get("name") or record.get("customer_name") or "")
    for detail in (name, *name.split()):
        found.setdefault(detail, "name")
    for field, value in record.items():
        kind = FIELDS.get(field)
        if kind is None or not isinstance(value, str | int) or isinstance(value, bool):
            continue
        found.setdefault(str(value), kind)
        if kind == "address":
            pieces = [piece for piece in _PIECE.split(str(value)) if any(map(str.isdigit, piece))]
            found |= {piece: kind for piece in pieces if len(piece) > 4 and piece not in found}
    if sender:
        found.setdefault(sender, "email")
    return tuple((kind, detail.strip()) for detail, kind in found.items() if detail.strip())


@lru_cache(maxsize=512)
def _known(details: tuple[Detail, ...]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    """A pattern of all details, longest first, and their kinds by `key_of`."""
    written: dict[str, None] = {}
    for _, detail in details:
        if len(detail) < 2 or not any(map(str.isalnum, detail)):
            continue
        ways = {unicodedata.normalize(form, detail) for form in ("NFC", "NFD")}
        bare = unicodedata.normalize("NFKD", detail)
        ways |= {detail, "".join(c for c in bare if not unicodedata.combining(c))}
        written |= dict.fromkeys(sorted(ways, key=len, reverse=True))
    if not written:
        return None, {}
    longest = sorted(written, key=len, reverse=True)
    pattern = re.compile(rf"(?:{'|'.join(map(_as_written, longest))}){_MARKED}", re.IGNORECASE)
    kinds: dict[str, str] = {}
    for kind, detail in details:
        kinds.setdefault(key_of(detail), kind)
    return pattern, kinds


def _as_written(detail: str) -> str:
    """A pattern for one detail; two letters, such as Bo, only as they are written."""
    if detail.isdigit():
        # The last digits of a card, but no sum, no year of a date, and no id.
        date = (
            r"(?<!\d[/.\-])(?![/.\-]\d)" if len(detail) == 4 and detail[:2] in ("19", "20") else ""
        )
        return rf"(?<!\d)(?<![a-z\d]_){date}{detail}(?!\d|[.,]\d\d(?!\d))"
    escaped = r"\s+".join(map(re.escape, detail.split()))
    return rf"(?<!\w){f'(?-i:{escaped})' if len(detail) == 2 else escaped}(?!\w)"


def walk(value: Any, text: Callable[[str], str], field: Callable[[str, str, Any], Any]) -> Any:
    """A JSON value with each text put through `text`, and each field that is personal by its name
    through `field` (name, kind, value)."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {
            key: field(key, kind, item)
            if (kind := _kind_of(key, item, value)) is not None
            else walk(item, text, field)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [walk(item, text, field) for item in value]
    return value


def _kind_of(key: Any, item: Any, record: Mapping[Any, Any]) -> str | None:
    """The kind of a field that holds a text, or texts such as the two sides of a change."""
    if isinstance(item, int) and not isinstance(item, bool):
        kind = FIELDS.get(key)
        return kind if kind in ("phone", "card", "account") else None
    if not isinstance(item, str | list):
        return None
    if key == "name" and (isinstance(item, list) or not _PERSON.isdisjoint(record)):
        return "name"
    return FIELDS.get(key)


def texts_of(names: Iterable[str]) -> tuple[Detail, ...]:
    """Names as details."""
    return tuple(("name", name) for name in names if name)
