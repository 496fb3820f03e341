"""Copies of a workspace: of one moment, while others write, whole or not there at all."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from data.audit.verify import verify
from data.database import parse_url
from data.errors import HandrailError, WorkspaceUnusable
from data.keeping.backup import BackupRefused, back_up, source_of
from data.workspace import Workspace, open_workspace
from tests.keeping_support import plant

ROOT = Path(__file__).parents[2]

WRITER = """
import sqlite3, sys
from data.store import NewEvent
from data.workspace import open_workspace
store = open_workspace(sys.argv[1], create=False, synchronous="OFF")
outside = sqlite3.connect(sys.argv[2], isolation_level=None, timeout=30)
outside.execute("PRAGMA journal_mode=WAL")
outside.execute("CREATE TABLE IF NOT EXISTS effects (n INTEGER)")
for n in range(1, 1_000_000):
    with store.write() as tx:
        tx.append(NewEvent("note", "system", {"n": n, "pad": "x" * 500}, ""))
    outside.execute("INSERT INTO effects VALUES (?)", (n,))
"""
"""Writes an event to the workspace, then the same number outside, and so on."""

COPIER = """
import sys, time
from pathlib import Path
from data.keeping.backup import back_up
from data.workspace import open_workspace
def wait(done, total):
    print(done, flush=True)
    time.sleep(60)
back_up(open_workspace(sys.argv[1], create=False), Path(sys.argv[2]), progress=wait, pages=5)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(str(tmp_path / "desk.db"), synchronous="OFF")
    plant(workspace)
    yield workspace
    workspace.close()


@contextmanager
def running(code: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def number(path: Path, query: str) -> int:
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        return int(connection.execute(query).fetchone()[0])


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


EVENTS = "SELECT count(*) FROM event WHERE kind = 'note'"
EFFECTS = "SELECT count(*) FROM effects"


def test_of_one_moment_while_a_writer_goes_on(store: Workspace, tmp_path: Path) -> None:
    live, outside = tmp_path / "desk.db", tmp_path / "desk.backoffice.db"
    with running(WRITER, live, outside):
        wait_for(lambda: outside.exists() and number(live, EVENTS) > 200)
        for turn in range(4):
            copies = tmp_path / f"copy{turn}.db", tmp_path / f"copy{turn}.backoffice.db"
            begun = number(live, EVENTS)
            seen: list[int] = []

            def the_writer_writes(done: int, total: int, seen: list[int] = seen) -> None:
                if len(seen) < 3:
                    seen.append(number(live, EVENTS))
                    wait_for(lambda: number(live, EVENTS) > seen[-1] + 5)

            made = back_up(
                store, copies[0], beside=(outside, copies[1]), progress=the_writer_writes, pages=20
            )
            assert len(seen) == 3
            copied = number(copies[0], EVENTS)
            assert copied - number(copies[1], EFFECTS) in (0, 1)
            assert begun <= copied < seen[2]
            assert made.events == number(copies[0], "SELECT count(*) FROM event")
    restored = open_workspace(str(copies[0]), create=False)
    assert verify(restored).breaks == []
    restored.close()


def test_only_the_copies_are_left(store: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    made = back_up(store, folder / "a.db", beside=(tmp_path / "none.db", folder / "a.b.db"))
    assert [file.name for file in folder.iterdir()] == ["a.db"]
    assert made.files == [folder / "a.db"]
    assert (folder / "a.db").stat().st_mode == (tmp_path / "desk.db").stat().st_mode


def test_it_is_told_how_far_it_is(store: Workspace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "b.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    heard: list[tuple[int, int]] = []
    back_up(
        store, tmp_path / "a.db", beside=(tmp_path / "b.db", tmp_path / "c.db"), pages=7,
        progress=lambda done, total: heard.append((done, total)),
    )  # fmt: skip
    assert heard == sorted(heard)
    assert heard[-1][0] == heard[-1][1]
    assert len(heard) > 5


def test_interrupted_it_leaves_nothing(store: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "a.db"
    target.parent.mkdir()
    target.write_text("an older copy")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(store, target, force=True, progress=stop)
    assert [file.name for file in target.parent.iterdir()] == ["a.db"]
    assert target.read_text() == "an older copy"


def test_killed_it_leaves_nothing_under_the_name(store: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "a.db"
    target.parent.mkdir()
    with running(COPIER, tmp_path / "desk.db", target) as copier:
        assert copier.stdout is not None
        assert copier.stdout.readline()
        with pytest.raises(BackupRefused, match="under way"):
            back_up(store, target)
        copier.send_signal(signal.SIGKILL)
        copier.wait()
    assert not target.exists()
    (left,) = target.parent.glob("*.partial")
    os.utime(left, (0, 0))
    back_up(store, target)
    assert [file.name for file in target.parent.iterdir()] == ["a.db"]


def test_a_log_without_its_end_is_not_passed_off_as_whole(store: Workspace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection:
        connection.execute("DROP TRIGGER event_no_delete")
        connection.execute("DELETE FROM event WHERE id = (SELECT max(id) FROM event)")
        connection.commit()
    with pytest.raises(WorkspaceUnusable, match="audit verify"):
        back_up(store, tmp_path / "a.db")
    assert not list(tmp_path.glob("a.db*"))


def test_damaged_pages_are_not_passed_off_as_whole(store: Workspace, tmp_path: Path) -> None:
    query = "SELECT rootpage FROM sqlite_master WHERE name = 'handoff'"
    page = number(tmp_path / "desk.db", query)
    store.close()
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "desk.db").open("r+b") as file:
        file.seek((page - 1) * 4096 + 8)
        file.write(b"\xff" * 200)
    with pytest.raises(WorkspaceUnusable, match="damaged"):
        back_up(store, tmp_path / "a.db")
    assert not list(tmp_path.glob("a.db*"))


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_file_that_is_open_is_not_replaced(store: Workspace, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "a.db").touch()
    (tmp_path / f"a.db{suffix}").touch()
    with pytest.raises(BackupRefused, match="open in another program"):
        back_up(store, tmp_path / "a.db", force=True)


def test_the_workspace_itself_is_never_the_place(store: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "desk.backoffice.db"
    with closing(sqlite3.connect(outside)) as connection:
        connection.execute("CREATE TABLE t (x)")
    (tmp_path / "alias.db").symlink_to(tmp_path / "desk.db")
    os.link(tmp_path / "desk.db", tmp_path / "hard.db")
    for name in (
        "desk.db",
        "alias.db",
        "hard.db",
        "desk.backoffice.db",
        "../" + tmp_path.name + "/desk.db",
    ):
        with pytest.raises(BackupRefused, match="in use by this workspace"):
            back_up(store, tmp_path / name, beside=(outside, tmp_path / "b.db"), force=True)
    with pytest.raises(BackupRefused, match="in use by this workspace"):
        back_up(store, tmp_path / "desk.bak", beside=(outside, outside), force=True)
    assert not (tmp_path / "desk.bak").exists()


def test_a_workspace_on_a_server_names_what_copies_it() -> None:
    with pytest.raises(HandrailError, match="pg_dump") as caught:
        source_of(parse_url("postgresql://eve:hunter2@db.example/desk"))
    assert "postgresql://eve:***@db.example/desk" in str(caught.value)
    assert "\n" not in str(caught.value)
