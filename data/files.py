"""Reading YAML files so that an error names file, line and field."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from data.errors import BadFile

Where = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, a fifth of the time (measured), where PyYAML was built with it (its wheels are)."""


class YamlFile:
    """A parsed YAML file that knows on which line each field stands."""

    def __init__(self, path: Path) -> None:
        """Read `path`; BadFile names the line where it is not YAML, or repeats a key."""
        self.path = path
        self._lines: dict[Where, int] = {}
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as problem:
            raise BadFile(path, f"cannot be read: {problem.strerror}") from problem
        except UnicodeDecodeError as problem:
            raise BadFile(path, f"is not UTF-8 text (byte {problem.start})") from problem
        try:
            self.content: Any = self._read(text)
        except yaml.MarkedYAMLError as problem:
            line = problem.problem_mark.line + 1 if problem.problem_mark else None
            raise BadFile(path, f"is not YAML: {problem.problem}", line) from problem
        except (yaml.YAMLError, ValueError) as problem:
            raise BadFile(path, f"is not YAML: {problem}") from problem

    def _read(self, text: str) -> Any:
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            self._mark(node, ())
            return loader.construct_document(node)
        finally:
            loader.dispose()

    def _mark(self, node: yaml.Node, where: Where) -> None:
        self._lines[where] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                if name in seen:
                    line = key.start_mark.line + 1
                    raise BadFile(self.path, f"{name!r} stands twice", line)
                seen.add(name)
                self._mark(value, (*where, name))
                self._lines[(*where, name)] = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._mark(value, (*where, index))

    def line(self, where: Where) -> int | None:
        """The line of a field, or of the nearest field around it."""
        while where and where not in self._lines:
            where = where[:-1]
        return self._lines.get(where)

    def error(self, problem: str, *where: str | int) -> BadFile:
        """An error about the field at `where`."""
        field = _dotted(where)
        return BadFile(self.path, f"{field}: {problem}" if field else problem, self.line(where))

    def validate(self, model: type[M]) -> M:
        """The content as `model`; BadFile names the first field that does not fit."""
        if not isinstance(self.content, dict):
            raise BadFile(self.path, f"must hold the fields of a {model.__name__.lower()}", 1)
        try:
            return model.model_validate(self.content)
        except ValidationError as problem:
            found = problem.errors()
            # A misspelt field is named before the one that it leaves missing.
            first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
            where = tuple(part for part in first["loc"] if not _is_tag(part))
            message = first["msg"].removeprefix("Value error, ")
            if first["type"] == "extra_forbidden":
                message = "is no field here"
            elif first["type"] != "missing" and not isinstance(first["input"], dict | list):
                message += f" (found {first['input']!r})"
            raise self.error(message, *where) from None


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and ("[" in part or part.endswith("()"))


def _dotted(where: Where) -> str:
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
