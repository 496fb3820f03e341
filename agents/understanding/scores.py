"""A reply that is a survey's score: a number or stars from 1 to 5, and a few words behind it."""

import re

from agents.understanding.text import own_words, plain_text

MOST = 5
_LONGEST = 300
"""Characters of the words behind a score; who writes more writes about something else."""

_STARS = re.compile(r"(?P<full>[★⭐]{1,5})(?P<empty>[☆✩✰]{0,4})(?![★⭐☆✩✰])")
_OF_FIVE = r"(?:\s*(?:/|out of|of|von|de|sur|su|van)\s*5)?"
_WORD = r"(?:\s*(?:stars?|sterne?n?|estrellas?|étoiles?|stell[ae]|sterren|ster|estrelas?)\b)?"
_NUMBER = re.compile(rf"(?P<score>[1-5]){_OF_FIVE}{_WORD}(?![.,/:]?\d|\w|\s*%)", re.IGNORECASE)
_REST = re.compile(r"\s*(?:[-–—.,;:!)]+|\n|$|(?=[^\w\s]))\s*(?P<words>.*)", re.DOTALL)


def score_in(body: str) -> tuple[int, str] | None:
    """The score, 1 to 5, and the words behind it; None for a message that does not begin as one."""
    text = own_words(plain_text(body)).replace("\ufe0f", "").strip()
    score = None
    if stars := _STARS.match(text):
        if len(stars[0]) <= MOST:
            score, end = len(stars["full"]), stars.end()
    elif number := _NUMBER.match(text):
        score, end = int(number["score"]), number.end()
    if score is None:
        return None
    rest = _REST.match(text, end)
    if rest is None or len(rest["words"]) > _LONGEST:
        return None
    return score, rest["words"].strip()
