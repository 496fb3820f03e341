"""The settings file itself: lines of fields, one value changed with every comment kept."""

import json
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from data.errors import BadFile

_AT = re.compile(r"^(?P<said>.*?) \(at line (?P<line>\d+), column \d+\)$")
_TABLE = re.compile(r"^\s*\[+\s*(?P<name>[^\]]+?)\s*\]")
_FIELD = re.compile(r"""^\s*(?P<name>"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=\s*(?P<rest>.*)$""")
_STRING = re.compile(r"""^("(?:[^"\\]|\\.)*"|'[^']*')(?P<after>.*)$""")


class SettingsFile:
    """A parsed TOML file that knows on which line each field stands."""

    def __init__(self, path: Path) -> None:
        """Read `path`; BadFile names the line where it is not TOML."""
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            self.content: dict[str, Any] = tomllib.loads(self.text)
        except OSError as problem:
            raise BadFile(path, f"cannot be read: {problem.strerror}") from problem
        except UnicodeDecodeError as problem:
            raise BadFile(path, f"is not UTF-8 text (byte {problem.start})") from problem
        except tomllib.TOMLDecodeError as problem:
            match = _AT.match(str(problem))
            if match is None:
                said = str(problem).removesuffix(" (at end of document)")
                last = len(self.text.splitlines()) or None
                raise BadFile(path, f"is not TOML: {said}", last) from problem
            raise BadFile(path, f"is not TOML: {match['said']}", int(match["line"])) from problem

    def line(self, where: tuple[str | int, ...]) -> int | None:
        """The line of a field, or of its table; None where neither can be told."""
        names = [str(part) for part in where if isinstance(part, str)]
        table: list[str] = []
        found = None
        for number, text in enumerate(self.text.splitlines(), 1):
            if header := _TABLE.match(text):
                table = [part.strip(" \"'") for part in header["name"].split(".")]
                if table == names[: len(table)]:
                    found = number
            elif (field := _FIELD.match(text)) and [*table, field["name"].strip("\"'")] == names:
                return number
        return found

    def error(self, problem: str, *where: str | int) -> BadFile:
        """An error about the field at `where`."""
        field = ".".join(str(part) for part in where)
        return BadFile(self.path, f"{field}: {problem}" if field else problem, self.line(where))


def toml_of(value: object) -> str:
    """A text, number, truth value or list of them, as TOML writes it on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_of(item) for item in value)}]"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # What JSON writes, TOML reads; what no terminal shows is written as its number.
    told = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in told)


def with_value(text: str, name: str, value: str) -> str:
    """The file's text with the top-level text field `name` set, everything else as it was.

    ValueError where the field stands there in a way that cannot be changed safely.
    """
    lines = text.splitlines(keepends=True)
    told = f"{name} = {toml_of(value)}"
    before = next((at for at, each in enumerate(lines) if _TABLE.match(each)), len(lines))
    for at in range(before):
        field = _FIELD.match(lines[at].rstrip("\r\n"))
        if field is None or field["name"].strip("\"'") != name:
            continue
        rest = _STRING.match(field["rest"])
        if rest is None:
            break
        ending = lines[at][len(lines[at].rstrip("\r\n")) :]
        lines[at] = told + rest["after"] + ending
        break
    else:
        if before and not lines[before - 1].endswith("\n"):
            lines[before - 1] += "\n"
        gap = "\n" if before < len(lines) else ""
        lines.insert(before, f"{told}\n{gap}")
    changed = "".join(lines)
    if tomllib.loads(changed) != tomllib.loads(text) | {name: value}:
        raise ValueError(f"{name} stands there in a way that cannot be changed safely")
    return changed


def keep_value(path: Path, name: str, value: str) -> None:
    """Set one top-level text field in the file, which is made if there is none, at one stroke.

    OSError or ValueError if it cannot be kept; the file is then as it was.
    """
    place = Path(os.path.realpath(path))
    place.parent.mkdir(parents=True, exist_ok=True)
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    changed = with_value(text, name, value)
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".settings-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(changed)
        if place.exists():
            os.chmod(temporary, place.stat().st_mode & 0o7777)
        os.replace(temporary, place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
