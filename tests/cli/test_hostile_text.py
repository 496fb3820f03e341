"""Trap 20: what a customer writes is text, wherever it is printed."""

import json
from pathlib import Path

import pytest

from console.cli.program import run

HOSTILE = (
    "[bold red]refund[/] \x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x9b31m \u202egpj.exe "
    "[@click=app.quit]x[/] \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 I was charged twice."
)


@pytest.fixture
def db(tmp_path: Path) -> str:
    """A workspace with one ticket of such words."""
    place = tmp_path / "w.db"
    file = tmp_path / "in.json"
    ticket = {"id": "H1", "subject": HOSTILE, "body": HOSTILE, "email": "a@example.com"}
    file.write_text(json.dumps([ticket]), encoding="utf-8")
    assert run(["init", "--db", str(place)]) == 0
    assert run(["ingest", str(file), "--db", str(place)]) == 0
    assert run(["work", "--until-idle", "--db", str(place)]) == 0
    return str(place)


@pytest.mark.parametrize("command", [["tickets"], ["show", "H1"], ["replay", "H1"]])
def test_trap_20_customers_text_moves_no_cursor_and_is_no_markup(
    db: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run([*command, "--db", db]) == 0
    printed = capsys.readouterr().out
    assert not any(sign in printed for sign in ("\x1b", "\x9b", "\x07", "\u202e"))
    if command[0] != "replay":
        assert "[bold red]refund[/]" in printed
