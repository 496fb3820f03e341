"""Which language a text is in."""

from functools import cache

from py3langid.langid import LanguageIdentifier

KNOWN = ("en", "de", "es", "fr", "pt", "it", "nl")
"""Languages that tickets are triaged and answered in; texts in others are for people."""

OTHERS = frozenset(
    [
        "ar",
        "bg",
        "ca",
        "cs",
        "da",
        "el",
        "et",
        "fa",
        "fi",
        "he",
        "hi",
        "hr",
        "hu",
        "id",
        "is",
        "ja",
        "ko",
        "lt",
        "lv",
        "ms",
        "nb",
        "nn",
        "no",
        "pl",
        "ro",
        "ru",
        "sk",
        "sl",
        "sq",
        "sr",
        "sv",
        "th",
        "tr",
        "uk",
        "ur",
        "vi",
        "zh",
    ]
)
"""Languages that are recognised beside; rarer ones the identifier finds in codes and typos."""

UNKNOWN = "und"

_FOREIGN = 12.0
"""How much likelier (in the identifier's log probability) a text must be in another language than
in any of `KNOWN`: of short tickets in these none came over 2, of others hardly one below 15."""


_ENOUGH = 600
"""Characters that are looked at."""

_ENGLISH = frozenset(
    [
        "the",
        "and",
        "my",
        "you",
        "your",
        "have",
        "please",
        "with",
        "this",
        "that",
        "it",
        "not",
        "to",
        "i",
    ]
)
_FEWEST = 3
"""Words in Latin letters below which it may as well be a name."""


@cache
def _identifier() -> LanguageIdentifier:
    import py3langid

    py3langid.classify("warm")
    identifier = py3langid.langid.IDENTIFIER
    assert isinstance(identifier, LanguageIdentifier)
    return identifier


def language_of(text: str) -> str:
    """The ISO 639-1 code of `text`, `und` where it has too few letters to tell."""
    text = text[:_ENOUGH]
    if _plainly_english(text):
        return "en"
    letters = sum(c.isalpha() for c in text)
    latin = sum(c.isascii() for c in text if c.isalpha()) >= 0.5 * letters
    if letters < (6 if latin else 2):
        return UNKNOWN
    ranked = [(str(language), float(score)) for language, score in _identifier().rank(text)]
    known, likely = next(found for found in ranked if found[0] in KNOWN)
    other, score = next(found for found in ranked if found[0] in OTHERS)
    told = not latin or sum(any(map(str.isalpha, w)) for w in text.split()) >= _FEWEST
    if told and score - likely > _FOREIGN:
        return other
    return known if latin else UNKNOWN


def _plainly_english(text: str) -> bool:
    """Whether words that are English alone are so many that nothing has to be compared."""
    words = text.lower().split()
    return len(words) >= 6 and sum(word in _ENGLISH for word in words) >= 0.3 * len(words)


def is_foreign(language: str) -> bool:
    """Whether texts in this language are for people."""
    return language not in (*KNOWN, UNKNOWN)
