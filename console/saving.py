"""Saving files that came with messages: names that cannot lead elsewhere, nothing overwritten."""

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from console.format import line
from data.errors import HandrailError
from data.queries.attachments import content_of
from data.queries.rows import AttachmentRow
from data.store import Store

LONGEST = 120
"""Characters of a file's name."""

_TAKEN_BY_SYSTEMS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\x00-\x1f]')


@dataclass
class Saved:
    """What became of the files of a ticket."""

    files: list[Path] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """Name and reason of those that were not written."""


def safe_name(name: str, taken: Iterable[str] = ()) -> str:
    """A name of a file alone: no folders, nothing hidden or reserved, not one of `taken`."""
    last = line(name, 1000).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    plain = _NOT_IN_NAMES.sub("_", last).strip(". ") or "attachment"
    if _TAKEN_BY_SYSTEMS.match(plain):
        plain = f"_{plain}"
    suffix = PurePosixPath(plain).suffix[:20]
    stem = plain[: len(plain) - len(suffix)] if suffix else plain
    # Systems count bytes: a character may have four.
    while len(f"{stem}{suffix}".encode()) > LONGEST:
        stem = stem[:-1]
    there, number, found = {each.casefold() for each in taken}, 1, f"{stem}{suffix}"
    while found.casefold() in there:
        number += 1
        found = f"{stem} ({number}){suffix}"
    return found


def save_all(
    store: Store, attachments: list[AttachmentRow], folder: Path, *, force: bool = False
) -> Saved:
    """Write the files into `folder`, which is made if need be.

    What is there already stays, unless `force` is given. HandrailError where the folder cannot be
    used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise HandrailError(f"{folder}: {problem.strerror or problem}") from None
    saved, names = Saved(), list[str]()
    for attachment in attachments:
        name = safe_name(attachment.name, names)
        names.append(name)
        content = content_of(store, attachment.id)
        if content is None:
            saved.left_out.append((name, attachment.problem or "it was erased"))
            continue
        try:
            _write(folder / name, content, force=force)
        except FileExistsError:
            saved.left_out.append((name, "a file of that name is there; --force replaces it"))
        except OSError as problem:
            saved.left_out.append((name, problem.strerror or str(problem)))
        else:
            saved.files.append(folder / name)
    return saved


def _write(place: Path, content: bytes, *, force: bool) -> None:
    """Write it whole or not at all, for the person alone to read; a link is never followed."""
    if force:
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".handrail-")
    else:
        handle, temporary = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), str(place)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if force:
            os.replace(temporary, place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def size_in_words(size: int) -> str:
    """A number of bytes for a person."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def described(attachment: AttachmentRow) -> str:
    """A file in a line: its name, type and size, and why its content is not here."""
    size = f", {size_in_words(attachment.size)}" if attachment.size else ""
    told = f"{line(attachment.name, 200)} ({line(attachment.kind, 60)}{size})"
    return f"{told}: not kept, {attachment.problem}" if attachment.problem else told
