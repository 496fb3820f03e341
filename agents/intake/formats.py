"""Telling what a file is, and reading it as that."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from pathlib import PurePath

from agents.intake.delimited import delimiter_of, read_delimited, told_delimiter
from agents.intake.fields import Fields
from agents.intake.json_records import LISTS, read_json, read_lines
from agents.intake.mail import read_mail, read_mailbox
from agents.intake.records import Incoming, Reject
from agents.intake.source import Source, Text, check_encoding, goes_by_lines, open_source
from data.errors import BadFile

_LOOKED_AT = 50
"""Records of a JSON file that are looked at before it is said to hold no tickets."""


class Format(StrEnum):
    """The kinds of files that are read."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    EML = "eml"
    MBOX = "mbox"


SUFFIXES = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".tab": Format.CSV,
    ".psv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".eml": Format.EML,
    ".mbox": Format.MBOX,
    ".mbx": Format.MBOX,
}
_OPEN = frozenset({"", ".txt", ".export", ".log", ".dat"})
_MAIL_HEADER = re.compile(
    r"^(from|to|subject|date|received|return-path|message-id|delivered-to|mime-version):",
    re.I | re.M,
)


@dataclass(frozen=True)
class Reading:
    """How files are to be read."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    """The files' names of fields to ours."""
    encoding: str | None = None
    """None for UTF-8."""


def open_inputs(
    places: Sequence[str], reading: Reading, *, of_tickets: bool = True
) -> list[Source]:
    """Open every input and check what can be told before a record is read; BadFile otherwise.

    Without `of_tickets` any text will do. Regular files are checked for their columns and for
    their encoding, to the end where a wrong byte harms more than its line, so that a wrong one is
    found before anything is done.
    """
    check_encoding(reading.encoding)
    opened: list[Source] = []
    try:
        for place in places:
            opened.append(source := open_source(place))
            if not of_tickets:
                continue
            kind = format_of(source, reading)
            if source.path is not None:
                _try_first(place, reading)
                if kind not in (Format.EML, Format.MBOX) and not _by_lines(kind, reading):
                    _decode_all(place, reading)
    except BaseException:
        for source in opened:
            source.close()
        raise
    return opened


def _by_lines(kind: Format, reading: Reading) -> bool:
    """Whether a byte that does not decode costs a record, and not the file."""
    return kind in (Format.CSV, Format.JSONL) and goes_by_lines(reading.encoding)


def _try_first(place: str, reading: Reading) -> None:
    """BadFile where the file cannot be used: its header, its first records, its names."""
    source = open_source(place)
    try:
        next(read(source, reading), None)
    finally:
        source.close()


def _decode_all(place: str, reading: Reading) -> None:
    """BadFile, with line and byte, unless the whole file decodes."""
    source = open_source(place)
    try:
        text = source.text(reading.encoding)
        while text.read(1 << 20):
            pass
    finally:
        source.close()


def format_of(source: Source, reading: Reading) -> Format:
    """What the input is, by its suffix or, where that does not tell, its beginning; or BadFile."""
    suffix = PurePath(source.path).suffix.lower() if source.path else ""
    kind = SUFFIXES.get(suffix)
    if kind is None and suffix not in _OPEN:
        source.check_is_text(reading.encoding)
        known = ", ".join(name.removeprefix(".") for name in SUFFIXES)
        raise BadFile(source.name, f"files of type {suffix} are not known; known are {known}")
    if kind not in (Format.EML, Format.MBOX):
        source.check_is_text(reading.encoding)
    head = source.head.decode(reading.encoding or "utf-8-sig", "replace").lstrip()
    if kind is None:
        kind = _sniffed(head, Fields(reading.mapping))
        if kind is None:
            raise BadFile(
                source.name,
                "cannot tell what this is: no CSV header with a known name, no JSON, no mail; "
                "give a file with a suffix such as .csv or .jsonl",
            )
    if kind is Format.JSON and _is_lines(head):
        return Format.JSONL
    return kind


def _sniffed(head: str, fields: Fields) -> Format | None:
    first = head.split("\n", 1)[0]
    if head.startswith("["):
        return Format.JSON
    if head.startswith("{"):
        return Format.JSON
    if told_delimiter(first):
        return Format.CSV
    if re.match(r"From \S+.*\d\d:\d\d", first):
        return Format.MBOX
    names = [name.strip().strip('"') for name in first.strip().split(delimiter_of(first))]
    if fields.missing(names) is None:
        return Format.CSV
    if len(_MAIL_HEADER.findall(re.split(r"\r?\n\r?\n", head, maxsplit=1)[0])) > 1:
        return Format.EML
    return Format.CSV if len(names) > 1 else None


def _is_lines(head: str) -> bool:
    """Whether the first line is a whole object, and not one that holds a list of tickets."""
    first, newline, _ = head.partition("\n")
    if not newline or not first.startswith("{"):
        return False
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return not any(isinstance(value.get(name), list) for name in LISTS)


def read(
    source: Source, reading: Reading, note: Callable[[str], None] = lambda told: None
) -> Iterator[Incoming | Reject]:
    """The records of an opened input, in its order; BadFile where the whole cannot be used.

    `note` hears what a person should know of an input that can be used all the same.
    """

    def noted(told: str) -> None:
        note(f"{source.name}: {told}")

    fields = Fields(reading.mapping)
    kind = format_of(source, reading)
    if kind is Format.EML:
        return read_mail(source.text("latin-1"))
    if kind is Format.MBOX:
        return read_mailbox(source.text("latin-1"))
    by_lines = _by_lines(kind, reading)
    if by_lines:
        source.check_beginning(reading.encoding)
    text = source.text(reading.encoding, by_lines=by_lines)
    if kind is Format.CSV:
        return read_delimited(text, fields, noted)
    records = read_lines(text, fields) if kind is Format.JSONL else read_json(text, fields)
    return _holds_tickets(records, text, fields, noted)


def _holds_tickets(
    records: Iterator[Incoming | Reject],
    text: Text,
    fields: Fields,
    note: Callable[[str], None],
) -> Iterator[Incoming | Reject]:
    """`records`, after a look at the first; BadFile if they are of another kind altogether."""
    first = list(islice(records, _LOOKED_AT))
    names: dict[str, None] = {}
    rejects = [record for record in first if isinstance(record, Reject)]
    for record in first:
        names |= dict.fromkeys(record.names if isinstance(record, Reject) else record.labels)
    useless = bool(rejects) and len(rejects) == len(first)
    if useless and all(reject.malformed for reject in rejects):
        raise BadFile(text.name, rejects[0].why, rejects[0].line)
    if names and (fields.mapping or (useless and all(reject.names for reject in rejects))):
        problem = fields.missing(names)
        if problem:
            raise BadFile(text.name, problem)
    if told := fields.only_subjects(names):
        note(told)
    yield from chain(first, records)
