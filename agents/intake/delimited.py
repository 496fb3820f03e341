"""CSV and its relatives: a header, then a ticket a row, whatever stands between the fields."""

import csv
import re
from collections.abc import Iterator, Sequence

from agents.intake.fields import NAMES, Fields, plain_name
from agents.intake.records import MAX_RAW, MAX_RECORD, Incoming, Reject, Unreadable, safe, too_long
from agents.intake.source import Text
from data.errors import BadFile

DELIMITERS = ",;\t|"
"""Tried in this order."""

_TOLD = re.compile(r'"?sep=([^"\s]|\t)"?[,;\s]*', re.I)
_UNDERSTOOD = frozenset(name for names in NAMES.values() for name in names)


class _TooLong(Exception):
    """A record is longer than `MAX_RECORD`."""


class _Lines:
    """The lines of a text, for the parser of records; keeps those of the present record."""

    def __init__(self, text: Text, again: str) -> None:
        self._text, self._again = text, again
        self.begin()

    def begin(self) -> None:
        """A new record begins with the next line."""
        self.held: list[str] = []
        self.size = self.quotes = 0
        self.start = self._text.line if self._again else self._text.line + 1
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line, self._again = self._again or self._text.readline(MAX_RECORD), ""
        if not line:
            self.ended = True
            raise StopIteration
        self.size += len(line)
        self.quotes += line.count('"')
        if not self.held:
            self.held.append(line if len(line) < MAX_RECORD else line[:MAX_RAW])
        elif self.size < MAX_RECORD:
            self.held.append(line)
        if len(line) >= MAX_RECORD and not line.endswith(("\n", "\r")):
            self.quotes += self._text.rest_of_line(MAX_RECORD)
            raise _TooLong
        if self.size > MAX_RECORD:
            raise _TooLong
        return line

    def pass_over(self) -> None:
        """Go on to the line in which the quote that is open now is closed."""
        self.held = self.held[:1]
        while self.quotes % 2 and (line := self._text.readline(MAX_RECORD)):
            self.size += len(line)
            self.quotes += line.count('"')

    @property
    def raw(self) -> str:
        """The beginning of the present record as it stands in the file."""
        return "".join(self.held)[:MAX_RAW].rstrip("\r\n")


def told_delimiter(line: str) -> str | None:
    """What a line says of the delimiter, as Excel writes it before the header: `sep=;`."""
    found = _TOLD.fullmatch(line)
    return found[1] if found else None


def delimiter_of(line: str) -> str:
    """What stands between the fields of a header: what gives the most names that are understood."""

    def worth(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([line], delimiter=delimiter), [])
        return sum(plain_name(name) in _UNDERSTOOD for name in names), len(names)

    return max(DELIMITERS, key=worth)


def read_delimited(text: Text, fields: Fields) -> Iterator[Incoming | Reject]:
    """The tickets of a CSV file in order; BadFile if its header names no text."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))
    first = _first_line(text)
    told = told_delimiter(first)
    if told is not None:
        first = _first_line(text)
    lines = _Lines(text, first)
    reader = csv.reader(lines, delimiter=told or delimiter_of(first))
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, _TooLong, StopIteration):
        raise BadFile(text.name, "the header cannot be read; is this CSV?", 1) from None
    if problem := fields.missing(name for name in header if name):
        raise BadFile(text.name, problem, lines.start)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            lines.pass_over()
            why = too_long(lines.size) + " (is a quote left open?)"
            yield Reject(lines.start, why, lines.raw)
            continue
        except csv.Error as problem:
            yield Reject(lines.start, f"not CSV: {safe(str(problem))[:80]}", lines.raw)
            continue
        if lines.ended:
            yield Reject(lines.start, "a quote that opens here is never closed", lines.raw)
            return
        if any(cells):
            yield _row(header, cells, lines, fields)


def _first_line(text: Text) -> str:
    """The next line that is not empty."""
    first = ""
    while not first.strip() and (line := text.readline(MAX_RECORD)):
        first = line
    return first


def _row(
    header: Sequence[str], cells: list[str], lines: _Lines, fields: Fields
) -> Incoming | Reject:
    if len(cells) > len(header) and any(cells[len(header) :]):
        why = (
            f"{len(cells)} fields where the header has {len(header)}; "
            "put a text that holds the delimiter in quotes"
        )
        return Reject(lines.start, why, lines.raw)
    record: dict[str, object] = {}
    for position, name in enumerate(header):
        if name and name not in record:
            record[name] = cells[position] if position < len(cells) else ""
    try:
        return fields.incoming(record, lines.start)
    except Unreadable as problem:
        return Reject(lines.start, str(problem), lines.raw)
