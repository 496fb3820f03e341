"""Clauses that ask for nothing although they have the words of a request."""

from agents.understanding.caseless import Caseless
from agents.understanding.signs import reports_fault

_WELL = Caseless(
    r"\b(?:all|everything)(?: else)?(?: is|'s| are| seems| looks| works)? (?:well|fine|good|ok|okay|normal|in order)\b|\bnothing (?:else )?to "
    r"(?:see|report|add|complain)\b|\balles (?:ist |läuft |is )?(?:gut|bestens|in ordnung|goed|in orde)\b|\btout va bien\b|"
    r"\btodo (?:est[áa]|va) bien\b|\btutto (?:va )?bene\b|\btudo (?:est[áa] )?bem\b"
)


_SETS_ASIDE = Caseless(
    r"^\W*(?:(?:hi|hello|please|sorry|you (?:can|may)|kindly|bitte|por favor|merci de)\W+){0,3}(?:ignore|disregard|forget|never ?mind|skip|"
    r"ignorieren sie|vergessen sie|vergiss|überspringen sie|oubliez|ignorez|olvid[ae]\w*|ignor[ei]|esque[cç]a|dimentichi|ignori|negeer|vergeet)"
    r"\b[^.!?]{0,40}\b(?:i|we|my|our|last|earlier|previous|meine?|ich|letzte\w*|mon|j'ai|mes|dernier|mi|mis|mensaje|último|meu|minha|última|"
    r"mio|mia|ultimo|mijn|vorige|ik)\b"
)
_NOT_NEEDED = Caseless(
    r"\b(?:do(?:es)?(?: not|n'?t)|no longer|(?:is|are)(?: not|n'?t)) (?:need|want|require|ask|necessary|needed|required)\b"
)


def sets_aside(text: str) -> bool:
    """Whether a clause only says that earlier words of its writer do not count."""
    return bool(_SETS_ASIDE.search(text)) and len(text.split()) <= 20


def needs_nothing(text: str) -> bool:
    """Whether a text says that something is not needed."""
    return bool(_NOT_NEEDED.search(text))


def says_all_is_well(text: str) -> bool:
    """Whether a text says that nothing is wrong, and nothing else."""
    return bool(_WELL.search(text)) and not reports_fault(text)
