"""Opening a workspace: what is not ours, newer, no file or read-only is said in one line."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from data.database import passes
from data.errors import WorkspaceUnusable
from data.workspace import known_revisions, open_workspace

ROOT = Path(__file__).parents[2]


def _refused(place: Path, *, create: bool = True) -> str:
    with pytest.raises(WorkspaceUnusable) as caught:
        open_workspace(str(place), create=create).close()
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_made_once_and_found_again_with_its_clock(tmp_path: Path) -> None:
    started = datetime(2026, 3, 10, 12, tzinfo=UTC)
    first = open_workspace(str(tmp_path / "deep" / "w.db"), started=started)
    assert abs(first.clock.now() - started) < timedelta(seconds=20)
    first.close()
    second = open_workspace(str(tmp_path / "deep" / "w.db"), create=False)
    assert abs(second.clock.now() - started) < timedelta(seconds=40)
    assert second.setting("created_at") == started.isoformat()
    second.close()
    assert not list(tmp_path.rglob("*.opening"))


def test_none_there(tmp_path: Path) -> None:
    assert "handrail init" in _refused(tmp_path / "w.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in _refused(tmp_path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("buy milk")
    assert "not a Handrail workspace" in _refused(place)
    assert place.read_text() == "buy milk"


def test_a_database_of_another_program(tmp_path: Path) -> None:
    place = tmp_path / "other.db"
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE photos (id)")
    connection.close()
    before = place.read_bytes()
    assert "another program" in _refused(place)
    assert place.read_bytes() == before


def test_a_newer_workspace(tmp_path: Path) -> None:
    place = tmp_path / "w.db"
    open_workspace(str(place)).close()
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    said = _refused(place)
    assert "newer" in said
    assert "9999" in said


def test_an_address_of_a_database_that_is_not_known(tmp_path: Path) -> None:
    for place in ("mysql://localhost/x", "://", "what://"):
        with pytest.raises(WorkspaceUnusable):
            open_workspace(place)


def test_an_empty_file_becomes_a_workspace(tmp_path: Path) -> None:
    place = tmp_path / "w.db"
    place.touch()
    open_workspace(str(place)).close()
    with sqlite3.connect(place) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    connection.close()
    assert found == known_revisions()[0]


def test_a_workspace_that_is_moved_away_is_not_made_anew(tmp_path: Path) -> None:
    place, away = tmp_path / "desk.db", tmp_path / "away.db"
    workspace = open_workspace(str(place))
    workspace.engine.dispose()
    place.rename(away)
    with pytest.raises(DBAPIError, match="is gone") as raised, workspace.read():
        pass
    assert passes(raised.value)
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".db"] == ["away.db"]
    away.rename(place)
    with workspace.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ticket").scalar() == 0
    workspace.close()


def test_an_unreachable_folder() -> None:
    with pytest.raises(WorkspaceUnusable, match=r"cannot|unable"):
        open_workspace("/proc/no-such-folder/w.db")


_AS_NOBODY = """
import os, sys
from pathlib import Path
from data.errors import WorkspaceUnusable
from data.workspace import open_workspace
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    open_workspace(sys.argv[1])
except WorkspaceUnusable as problem:
    print(problem)
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_place_that_cannot_be_written(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "sealed"
    place = folder / "w.db"
    if what == "folder":
        folder.mkdir()
    else:
        open_workspace(str(place)).close()
        place.chmod(0o444)
    # Whoever runs the tests as root gives that up in the child; it must be able to get here.
    for above in [p for p in folder.parents if p.owner() == tmp_path.owner() and p != Path("/")]:
        if os.getuid() == 0 and above.stat().st_mode & 0o007 == 0:
            above.chmod(above.stat().st_mode | 0o011)
    folder.chmod(0o555)
    try:
        ran = subprocess.run(
            [sys.executable, "-P", "-c", _AS_NOBODY, str(place)],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    finally:
        folder.chmod(0o755)
    assert ran.returncode == 0, ran.stderr
    assert "cannot be written" in ran.stdout
    assert len(ran.stdout.splitlines()) == 1


def test_two_processes_at_once_make_one_workspace(tmp_path: Path) -> None:
    place = tmp_path / "w.db"
    code = (
        "import sys; from data.workspace import open_workspace; "
        "w = open_workspace(sys.argv[1]); print(w.setting('created_at')); w.close()"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(place)], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(4)
    ]  # fmt: skip
    said = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    assert len({out for out, _ in said}) == 1
