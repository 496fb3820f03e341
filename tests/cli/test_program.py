"""The program as a whole: help, wrong usage, options before and after the command."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.program import COMMANDS
from tests.cli.conftest import Program, command

HEAVY = ("litellm", "dbos", "sklearn", "onnxruntime", "textual", "sqlalchemy", "rich")
NAMES = [name for section in COMMANDS.values() for name in section]


def test_help_names_every_command(handrail: Program):
    ran = handrail("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(handrail: Program, name: str):
    ran = handrail(name, "--help")
    assert ran.code == 0, ran.err
    assert "Usage: handrail" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["aprove"], "did you mean 'approve'?"),
        (["tickets", "--bad"], "--bad"),
        (["show"], "TICKET"),
        (["reject", "a_1"], "--reason"),
        (["edit", "a_1"], "--set"),
        (["--db"], "--db"),
        (["tickets", "--limit", "0"], "--limit"),
        (["tickets", "--limit", "many"], "--limit"),
        (["policy", "shw"], "did you mean 'show'?"),
        (["policy"], "--help"),
    ],
)
def test_wrong_usage_is_one_line(handrail: Program, arguments: list[str], words: str):
    ran = handrail(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("handrail: ")
    assert ran.err.count("\n") == 1
    assert words in ran.err


def test_the_workspace_may_be_named_before_or_after(handrail: Program, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HANDRAIL_DB", str(tmp_path / "other.db"))
    mine = tmp_path / "mine.db"
    assert handrail("--db", mine, "init").code == 0
    assert mine.exists()
    assert handrail("tickets", "--db", mine, "--json").document == {"tickets": [], "total": 0}
    assert handrail("--db", mine, "tickets", "--json").document["total"] == 0
    # What stands nearer wins.
    assert handrail("--db", tmp_path / "none.db", "tickets", "--db", mine, "--json").code == 0
    assert handrail("tickets").code == 2


def test_the_environment_names_the_workspace(handrail: Program, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HANDRAIL_DB", str(tmp_path / "named.db"))
    assert handrail("init").code == 0
    assert (tmp_path / "named.db").exists()


def test_without_a_name_the_data_folder_is_meant(handrail: Program, tmp_path: Path):
    assert handrail("init").code == 0
    assert (tmp_path / "home" / "handrail" / "handrail.db").exists()


def test_the_console_needs_a_terminal(handrail: Program, tmp_path: Path):
    ran = handrail("--db", tmp_path / "a.db")
    assert ran.code == 2
    assert "needs a terminal" in ran.err
    assert not (tmp_path / "a.db").exists()


def test_help_and_version_import_nothing_heavy(tmp_path: Path):
    code = (
        "import sys; from console.cli.program import run; run(['--help']); "
        f"sys.exit(repr([m for m in {HEAVY} if m in sys.modules]))"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr.strip() == "[]"


def test_version(handrail: Program):
    assert handrail("--version").out.startswith("handrail 0.")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("triage in.csv --packaged >&-", 0),
        ("triage in.csv --packaged 2>&-", 0),
        ("triage - --packaged <&-", 2),
    ],
)
def test_a_closed_stream_is_no_fault(tmp_path: Path, words: str, code: int):
    (tmp_path / "in.csv").write_text("text\nhello\n")
    ran = subprocess.run(
        ["sh", "-c", f"{shlex.join(command())} {words}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == code, ran.stderr
    assert "fault" not in ran.stderr
    assert ran.stdout.startswith("id,intent,") == ("2>&-" in words)
    if code:
        assert ran.stderr == "handrail triage: standard input: the file is empty\n"
