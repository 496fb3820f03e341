"""A PostgreSQL server of our own on this computer, for tests that are marked `postgres`."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SUPERUSER = "postgres"


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    password: str
    """Of the superuser."""

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """The URL of a database on it."""
        secret = self.password if password is None else password
        return f"postgresql+psycopg://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str, user: str = SUPERUSER, password: str | None = None) -> Any:
        """A bare connection in autocommit, as psql would have it."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=user,
            password=self.password if password is None else password, autocommit=True,
        )  # fmt: skip

    def new_database(self) -> str:
        """An empty database."""
        name = f"d{secrets.token_hex(6)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name


@contextmanager
def server() -> Iterator[Server]:
    """A server in a folder of its own on a free port, stopped at the end of the block.

    Skips the test, saying why, where there is no PostgreSQL, no driver, or nobody to run it as: it
    refuses to run as root.
    """
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL (psycopg) is not installed")
    programs = {name: shutil.which(name) for name in ("initdb", "pg_ctl")}
    if None in programs.values():
        pytest.skip("PostgreSQL's initdb and pg_ctl are not on the PATH")
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="handrail-pg-"))
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        made = Server(_free_port(), secrets.token_hex(8))
        secret = folder / "password"
        secret.write_text(made.password)
        secret.chmod(0o644)

        def run(program: str, *arguments: str) -> None:
            ended = subprocess.run(
                [str(programs[program]), "-D", str(folder / "data"), *arguments],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder,
                user=owner.pw_uid if owner else None, group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None, timeout=120, check=False,
            )  # fmt: skip
            assert ended.returncode == 0, ended.stderr

        run("initdb", "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync",
            "-E", "UTF8", "--locale=C")  # fmt: skip
        settings = f"-h 127.0.0.1 -p {made.port} -k '' -F -c max_connections=60"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield made
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    """Who is to run it: None is this user, and another one where that is root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("PostgreSQL refuses to run as root, and there is no user nobody")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
