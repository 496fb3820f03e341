"""CSV and its relatives: a header, then a ticket a row, whatever stands between the fields."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from agents.intake.fields import NAMES, Fields, plain_name
from agents.intake.quotes import Cut, Quotes
from agents.intake.records import (
    MAX_RAW,
    MAX_RECORD,
    Incoming,
    Reject,
    Unreadable,
    safe,
    storable,
    too_long,
)
from agents.intake.source import Text
from data.errors import BadFile

DELIMITERS = ",;\t|"
"""Tried in this order."""

MAX_AHEAD = 2 * MAX_RECORD
"""How far the end of a quote is looked for, in characters, before it is taken to have none."""

_TOLD = re.compile(r'"?sep=([^"\s]|\t)"?[,;\s]*', re.I)
_UNDERSTOOD = frozenset(name for names in NAMES.values() for name in names)


class _TooLong(Exception):
    """A record is longer than `MAX_RECORD`."""


class _Lines:
    """The lines of a text, for the parser of records; keeps those of the present record."""

    def __init__(self, text: Text, first: str) -> None:
        self._text, self._waiting = text, deque([first])
        self.begin()

    def begin(self) -> None:
        """A new record begins with the next line."""
        self.held: list[str] = []
        self.size = 0
        self.start = self._text.line - len(self._waiting) + 1
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._take()
        if not line:
            raise StopIteration
        if isinstance(line, Cut) or self.size > MAX_RECORD:
            raise _TooLong
        return line

    def _take(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if line:
            self.held.append(line)
            self.size += line.size if isinstance(line, Cut) else len(line)
        self.ended = not line
        return line

    def _read(self) -> str:
        line = self._text.readline(MAX_RECORD)
        if len(line) < MAX_RECORD or line.endswith(("\n", "\r")):
            return line
        rest, quotes = self._text.rest_of_line(MAX_RECORD)
        cut = Cut(line[:MAX_RAW])
        cut.size, cut.odd = len(line) + rest, (line.count('"') + quotes) % 2 == 1
        return cut

    def never_closed(self, delimiter: str) -> int | None:
        """The line of a quote that opens in the present record and is never closed; None if there
        is none, and then the record is passed over to its end. What follows that line is read next.

        A quote is not looked after for more than `MAX_AHEAD` characters.
        """
        quotes = Quotes(delimiter)
        for line in self.held:
            quotes.feed(line)
        ahead = sum(map(len, self.held))
        while quotes.open and ahead <= MAX_AHEAD and (line := self._take()):
            quotes.feed(line)
            ahead += len(line)
        if not (quotes.open or quotes.broken):
            return None
        self._waiting.extendleft(reversed(self.held[quotes.opened :]))
        del self.held[quotes.opened :]
        return self.start + quotes.opened - 1

    def wrong(self) -> tuple[int, str] | None:
        """The first line of the present record that is not text, and why; None if all are."""
        for number, line in enumerate(self.held, self.start):
            if why := self._text.wrong_with(line):
                return number, why
        return None

    @property
    def raw(self) -> str:
        """The beginning of the present record as it stands in the file."""
        return storable("".join(self.held)[:MAX_RAW].rstrip("\r\n"))


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


def read_delimited(
    text: Text, fields: Fields, note: Callable[[str], None]
) -> Iterator[Incoming | Reject]:
    """The tickets of a CSV file in order; BadFile if its header names no text.

    `note` hears what is missing although it can be read.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))
    first = _first_line(text)
    told = told_delimiter(first)
    if told is not None:
        first = _first_line(text)
    lines, delimiter = _Lines(text, first), told or delimiter_of(first)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, _TooLong, StopIteration):
        raise BadFile(text.name, "the header cannot be read; is this CSV?", 1) from None
    if problem := fields.missing(name for name in header if name):
        raise BadFile(text.name, problem, lines.start)
    if lacking := fields.only_subjects(name for name in header if name):
        note(lacking)
    while True:
        lines.begin()
        cells, why = list[str](), ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            why = "too long"
        except csv.Error as problem:
            why = f"not CSV: {safe(str(problem))[:80]}"
        if len(lines.held) > 1 or lines.ended or why:
            opened = lines.never_closed(delimiter)
            if opened is not None:
                yield Reject(opened, "a quote that opens here is never closed", lines.raw)
                continue
        if why:
            why = too_long(lines.size) if why == "too long" else why
            yield Reject(lines.start, why, lines.raw)
        elif wrong := lines.wrong():
            yield Reject(*wrong, lines.raw)
        elif any(cells):
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
