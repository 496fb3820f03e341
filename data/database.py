"""Engines: one factory, with the settings that durability and concurrency rest on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from data.errors import WorkspaceUnusable

APPLICATION_ID = 0x48414E44
"""`HAND`: marks an SQLite file as a workspace of ours."""

BUSY_SECONDS = 10
"""How long a writer waits for another before it gives up."""

CACHE_KIB = 16_384
"""Pages of the file that a connection keeps at most; SQLite's own 2 MiB hold few of a large one."""


def parse_url(place: str) -> URL:
    """The URL of a workspace named by a path or by a URL; WorkspaceUnusable if it is neither."""
    if "://" not in place:
        return URL.create("sqlite", database=str(Path(place).expanduser().absolute()))
    try:
        url = make_url(place)
    except ArgumentError as problem:
        raise WorkspaceUnusable(
            f"{place!r} is not a database URL; name a file or a URL"
        ) from problem
    if url.get_backend_name() == "postgresql" and url.drivername == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise WorkspaceUnusable(
            f"{url.get_backend_name()} is not supported; use SQLite or PostgreSQL"
        )
    return url


def make_engine(url: URL, *, synchronous: str = "FULL") -> Engine:
    """An engine for a workspace; `synchronous` is SQLite's (FULL outlives a power cut).

    On SQLite: WAL, foreign keys, a busy timeout, and transactions that begin when they are begun:
    IMMEDIATE where the connection's execution option `writes` is set, so that a writer never
    fails half-way for want of the lock.
    """
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS})

    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")

    def begin(connection: Connection) -> None:
        mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {mode}")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def keep_to_file(engine: Engine, path: Path) -> None:
    """From now on make no new file where SQLite's is gone: connecting fails until it is back."""

    def check(*_: object) -> None:
        if not path.exists():
            problem = sqlite3.OperationalError(f"{path} is gone; put it back")
            problem.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise problem

    event.listen(engine, "do_connect", check)


_PASSING = frozenset(
    {
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL,
    }
)  # fmt: skip


def passes(problem: BaseException | None) -> bool:
    """Whether a driver's error says that the database cannot be used for now, by nobody.

    A full disk, a lock that lasts, a server that does not answer; not a fault of what was asked.
    """
    if isinstance(problem, DBAPIError):
        return passes(problem.orig) or problem.connection_invalidated
    if isinstance(problem, sqlite3.Error):
        # The first byte is the kind; what stands above it says more of it.
        return getattr(problem, "sqlite_errorcode", 0) & 0xFF in _PASSING
    # The driver of PostgreSQL; its class 53 is a lack of room, 57 a server that goes down.
    state = getattr(problem, "sqlstate", "") or ""
    return type(problem).__name__ == "OperationalError" or state[:2] in ("53", "57")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed at the end of the block, rolled back on an error.

    Writers take turns on PostgreSQL as they do on SQLite, so that what was read before a write
    still holds, and events are numbered in the order of their commits.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPLICATION_ID})")
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read transaction: one consistent view for the length of the block."""
    opened = engine.connect()
    if engine.dialect.name == "postgresql":
        opened = opened.execution_options(isolation_level="REPEATABLE READ")
    with opened as connection, connection.begin():
        yield connection
