"""The new name that a customer gives, made whole by the one on file."""

import re
from difflib import SequenceMatcher

_PARTICLES = r"(?:(?:de|van|von|der|den|da|di|del|la|le|bin|al|dos|du|y|e|zu)\s+)*"
_WORDS = rf"[A-ZÀ-ÝĀ-Ž][\w'’.\-]*(?:\s+{_PARTICLES}[A-ZÀ-ÝĀ-Ž][\w'’\-]*){{0,4}}"
_GIVEN = re.compile(
    r"(?:(?i:\b(?:name|surname|nachnamen?|namen?|nombre|apellidos?|nom|nome|naam)\b)[^.\n]{0,60}?"
    r"(?i:\b(?:to|is(?: now)?|as|into|auf|in|zu|ist(?: jetzt)?|lautet|a|es(?: ahora)?|por|en|est|à"
    r"|è|é|para|naar|now|=|:)\b|:)"
    r"|(?i:\b(?:am|are|be|bin|heiße|heisse|heiß|heiss|called|call me|ich heiße|me llamo|m'appelle"
    r"|mi chiamo|me chamo|heet|firmo(?: como)?|assino|signe|sono diventat\w|passei a ser|go by"
    r"|married name is|goes by|spelled|spelt|write|reads?|should (?:read|be|say)"
    r"|correct(?:ed)? to|rename (?:me|us|it) to)\b))"
    r"\s*(?i:now |jetzt |nun |nu |ahora |agora |adesso |ora |maintenant |désormais |to |: ?|als "
    r"|seit der \w+ )*[\"'„“«]?"
    rf"({_WORDS})",
)
_WHOLE = re.compile(_WORDS)
_LAST = re.compile(
    r"\b(?:sur ?name|last name|family name|maiden name|married name|nachname\w*|familienname\w*"
    r"|apellidos?|nom de famille|cognome|achternaam|sobrenome|apelido)\b",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\b(?:first name|given name|christian name|forename|vorname\w*|nombre de pila|prénom"
    r"|primeiro nome|voornaam|roepnaam)\b",
    re.IGNORECASE,
)
_MARRIED = re.compile(
    r"\b(?:married|wedding|geheiratet|hochzeit|casad[oa]|casé|casei|casamento|boda|mariée?|mariage"
    r"|sposat[oa]|matrimonio|getrouwd|huwelijk|divorc\w*|geschieden|gescheiden|scheidung)\b",
    re.IGNORECASE,
)
_NO_NAMES = {"the", "my", "our", "i", "please", "thanks", "hi", "hello", "the old", "it", "this",
             "that", "and"}  # fmt: skip
_TAIL = re.compile(
    r"\s+(?:and|und|y|et|instead|please|bitte|thanks|thank you|from now on|in your|on (?:my|the)"
    r"|as of|so |because|since|could|can you|danke|gracias|merci|effective|starting)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_ALIKE = 0.7
"""From this likeness on a word is another spelling of the one on file."""


def given_name(text: str, present: str | None) -> str | None:
    """The name to which the words of a text lead, in place of `present`, or None.

    A surname or first name alone takes the rest from the one on file.
    """
    for match in _GIVEN.finditer(text):
        name = _clean(match[1])
        if name.lower() not in _NO_NAMES and name != present and len(name) > 1:
            return _whole(name, text, present)
    return None


def name_like(text: str, present: str | None) -> str | None:
    """The last name in a text that is like `present` and not the same: with that first name, or
    another spelling of one of its parts. None if there is none."""
    known = (present or "").split()
    if len(known) < 2:
        return None
    found = [_clean(match[0]) for match in _WHOLE.finditer(text)]
    like = [name for name in found if name != present and _is_of(name.split(), known)]
    return _whole(like[-1], text, present) if like else None


def _clean(name: str) -> str:
    return _TAIL.sub("", name).strip(" ,.'\"’“”")


def _is_of(words: list[str], known: list[str]) -> bool:
    """Whether a name of several words is one of the same person, or one word spells theirs."""
    if len(words) == 1:
        return any(_respells(words[0], part) for part in known)
    same = words[0] == known[0] or _respells(words[0], known[0])
    return same and words != known[: len(words)]


def _respells(word: str, known: str) -> bool:
    if word.casefold() == known.casefold() or min(len(word), len(known)) < 3:
        return False
    return SequenceMatcher(None, word.casefold(), known.casefold()).ratio() >= _ALIKE


def _whole(name: str, text: str, present: str | None) -> str:
    """One word made a whole name by the one on file, where the text says which part it is."""
    known = (present or "").split()
    if len(name.split()) > 1 or len(known) < 2:
        return name
    for place, part in enumerate(known):
        if _respells(name, part):
            return " ".join([*known[:place], name, *known[place + 1 :]])
    if _FIRST.search(text):
        return " ".join([name, *known[1:]])
    if _LAST.search(text) or _MARRIED.search(text):
        return f"{known[0]} {name}"
    return name
