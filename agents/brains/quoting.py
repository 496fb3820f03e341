"""Finding a model's quote in the words that it quotes, however spaces, case and quotes differ."""

from difflib import SequenceMatcher

_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_ENDS = " \t\n.,;:!?\"'…-"


def quoted(clause: str, shown: str, original: str) -> str | None:
    """The part of `original` that a quote from `shown` (the same, veiled) means; None if the quote
    is not there."""
    wanted = _folded(clause.strip(_ENDS))[0].strip()
    if not wanted:
        return None
    text, places = _folded(shown)
    at = text.find(wanted)
    if at < 0:
        return None
    start, end = places[at], places[at + len(wanted) - 1] + 1
    if shown != original:
        start, end = _carried_over(shown, original, start, end)
    return " ".join(original[start:end].split())


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` in one case with single spaces, and where each of its characters stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text.translate(_QUOTES)):
        if letter.isspace():
            if letters and letters[-1] != " ":
                letters.append(" ")
                places.append(place)
            continue
        for folded in letter.casefold():
            letters.append(folded)
            places.append(place)
    return "".join(letters), places


def _carried_over(shown: str, original: str, start: int, end: int) -> tuple[int, int]:
    """Where a span of `shown` lies in `original`; what stands for something else counts whole."""
    first, last = len(original), 0
    for _, a, b, c, d in SequenceMatcher(None, shown, original, autojunk=False).get_opcodes():
        if b <= start or a >= end:
            continue
        same = b - a == d - c
        first = min(first, c + (max(start, a) - a if same else 0))
        last = max(last, c + (min(end, b) - a) if same else d)
    return (first, last) if first < last else (0, len(original))


def holds(text: str, words: str) -> bool:
    """Whether `text` has `words`, however they are spaced and written in capitals or not."""
    return _folded(words)[0].strip() in _folded(text)[0]
