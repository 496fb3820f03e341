"""Customer text made plain: one form of characters, no quoted history, cut into clauses."""

import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise

from agents.understanding.visible import visible

MAX_CHARACTERS = 20_000
"""Of longer text only the beginning and the end are read by a classifier."""

_END = 8_000

_TAG = re.compile(r"</?[a-zA-Z][^>]{0,200}>")
_QUOTED = re.compile(
    r"^\s*(on .{5,120} wrote:|am .{5,120} schrieb.*:|el .{5,120} escribi[óo]:|le .{5,120} a écrit\s?:"
    r"|-{2,}\s*(original message|ursprüngliche nachricht|mensaje original|forwarded message).*"
    r"|_{8,})\s*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^\s*(--\s*|sent from my \w.{0,40}|get outlook for .*|von meinem \w+ gesendet.*|enviado desde mi .*"
    r"|envoyé de mon .*)$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?<=[.!?…])[\"')\]]*\s+(?=\S)|\n+|\s[-–—•*]\s|;\s+|"
    # Who is writing anyway asks for something else.
    r",?\s+(?:(?:and|und|y|et|e|en)\b,?\s+)?(?=(?:(?:since|as|while|now that) (?:i am|i'm|we are|we're) (?:writing|at it)|"
    r"da ich (?:schon|gerade) schreibe|(?:wenn|da) wir schon dabei sind|ya que (?:escribo|estoy|estamos)|de paso|"
    r"(?:tant que|puisque|pendant que) (?:j'y suis|j'écris|je vous écris|nous y sommes)|già che (?:scrivo|ci sono|ci siamo)|"
    r"visto che scrivo|(?:nu|als) ik (?:toch )?(?:schrijf|bezig ben)|já (?:agora|que (?:escrevo|estou)))\b)",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|approx|no|nr|mr|mrs|ms|dr|z\.b|bzw|ca|vs|st)\.$", re.IGNORECASE
)
_MONTH = re.compile(
    r"(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|jänner)\b",
    re.IGNORECASE,
)
_DAY_OF = re.compile(r"\b\d{1,2}\.$")
_TURN = re.compile(
    r"(?<!\s),?\s+(?=(?:and|but|plus|also|oh)\s+(?:also|another|one more|separately|secondly|finally|then|by the way|"
    r"how|what|where|can|could|is|does|do|please|my|our|the|since|on top|while|i'd|i would|i need|i want|"
    r"i can|i also|we also|we need|we can)\b)"
    r"|,\s+(?=(?:also|additionally|separately|besides|moreover|furthermore|and|außerdem|zudem|und|además|y|"
    r"también|de plus|et|inoltre|e|bovendien|en|além disso)\s)"
    r"|(?<!\s)\s+(?=(?:außerdem|zudem|additionally|on top of that|by the way|btw|además|por otro lado|de plus|"
    r"par ailleurs|inoltre|bovendien|além disso)\b)"
    r"|:\s+(?=\S+\s\S+\s\S+)",
    re.IGNORECASE,
)


_LINES = str.maketrans("", "", "\n\t")


class _Plain(HTMLParser):
    """Keeps the text of markup and drops its tags, comments and scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        if tag in ("br", "p", "div", "li", "tr"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"\n{data}\n")


def plain_text(raw: str) -> str:
    """`raw` without markup, control and invisible characters, in one form of Unicode."""
    text = visible(shortened(raw))
    if _TAG.search(text) or "<!--" in text:
        text = _without_markup(text)
    text = unicodedata.normalize("NFKC", text).replace("\r\n", "\n").replace("\r", "\n")
    if not text.translate(_LINES).isprintable():
        text = "".join(
            c
            for c in text
            if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs")
        )
    return re.sub(r"[ \t]+", " ", text).replace("’", "'").replace("‘", "'").strip()


def shortened(text: str) -> str:
    """`text`, or its beginning and end where it is longer than is read."""
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[: MAX_CHARACTERS - _END - 2]}\n\n{text[-_END:]}"


def _without_markup(text: str) -> str:
    parser = _Plain()
    # What ends with an element is no line that a mail program broke.
    text = re.sub(r"(</\w+>)[ \t]*\n", r"\1\n\n", text)
    try:
        parser.feed(text)
        parser.close()
    except AssertionError:
        # The standard parser gives up so on a malformed `<![`; then only the tags are dropped.
        return _TAG.sub("", text)
    return "".join(parser.parts)


def own_words(text: str) -> str:
    """What the writer says now: without quoted mails before and the signature after.

    The whole text if nothing would be left.
    """
    kept: list[str] = []
    for line in text.split("\n"):
        if _QUOTED.match(line) or (_SIGNATURE.match(line) and kept):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    words = "\n".join(kept).strip()
    return words or text


def unwrapped(text: str) -> str:
    """Plain text whose sentences are not broken over lines by a mail program."""
    lines = [line.strip() for line in text.split("\n")]
    joined = lines[0]
    for before, line in pairwise(lines):
        runs_on = line[:1].islower() or (len(before) > 50 and line[:1].isalnum())
        broken = bool(before) and before[-1] not in ".!?:>" and runs_on
        joined += (" " if broken else "\n") + line
    return joined


def sentences(text: str) -> list[str]:
    """The sentences of plain text, in order."""
    found: list[str] = []
    for part in _SENTENCE.split(unwrapped(text)):
        piece = part.strip(" ,\t-–—•*\"'")
        if not piece:
            continue
        day = found and _DAY_OF.search(found[-1]) and _MONTH.match(piece)
        if found and (day or _ABBREVIATION.search(found[-1])):
            found[-1] += " " + piece
        else:
            found.append(piece)
    return found


def clauses(sentence: str) -> list[str]:
    """A sentence cut where its writer turns to something else; itself alone if nowhere."""
    parts = [part.strip(" ,") for part in _TURN.split(sentence) if part and part.strip(" ,")]
    whole: list[str] = []
    for part in parts:
        if whole and (len(part.split()) < 3 or len(whole[-1].split()) < 3):
            whole[-1] += ", " + part
        else:
            whole.append(part)
    return whole or [sentence]
