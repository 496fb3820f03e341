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

from data.names import APOSTROPHES, HYPHENS, company_parts, parts_of
from data.plain_words import PLAIN_WORDS

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

_OURS = re.compile(r"[a-z]{1,12}_(?!\d+$)[0-9a-z_]+|(?=\d*[a-f])[0-9a-f]{32,}")
"""Ids and digests, of which the log is full."""
_SHORTEST = 4
"""Characters; a shorter text is personal only if it is known to be."""
_NAME_HINTS = (
    "name", "naam", "heiße", "ik heet", "appelle", "mon nom", "llamo", "nombre", "chiamo", "nome",
    "chamo",
)  # fmt: skip
_STREET_HINTS = (
    "street", " st ", " st.", " st,", "road", " rd", "avenue", " ave", "lane", " ln", "boulevard",
    "blvd", "highway", " hwy", "terrace", "crescent", " dr ", " dr.", " dr,", "straße", "strasse",
    "str.", "gasse", "allee", "weg", "platz", "straat", "laan", "gracht", "plein", "kade", "rue ",
    "place ", "chemin", "impasse", "calle ", "avenida", "avda", "plaza ", "paseo", "via ", "viale",
    "piazza", "corso", "rua ", "travessa", "praça",
)  # fmt: skip
_HINT = re.compile(r"[\d@]|://")
_SPOKEN_HINTS = (
    " dot ", "(at)", "[at]", "( at )", "{at}", "gmail", "yahoo", "hotmail", "outlook", "icloud",
    "rediffmail", "mailcom",
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
    rf"|[\w.+-]+?(?:{_POST}(?:{_DOT}|\.? ?){_TOP}|mailcom)\b"
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
_PHONE = re.compile(
    # 00 within a longer run of digits is not how it begins
    r"(?<!\w)(?:\+|(?<!\d[ \-\u00a0])(?<!\d[ \-\u00a0]{2})00(?=[1-9]))"
    r"\(?\d[\d ()/.\-\u00a0\u2010-\u2015]{5,20}\d(?!\d)"
)
_CALLED = re.compile(
    r"(?i)\b(?:phone|mobile|cell|tel|telephone|telefon\w*|handy|fax|whatsapp|call|ring|text|dial|sms|"
    r"móvil|teléfono|téléphone|portable|telemóvel|celular|cellulare|telefono|mobiel)\b"
    r"(?:[^\w\n]{1,4}[^\W\d]{1,9}){0,3}[^\w\n]{1,4}(\(?\d[\d ()/.\-]{5,18}\d)(?!\d)"
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
_STREET = re.compile(
    # 12 Elm Street, 190 new 4th cross road; what follows to a postcode is part of it
    r"(?i)\b(?:no\.? )?\d{1,5}[a-z]?,?"
    r"(?: (?!(?:in|the|on|of|for|to|at|by|from|with|and|or|my|your|our|is|are|was|were|"
    r"people|days?|hours?|minutes?|times?|weeks?|months?|years?|euros?|dollars?)\b)"
    r"(?:[^\W\d]+\.?|\d{1,3} ?(?:st|nd|rd|th))){1,4}"
    r" (?:street|st(?! louis| petersburg)|road|rd|avenue|ave|lane|ln|boulevard|blvd|highway|hwy|"
    r"terrace|crescent|dr)\b\.?"
    r"(?:,? (?:apt|suite|unit|flat)\.? \w+(?: [a-z]\b)?)?(?:(?:,? [^\W\d]+){0,4},? \d{4,6}\b)?"
    # Lindenstraße 4, 10969 Berlin; Keizersgracht 112
    r"|\b[^\W\d_]{3,}(?:stra(?:ß|ss)e|str\.|gasse|allee|weg|platz|straat|laan|gracht|plein|kade)"
    r" ?\d{1,4}(?:[ -]?[a-z0-9]\b)?(?:, ?\d{4,5}(?: ?[A-Z]{2})? [^\W\d_]+)?"
    # 8 rue de la Paix, 75002 Paris
    r"|\b\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse)"
    r"(?: (?:de|du|des|la|le|l'|d')+)* ?(?-i:[^\W\d_a-z][\w'’-]*)(?:,? \d{5} [^\W\d_]+)?"
    # Calle Mayor 12, via Garibaldi, 3
    r"|\b(?:calle|avenida|avda\.|plaza|paseo|via|viale|piazza|corso|rua|travessa|praça)"
    r"(?: (?:de|del|da|do|la|las|los|dei|della))* (?-i:[^\W\d_a-z][\w'’-]*)"
    r"(?: [^\W\d_]+){0,2},? ?\d{1,4}\b"
)
_CALLED_SO = re.compile(
    r"(?i)(?<!\w)(my name is|my name's|my full name is|mein name ist|ich heiße|je m['’]appelle|"
    r"mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|meu nome é|chamo-me|me chamo|"
    r"mijn naam is|ik heet|name:)\s+"
    r"((?-i:[^\W\d_a-z][\w'’-]*(?:(?: |(?<=(?<!\w)\w)\. ?)[^\W\d_a-z][\w'’-]*){0,3})"
    r"|[^\W\d_][\w'’-]+(?: (?!(?:and|but|with|from|i|my|the|is|in|at|on|for|und|et|y|e|en|a|to|"
    r"here|card|account|number|email|password|phone|ssn)\b)[^\W\d_][\w'’-]+)?)"
)
_SPACE = re.compile(r"\s+")
_SIGNS = str.maketrans(dict.fromkeys(APOSTROPHES, "") | dict.fromkeys(HYPHENS, "-"))
"""An apostrophe may be left out, a hyphen is any."""
_WITHOUT = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "oe",
    "Ø": "Oe", "å": "aa", "Å": "Aa", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ı": "i",
})  # fmt: skip
"""Letters as they are written where a keyboard has none of them."""
_PIECE = re.compile(r"[,;\n]\s*")
_MARKED = r"(?!-[a-z]{14}\])"
_PLACEHOLDER = re.compile(r"\[?[a-z]+-[a-z]{14}\]?")
"""What follows the first word of a placeholder is not a person's name."""


def find(text: str, put: Put, known: "Known | None" = None) -> str:
    """`text` with everything personal that its form tells, or `known`, replaced by `put`.

    Kinds are email, phone, account, ip, link, address, person (who says their name), number (a run
    of 9 digits or more, with spaces or dashes inside, whether or not a checksum fits), and those
    of what is known. Dates, sums of money and ids of ours stay.
    """
    if _OURS.fullmatch(text):
        return text
    if known is not None:
        text = known.places(text, put)
    if len(text) > _SHORTEST:
        lower = text.lower() + " "
        if any(hint in lower for hint in _SPOKEN_HINTS):
            text = _SPOKEN.sub(lambda m: put("email", m[0]), text)
        if _HINT.search(text):
            if any(hint in lower for hint in _STREET_HINTS):
                text = _STREET.sub(lambda m: put("address", m[0]), text)
            text = _by_form(text, put)
        if known is not None:
            text = known.find(text, put)
        if any(hint in lower for hint in _NAME_HINTS):
            text = _names_told(text, put)
        return text
    return text if known is None else known.find(text, put)


def _names_told(text: str, put: Put) -> str:
    """Names that somebody says are theirs, wherever else in the text they are written so."""
    told = [m[2] for m in _CALLED_SO.finditer(text) if not _PLACEHOLDER.fullmatch(m[2])]
    text = _CALLED_SO.sub(lambda m: _after(m, 2, "person", put), text)
    for name in sorted(
        {each for full in told for each in (full, *re.findall(r"[\w'’-]+", full))}, key=len
    )[::-1]:
        if len(name) > 2 and name[0].isupper():
            again = rf"(?<![\w\[]){re.escape(name)}(?!\w){_MARKED}"
            text = re.sub(again, lambda m: put("person", m[0]), text)
    return text


def _after(match: re.Match[str], group: int, kind: str, put: Put) -> str:
    """What matched, with the group at its end replaced."""
    return match[0][: match.start(group) - match.start()] + put(kind, match[group])


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
    return _after(match, 1, "phone", put)


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
    return _SPACE.sub(" ", _bare(text.translate(_SIGNS)).casefold().translate(_SIGNS)).strip()


def _bare(text: str) -> str:
    """`text` without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


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
        details = self._details
        return self._pattern.sub(lambda m: put(*details.get(key_of(m[0]), ("name", m[0]))), text)


def _pattern_of(details: Iterable[Detail]) -> re.Pattern[str]:
    written = {each: kind for kind, detail in details for each in _ways_to_write(detail)}
    parts = [_as_written(written[each], each) for each in sorted(written, key=len, reverse=True)]
    return re.compile(rf"(?:{'|'.join(parts) or '(?!)'}){_MARKED}", re.IGNORECASE | re.MULTILINE)


def _ways_to_write(detail: str) -> set[str]:
    """A detail in both forms of Unicode, without accents, and in letters that any keyboard has;
    none if it is too short to be looked for."""
    if len(detail) < 2 or not any(map(str.isalnum, detail)):
        return set()
    composed = unicodedata.normalize("NFC", detail)
    apart = unicodedata.normalize("NFD", detail)
    plain = composed.translate(_WITHOUT)
    return {detail, composed, apart, plain, _bare(detail), _bare(plain)}


@lru_cache(maxsize=512)
def known_by(details: tuple[Detail, ...]) -> Known | None:
    """What finds these details; None if there are none."""
    return Known(details) if details else None


def _as_written(kind: str, detail: str) -> str:
    """A pattern for one detail; two letters, such as Bo, only as they are written, and an ordinary
    word only where it stands for a name."""
    if detail.isdigit():
        # The last digits of a card, but no sum, no year of a date, and no id.
        date = (
            r"(?<!\d[/.\-])(?![/.\-]\d)" if len(detail) == 4 and detail[:2] in ("19", "20") else ""
        )
        return rf"(?<!\d)(?<![a-z\d]_){date}{detail}(?!\d|[.,]\d\d(?!\d))"
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


@lru_cache(maxsize=512)
def known_names(names: tuple[str, ...]) -> Known | None:
    """What finds these names; None if there are none."""
    return known_by(tuple(("name", name) for name in names if name))
