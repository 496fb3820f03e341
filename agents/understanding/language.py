"""Which language a text is in."""

from functools import cache

from py3langid.langid import LanguageIdentifier

KNOWN = ("en", "de", "es", "fr", "pt", "it", "nl")
"""Languages that tickets are told apart in; related ones confuse the identifier in short texts."""


@cache
def _identifier() -> LanguageIdentifier:
    import py3langid

    py3langid.classify("warm")
    identifier = py3langid.langid.IDENTIFIER
    assert isinstance(identifier, LanguageIdentifier)
    identifier.set_languages(list(KNOWN))
    return identifier


def language_of(text: str) -> str:
    """The ISO 639-1 code of `text`, `und` where it has too few letters to tell."""
    letters = sum(c.isalpha() for c in text)
    if letters < 6:
        return "und"
    ascii_share = sum(c.isascii() for c in text if c.isalpha()) / letters
    if ascii_share < 0.5:
        return "und"
    return str(_identifier().classify(text)[0])
