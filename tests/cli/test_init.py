"""`handrail init`: a workspace, or nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data import workspace
from tests.cli.conftest import SCENARIOS, Program

SCENARIO = SCENARIOS / "wrongful-cancellation.yaml"


def test_an_empty_workspace(handrail: Program, tmp_path: Path):
    ran = handrail("init", "--db", tmp_path / "a.db")
    assert ran.code == 0
    assert "ingest" in ran.out
    assert handrail("backoffice", "customers", "--db", tmp_path / "a.db", "--json").document == {
        "customers": []
    }


def test_a_scenario_brings_its_world_clock_and_tickets(handrail: Program, tmp_path: Path):
    db = tmp_path / "a.db"
    made = handrail("init", "--db", db, "--scenario", SCENARIO, "--json").document
    assert made["tickets"] == ["T1"]
    listed = handrail("tickets", "--db", db, "--json").document["tickets"]
    assert [(t["ref"], t["status"], t["opened_at"]) for t in listed] == [
        ("T1", "new", "2026-03-12T14:05:00Z")
    ]
    assert handrail("status", "--db", db, "--json").document["now"].startswith("2026-03-12T14:2")
    charges = handrail("backoffice", "charges", "--db", db, "--json").document["charges"]
    assert {c["id"]: c["amount"] for c in charges}["ch_w2"] == 3900


def test_there_is_a_workspace_already(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    before = db.read_bytes()
    ran = handrail("init", "--db", db)
    assert ran.code == 2
    assert "already" in ran.err
    assert db.read_bytes() == before


def test_a_foreign_back_office_stays(handrail: Program, tmp_path: Path):
    (tmp_path / "a.backoffice.db").write_text("precious")
    ran = handrail("init", "--db", tmp_path / "a.db")
    assert ran.code == 2
    assert "a.backoffice.db" in ran.err
    assert [p.name for p in tmp_path.glob("a.*")] == ["a.backoffice.db"]
    assert (tmp_path / "a.backoffice.db").read_text() == "precious"


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("status: premium_plus", "tier: premium", None),
        ("amuont: 3900", "amount: 3900", "amuont"),
        ("atttickets:", "tickets:", "atttickets"),
        ("reinstate_everything", "reinstate_subscription", "reinstate_everything"),
        ("now: soon", "now: 2026-03-12T14:20:00Z", "'soon'"),
    ],
)
def test_a_mistake_in_the_scenario(
    handrail: Program, tmp_path: Path, wrong: str, right: str, words: str | None
):
    file = tmp_path / "mine.yaml"
    text = SCENARIO.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))
    ran = handrail("init", "--db", tmp_path / "a.db", "--scenario", file)
    assert ran.code == 2
    assert ran.err.startswith(f"handrail: {file}:")
    assert ran.err.count("\n") == 1
    assert words is None or words in ran.err
    assert not list(tmp_path.glob("a.*"))


def test_a_world_that_contradicts_itself(handrail: Program, tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text(SCENARIO.read_text().replace("id: ch_w2,", "id: ch_w1,", 1))
    ran = handrail("init", "--db", tmp_path / "a.db", "--scenario", file)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "a: [1\n", "\x00\x01"])
def test_no_scenario_at_all(handrail: Program, tmp_path: Path, content: str):
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    ran = handrail("init", "--db", tmp_path / "a.db", "--scenario", file)
    assert ran.code == 2
    assert str(file) in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.glob("a.*"))


def test_a_missing_scenario(handrail: Program, tmp_path: Path):
    ran = handrail("init", "--db", tmp_path / "a.db", "--scenario", tmp_path / "none.yaml")
    assert ran.code == 2
    assert "none.yaml" in ran.err


def test_the_schema_revision_that_is_written_out():
    assert workspace.known_revisions()[0] == workspace.NEWEST
