"""Where a workspace keeps its own triage models: a folder beside it, one of them in use."""

import logging
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import BadFile, HandrailError

if TYPE_CHECKING:
    from agents.understanding.own_model import OwnModel

FOLDER = ".models"
"""What the folder's name ends with, in place of the workspace's suffix."""

PACKAGED = "packaged"
_CURRENT = "in-use"
log = logging.getLogger(__name__)


class Shelf:
    """The models of one workspace. A file appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made with the first one."""
        self.folder = folder

    def path(self, version: str) -> Path:
        """Where a version lies, there or not."""
        return self.folder / f"{version}.npz"

    def add(self, version: str, held: bytes) -> None:
        """Store a model under its version; one that is there already is replaced."""
        self._write(self.path(version), held)

    def current(self) -> str | None:
        """The version in use; None for the packaged model alone."""
        try:
            named = (self.folder / _CURRENT).read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as problem:
            raise BadFile(self.folder / _CURRENT, f"cannot be read: {problem}") from problem
        return None if named in ("", PACKAGED) else named

    def use(self, version: str | None) -> None:
        """Use a version from now on, or with None the packaged model; HandrailError if it is not
        there."""
        if version is not None and not self.path(version).is_file():
            raise HandrailError(f"no model {version}; `handrail train --list` shows them")
        self._write(self.folder / _CURRENT, f"{version or PACKAGED}\n".encode())

    def models(self) -> list[dict[str, Any]]:
        """What was stored about each model, the oldest first; a damaged file is named as such."""
        from agents.understanding.own_model import about_stored

        found = []
        for path in sorted(self.folder.glob("own-*.npz")) if self.folder.is_dir() else []:
            try:
                found.append({"version": path.stem, **about_stored(path)})
            except Exception as problem:
                found.append({"version": path.stem, "problem": f"cannot be read: {problem}"})
        return sorted(found, key=lambda about: str(about.get("at", "")))

    def named(self, begin: str) -> str:
        """The one version whose name begins so, with `own-` or without; HandrailError if there are
        none or several."""
        known = [str(about["version"]) for about in self.models()]
        found = [v for v in known if v.startswith(begin) or v.startswith(f"own-{begin}")]
        if begin in found:
            return begin
        if len(found) != 1 or not begin:
            what = f"several models begin with {begin!r}" if found else f"no model {begin!r}"
            raise HandrailError(f"{what}; `handrail train --list` shows them")
        return found[0]

    def load(self) -> "OwnModel | None":
        """The model in use; None for the packaged one alone. BadFile if it cannot be read."""
        version = self.current()
        if version is None:
            return None
        from agents.understanding.own_model import load_own

        try:
            return load_own(self.path(version))
        except BadFile as problem:
            raise BadFile(
                problem.path, f"{problem.problem}; `handrail train --packaged` does without"
            ) from problem

    def _write(self, path: Path, held: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(held)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as problem:
            raise HandrailError(
                f"cannot write {path}: {problem.strerror or problem}; no model was changed"
            ) from problem


def shelf_beside(database: Path) -> Shelf:
    """The shelf of an SQLite workspace."""
    return Shelf(database.with_suffix(FOLDER))


def following(shelf: Shelf) -> "Callable[[], OwnModel | None]":
    """Gives the model in use at each call, read anew when another one is put in use.

    BadFile at once if it cannot be read now; one that cannot be read later is passed over.
    """
    held = [(shelf.current(), shelf.load())]
    lock = threading.Lock()

    def current() -> "OwnModel | None":
        with lock:
            try:
                version = shelf.current()
                if version != held[0][0]:
                    held[0] = (version, shelf.load())
            except BadFile as problem:
                log.warning("the model stays as it was: %s", problem)
            return held[0][1]

    return current
