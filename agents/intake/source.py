"""An input opened for reading once: bytes counted, text decoded, errors with their place."""

import codecs
import hashlib
import io
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO, cast

from agents.intake.records import safe, shown
from data.errors import BadFile, HandrailError

HEAD = 64 * 1024
"""How much of the beginning is looked at to tell what it is."""

FIRST_LINES = 10
"""Lines of the beginning that tell whether it is text, and in which encoding."""

_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x7f]")
_ESCAPED = 0xDC00
"""Added to a byte that does not decode, it is the character that stands for it."""

_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; save it as CSV first",
    b"\x1f\x8b": "compressed; unpack it, such as by `gunzip -c FILE | handrail … -`",
    b"%PDF": "a PDF; export the tickets as CSV or JSON",
    b"SQLite format 3\0": "an SQLite database; export the tickets as CSV or JSON",
}


class _Counted(io.RawIOBase):
    """The bytes of a file, its first block already read, and how many were handed on."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self._file, self._head = file, head
        self.offset = 0
        self.lines = 0
        """Line ends in what was handed on before the last block."""
        self._last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self.read1(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        size = HEAD if size < 0 else size
        if self._head:
            block, self._head = self._head[:size], self._head[size:]
        else:
            block = _read_some(self._file, size)
        self.lines += self._last.count(b"\n")
        self._last = block
        self.offset += len(block)
        return block


def _read_some(file: BinaryIO, size: int) -> bytes:
    read: bytes = getattr(file, "read1", file.read)(size)
    return read


class Source:
    """One input, opened; `name` is what messages call it."""

    def __init__(self, name: str, file: BinaryIO, *, path: Path | None = None) -> None:
        """Read the beginning of `file`; BadFile if there is nothing in it."""
        self.name, self.path, self._file = name, path, file
        self.head = b""
        try:
            while len(self.head) < HEAD and (block := _read_some(file, HEAD - len(self.head))):
                self.head += block
                if path is None and b"\n" in block:
                    break
            self.size = path.stat().st_size if path else None
        except OSError as problem:
            raise BadFile(name, f"cannot be read: {problem.strerror}") from problem
        if not self.head.removeprefix(codecs.BOM_UTF8).strip() and len(self.head) < HEAD:
            raise BadFile(name, "the file is empty")
        self._bytes = _Counted(file, self.head)

    @property
    def offset(self) -> int:
        """How many bytes were read from it."""
        return self._bytes.offset

    @property
    def fingerprint(self) -> list[object]:
        """What tells it from another input, as far as its beginning and size show."""
        if self.path is None:
            return ["-", None, None]
        return [str(self.path.resolve()), self.size, hashlib.sha256(self.head).hexdigest()]

    def check_is_text(self, encoding: str | None) -> None:
        """BadFile if the beginning shows that this is no text in `encoding` (None: UTF-8)."""
        for magic, what in _BINARY.items():
            if self.head.startswith(magic):
                raise BadFile(self.name, f"it is {what}")
        if encoding is not None:
            return
        for mark, wide in _WIDE.items():
            if self.head.startswith(mark):
                raise BadFile(self.name, f"it is {wide.upper()}, not UTF-8; add --encoding {wide}")
        first, *others = self.head.splitlines()[:FIRST_LINES]
        beginning = b"\n".join([first, *others])
        if b"\0" in first or (b"\0" in beginning and _CONTROL.search(beginning)):
            raise BadFile(self.name, "it is binary, not text; export the tickets as CSV or JSON")

    def check_beginning(self, encoding: str | None) -> None:
        """BadFile, with line and byte, unless the first lines are of `encoding` (None: UTF-8)."""
        first = b"".join(self.head.splitlines(keepends=True)[:FIRST_LINES])
        whole = len(first) < len(self.head) or (self.path is not None and len(first) < HEAD)
        try:
            codecs.getincrementaldecoder(encoding or "utf-8")().decode(first, final=whole)
        except UnicodeError as problem:
            raise undecodable(problem, self.name, encoding, 0, 0) from None

    def text(self, encoding: str | None, *, by_lines: bool = False) -> "Text":
        """Its text, decoded as `encoding` (None: UTF-8 with or without a byte order mark).

        With `by_lines`, a line in which a byte does not decode is given all the same, and
        `Text.wrong_with` tells of it.
        """
        return Text(self, self._bytes, encoding, by_lines=by_lines)

    def close(self) -> None:
        """Give the file up."""
        if self.path is not None:
            self._file.close()


class Text:
    """The text of a source, in lines or in blocks, with line ends as they stand."""

    def __init__(
        self, source: Source, stream: _Counted, encoding: str | None, *, by_lines: bool
    ) -> None:
        """Use `Source.text`."""
        self.source, self._stream, self._encoding = source, stream, encoding
        # The decoder must get the blocks as they are counted, so nothing buffers in between.
        self._text = io.TextIOWrapper(
            cast(BinaryIO, stream), encoding=encoding or "utf-8-sig", newline="",
            errors="surrogateescape" if by_lines else "strict",
        )  # fmt: skip
        self.line = 0
        """Lines read so far by `readline`."""

    @property
    def name(self) -> str:
        """What messages call the input."""
        return self.source.name

    def readline(self, limit: int) -> str:
        """The next line, at most `limit` characters of it; empty at the end."""
        try:
            line = self._text.readline(limit)
        except UnicodeError as problem:
            raise self._undecodable(problem) from None
        except OSError as problem:
            raise BadFile(self.name, f"cannot be read: {problem.strerror}") from problem
        if line:
            self.line += 1
        return line

    def wrong_with(self, line: str) -> str | None:
        """Why a line is not text, with the byte and what to do; None if it is."""
        if "\0" in line:
            return f"byte 0x00 at column {line.index(chr(0)) + 1} is no character; take it out"
        try:
            line.encode()
        except UnicodeEncodeError as problem:
            byte = ord(line[problem.start]) - _ESCAPED
            return not_of(f"byte 0x{byte:02x} at column {problem.start + 1}", self._encoding)
        return None

    def rest_of_line(self, limit: int) -> tuple[int, int]:
        """Pass over the rest of a line that `readline` has cut; its characters and its `"`."""
        size = quotes = 0
        while (piece := self.readline(limit)) != "":
            self.line -= 1
            size, quotes = size + len(piece), quotes + piece.count('"')
            if piece.endswith(("\n", "\r")):
                break
        return size, quotes

    def read(self, size: int) -> str:
        """The next characters, at most `size`; empty at the end."""
        try:
            return self._text.read(size)
        except UnicodeError as problem:
            raise self._undecodable(problem) from None
        except OSError as problem:
            raise BadFile(self.name, f"cannot be read: {problem.strerror}") from problem

    def _undecodable(self, problem: UnicodeError) -> BadFile:
        block = problem.object if isinstance(problem, UnicodeDecodeError) else b""
        before = self._stream.offset - len(block)
        return undecodable(problem, self.name, self._encoding, before, self._stream.lines)


def not_of(what: str, encoding: str | None) -> str:
    """That `what` is not of `encoding` (None: UTF-8), and what to do."""
    if encoding is None:
        return (
            f"{what} is not UTF-8; convert it to UTF-8, or name its encoding, such as "
            "--encoding latin-1"
        )
    return f"{what} is not {encoding.upper()}; name another with --encoding"


def undecodable(
    problem: UnicodeError, name: str, encoding: str | None, offset: int, lines: int
) -> BadFile:
    """The error for a block that does not decode, before which are so many bytes and lines."""
    if not isinstance(problem, UnicodeDecodeError):
        return BadFile(name, not_of("it", encoding))
    block, start = problem.object, problem.start
    byte = f"byte 0x{block[start]:02x} at offset {offset + start}"
    return BadFile(name, not_of(byte, encoding), lines + block[:start].count(b"\n") + 1)


def check_encoding(encoding: str | None) -> None:
    """HandrailError unless Python knows `encoding` as one of texts."""
    try:
        "a".encode(encoding or "utf-8")
    except (LookupError, ValueError):
        raise HandrailError(
            f"no encoding {shown(encoding)}; such as utf-8, latin-1, cp1252, utf-16"
        ) from None


def goes_by_lines(encoding: str | None) -> bool:
    """Whether lines end with the same byte in `encoding`, so that a wrong byte harms its line."""
    return encoding is None or "a\n".encode(encoding) == b"a\n"


def open_source(place: str) -> Source:
    """Open a file, or standard input for `-`; BadFile, with the reason, if it cannot be read."""
    if place == "-":
        return Source("standard input", sys.stdin.buffer)
    path, name = Path(place), safe(place)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadFile(name, "it is a folder; name the files in it")
        file = path.open("rb", buffering=1 << 18)
    except FileNotFoundError:
        raise BadFile(name, "there is no such file") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise BadFile(name, f"cannot be read: {reason}") from problem
    try:
        return Source(name, file, path=path if stat.S_ISREG(mode) else None)
    except BaseException:
        file.close()
        raise
