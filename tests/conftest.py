"""What holds for every test: only models on this computer, one schema, the same examples."""

import gc
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy
from hypothesis import settings
from sqlalchemy import URL, Engine
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache

from agents.brains.model_client import LOOPBACK_ONLY
from data import database, workspace
from data.database import make_engine, parse_url, writing

gc.set_threshold(100_000, 20, 100)
"""A quarter of the console's tests went into looking through what the libraries keep for ever."""

os.environ[LOOPBACK_ONLY] = "1"
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("searching", print_blob=True)
settings.load_profile("repeatable")

for name in ("HANDRAIL_MODEL", "HANDRAIL_API_BASE"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def _schema_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New SQLite workspaces begin as copies of one that the migrations made."""
    first = tmp_path_factory.mktemp("schema") / "first.db"
    engine = make_engine(parse_url(str(first)))
    with writing(engine) as connection:
        workspace.migrate(connection)
    engine.dispose()

    def copy_the_first(url: URL, engine: Engine, started: datetime | None) -> None:
        with (
            closing(sqlite3.connect(first)) as made,
            closing(sqlite3.connect(url.database or "")) as new,
        ):
            made.backup(new)
        with writing(engine) as connection:
            workspace.start_clock(connection, started)

    def create(url: URL, engine: Engine, started: datetime | None) -> None:
        sqlite = url.get_backend_name() == "sqlite" and url.database
        (copy_the_first if sqlite else create_workspace)(url, engine, started)

    create_workspace = workspace.create_workspace
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workspace, "create_workspace", create)
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """A statement is compiled once and not anew for each test's own engine."""
    compiled = LRUCache[Any, Any](1000)

    def create_engine(url: URL, **options: Any) -> Engine:
        made = sqlalchemy.create_engine(url, **options)
        made.update_execution_options(compiled_cache=compiled)
        return made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "create_engine", create_engine)
        # The cache's keys name the dialect, of which each engine has one.
        patched.setattr(SQLiteDialect, "__hash__", lambda dialect: hash(type(dialect)))
        patched.setattr(SQLiteDialect, "__eq__", lambda one, other: type(one) is type(other))
        yield
