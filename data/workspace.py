"""Opening a workspace: found or made, checked, brought up to date, with its clock."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, insert, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError

from data.clock import Clock, NewId, OffsetClock, new_id
from data.database import APPLICATION_ID, keep_to_file, make_engine, parse_url, reading, writing
from data.errors import WorkspaceUnusable
from data.store import Store, table
from data.tables import Setting
from data.triggers import make_triggers

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0011"
"""The schema revision that this program writes: the head of the migrations.

Written out, since Alembic takes a quarter of a second to import and is needed only to migrate.
"""

SETTING = table(Setting)
_MIGRATIONS = Path(__file__).parent / "migrations"


class Workspace(Store):
    """One open workspace."""

    def __init__(self, url: URL, engine: Engine, clock: Clock, ids: NewId) -> None:
        """Use `open_workspace`, which checks first."""
        super().__init__(engine, clock, ids)
        self.url = url

    @property
    def folder(self) -> Path | None:
        """Where the workspace's own policy, playbooks and back office lie; None on a server."""
        database = self.url.database
        if self.url.get_backend_name() != "sqlite" or not database:
            return None
        return Path(database).parent

    def beside(self, suffix: str) -> Path:
        """The file beside an SQLite workspace, as its back office; WorkspaceUnusable if none."""
        if self.url.get_backend_name() != "sqlite" or not self.url.database:
            raise WorkspaceUnusable("a workspace on a server has no folder; name the file")
        return Path(self.url.database).with_suffix(suffix)

    def setting(self, name: str) -> str | None:
        """A stored setting, or None."""
        with self.read() as connection:
            return connection.execute(
                select(SETTING.c.value).where(SETTING.c.name == name)
            ).scalar_one_or_none()

    def close(self) -> None:
        """Give up all connections."""
        self.engine.dispose()


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def known_revisions() -> list[str]:
    """Every schema revision that this program can migrate from, newest first."""
    from alembic.script import ScriptDirectory

    return [
        revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()
    ]


def migrate(connection: Connection) -> None:
    """Bring the schema up to date inside the caller's transaction; triggers are made anew."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    make_triggers(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")


def create_workspace(url: URL, engine: Engine, started: datetime | None) -> None:
    """Make the schema in an empty database; `started` sets its clock (default: real time)."""
    with writing(engine) as connection:
        if "setting" in inspect(connection).get_table_names():
            return  # somebody made it meanwhile
        migrate(connection)
        start_clock(connection, started)


def start_clock(connection: Connection, started: datetime | None) -> None:
    """Write down when a new workspace begins, and how far its clock is from the real time."""
    now = datetime.now(UTC)
    offset = (started - now).total_seconds() if started else 0.0
    settings = {"clock_offset": str(offset), "created_at": (started or now).isoformat()}
    rows = [{"name": name, "value": value} for name, value in settings.items()]
    connection.execute(insert(SETTING), rows)


def open_workspace(
    place: str,
    *,
    create: bool = True,
    started: datetime | None = None,
    clock: Clock | None = None,
    ids: NewId = new_id,
    synchronous: str = "FULL",
) -> Workspace:
    """Open the workspace at a path or URL; make it if `create` and there is none.

    `started` is the time at which a new workspace's clock begins; it runs on from there in every
    process. WorkspaceUnusable, with what to do, for a file that is not ours or newer than this
    program, a folder that cannot be written, a database that is locked or out of reach.
    """
    url = parse_url(place)
    path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if path is not None:
        _check_file(path, create)
    engine = make_engine(url, synchronous=synchronous)
    try:
        with _one_at_a_time(path):
            _bring_up_to_date(url, engine, path, create, started)
        with reading(engine) as connection:
            settings = dict(connection.execute(select(SETTING.c.name, SETTING.c.value)).all())
    except DBAPIError as problem:
        engine.dispose()
        named = place if path is not None else url.render_as_string(hide_password=True)
        raise WorkspaceUnusable(f"{named}: {_plain(problem)}") from problem
    except BaseException:
        engine.dispose()
        raise
    if path is not None:
        keep_to_file(engine, path)
    offset = timedelta(seconds=float(settings.get("clock_offset", "0")))
    return Workspace(url, engine, clock or OffsetClock(offset), ids)


def _check_file(path: Path, create: bool) -> None:
    if path.is_dir():
        raise WorkspaceUnusable(f"{path} is a folder; name a file in it")
    if not path.exists() or path.stat().st_size == 0:
        if not create:
            raise WorkspaceUnusable(f"no workspace at {path}; `handrail init` makes one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise WorkspaceUnusable(
                f"cannot make the folder {path.parent}: {problem.strerror}"
            ) from problem
        if not os.access(path.parent, os.W_OK):
            raise WorkspaceUnusable(f"the folder {path.parent} cannot be written; name another")
        return
    try:
        with path.open("rb") as file:
            header = file.read(72)
    except OSError as problem:
        raise WorkspaceUnusable(f"cannot read {path}: {problem.strerror}") from problem
    if not header.startswith(b"SQLite format 3\0"):
        raise WorkspaceUnusable(f"{path} is not a Handrail workspace (not an SQLite file)")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID and not _unfinished(path):
        raise WorkspaceUnusable(f"{path} is an SQLite file of another program; name another file")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise WorkspaceUnusable(f"{path} cannot be written; check the disk and its permissions")


def _unfinished(path: Path) -> bool:
    """Whether the file holds no table yet: another process is making it, or was stopped at that."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        marked = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(marked) or tables == 0


def _bring_up_to_date(
    url: URL, engine: Engine, path: Path | None, create: bool, started: datetime | None
) -> None:
    with reading(engine) as connection:
        names = set(inspect(connection).get_table_names())
        found = None
        if "alembic_version" in names:
            version = "SELECT version_num FROM alembic_version"
            found = connection.exec_driver_sql(version).scalar()
    if found is None:
        if names and "setting" not in names:
            raise WorkspaceUnusable(f"{url.database} is a database of another program")
        if not create:
            raise WorkspaceUnusable(f"no workspace at {url.database}; `handrail init` makes one")
        create_workspace(url, engine, started)
        return
    if found == NEWEST:
        return
    if found not in known_revisions():
        raise WorkspaceUnusable(
            f"{url.database} was written by a newer Handrail (schema {found}); update this one"
        )
    if path is not None:
        _back_up(path, found)
    with writing(engine) as connection:
        migrate(connection)


def _back_up(path: Path, revision: str) -> None:
    copy = path.with_suffix(f".{revision}.bak")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    shutil.copymode(path, copy)


@contextmanager
def _one_at_a_time(path: Path | None) -> Iterator[None]:
    """Let one process at a time make or upgrade the file; a lock file left behind expires."""
    if path is None:
        yield
        return
    lock, deadline = path.with_name(path.name + ".opening"), time.monotonic() + 30
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            try:
                stale = time.time() - lock.stat().st_mtime > 30
            except FileNotFoundError:
                continue
            if stale:
                lock.unlink(missing_ok=True)
            elif time.monotonic() > deadline:
                raise WorkspaceUnusable(f"{path} is being upgraded; try again shortly") from None
            time.sleep(0.01)
        except OSError as problem:
            raise WorkspaceUnusable(f"cannot write beside {path}: {problem.strerror}") from problem
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _plain(problem: DBAPIError) -> str:
    """The driver's message in one line, with the next move where it is known."""
    text = str(problem.orig).strip().splitlines()[0] if problem.orig else str(problem)
    if isinstance(problem, OperationalError) and "locked" in text:
        return "the database is locked by another program; try again when it is done"
    if "readonly" in text:
        return "the database cannot be written; check the disk and its permissions"
    return text
