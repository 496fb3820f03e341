"""The instructions of each role: files of ours, or of the team, checked when they are read."""

from pathlib import Path
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
)
from jinja2.sandbox import SandboxedEnvironment

import data
from data.errors import BadFile

PACKAGED = Path(data.__file__).parent / "prompts"
ENDING = ".md"

SPECIALISTS = ("account", "technical", "billing", "product")
OFFERS: dict[str, frozenset[str]] = {
    "triage": frozenset({"kinds", "triggers", "numbers"}),
    **dict.fromkeys(SPECIALISTS, frozenset({"role", "numbers", "procedure", "actions", "skills"})),
    "coordinator": frozenset(),
    "resolution": frozenset({"language"}),
    "escalation": frozenset(),
}
"""Role to the names that its instructions may use beside `company`; none holds customers' words."""


class Prompts:
    """The instructions of one set of files."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read the packaged files, and those in `folder` in place of the same names.

        BadFile names file and line of what is no template, and the name that is not offered.
        """
        folders = [PACKAGED] if folder is None else [folder, PACKAGED]
        if folder is not None and not folder.is_dir():
            raise BadFile(folder, "is no folder of prompts")
        self._files = SandboxedEnvironment(
            loader=FileSystemLoader(folders), undefined=StrictUndefined, autoescape=False,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        for role in OFFERS:
            self._check(role, f"{role}{ENDING}", set())

    def of(self, role: str, /, **values: Any) -> str:
        """The instructions of a role, its values filled in."""
        name = f"{role}{ENDING}"
        try:
            return self._files.get_template(name).render(**values).strip()
        except TemplateSyntaxError as problem:
            raise BadFile(problem.filename, str(problem.message), problem.lineno) from None
        except TemplateError as problem:
            raise BadFile(self._path(name), str(problem)) from None

    def _path(self, name: str) -> str:
        assert self._files.loader is not None
        try:
            return self._files.loader.get_source(self._files, name)[1] or name
        except (TemplateNotFound, UnicodeDecodeError, OSError):
            return name

    def _check(self, role: str, name: str, seen: set[str]) -> None:
        """One file and those that it includes."""
        assert self._files.loader is not None
        seen.add(name)
        try:
            source, path, _ = self._files.loader.get_source(self._files, name)
        except TemplateNotFound:
            raise BadFile(PACKAGED / name, "is not there") from None
        except UnicodeDecodeError as problem:
            raise BadFile(name, f"is not UTF-8 text (byte {problem.start})") from None
        except OSError as problem:
            raise BadFile(name, f"cannot be read: {problem.strerror}") from None
        try:
            tree = self._files.parse(source, name, path)
        except TemplateSyntaxError as problem:
            raise BadFile(path, f"is no template: {problem.message}", problem.lineno) from None
        offered = OFFERS[role] | {"company"}
        for unknown in sorted(meta.find_undeclared_variables(tree) - offered):
            line = next((n for n, t in enumerate(source.splitlines(), 1) if unknown in t), None)
            there = ", ".join(sorted(offered))
            raise BadFile(path, f"{unknown!r} is not known here; there are {there}", line)
        for included in meta.find_referenced_templates(tree):
            if included is not None and included not in seen:
                self._check(role, included, seen)
