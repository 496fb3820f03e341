"""Details that a message names: addresses, phones, card digits, amounts, dates, languages."""

import re
from dataclasses import dataclass
from datetime import date

import phonenumbers

from data.currencies import CODE_WORDS, CODES, SYMBOLS

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"
)
_CARD_WORDS = (
    r"(?:ending|ends|end|last|final|four|4|digits?|card|visa|mastercard|amex|debit|credit|endet|endziffern?|"
    r"letzten?|vier|ziffern|karte|kreditkarte|termina(?:da)?|acaba|últim[oa]s|ultim[oaie]s?|cuatro|cifras?|"
    r"dígitos|digitos|tarjeta|carte|derniers|dernières|quatre|chiffres|termine|finissant|finit|carta|cifre|"
    r"quattro|kaart|eindigt|laatste|vier|cijfers|cartão|quatro|final|dígitos|last4|(?<!\*)\*{2,16}|(?<!•)•{2,16}|(?<!x)x{2,16})"
)
_LAST4 = re.compile(
    rf"{_CARD_WORDS}[^\d\n]{{0,40}}?(?<!\d)(\d{{4}})(?!\d|[.,/:-]\d)|(?<![\d.,/:€$£-])(\d{{4}})(?!\d|[.,/:-]\d)"
    rf"[^\d\n]{{0,25}}?\b(?:are|is|sind|son|sont|sono|zijn|são)?\s*(?:the|my|die|las|les)?\s*"
    rf"(?:last|final|letzten|últim|derniers|ultim|laatste)",
    re.IGNORECASE,
)
_BARE4 = re.compile(r"(?<![\d.,/:€$£+@-])\b(\d{4})\b(?![.,/:-]?\d|@)")
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan januar jänner enero janvier gennaio janeiro januari",
            "february feb februar febrero février fevrier febbraio fevereiro februari",
            "march mar märz maerz marzo mars março marco maart",
            "april apr abril avril aprile",
            "may mai mayo maggio maio mei",
            "june jun juni junio juin giugno junho",
            "july jul juli julio juillet luglio julho",
            "august aug agosto août aout augustus",
            "september sep sept septiembre septembre settembre setembro",
            "october oct oktober okt octubre octobre ottobre outubro",
            "november nov noviembre novembre novembro",
            "december dec dezember dez diciembre décembre decembre dicembre dezembro",
        ],
        1,
    )
    for name in names.split()
}  # fmt: skip
_AMBIGUOUS_MONTHS = {"may", "mar", "mars", "marco", "mei", "mai", "jan", "sept"}
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3}){1,5}(?:[.,]\d{1,3})?|\d{1,15}(?:[.,]\d{1,3})?"
_AMOUNT = re.compile(
    rf"(?P<sym>R\$|[$€£¥₹])\s?(?P<a>{_NUMBER})|(?<!\d)(?P<b>{_NUMBER})\s?(?P<post>[$€£¥₹]|\b(?:{'|'.join(CODES)}|"
    rf"{'|'.join(CODE_WORDS)})\b)|\b(?P<pre>{'|'.join(CODES)})\s?(?P<c>{_NUMBER})"
    r"|(?<![\d.,/-])(?P<d>\d{1,5}[.,]\d{2})(?![\d.,/-])",
    re.IGNORECASE,
)
_ISO_DATE = re.compile(r"\b(20\d\d)-(\d{1,2})-(\d{1,2})\b")
_DOTTED = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](20\d\d|\d\d)?(?!\d)")
_EXPIRY = re.compile(r"(?i)(exp\w*|valid\w*|gültig|bis|vence|válida)[\s.:(]*$")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
EXPONENTS = {
    "jpy": 0,
    "krw": 0,
    "clp": 0,
    "vnd": 0,
    "isk": 0,
    "huf": 2,
    "kwd": 3,
    "bhd": 3,
    "omr": 3,
    "tnd": 3,
}
"""Digits after the point of currencies that have not two (ISO 4217)."""


@dataclass(frozen=True)
class Amount:
    """A sum of money as written: its value in hundredths and thousandths cannot be told apart
    before the currency is known, so the text's number stays a decimal string."""

    number: str
    currency: str | None

    def minor(self, currency: str) -> int:
        """The sum in minor units of `currency`."""
        exponent = EXPONENTS.get(currency, 2)
        whole, _, part = self.number.partition(".")
        return int(whole) * int(10**exponent) + int((part + "0" * exponent)[:exponent] or 0)


@dataclass(frozen=True)
class Named:
    """A month, or a day of it, that a text names."""

    month: int
    day: int | None = None
    year: int | None = None

    def fits(self, when: date) -> bool:
        """Whether a date is in it."""
        return (
            when.month == self.month
            and (self.day is None or abs(when.day - self.day) <= 1)
            and (self.year is None or when.year == self.year)
        )


def emails(text: str) -> list[str]:
    """E-mail addresses in lower case, each once, in order."""
    return list(dict.fromkeys(found.lower().rstrip(".") for found in _EMAIL.findall(text)))


def last4s(text: str, *, asked: bool = False) -> list[str]:
    """Last four card digits that a text gives; after we `asked`, any lone four digits count."""
    spans = [next(group for group in match.groups() if group) for match in _LAST4.finditer(text)]
    if asked and not spans:
        spans = [d for d in _BARE4.findall(text) if not _is_year(d)]
        if not spans and len(text.split()) <= 4:
            spans = _BARE4.findall(text)
    return list(dict.fromkeys(spans))


def _is_year(digits: str) -> bool:
    return 2015 <= int(digits) <= 2035


_FEWEST_DIGITS = 7
"""Of a phone number."""


def phones(text: str, region: str | None = None) -> list[str]:
    """Phone numbers in E.164, each once, in order; `region` is the country of national ones."""
    found = []
    for match in phonenumbers.PhoneNumberMatcher(
        text, region or "ZZ", leniency=phonenumbers.Leniency.POSSIBLE
    ):
        # Four digits may be a number in some country, and here they are those of a card.
        if sum(map(str.isdigit, match.raw_string)) >= _FEWEST_DIGITS:
            e164 = phonenumbers.PhoneNumberFormat.E164
            found.append(phonenumbers.format_number(match.number, e164))
    if not found:
        for raw in re.findall(r"(?:\+|\b00)\d[\d ()/.\-]{6,18}\d", text):
            digits = re.sub(r"\D", "", raw)
            digits = digits.removeprefix("00") if raw.startswith("00") else digits
            if _FEWEST_DIGITS <= len(digits) <= 15:
                found.append("+" + digits)
    return list(dict.fromkeys(found))


def amounts(text: str) -> list[Amount]:
    """Sums of money that a text names, with the currency where it says one."""
    found = []
    for match in _AMOUNT.finditer(text):
        number = next(match[g] for g in "abcd" if match[g])
        mark = (match["sym"] or match["post"] or match["pre"] or "").strip()
        currency = SYMBOLS.get(mark.upper()) or CODE_WORDS.get(mark.lower())
        if currency is None and mark.lower() in CODES:
            currency = mark.lower()
        if currency is None and not mark and _inside_date(text, match):
            continue
        found.append(Amount(_decimal(number), currency))
    return list(dict.fromkeys(found))


def _inside_date(text: str, match: re.Match[str]) -> bool:
    return any(d.start() <= match.start() < d.end() for d in _DOTTED.finditer(text))


def _decimal(number: str) -> str:
    number = re.sub(r"[' ]", "", number)
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return number
    part = number[last + 1 :]
    grouped = len(part) == 3 and number.count(number[last]) >= 1 and len(number[:last]) <= 3
    if grouped and ("." in number) != ("," in number):
        return re.sub(r"[.,]", "", number)
    return re.sub(r"[.,]", "", number[:last]) + "." + part


def dates(text: str) -> list[Named]:
    """Months and days that a text names, in order."""
    found: list[Named] = []
    for match in _ISO_DATE.finditer(text):
        found.append(Named(int(match[2]), int(match[3]), int(match[1])))
    for match in _DOTTED.finditer(text):
        if _EXPIRY.search(text[max(0, match.start() - 14) : match.start()]):
            continue
        day, month = int(match[1]), int(match[2])
        if month > 12 >= day:
            day, month = month, day
        if 1 <= month <= 12 and 1 <= day <= 31:
            year = int(match[3]) if match[3] else None
            found.append(Named(month, day, year + 2000 if year and year < 100 else year))
    words = list(_WORD.finditer(text))
    for word in words:
        month = _MONTHS.get(word[0].lower(), 0)
        if not month:
            continue
        before, after = (
            text[max(0, word.start() - 12) : word.start()],
            text[word.end() : word.end() + 12],
        )
        day_before = re.search(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.|º)?\s*(?:of |de |d')?$", before)
        day_after = re.match(r"\.?\s*(\d{1,2})(?:st|nd|rd|th)?(?!\d)", after)
        named_day = day_before or day_after
        plain = word[0].lower() in _AMBIGUOUS_MONTHS and not word[0][0].isupper()
        if plain and not named_day:
            continue
        if (
            word[0] == "May"
            and not named_day
            and not re.search(r"(in|for|of|since|until|by)\s+$", before, re.I)
        ):
            continue
        named_year = re.match(r"\.?\s*(?:\d{1,2}(?:st|nd|rd|th)?)?,?\s*(20\d\d)", after)
        day_number = int(named_day[1]) if named_day else None
        found.append(Named(month, day_number, int(named_year[1]) if named_year else None))
    return list(dict.fromkeys(found))
