"""A copy of a workspace while others work on it, together with the back office beside it."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from data.errors import HandrailError, WorkspaceUnusable
from data.workspace import Workspace

PAGES = 2_000
"""Pages of a database that one step copies, unless told otherwise."""

PARTIAL = ".partial"
"""What the name of a copy ends with until it is whole."""

_TRIES = 20
"""How often both databases are looked at until neither has changed in between."""

_FORSAKEN = 60
"""Seconds after which a partial copy that does not grow was left behind."""


class BackupRefused(HandrailError):
    """A place that a copy must not be written to, or a database that cannot be copied so."""


@dataclass(frozen=True)
class BackedUp:
    """What was copied."""

    files: list[Path]
    """The copy of the workspace, then that of its back office if there is one."""
    events: int
    """Events in the copy's log."""
    chains: int
    bytes: int


Progress = Callable[[int, int], None]
"""Hears how many pages of how many are copied."""


def back_up(
    workspace: Workspace,
    target: Path,
    *,
    beside: tuple[Path, Path] | None = None,
    force: bool = False,
    progress: Progress = lambda done, total: None,
    pages: int = PAGES,
) -> BackedUp:
    """Copy the workspace to the file `target`, and another database `beside` it, if it is there:
    (from, to).

    Both copies show one moment, and writers are not held up meanwhile (what they write stays in
    the write-ahead log until the copy is done). They are checked before they get their names, so
    that whatever interrupts this leaves no half-written file there. BackupRefused for a place
    that is the workspace itself, in use, or taken (unless `force`); WorkspaceUnusable if a copy is
    damaged.
    """
    pairs = [(source_of(workspace.url), target.absolute())]
    if beside is not None:
        pairs.append((beside[0].absolute(), beside[1].absolute()))
    for _, place in pairs:
        _check_place(place, [path for path, _ in pairs], force=force)
    # Without a back office, an older copy of one must not stay beside the new copy.
    superfluous = [place for path, place in pairs if not path.is_file()]
    pairs = [pair for pair in pairs if pair[0].is_file()]
    live = [path for path, _ in pairs]
    with ExitStack() as stack:
        partial = [stack.enter_context(_partial(place)) for _, place in pairs]
        _copy(live, partial, progress, pages)
        events, chains = _check_log(partial[0], target)
        for path, (was, place) in zip(partial, pairs, strict=True):
            _check_pages(path, place)
            shutil.copymode(was, path)
            _sync(path)
        size = sum(path.stat().st_size for path in partial)
        for place in superfluous:
            place.unlink(missing_ok=True)
        # The workspace comes last: beside it, its back office must be there already.
        for path, (_, place) in reversed(list(zip(partial, pairs, strict=True))):
            path.replace(place)
            _sync(place.parent)
    return BackedUp([place for _, place in pairs], events, chains, size)


def source_of(url: URL) -> Path:
    """The file of a workspace; BackupRefused for one on a server, naming what copies that."""
    if url.get_backend_name() != "sqlite" or not url.database:
        place = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        raise BackupRefused(
            "a workspace on a server is copied by the server's own tools: "
            f"pg_dump --format=custom --file=FILE {place}"
        )
    return Path(url.database)


def _check_place(place: Path, live: list[Path], *, force: bool) -> None:
    for path in live:
        if place == path or (place.exists() and path.exists() and place.samefile(path)):
            raise BackupRefused(f"{place} is in use by this workspace; name another file")
    if place.is_dir():
        raise BackupRefused(f"{place} is a folder; name a file in it")
    if not place.parent.is_dir():
        raise BackupRefused(f"there is no folder {place.parent}; make it, or name another")
    if place.exists() and not force:
        raise BackupRefused(
            f"{place} is there already; name another file, or replace it by --force"
        )
    for suffix in ("-wal", "-shm", "-journal"):
        if place.with_name(place.name + suffix).exists():
            raise BackupRefused(
                f"{place} is open in another program, or was left so ({place.name}{suffix} is "
                "there); name another file"
            )


@contextmanager
def _partial(place: Path) -> Iterator[Path]:
    """An empty file beside `place` that is gone at the end, unless it was renamed."""
    path = place.with_name(place.name + PARTIAL)
    try:
        if time.time() - path.stat().st_mtime > _FORSAKEN:
            path.unlink()
    except FileNotFoundError:
        pass
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BackupRefused(
            f"another copy to {place} seems to be under way; try again in a minute"
        ) from None
    except OSError as problem:
        raise BackupRefused(f"cannot write {path}: {problem.strerror}") from problem
    try:
        yield path
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(sources: list[Path], targets: list[Path], progress: Progress, at_once: int) -> None:
    with ExitStack() as stack:
        reading = [stack.enter_context(closing(_reader(path))) for path in sources]
        _begin_together(reading, sources)
        sizes = [_number(connection, "PRAGMA page_count") for connection in reading]
        done, total = 0, sum(sizes)
        for connection, path, size in zip(reading, targets, sizes, strict=True):
            with closing(sqlite3.connect(path)) as copy:
                # What is cut off here is thrown away, and the whole is synced before it counts.
                copy.execute("PRAGMA journal_mode=OFF")
                copy.execute("PRAGMA synchronous=OFF")

                def step(status: int, remaining: int, pages: int, before: int = done) -> None:
                    progress(before + pages - remaining, total)

                connection.backup(copy, pages=at_once, progress=step)
            done += size


def _reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _begin_together(reading: list[sqlite3.Connection], sources: list[Path]) -> None:
    """Begin a read transaction on each, of one moment: the first has not changed until the last
    stands.

    A snapshot is what the steps of a copy then read; without one, each write by another process
    would make them begin again.
    """
    for last in range(_TRIES, -1, -1):
        for connection in reading:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if len(reading) == 1 or last == 0:
            return
        with closing(_reader(sources[0])) as now:
            if _newest(now) == _newest(reading[0]):
                return
        for connection in reading:
            connection.execute("ROLLBACK")


def _newest(connection: sqlite3.Connection) -> int:
    return _number(connection, "SELECT coalesce(max(id), 0) FROM event")


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


@contextmanager
def _copied(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy opened for reading alone, which makes no files beside it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def _check_pages(path: Path, place: Path) -> None:
    with _copied(path) as connection:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise WorkspaceUnusable(f"the copy for {place} is damaged ({found}), and was thrown away")


def _check_log(path: Path, place: Path) -> tuple[int, int]:
    """Events and chains of a copy; WorkspaceUnusable unless each head is its chain's last event."""
    with _copied(path) as connection:
        events = _number(connection, "SELECT count(*) FROM event")
        chains = _number(connection, "SELECT count(*) FROM chain")
        ends = "SELECT chain, max(position) AS last FROM event GROUP BY chain"
        broken = connection.execute(
            f"SELECT coalesce(c.id, e.chain) FROM ({ends}) e LEFT JOIN chain c ON c.id = e.chain "
            "LEFT JOIN event l ON l.chain = e.chain AND l.position = e.last "
            "WHERE c.position IS NOT e.last OR c.hash IS NOT l.hash LIMIT 1"
        ).fetchone()
        begun = _number(connection, "SELECT count(DISTINCT chain) FROM event")
    if broken or begun != chains:
        where = f"ticket {broken[0]}" if broken and broken[0] else "the workspace"
        raise WorkspaceUnusable(
            f"the log of {where} does not end at its head, so {place} was not written; "
            "`handrail audit verify` names what is wrong"
        )
    return events, chains


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
