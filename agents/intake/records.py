"""One record of a file: a ticket that came in, or the reason why it could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from json import JSONDecodeError

MAX_TEXT = 1_000_000
"""Longest subject and body together, in bytes of UTF-8: 1 MB."""

MAX_RECORD = 4_000_000
"""Longest record of a file, in characters, that is looked at before it is given up."""

MAX_NAME = 200
"""Longest id, address or channel, in characters."""

MAX_RAW = 4_000
"""How much of a rejected record is shown, in characters."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message, as its sender described it."""

    name: str
    kind: str
    size: int
    """Bytes; 0 where nothing says how many."""
    content: bytes | None = None
    """None where only its description is there."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A ticket, or a further message of one, as a file holds it."""

    line: int
    """Where it begins in the file, 1-based."""
    ref: str | None = None
    """The source's own id of the ticket."""
    subject: str = ""
    body: str = ""
    email: str | None = None
    channel: str = "email"
    at: datetime | None = None
    """When it was sent, in UTC."""
    external_id: str | None = None
    """The channel's id of the message, such as a Message-ID."""
    in_reply_to: tuple[str, ...] = ()
    """Ids of the messages that it answers, nearest first."""
    ticket: str | None = None
    """Id or ref of the ticket that it continues."""
    labels: Mapping[str, object] = field(default_factory=dict)
    """The raw row, under the names of the file."""
    attachments: tuple[Attached, ...] = ()

    @property
    def size(self) -> int:
        """About how many characters and bytes it holds in memory."""
        raw = sum(len(value) for value in self.labels.values() if isinstance(value, str))
        files = sum(len(each.content or b"") for each in self.attachments)
        return len(self.subject) + len(self.body) + raw + files


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be read, and why."""

    line: int
    why: str
    raw: str = ""
    """The record as it stands in the file, cut at `MAX_RAW` characters."""
    malformed: bool = False
    """Whether it is not even of the file's format."""
    names: tuple[str, ...] = ()
    """The names found in it, where none of them means a text or a subject."""


class Unreadable(ValueError):
    """A record whose content is not acceptable; the text says why, for a person."""


def storable(text: str) -> str:
    """`text` without what no database or encoder takes: NUL and halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")


def shown(value: object, limit: int = 60) -> str:
    """`value` in quotes for a message: one line, cut, control characters written out."""
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "'" + safe(cut) + "'"


def safe(text: str) -> str:
    """`text` with control characters written out, fit for one line of a terminal."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), storable(text))


def megabytes(size: int) -> str:
    """A size for a person, such as `20.0 MB`."""
    return f"{size / 1_000_000:.1f} MB"


def not_json(problem: JSONDecodeError) -> str:
    """Why a text is no JSON, and where."""
    return f"not JSON: {problem.msg.removesuffix(' at')} at column {problem.colno}"


def too_long(size: int) -> str:
    """Why a text of `size` bytes is refused."""
    return f"the text is {megabytes(size)} long; the limit is {megabytes(MAX_TEXT)}"
