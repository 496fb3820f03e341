"""`handrail qa`: checks of ended tickets, the review queue, and what goes wrong in one line."""

import json
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
from sqlalchemy import update

from data.queries.quality import QUALITY
from data.workspace import open_workspace
from tests.cli.conftest import Program
from tests.operators_support import CHEAP

Made = Callable[[str], Path]


@pytest.fixture
def checked(handrail: Program, worked: Made, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose one ticket, a legal threat, went to a person and was checked."""
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: CHEAP)
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    monkeypatch.setattr("console.signing_in.kept_token", lambda place: None)
    path = worked("e2-legal-threat")
    ran = handrail("qa", "run", "--db", path)
    assert (ran.code, ran.out) == (0, "1 ticket(s) checked, 0 left as they were\n")
    return path


def spoil(path: Path) -> None:
    """Let the compliance of the ticket be low."""
    workspace = open_workspace(str(path), create=False, synchronous="OFF")
    rows = [{"name": "compliance", "score": 0.1, "reason": "Too much was said.", "events": [2],
             "by": "rule"}]  # fmt: skip
    with workspace.write() as tx:
        values = {"checks": rows, "overall": 0.1, "verdict": "review"}
        tx.connection.execute(update(QUALITY).values(**values))
    workspace.close()


def test_before_anything_is_checked(handrail: Program, worked: Made) -> None:
    path = worked("e2-legal-threat")
    listed = handrail("qa", "--db", path)
    assert (listed.code, listed.out, listed.err) == (0, "", "no checks\n")
    shown = handrail("qa", "show", "T1", "--db", path)
    assert shown.code == 2
    assert "`handrail qa run` now" in shown.err
    agreed = handrail("qa", "agree", "T1", "--db", path)
    assert agreed.code == 1
    assert "not checked yet" in agreed.err


def test_the_listing_and_its_document(handrail: Program, checked: Path) -> None:
    listed = handrail("qa", "--db", checked)
    assert "✓ passed" in listed.out
    assert "1 passed; 0 wait for a person" in listed.err
    document = handrail("qa", "--json", "--db", checked).document
    assert (document["total"], document["waiting"]) == (1, 0)
    (check,) = document["checks"]
    assert (check["ref"], check["overall"], check["verdict"]) == ("T1", 1.0, "passed")
    names = [each["name"] for each in check["checks"]]
    assert names == ["resolution", "sentiment", "escalation", "compliance"]
    escalation = check["checks"][2]
    assert "E2" in escalation["reason"]
    assert escalation["events"]
    assert [a["check"] for a in document["agreement"]] == names
    assert handrail("qa", "list", "--json", "--db", checked).document == document


def test_one_ticket_with_its_reasons_and_events(handrail: Program, checked: Path) -> None:
    shown = handrail("qa", "show", "T1", "--db", checked)
    assert shown.code == 0
    assert "sentiment   ·········· no data" in shown.out
    assert "Handed to a person, as the policy asks for (E2)." in shown.out
    assert "▲ hand-over" in shown.out
    assert handrail("qa", "show", "T1", "--json", "--db", checked).document["ref"] == "T1"


def test_since_and_what_is_checked_already(handrail: Program, checked: Path) -> None:
    later = handrail("qa", "--since", "2030-01-01", "--json", "--db", checked).document
    assert later["total"] == 0
    bad = handrail("qa", "--since", "soon", "--db", checked)
    assert bad.code == 2
    assert "is no day" in bad.err
    left = handrail("qa", "run", "--db", checked)
    assert left.out == "0 ticket(s) checked, 1 left as they were\n"
    again = handrail("qa", "run", "T1", "--again", "--json", "--db", checked).document
    assert again == {"checked": 1, "seen": 1, "failed": []}


def test_the_review_queue(handrail: Program, checked: Path) -> None:
    spoil(checked)
    waiting = handrail("qa", "--needs-review", "--json", "--db", checked).document
    assert [c["needs_review"] for c in waiting["checks"]] == [True]
    where = ("--check", "compliance", "--db", checked)
    without = handrail("qa", "correct", "T1", "--score", "1", *where)
    assert (without.code, without.out) == (1, "")
    assert "needs a note" in without.err
    beyond = handrail("qa", "correct", "T1", "--score", "7", "--note", "x", *where)
    assert beyond.code == 1
    assert "between 0 and 1" in beyond.err
    wrong = handrail("qa", "correct", "T1", "--check", "tone", "--score", "1", "--db", checked)
    assert wrong.code == 2
    done = handrail("qa", "correct", "T1", "--score", "1", "--note", "fine", *where)
    assert done.out == "T1: compliance is 1.00; overall 1.00\n"
    assert "✎" in handrail("qa", "show", "T1", "--db", checked).out
    assert handrail("qa", "--needs-review", "--json", "--db", checked).document["total"] == 0
    agreed = handrail("qa", "agree", "T1", "--json", *where).document
    assert agreed["checks"][0]["review"]["agreed"]
    assert "people agree: compliance 1 of 1 (100%)" in handrail("qa", "--db", checked).err


def test_quality_is_among_the_measures(handrail: Program, checked: Path) -> None:
    document = handrail("kpi", "--since", "all", "--json", "--db", checked).document
    quality = document["measures"]["quality"]
    assert (quality["value"], quality["count"]) == (1.0, 1)


def test_a_viewer_sees_no_names(
    handrail: Program, checked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(checked)
    note = "Viktor Hruby was told the truth"
    correct = ("qa", "correct", "T1", "--check", "compliance", "--score", "1", "--note", note)
    assert handrail(*correct, "--db", checked).code == 0
    stdin, secret = ("--passphrase-stdin", "--db", checked), "battery staple\n"
    added = handrail("operators", "add", "vera", "--role", "viewer", *stdin, stdin=secret)
    assert added.code == 0, added.err
    token = handrail("operators", "sign-in", "--as", "vera", *stdin, stdin=secret).out.split()[-1]
    monkeypatch.setenv("HANDRAIL_TOKEN", token)
    for arguments in (("qa", "--json"), ("qa", "show", "T1")):
        shown = handrail(*arguments, "--db", checked)
        assert shown.code == 0, shown.err
        assert "Hruby" not in shown.out
        assert "was told the truth" in shown.out
        assert "masked" in shown.err
    assert handrail(*correct, "--as", "vera", "--db", checked).code == 1


def test_a_worker_checks_what_it_ends(process: Program, new: Made) -> None:
    path = new("p1-german")
    worked = process("work", "--until-idle", "--db", path)
    assert worked.code == 0, worked.err
    document = json.loads(process("qa", "--json", "--db", path).out)
    assert [c["verdict"] for c in document["checks"]] == ["passed"]
