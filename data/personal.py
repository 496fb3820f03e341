"""Finding personal data: by its form in a text, by a person's record, by the name of a field.

The one set of rules behind what the log loses for good (`data.redaction`), what is hidden from a
model for the length of a ticket, and what exports and viewers see masked.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import phonenumbers

from data.card_numbers import in_groups
from data.names import APOSTROPHES, HYPHENS

if TYPE_CHECKING:
    from data.known import Known

Put = Callable[[str, str], str]
"""What stands in the place of a kind of data that was found, given the kind and the text."""

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
_HINT = re.compile(r"[\d@\uff20\ufe6b]|://")
_SPOKEN_HINTS = (
    " dot ", "(", "[", "{", "<", "gmail", "yahoo", "hotmail", "outlook", "icloud", "rediffmail",
    "mailcom", " @ ",
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
_AT_SIGN = r"[@\uff20\ufe6b]"
_EMAIL = re.compile(
    rf"(?<![\w.%+\-])(?<![\w.%+\-]')[\w.%+\-][\w.%+'\-]*+{_AT_SIGN}"
    r"(?:[\w\-]+[.\uff0e\u3002])+[^\W\d_][\w\-]*[^\W_]"
)
_TOP = r"(?:com|org|net|edu|info|io|de|fr|es|it|nl|pt|br|uk|in|eu|pl|ch|cz|dk|fi|hu|ie|mx|ro|ar)"
_POST = r"(?:gmail|yahoo|hotmail|outlook|icloud|ymail|rediffmail)"
_DOT = r"(?: ?[(\[{<] ?(?:dot|punkt|punto|point|ponto|punt|\.) ?[)\]}>] ?| dot )"
_AT = (
    r" ?(?:[(\[{<] ?(?:at|ät|@|arroba|arobase|chiocciola|apenstaartje|klammeraffe) ?[)\]}>]"
    r"|[@\uff20\ufe6b]) ?"
)
_SPOKEN = re.compile(
    rf"(?i)(?<![\w.+-])(?:[\w.+-]++{_AT}[\w-]++(?:(?:{_DOT}|\.)[\w-]++){{0,5}}(?:{_DOT}|\.)"
    r"[^\W\d_]{2,24}(?![\w-])"
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
_MEASURES = re.compile(
    r"(?i)(?:amount|balance|total|sum|price|cost|fee|tax|credit|limit|refunded|paid|risk|minor|micros|"
    r"cents|tokens|bytes|size|count|characters|ms|ns|seconds|time|timestamp|date|created|updated|"
    r"expires|opened|closed|ended|until|since|(?:^|_)at|(?-i:At)|epoch|seed)s?$"
)
"""Names of fields that hold sums, times and counts, however large."""
_SPACE = re.compile(r"\s+")
_SIGNS = str.maketrans(dict.fromkeys(APOSTROPHES, "") | dict.fromkeys(HYPHENS, "-"))
"""An apostrophe may be left out, a hyphen is any."""
MARKED = r"(?!-[a-z]{14}\])"
"""Behind what is no placeholder's kind."""
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
            again = rf"(?<![\w\[]){re.escape(name)}(?!\w){MARKED}"
            text = re.sub(again, lambda m: put("person", m[0]), text)
    return text


def _after(match: re.Match[str], group: int, kind: str, put: Put) -> str:
    """What matched, with the group at its end replaced."""
    return match[0][: match.start(group) - match.start()] + put(kind, match[group])


def _by_form(text: str, put: Put) -> str:
    if "://" in text:
        text = _LINK.sub(lambda m: put("link", m[0]) if _TELLING.search(m[0]) else m[0], text)
    if any(sign in text for sign in "@\uff20\ufe6b"):
        text = _EMAIL.sub(lambda m: put("email", m[0]), text)
    if _SEVEN.search(text):
        text = _IBAN.sub(lambda m: put("account", m[0]), text)
        text = _IP.sub(lambda m: put("ip", m[0]) if _is_address(m[0]) else m[0], text)
        text = in_groups(text, lambda found: put("number", found))
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
    return _SPACE.sub(" ", bare(text.translate(_SIGNS)).casefold().translate(_SIGNS)).strip()


def bare(text: str) -> str:
    """`text` without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def walk(
    value: Any,
    text: Callable[[str], str],
    field: Callable[[str, str, Any], Any],
    name: str = "",
) -> Any:
    """A JSON value with each text put through `text`, and each field that is personal by its name
    through `field` (name, kind, value).

    A whole number of 9 to 19 digits is a text too, unless `name`, its field, measures something.
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {
            key: field(key, kind, item)
            if (kind := _kind_of(key, item, value)) is not None
            else walk(item, text, field, str(key))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [walk(item, text, field, name) for item in value]
    if isinstance(value, int) and 10**8 <= abs(value) < 10**19 and not _MEASURES.search(name):
        shown, written = text(str(value)), str(value)
        return value if shown == written else shown
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
