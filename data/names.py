"""The parts by which a person or a company is known."""

import re
from collections.abc import Iterator

APOSTROPHES = "'\u2018\u2019\u02bc`\u00b4"
HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015-"
"""What people type for either."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_JOINING = _words(
    "van von vom zu zum zur der den die das dem ter ten te de del della dello degli dei di da do "
    "dos du des la las le les lo los el al bin ibn af av och og y e und and et of the d l t s"
)
"""Words that join a name; in small letters they tell nobody."""

_TITLES = _words(
    "mr mrs ms miss mx sir madam dr prof dipl jr sr ii iii iv phd md esq herr frau señor señora "
    "sres sra srta don doña m mme mlle monsieur madame sig signor signora dott dottssa dhr mevr "
    "mevrouw meneer mijnheer senhor senhora dra"
)
"""Words beside a name that stand beside any."""

_LEGAL = _words(
    "gmbh ggmbh mbh ag kg kgaa ug haftungsbeschränkt ohg gbr ek ev eg se inc incorporated llc llp "
    "lp ltd limited plc corp corporation co company cie pty sarl sas sasu snc eurl scs sl slu sa "
    "srl srls spa bv nv vof cv lda ltda eireli ab as aps oy oyj sp z oo zoo sro doo kft zrt bt & "
    "+ and und et y e en"
)
"""Words of a legal form, without points, and what joins them."""

_BETWEEN = re.compile(r"[\s,;/()\[\]\"“”„«»<>&+|]+")
_HYPHEN, _APOSTROPHE = re.compile(f"[{HYPHENS}]"), re.compile(f"[{APOSTROPHES}]")
_TOKEN = re.compile(r"[^\s,()]+")
_EDGES = ".:!?*#_" + APOSTROPHES + HYPHENS
_LONG = 4
"""Letters behind an apostrophe that tell a name by themselves: Brien, not the n of `d'n`."""


def parts_of(name: str | None) -> tuple[str, ...]:
    """A name, then each part of it that tells who is meant: the words without titles and legal
    forms, surnames with what joins them, both sides of a hyphen, what follows an apostrophe.

    A mark in brackets, which stands where a name was erased or masked, is whole.
    """
    if name and name.startswith("[") and name.endswith("]"):
        return (name,)
    whole = company_parts(name or "")
    parts = (part for part in _parts(name or "") if any(map(str.isalpha, part)))
    return tuple(dict.fromkeys([*whole, *parts]))


def _parts(name: str) -> Iterator[str]:
    joining: list[str] = []
    for word in filter(None, (word.strip(_EDGES) for word in _BETWEEN.split(name))):
        if word.lower() in _JOINING:
            joining.append(word)
            if word[0].isupper():
                yield word
            continue
        if joining:
            yield " ".join([*joining, word])
            joining = []
        if _bare(word) not in _TITLES and not _is_legal(word):
            yield word
            yield from _within(word)


def _is_legal(word: str) -> bool:
    """Whether a word is a legal form; a short one, such as Sa, only in capitals."""
    return (len(word) > 2 or word.isupper()) and _bare(word) in _LEGAL


def _bare(word: str) -> str:
    return word.lower().replace(".", "").replace("/", "")


def _within(word: str) -> Iterator[str]:
    """The parts of one word; of an address none."""
    pieces = _HYPHEN.split(word) if "@" not in word else []
    for piece in pieces:
        if len(pieces) > 1 and piece not in _JOINING:
            yield piece
        *before, last = _APOSTROPHE.split(piece)
        if before and len(last) >= _LONG:
            yield last


def company_parts(name: str) -> tuple[str, ...]:
    """A company's name, and the same without its legal form."""
    tokens = list(_TOKEN.finditer(name))
    while len(tokens) > 1 and _bare(tokens[-1][0]) in _LEGAL:
        tokens.pop()
    short = name[: tokens[-1].end()].strip() if tokens else ""
    return tuple(dict.fromkeys(part for part in (name.strip(), short) if part))
