"""`handrail replay TICKET --fork STEP`: both ways, and what is wrong in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.policy.model import PACKAGED
from tests.cli.conftest import Program, work_off


@pytest.fixture
def decided(worked: Callable[[str], Path], handrail: Program) -> Path:
    """A workspace whose refund was approved and carried out."""
    db = worked("b1-duplicate-charge")
    (asked,) = handrail("approvals", "--db", db, "--json").document["approvals"]
    assert handrail("approve", asked["id"], "--db", db, "--as", "ana").code == 0
    work_off(db)
    return db


def step(handrail: Program, db: Path, kind: str) -> int:
    """The first step of a kind."""
    steps = handrail("replay", "T1", "--db", db, "--json").document["steps"]
    return next(int(each["at"]) for each in steps if each["kind"] == kind)


def test_both_ways_and_their_difference(decided: Path, handrail: Program) -> None:
    at = step(handrail, decided, "action.approved")
    ran = handrail("replay", "T1", "--fork", at, "--set", "amount=1000", "--db", decided, "--json")
    assert ran.code == 0
    found = ran.document
    assert set(found["difference"]) == {"status", "actions", "money", "reply", "steps", "cost"}
    assert found["changed"] == {"amount": "1000"}
    assert (found["step"], found["from"]) == (at, at - 1)
    (currency,) = found["original"]["money"]
    moved = found["original"]["money"][currency]
    assert found["fork"]["money"] == {currency: 1000}
    assert found["difference"]["money"] == {currency: 1000 - moved}
    assert found["difference"]["status"] is None
    assert "10.00" in found["fork"]["reply"]
    (change,) = [a for a in found["difference"]["actions"] if a["action"] == "process_refund"]
    assert change["fork"]["decided_by"] == "what-if"

    shown = handrail("show", "T1", "--db", decided, "--json").document
    assert shown["ticket"]["status"] == found["original"]["status"]
    words = handrail("replay", "T1", "--fork", at, "--set", "decide=reject", "--db", decided).out
    assert "with decide=reject" in words
    assert "≠   status" in words
    assert "✗ rejected" in words


def test_another_policy(decided: Path, tmp_path: Path, handrail: Program) -> None:
    file = tmp_path / "strict.yaml"
    file.write_text(
        PACKAGED.read_text().replace("process_refund: ask", "process_refund: forbidden")
    )
    at = step(handrail, decided, "plan")
    fork = ("replay", "T1", "--fork", at, "--db", decided, "--policy")
    found = handrail(*fork, file, "--json").document
    assert found["difference"]["status"] == {"original": "resolved", "fork": "escalated"}
    assert found["changed"] == {"policy": str(file)}
    file.write_text("policy: 1\napproval: {}\n")
    ran = handrail(*fork, file, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert f"{file}:2: approval.actions" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fork", "999"), "no step 999 to fork from; the ticket has steps 1 to"),
        (("--fork", "0"), "should be greater than or equal to 1"),
        (("--set", "decide=reject"), "add --fork STEP"),
        (("--fork", "3", "--set", "decide=maybe"), "it is one of approve, reject"),
        (("--fork", "3", "--set", "amount"), "'amount' is not NAME=VALUE"),
        (("--fork", "3", "--set", "decide=reject", "--set", "amount=1"), "no arguments to change"),
        (("--fork", "3", "--set", "amout=1"), "process_refund has no argument 'amout'"),
        (("--fork", "3", "--brain", "wise"), "it is one of embedded, llm"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    decided: Path, handrail: Program, options: tuple[str, ...], said: str
) -> None:
    ran = handrail("replay", "T1", *options, "--db", decided, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_viewer_sees_a_fork_without_personal_data(decided: Path, handrail: Program) -> None:
    before = handrail("replay", "T1", "--fork", 1, "--db", decided, "--json").document
    name = handrail("show", "T1", "--db", decided, "--json").document["ticket"]["requester"]
    handrail("operators", "add", "vera", "--role", "viewer", "--db", decided)
    ran = handrail("replay", "T1", "--fork", 1, "--db", decided, "--json")
    assert ran.code == 0
    assert "personal data is masked" in ran.err
    assert name not in ran.out
    assert ran.document["fork"]["status"] == before["fork"]["status"]
    assert ran.document["fork"]["reply"] != before["fork"]["reply"]
