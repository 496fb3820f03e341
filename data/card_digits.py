"""The last four digits of a card: where a text tells them, and every way in which they are written.

They stand together, apart (`52 90`, `5-2-9-0`) or in words of the languages of the templates.
"""

import re
from collections.abc import Callable, Collection, Iterator
from itertools import islice

from data.currencies import CODE_WORDS, CODES
from data.names import HYPHENS

_SPOKEN = (
    "zero zéro cero null nul oh o",
    "one eins ein uno una un une um uma een één",
    "two zwei zwo dos deux due dois duas twee",
    "three drei tres trois tre três drie",
    "four vier cuatro quatre quattro quatro",
    "five fünf fuenf funf cinco cinq cinque vijf",
    "six sechs seis sei zes meia",
    "seven sieben siete sept sette sete zeven",
    "eight acht ocho huit otto oito",
    "nine neun nueve neuf nove negen",
)
"""The words for each digit."""
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT_OF = {word: str(digit) for digit, words in enumerate(_SPOKEN) for word in words.split()}
_SIGNS = rf"[\s_·•*|{HYPHENS}]"
_APART = rf"[\s_·•*|.,;/{HYPHENS}]{{1,3}}"
_NO_LONGER = r"(?![^\W_]|[.,:/]\d)"
_ONE = rf"(?:\d(?!\d)|(?:{'|'.join(sorted(_DIGIT_OF, key=len, reverse=True))})(?![^\W_]))"
_TOGETHER, _PAIRS = r"\d{4}", rf"\d\d{_SIGNS}{{1,2}}\d\d"
_FOUR = re.compile(
    rf"(?i)(?<!\w)(?<!\d[.,:/])(?=((?:{_TOGETHER}|{_ONE}(?:{_APART}{_ONE}){{3}}|{_PAIRS}"
    rf"|\d \d{{3}}|\d{{3}} \d){_NO_LONGER}))"
)
"""Four digits as the group, wherever some begin."""
_SOME = re.compile(r"\d(?:[^\w\n]{0,3}\d){3}")
_LASTS = r"(?:last|final|letzten?|últim[oa]s|ultim[oaie]s?|derniers|dernières|laatste)"
_FOURS = r"(?:four|4|vier|cuatro|quatre|quattro|quatro)"
_DIGITS = r"(?:digits?|endziffern?|ziffern|cifras?|chiffres|cifre|cijfers|d[íi]gitos)"
_LAST_FOUR = rf"(?:{_FOURS}\s+{_LASTS}|{_LASTS}\s+(?:{_FOURS}|{_DIGITS}|numbers?))"
_ENDS = (
    r"(?:end(?:s|ing|ed|et|end)|termina(?:da|ndo)?|acaba|termine|finit|finissant|finisce|"
    r"eindigt|eindigend)"
)
_CARD = (
    r"(?:credit|debit|kredit)?(?:cards?|karte|tarjeta|carte|carta|kaart|cartão)|visa|mastercard|"
    r"amex|maestro|last4"
)
_TELLS_BEFORE = re.compile(
    rf"(?i)(?:(?<!\w)(?:{_LAST_FOUR}|{_DIGITS}|{_ENDS}|{_CARD})\b|x{{2,}}|[*•]{{2,}})[^\d\n]{{0,40}}$"
)
_TELLS_AFTER = re.compile(rf"(?i)[^\d\n]{{0,25}}?\b{_LAST_FOUR}\b")
_OTHER = (
    r"(?:err|cod|fehl|fout|status|order|invoice|ticket|case|ref|bestell|rechnung|auftrag|pedido|"
    r"factura|fatura|commande|facture|ordine|fattura|factuur|charg|paid|bill|debited|abgebuch|"
    r"berechn|cobr|débit|addebit|afgeschreven|version|room)\w*"
)
_OF_ANOTHER = re.compile(
    rf"(?i)\b{_OTHER}\W{{0,3}}(?:(?:n[ro°º]|number|nummer|num[ée]ro|número|me|us|for|of|uns|mir)\b)?"
    r"\W{0,3}$"
)
CODE = re.compile(r"(?i)(?:err|cod|fehl|fout|status)")
"""The beginning of words that announce a code of an error."""
_PRICED = re.compile(
    rf"(?i)\s?(?:[$€£¥₹%]|(?:{'|'.join([*CODES, *CODE_WORDS])})\b|(?:days?|hours?|weeks?|months?|"
    r"years?|times|mins?|minut\w*|tagen?|wochen?|monaten?|jahren?|stunden?|uhr|d[ií]as?|horas?|"
    r"semanas?|meses|años?|anos?|jours?|heures?|mois|giorn[oi]|ore|settiman[ae]|mesi|dagen|uur|weken|"
    r"maanden|jaar)\b)"
)
_PRICE = re.compile(rf"(?i)(?:[$€£¥₹]|\b(?:{'|'.join(CODES)}))\s?$")
_YEAR = re.compile(r"(?:19[89]|20[0-4])\d")
_OF_A_CARD = re.compile(
    rf"(?i)(?:{_DIGITS}|end\w*|termin\w*|acaba|finit|eindigt|x{{2,}}|\*+|•+)"
    r"\W{0,3}(?:in|with|are|is|on|auf|mit|en|par|con|em|com|op|met)?\W{0,3}$"
)
_MONTH = re.compile(
    r"(?i)\W{0,2}(?:of |de )?(?:jan|feb|mar|mär|apr|ma[iyj]|jun|jul|aug|ago|sep|o[ck]t|nov|de[czs]|"
    r"ene|abr|avr|f[ée]v|ao[uû]|gen|giu|lug|set|ott|dic|out)"
)
_FEW = 3
"""Words beside four digits that are sent as an answer."""
_NEAR = 70
"""Characters in which what tells them stands."""


def told_in(text: str, *, alone: bool = False) -> set[str]:
    """The last digits of a card that `text` tells by the words around them; with `alone` also four
    digits that are nearly all of it."""
    found, end = set(), 0
    for match in _fours(text):
        start = match.start()
        if start >= end and _is_told(text, start, match.end(1), alone=alone):
            found.add(digits_in(match[1]))
            end = match.end(1)
    return found


def digits_in(said: str) -> str:
    """The digits that stand, or are spoken, in `said`."""
    words = re.findall(r"\d|[^\W\d_]+", said.lower())
    return "".join(_DIGIT_OF.get(word, word) for word in words)


def hide_told(text: str, put: Callable[[str, str], str], *, alone: bool = False) -> str:
    """`text` with the digits that it tells replaced by `put` of a card, wherever they are repeated
    and however they are written."""
    told = told_in(text, alone=alone)
    return hide_digits(told, text, put) if told else text


def is_tail(text: str) -> bool:
    """Whether `text` is four digits, as records hold the last ones of a card."""
    return len(text) == 4 and text.isascii() and text.isdigit()


def hide_digits(cards: Collection[str], text: str, put: Callable[[str, str], str]) -> str:
    """`text` with the last digits of these cards replaced by `put`, together, apart or in words."""
    done, end = [], 0
    for match in _fours(text):
        start, digits = match.start(), digits_in(match[1])
        if start >= end and digits in cards and not is_year_or_sum(text, start, match.end(1)):
            done += [text[end:start], put("card", digits)]
            end = match.end(1)
    return "".join([*done, text[end:]])


def is_year_or_sum(text: str, start: int, end: int) -> bool:
    """Whether four digits are a year, for all that the words before tell, or measure something."""
    before = text[max(0, start - _NEAR) : start]
    year = _YEAR.fullmatch(text[start:end]) and not _OF_A_CARD.search(before)
    return bool(year or _PRICED.match(text, end))


def _fours(text: str) -> Iterator[re.Match[str]]:
    spoken = (word for word in _WORD.findall(text.lower()) if word in _DIGIT_OF)
    if _SOME.search(text) or next(islice(spoken, 1, None), None):
        yield from _FOUR.finditer(text)


def _is_told(text: str, start: int, end: int, *, alone: bool) -> bool:
    """Whether four digits are told to be a card's, and not a sum, a time or something's number."""
    before = text[max(0, start - _NEAR) : start]
    if _PRICED.match(text, end) or _PRICE.search(before) or _OF_ANOTHER.search(before):
        return False
    if re.fullmatch(_PAIRS, text[start:end]) and _MONTH.match(text, end):
        return False
    year = _YEAR.fullmatch(text[start:end])
    if _TELLS_BEFORE.search(before) or _TELLS_AFTER.match(text, end):
        return not year or bool(_OF_A_CARD.search(before))
    return alone and _is_answer(text, start, end)


def _is_answer(text: str, start: int, end: int) -> bool:
    """Whether four digits are nearly all of a text, and neither a version, a range nor a name."""
    others = text[:start].split() + text[end:].split() if len(text) < _NEAR else []
    if len(text) >= _NEAR or len(others) > _FEW or CODE.search(text):
        return False
    odd = re.search(rf"[./]|,\S|^\d\d[{HYPHENS}]\d\d$", text[start:end])
    named = text[start - 1 : start] in tuple("-#/@+_:") or text[end : end + 1] in tuple("-/@_")
    return not (odd or (start and named) or (others and _YEAR.fullmatch(text[start:end])))
