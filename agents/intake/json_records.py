"""JSON Lines, and JSON as a list or an object with one, read a record at a time."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from agents.intake.attached import files_of_record
from agents.intake.fields import Fields, Nameless, flat
from agents.intake.records import (
    MAX_RAW,
    MAX_RECORD,
    Incoming,
    Reject,
    Unreadable,
    not_json,
    shown,
    storable,
    too_long,
)
from agents.intake.source import Text
from data.errors import BadFile

LISTS = frozenset(
    ["tickets", "rows", "results", "records", "items", "data", "issues", "conversations"]
)
"""Names of an object's member that holds the list of tickets."""

_BLOCK = 1 << 18
_MOST_MEMBERS = 300
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""The rest of a text in quotes up to its closing quote, or to an escape that is cut off."""
_BARE = re.compile(r"[,\]}\n]")
_DECODER = json.JSONDecoder()
_KINDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def _plain(problem: Exception) -> str:
    if isinstance(problem, json.JSONDecodeError):
        return not_json(problem)
    if isinstance(problem, RecursionError):
        return "not JSON that can be read: nested too deeply"
    return f"not JSON that can be read: {str(problem)[:80]}"


def _record(value: object, line: int, raw: str, fields: Fields) -> Incoming | Reject:
    if not isinstance(value, dict):
        kind = _KINDS.get(type(value), "a number")
        return Reject(line, f"the record is {kind}, not an object", raw[:MAX_RAW])
    wrapped = value.get("ticket")
    if isinstance(wrapped, dict) and len(value) == 1:
        value = wrapped
    try:
        record = fields.incoming(flat(value), line)
        files = files_of_record(value)
        return replace(record, attachments=files) if files else record
    except Nameless as problem:
        return Reject(line, str(problem), raw[:MAX_RAW], names=tuple(value))
    except Unreadable as problem:
        return Reject(line, str(problem), raw[:MAX_RAW])


def read_lines(text: Text, fields: Fields) -> Iterator[Incoming | Reject]:
    """The tickets of a file that holds a JSON object a line."""
    while line := text.readline(MAX_RECORD):
        number = text.line
        if len(line) >= MAX_RECORD and not line.endswith("\n"):
            text.rest_of_line(MAX_RECORD)
            yield Reject(
                number,
                too_long(len(line)).replace("is", "is at least", 1),
                storable(line[:MAX_RAW]),
            )
            continue
        bare = line.strip()
        if not bare:
            continue
        if why := text.wrong_with(line):
            yield Reject(number, why, storable(bare[:MAX_RAW]))
            continue
        try:
            value = json.loads(bare)
        except (ValueError, RecursionError) as problem:
            yield Reject(number, _plain(problem), bare[:MAX_RAW], malformed=True)
            continue
        yield _record(value, number, bare, fields)


class _Window:
    """The part of a text that is looked at; what was passed is forgotten."""

    def __init__(self, text: Text) -> None:
        self.text, self.buffer, self.at, self.line = text, "", 0, 1

    def more(self) -> bool:
        """Read on; False at the end of the text."""
        block = self.text.read(_BLOCK)
        self.buffer, self.at = self.buffer[self.at :] + block, 0
        return bool(block)

    def pass_to(self, end: int) -> None:
        """Be done with everything before `end`."""
        self.line += self.buffer.count("\n", self.at, end)
        self.at = end

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            found = _SPACE.match(self.buffer, self.at)
            self.pass_to(found.end() if found else self.at)
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self.more():
                return ""

    def value(self) -> tuple[object, Reject | None, str]:
        """The value that begins here, or why it cannot be read; and the beginning of its text."""
        try:
            value, end = _DECODER.raw_decode(self.buffer, self.at)
            if end < len(self.buffer) or self.buffer[end - 1] in '}]"':
                raw = self.buffer[self.at : min(end, self.at + MAX_RAW)]
                self.pass_to(end)
                return value, None, raw
        except (ValueError, RecursionError):
            pass
        return self._bounded_value()

    def _bounded_value(self) -> tuple[object, Reject | None, str]:
        line, raw = self.line, self.buffer[self.at : self.at + MAX_RAW]
        size, complete, whole = self._find_end()
        if not complete:
            return None, Reject(line, "the file ends inside the record that begins here", raw), raw
        if whole is None:
            return None, Reject(line, too_long(size), raw), raw
        try:
            return json.loads(whole), None, whole[:MAX_RAW]
        except (ValueError, RecursionError) as problem:
            inside = problem.lineno - 1 if isinstance(problem, json.JSONDecodeError) else 0
            reject = Reject(line + inside, _plain(problem), whole[:MAX_RAW], malformed=True)
            return None, reject, raw

    def _find_end(self) -> tuple[int, bool, str | None]:
        """Pass over the value here: its size, whether it ends, its text if that is short enough."""
        if self.buffer[self.at] not in '{["':
            return self._find_end_of_bare()
        depth, quoted, offset, passed, kept = 0, False, 0, 0, True
        while True:
            position = self.at + offset
            if quoted and (rest := _INSIDE.match(self.buffer, position)):
                position = rest.end()
            found = None if quoted else _OUTSIDE.search(self.buffer, position)
            if found is None and self.buffer[position : position + 1] != '"':
                offset = (position if quoted else len(self.buffer)) - self.at
                if offset > MAX_RECORD:
                    self.pass_to(self.at + offset)
                    kept, passed, offset = False, passed + offset, 0
                if not self.more():
                    self.pass_to(len(self.buffer))
                    return passed + offset, False, None
                continue
            if found is None:
                quoted, offset = False, position + 1 - self.at
            elif found[0] == '"':
                quoted, offset = True, found.end() - self.at
                continue
            else:
                depth += 1 if found[0] in "{[" else -1
                offset = found.end() - self.at
            if depth <= 0:
                end = self.at + offset
                whole = self.buffer[self.at : end] if kept else None
                self.pass_to(end)
                return passed + offset, True, whole

    def _find_end_of_bare(self) -> tuple[int, bool, str | None]:
        offset = 0
        while True:
            found = _BARE.search(self.buffer, self.at + offset)
            if found or not self.more():
                end = found.start() if found else len(self.buffer)
                whole = self.buffer[self.at : end]
                self.pass_to(max(end, min(self.at + 1, len(self.buffer))))
                return len(whole), True, whole
            offset = len(self.buffer) - self.at
            if offset > MAX_RECORD:
                self.pass_to(len(self.buffer))
                offset = 0


def read_json(text: Text, fields: Fields) -> Iterator[Incoming | Reject]:
    """The tickets of a JSON text: a list, objects that hold one (see `LISTS`), or objects.

    BadFile where the text outside the records is not JSON.
    """
    window = _Window(text)
    while mark := window.peek():
        if mark == "[":
            yield from _items(window, fields)
        elif mark == "{":
            yield from _object(window, fields)
        else:
            problem = f"not JSON: {shown(window.buffer[window.at : window.at + 20])} stands where"
            raise BadFile(text.name, f"{problem} a list or an object should", window.line)


def _items(window: _Window, fields: Fields) -> Iterator[Incoming | Reject]:
    window.pass_to(window.at + 1)
    while (mark := window.peek()) != "]":
        if mark == "":
            yield Reject(window.line, "the file ends before its list is closed; is it cut off?")
            return
        if mark in ",}:":
            window.pass_to(window.at + 1)
            continue
        line = window.line
        value, reject, raw = window.value()
        yield reject or _record(value, line, raw, fields)
    window.pass_to(window.at + 1)


def _object(window: _Window, fields: Fields) -> Iterator[Incoming | Reject]:
    line, members, listed = window.line, dict[str, object](), False
    window.pass_to(window.at + 1)
    while (mark := window.peek()) != "}":
        if mark == ",":
            window.pass_to(window.at + 1)
            continue
        name = _member_name(window, mark)
        if name in LISTS and window.peek() == "[":
            listed = True
            yield from _items(window, fields)
            continue
        if not window.peek():
            continue
        value, reject, raw = window.value()
        if reject and not listed:
            yield reject
            listed = True
        elif not reject and not listed and len(members) < _MOST_MEMBERS:
            members[name] = value
    window.pass_to(window.at + 1)
    if not listed:
        raw = json.dumps(members, ensure_ascii=False)[:MAX_RAW]
        yield _record(members, line, raw, fields)


def _member_name(window: _Window, mark: str) -> str:
    if mark == "":
        raise BadFile(
            window.text.name, "the JSON ends inside an object; is it cut off?", window.line
        )
    line = window.line
    name, reject, _ = window.value() if mark == '"' else (None, None, "")
    if reject or not isinstance(name, str) or window.peek() != ":":
        raise BadFile(window.text.name, "not JSON: a member's name and a colon should stand", line)
    window.pass_to(window.at + 1)
    return name
