"""A message cut into the clauses that ask for different things."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.understanding import signs
from agents.understanding.kinds import BILLING_ERRORS, FAMILIES, TRIGGERS
from agents.understanding.model import TriageModel, known_words
from agents.understanding.spelling import respell
from agents.understanding.text import clauses, sentences


@dataclass
class Segment:
    text: str
    probabilities: NDArray[np.floating]
    weight: float = 1.0
    sentence: int = 0
    before: str = ""
    """The clause before it in its sentence."""
    asked: dict[str, float] | None = None
    """What it asks for, once that was worked out."""


_TIMES = re.compile(r"\b(?:2 ?x|x ?2)\b", re.IGNORECASE)


_PREFIXES = re.compile(r"^(?:(?:re|fwd?|aw|wg|rv|tr|sv|antw|res|r|enc)\s*:\s*)+", re.IGNORECASE)
_REPLY = re.compile(r"(?:re|aw|antw|res|r)\s*:", re.IGNORECASE)


def is_reply(subject: str) -> bool:
    """Whether a subject is that of the message that is answered, by its `Re:`."""
    return bool(_REPLY.match(subject.strip()))


def spelled(text: str) -> str:
    """Short forms written out and mistyped key words put right, as the classifiers know them."""
    return respell(_TIMES.sub("twice", text), known_words())


def cut_up(subject: str, body: str) -> list[tuple[str, list[str], float]]:
    """(sentence, its clauses, weight), each once, the subject last and lighter."""
    found = [(s, clauses(s), 1.0) for s in dict.fromkeys(sentences(body))]
    title = subject.strip()
    title = _PREFIXES.sub("", title)
    if title:
        found.append((title, [title], 0.75 if found else 1.0))
    return found


def family_scores(model: TriageModel, row: NDArray[np.floating]) -> dict[str, float]:
    """How likely a text asks for each family of requests."""
    return dict(zip(FAMILIES, (row @ model.families).tolist(), strict=True))


Parts = list[tuple[str, list[str], float]]
"""What `cut_up` gives."""

Rows = dict[str, NDArray[np.floating]]
"""Texts to how likely they are of each kind."""


def pieces(parts: Parts) -> list[str]:
    """The texts that `choose_segments` needs to know of in any case."""
    return list(dict.fromkeys(t for s, cut, _ in parts for t in (s, *(cut if cut[1:] else ()))))


def halves_needed(model: TriageModel, parts: Parts, rows: Rows) -> list[str]:
    """The texts that it needs beside, where sentences are not decided by their clauses."""
    return [
        half
        for sentence, cut, weight in parts
        if weight == 1.0 and not _ask_apart(model, cut, rows)
        for half in _halves(model, sentence, rows)
    ]


def choose_segments(model: TriageModel, parts: Parts, rows: Rows) -> list[Segment]:
    """Sentences as they are, or cut where their clauses clearly ask for different things."""
    chosen: list[Segment] = []
    for number, (sentence, cut, weight) in enumerate(parts):
        if _ask_apart(model, cut, rows):
            chosen += _in_turn(cut, rows, weight, number)
            continue
        halves = _halves(model, sentence, rows) if weight == 1.0 else []
        if len(_asked_for(model, halves, rows, 0.6)) > 1:
            chosen += _in_turn(halves, rows, weight, number)
        else:
            chosen.append(Segment(sentence, rows[sentence], weight, number))
    return chosen


def _in_turn(clauses: list[str], rows: Rows, weight: float, number: int) -> list[Segment]:
    """The clauses of one sentence, each with the one before it."""
    return [
        Segment(clause, rows[clause], weight, number, before)
        for before, clause in zip(["", *clauses], clauses, strict=False)
    ]


def _ask_apart(model: TriageModel, cut: list[str], rows: Rows) -> bool:
    """Whether the clauses of a sentence clearly ask for different things."""
    return len(cut) > 1 and len(_asked_for(model, cut, rows, 0.5)) > 1


def _asked_for(model: TriageModel, cut: list[str], rows: Rows, sure: float) -> set[str]:
    """The families, and what calls for a person, that clauses are for each."""
    found = set()
    for clause in cut:
        row, scores = rows[clause], family_scores(model, rows[clause])
        scores |= {kind: float(row[model.index[kind]]) for kind in TRIGGERS}
        best = max(scores, key=lambda f: scores[f])
        if scores[best] >= sure:
            found.add(best)
    return found


def _halves(model: TriageModel, sentence: str, rows: Rows) -> list[str]:
    """The halves of a sentence that is not of one kind of its own."""
    halves = two_halves(sentence)
    if halves and model.kinds[int(rows[sentence].argmax())] in BILLING_ERRORS:
        return []
    return halves


_AND = re.compile(r",? (?:and|und|y|et|e|en) ", re.IGNORECASE)
_BUT = re.compile(
    r", (?:(?:but|so|aber|also|pero|mais|donc|ma|maar|dus|mas|então) )?"
    r"| (?:but|so|aber|pero|mais|donc|ma|maar|dus|mas|então) | [-–—] ",
    re.IGNORECASE,
)


def two_halves(sentence: str) -> list[str]:
    """A sentence cut at its `and`, where both parts are long enough to ask for something; at a
    comma or a `but` too, where it speaks of a person: `I was charged twice, put me through to one`.
    """
    cuts = (_AND, _BUT) if signs.speaks_of_person(sentence) else (_AND,)
    for cut in cuts:
        parts = cut.split(sentence, maxsplit=1)
        if len(parts) == 2 and all(len(part.split()) >= 4 for part in parts):
            return parts
    return []
