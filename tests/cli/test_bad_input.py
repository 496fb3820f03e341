"""Places and files that cannot be used: one line, exit code 2, nothing written."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Program

READING = (
    ["tickets"], ["show", "T1"], ["approvals"], ["status"], ["replay", "T1"], ["backoffice"],
    ["work", "--until-idle"], ["approve", "a_1"], ["reject", "a_1", "--reason", "no"],
    ["edit", "a_1", "--set", "amount=1"], ["undo", "a_1"], ["retry", "T1"],
)  # fmt: skip


def one_line(handrail: Program, *arguments: object) -> str:
    ran = handrail(*arguments)
    assert ran.code == 2, (ran.out, ran.err)
    assert ran.out == ""
    assert ran.err.startswith("handrail: ")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err


@pytest.mark.parametrize("command", READING, ids=lambda c: c[0])
def test_no_workspace(handrail: Program, tmp_path: Path, command: list[str]):
    said = one_line(handrail, *command, "--db", tmp_path / "none.db")
    assert "`handrail init`" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["tickets"], ["init"], ["work"], ["doctor"]])
def test_a_folder(handrail: Program, tmp_path: Path, command: list[str]):
    ran = handrail(*command, "--db", tmp_path)
    assert ran.code == (1 if command == ["doctor"] else 2)
    assert "is a folder" in ran.err + ran.out


@pytest.mark.parametrize("command", [["tickets"], ["init"], ["work"], ["ingest", "-"]])
def test_a_file_that_is_no_database(handrail: Program, tmp_path: Path, command: list[str]):
    text = tmp_path / "notes.txt"
    text.write_text("dear diary " * 20)
    ran = handrail(*command, "--db", text, stdin="body\nhello\n")
    assert ran.code == 2
    assert "not a Handrail workspace" in ran.err
    assert ran.err.count("\n") == 1
    assert text.read_text() == "dear diary " * 20


@pytest.mark.parametrize("command", [["tickets"], ["init"], ["work"]])
def test_a_database_of_another_program(handrail: Program, tmp_path: Path, command: list[str]):
    other = tmp_path / "firefox.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE bookmarks (id)")
    connection.close()
    before = other.read_bytes()
    assert "another program" in one_line(handrail, *command, "--db", other)
    assert other.read_bytes() == before


@pytest.mark.parametrize("command", [["tickets"], ["init"], ["work"]])
def test_a_newer_workspace(handrail: Program, new: Callable[[str], Path], command: list[str]):
    db = new("wrongful-cancellation")
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer Handrail" in one_line(handrail, *command, "--db", db)


def test_a_damaged_workspace(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    content = db.read_bytes()
    db.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    one_line(handrail, "tickets", "--db", db)
    assert handrail("doctor", "--db", db).code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder(handrail: Program, tmp_path: Path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert "cannot be written" in one_line(handrail, "init", "--db", folder / "a.db")


def test_a_place_where_nothing_can_be_made(handrail: Program):
    one_line(handrail, "init", "--db", "/proc/handrail/a.db")
    one_line(handrail, "init", "--db", "/proc/a.db")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a/b", "not supported"),
        ("what://", "URL"),
        ("://", "URL"),
        ("a://b:c@d:e/f", "URL"),
    ],
)
def test_a_url_that_is_none(handrail: Program, url: str, words: str):
    one_line(handrail, "tickets", "--db", url)


def test_unknown_names(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    for command in (["show", "T9"], ["replay", "T9"], ["retry", "T9"], ["receive", "T9", "-"]):
        ran = handrail(*command, "--db", db, stdin="hello")
        assert ran.code == 2
        assert "'T9'" in ran.err
        assert "handrail tickets" in ran.err
    for command in (["approve", "a_9"], ["undo", "a_9"], ["edit", "a_9", "--set", "a=1"]):
        assert "'a_9'" in one_line(handrail, *command, "--db", db)


def test_control_characters_of_an_argument_are_not_echoed(
    handrail: Program, new: Callable[[str], Path]
):
    said = one_line(handrail, "show", "\x1b[31mT9\x07", "--db", new("wrongful-cancellation"))
    assert "\x1b" not in said
    assert "\x07" not in said


def test_a_mistake_in_a_playbook(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    folder = db.parent / "playbooks"
    folder.mkdir()
    (folder / "product.yaml").write_text("playbook: 1\nagent: product\nhandels: []\n")
    said = one_line(handrail, "work", "--until-idle", "--db", db)
    assert f"{folder / 'product.yaml'}:3: handels" in said


def test_a_named_playbook_folder_that_is_missing(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    said = one_line(handrail, "work", "--until-idle", "--db", db, "--playbooks", db.parent / "no")
    assert "no folder of playbooks" in said


def test_a_back_office_of_another_program(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    other = db.with_suffix(".backoffice.db")
    for path in other.parent.glob(other.name + "*"):
        path.unlink()
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE bookmarks (id)")
    connection.close()
    assert "another program" in one_line(handrail, "work", "--until-idle", "--db", db)


def test_eval_of_what_is_no_scenario(handrail: Program, tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("scenario: 1\nname: mine\nnow: 2026-01-01\nticktes: []\n")
    ran = handrail("eval", file, "--json")
    assert ran.code == 2
    assert f"{file}:4: ticktes" in ran.err
    assert ran.document["runs"] == []
    one_line(handrail, "eval", tmp_path / "none")
