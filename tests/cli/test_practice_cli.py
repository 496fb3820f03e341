"""`handrail practice`: a course from the shell, which touches nothing real."""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.practice import record
from agents.practice.cases import Course
from tests.cli.conftest import Program

APART = ("practice_case",)
"""What practice may write: a row for each case."""


def content(path: Path) -> dict[str, str]:
    """A hash of every other table's rows, and of the back office's file as it is."""
    connection = sqlite3.connect(path)
    names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    found = {}
    for name in set(names) - set(APART):
        rows = repr(connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall())
        found[name] = hashlib.sha256(rows.encode()).hexdigest()
    connection.close()
    files = path.with_suffix(".backoffice.db").read_bytes()
    return {**found, "back office": hashlib.sha256(files).hexdigest()}


def test_a_course_touches_nothing_real(handrail: Program, worked: Callable[[str], Path]) -> None:
    path = worked("b1-duplicate-charge")
    handrail("available", "--db", path, "--as", "maya")  # who decides first is an operator now
    before = content(path)
    first = handrail(
        "practice", "start", "--db", path, "--as", "maya", "--cases", 2, "--seed", 3, "--json"
    )
    assert first.document["case"]["number"] == 1
    assert first.document["case"]["action"]["state"] == "proposed"
    assert "wrong" not in first.document["case"]
    again = handrail("practice", "start", "--db", path, "--as", "maya", "--json")
    shown = [d.document["case"]["action"]["arguments"] for d in (first, again)]
    assert shown[0] == shown[1]
    course = Course(3, 2)
    one = handrail("practice", "answer", "approve", "--db", path, "--as", "maya", "--json").document
    assert one["correct"] is (course.case(1).wrong is None)
    assert one["wrong"] == course.case(1).wrong
    assert one["next"]["number"] == 2
    two = handrail("practice", "answer", "reject", "--db", path, "--as", "maya", "--json").document
    assert two["correct"] is (course.case(2).wrong is not None)
    assert two["next"] is None
    assert content(path) == before
    over = handrail("practice", "answer", "reject", "--db", path, "--as", "maya")
    assert (over.code, over.err.count("\n")) == (1, 1)
    assert "no case is open" in over.err
    (person,) = handrail("practice", "report", "--db", path, "--json").document["people"]
    assert (person["operator"], person["cases"], person["right"], person["wrong"]) == (
        "maya", 2, 1, 1,
    )  # fmt: skip
    assert person["misses"] + person["false_alarms"] == 2 - one["correct"] - two["correct"]


def test_who_has_not_practised_is_told_how(
    handrail: Program, worked: Callable[[str], Path]
) -> None:
    path = worked("b1-duplicate-charge")
    told = handrail("practice", "report", "--db", path)
    assert (told.code, told.out) == (0, "")
    assert "practice start" in told.err


@pytest.mark.parametrize("cases", ["0", "51", "many"])
def test_a_course_of_no_sensible_length(process: Program, tmp_path: Path, cases: str) -> None:
    told = process("practice", "start", "--cases", cases, "--db", tmp_path / "w.db")
    assert told.code == 2
    assert record.MOST_CASES == 50
