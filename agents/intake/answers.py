"""Files of answers to surveys: CSV with a header, or a JSON object a line."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.intake.delimited import delimiter_of
from agents.intake.fields import flat, plain_name
from agents.intake.moments import parse_moment
from agents.intake.records import (
    MAX_NAME,
    MAX_RAW,
    MAX_RECORD,
    Reject,
    Unreadable,
    safe,
    shown,
    storable,
)
from agents.intake.source import Source, Text
from data.errors import BadFile

NAMES: dict[str, tuple[str, ...]] = {
    "ticket": ("ticket", "ticket_id", "ticket_ref", "ref", "ticket_number", "case_id", "id"),
    "score": ("score", "rating", "csat", "csat_score", "satisfaction", "stars"),
    "comment": ("comment", "comments", "feedback", "text", "message"),
    "at": (
        "at", "answered_at", "submitted_at", "responded_at", "created_at", "date", "time",
        "timestamp",
    ),
}  # fmt: skip
"""Our fields, and the names under which they are understood, the first found winning."""

MAX_COMMENT = 10_000
"""Characters of one comment."""

_NEEDED = ("ticket", "score", "at")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a survey, as a file holds it."""

    line: int
    """Where it stands in the file, 1-based."""
    ticket: str
    """Id or ref of the ticket."""
    score: int
    """1 to 5."""
    at: datetime
    """When the customer answered, in UTC."""
    comment: str = ""


def read_answers(source: Source, encoding: str | None = None) -> Iterator[Answer | Reject]:
    """The answers in a file, in order, and what of it cannot be read.

    BadFile if it is no text, or its header lacks a column that is needed.
    """
    source.check_is_text(encoding)
    text = source.text(encoding)
    first = ""
    while not first.strip() and (line := text.readline(MAX_RECORD)):
        first = line
    if first.lstrip().startswith("["):
        raise BadFile(source.name, "it is a JSON list; write one object a line, or CSV", text.line)
    if first.lstrip().startswith("{"):
        return _objects(text, first)
    return _rows(text, first)


def _rows(text: Text, first: str) -> Iterator[Answer | Reject]:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))
    try:
        header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter_of(first)))]
    except (csv.Error, StopIteration):
        raise BadFile(text.name, "the header cannot be read; is this CSV?", text.line) from None
    columns = _columns(header)
    lacking = [ours for ours in _NEEDED if ours not in columns]
    if lacking:
        found = ", ".join(safe(name)[:40] for name in header[:20])
        raise BadFile(
            text.name,
            f"no column {' or '.join(lacking)}; found: {found}; needed are ticket, score (1 to 5) "
            "and at",
            text.line,
        )
    return _cells(text, header, csv.reader(_lines(text), delimiter=delimiter_of(first)))


def _cells(text: Text, header: list[str], reader: Iterator[list[str]]) -> Iterator[Answer | Reject]:
    while True:
        line = text.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Reject(line, f"not CSV: {safe(str(problem))[:80]}")
            continue
        if any(cell.strip() for cell in cells):
            yield _answer(dict(zip(header, cells, strict=False)), line)


def _lines(text: Text) -> Iterator[str]:
    while line := text.readline(MAX_RECORD):
        yield line


def _objects(text: Text, first: str) -> Iterator[Answer | Reject]:
    line = first
    while line:
        if line.strip():
            yield _object(line, text.line)
        line = text.readline(MAX_RECORD)


def _object(line: str, number: int) -> Answer | Reject:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Reject(number, "not a JSON object on one line", line[:MAX_RAW])
    if not isinstance(value, dict):
        return Reject(number, "not a JSON object on one line", line[:MAX_RAW])
    return _answer(flat(value), number)


def _columns(names: list[str]) -> dict[str, str]:
    """Our fields to the file's names."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(plain_name(name), name)
    found = {ours: [n for n in understood if n in plain] for ours, understood in NAMES.items()}
    return {ours: plain[theirs[0]] for ours, theirs in found.items() if theirs}


def _answer(record: Mapping[str, object], line: int) -> Answer | Reject:
    columns = _columns(list(record))
    values = {ours: record[theirs] for ours, theirs in columns.items()}
    try:
        at = parse_moment(values.get("at"))
        if at is None:
            raise Unreadable("it does not say when it was answered (at)")
        ticket = storable(str(values.get("ticket") or "")).strip()
        if not 0 < len(ticket) <= MAX_NAME:
            raise Unreadable(f"ticket {shown(ticket)} is no id or ref")
        comment = storable(str(values.get("comment") or "")).strip()
        if len(comment) > MAX_COMMENT:
            raise Unreadable(f"the comment has {len(comment):,} characters of {MAX_COMMENT:,}")
        return Answer(line, ticket, _score(values.get("score")), at, comment)
    except Unreadable as problem:
        return Reject(line, str(problem))


def _score(value: object) -> int:
    try:
        number = float(str(value).strip())
    except ValueError:
        number = 0.0
    if isinstance(value, bool) or number not in (1, 2, 3, 4, 5):
        raise Unreadable(f"score {shown(value)} is none of 1, 2, 3, 4, 5")
    return int(number)
