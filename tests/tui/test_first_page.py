"""The still picture of the queue while the console is being loaded."""

import re
import shutil
import signal
import sqlite3
import termios
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from console.first_page import first_lines
from data.clock import OffsetClock
from data.queries.queue import queue_page
from data.store import table
from data.tables import Operator
from data.workspace import open_workspace
from tests.tui.company import fill
from tests.tui.pty_terminal import PtyTerminal, handrail, python
from tests.tui.rows import NOW

WAITING = """
import sys, time
from console import first_page
first_page.show_first(sys.argv[1:])
print("drawn", file=sys.stderr) if first_page._picture is None else None
time.sleep(120)
"""
SAYING = """
import sys
from console import first_page
from console.cli.printing import say
first_page.show_first(sys.argv[1:])
say("handrail: what is wrong")
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("first") / "w.db"
    store = open_workspace(str(path), started=NOW, synchronous="OFF")
    fill(store)
    store.close()
    return path


@pytest.fixture
def db(company: Path, tmp_path: Path) -> Path:
    for file in company.parent.glob("w.db*"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path / "w.db"


@pytest.fixture
def terminals() -> Iterator[list[PtyTerminal]]:
    begun: list[PtyTerminal] = []
    yield begun
    for terminal in begun:
        terminal.close()


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line) for line in lines]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48), (60, 16)])
def test_it_shows_the_rows_of_the_queue(db: Path, size: tuple[int, int]) -> None:
    columns, height = size
    lines = plain(first_lines(db, columns, height, "maya"))
    store = open_workspace(str(db), create=False)
    try:
        rows = queue_page(store, view="open", limit=height).rows
    finally:
        store.close()
    text = "\n".join(lines)
    assert "Queue: 5 open" in text
    assert [row.ref for row in rows if row.ref in text] == [row.ref for row in rows]
    assert "\x1b" not in text
    assert len(lines) < height
    assert all(cell_len(line) <= columns for line in lines)


def _with_passphrase(db: Path) -> None:
    _operator(db, "maya", passphrase_hash="x", system_user="maya")


def _of_somebody_else(db: Path) -> None:
    _operator(db, "ines", system_user="ines")


def _of_two(db: Path) -> None:
    _operator(db, "maya", system_user="maya")
    _operator(db, "ines")


def _operator(db: Path, name: str, **values: str) -> None:
    store = open_workspace(str(db), create=False)
    with store.write() as tx:
        tx.connection.execute(table(Operator).delete().where(table(Operator).c.name == name))
        tx.insert(Operator, name=name, role="admin", added_at=NOW, **values)
    store.close()


def _older(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()


def _another_program(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        connection.execute("PRAGMA application_id = 7")
    connection.close()


def _empty(db: Path) -> None:
    for file in db.parent.glob("w.db*"):
        file.unlink()
    open_workspace(str(db)).close()


@pytest.mark.parametrize(
    "change",
    [_with_passphrase, _of_somebody_else, _of_two, _older, _another_program, _empty],
)
def test_whatever_is_unusual_gets_no_picture(db: Path, change: object) -> None:
    assert callable(change)
    change(db)
    assert first_lines(db, 120, 36, "maya") == []


def test_who_made_the_workspace_gets_one(db: Path) -> None:
    _operator(db, "maya", system_user="maya")
    assert first_lines(db, 120, 36, "maya") != []


def test_no_file_or_a_small_terminal(db: Path, tmp_path: Path) -> None:
    assert first_lines(tmp_path / "none.db", 120, 36, "maya") == []
    assert first_lines(db, 59, 36, "maya") == []
    assert first_lines(db, 80, 15, "maya") == []


def test_its_clock_is_that_of_the_workspace(db: Path) -> None:
    offset = NOW + timedelta(minutes=90) - OffsetClock().now()
    with sqlite3.connect(db) as connection:
        connection.execute(
            "UPDATE setting SET value = ? WHERE name = 'clock_offset'",
            (str(offset.total_seconds()),),
        )
    connection.close()
    shown = next(line for line in plain(first_lines(db, 80, 24, "maya")) if "T-4" in line)
    assert shown.endswith("4h ")


def given_back(terminal: PtyTerminal) -> bool:
    """Whether the terminal has its usual screen, cursor and modes."""
    written = terminal.written
    pairs = [("\x1b[?1049l", "\x1b[?1049h"), ("\x1b[?25h", "\x1b[?25l")]
    usual = all(written.rfind(off) > written.rfind(on) for off, on in pairs)
    return usual and termios.tcgetattr(terminal._slave)[:4] == terminal.before[:4]


def test_a_signal_leaves_the_terminal_sane(
    db: Path, tmp_path: Path, terminals: list[PtyTerminal]
) -> None:
    terminal = PtyTerminal(python(WAITING, "--db", db), tmp_path)
    terminals.append(terminal)
    terminal.until("Queue: 5 open")
    assert not given_back(terminal)
    terminal.signal(signal.SIGTERM)
    assert terminal.ended() == -signal.SIGTERM
    assert given_back(terminal)


def test_what_is_said_is_said_on_the_usual_screen(
    db: Path, tmp_path: Path, terminals: list[PtyTerminal]
) -> None:
    terminal = PtyTerminal(python(SAYING, "--db", db), tmp_path)
    terminals.append(terminal)
    assert terminal.ended() == 0
    assert "Queue: 5 open" in terminal.written
    assert "handrail: what is wrong" in terminal.after_screen()
    assert given_back(terminal)


@pytest.mark.parametrize("arguments", [["tickets"], ["--help"], ["--as", "maya"], ["--dbx", "y"]])
def test_only_the_console_draws_it(
    db: Path, tmp_path: Path, terminals: list[PtyTerminal], arguments: list[str]
) -> None:
    code = WAITING.replace("time.sleep(120)", "")
    terminal = PtyTerminal(python(code, "--db", db, *arguments), tmp_path)
    terminals.append(terminal)
    terminal.until("drawn")
    assert terminal.ended() == 0
    assert "\x1b[" not in terminal.written


def test_the_console_takes_over_and_what_was_typed_before_decides_nothing(
    db: Path, tmp_path: Path, terminals: list[PtyTerminal]
) -> None:
    terminal = PtyTerminal(handrail("--db", db, "--no-worker"), tmp_path, columns=120, lines=36)
    terminals.append(terminal)
    terminal.until("Queue: 5 open")
    terminal.press("gaaq")
    terminal.until("▸Queue (5)")
    terminal.press("q")
    assert terminal.ended() == 0
    assert terminal.is_sane()
