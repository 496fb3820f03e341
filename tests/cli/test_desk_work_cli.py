"""An operator's work on tickets, from the shell."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest

from tests.cli.conftest import Program, Ran, work_off
from tests.operators_support import CHEAP

Made = Callable[[str], Path]


@pytest.fixture
def desk(worked: Made) -> Path:
    """A ticket whose refund waits for a person."""
    return worked("b1-duplicate-charge")


def shown(handrail: Program, db: Path, ticket: str = "T1") -> dict[str, object]:
    found: dict[str, object] = handrail("show", ticket, "--db", db, "--json").document["ticket"]
    return found


def test_a_ticket_is_taken_answered_and_handed_back(handrail: Program, desk: Path, tmp_path: Path):
    taken = handrail("take", "T1", "--db", desk, "--as", "maya", "--json")
    assert taken.code == 0
    assert taken.document["done"] == "taken"
    assert taken.document["ticket"]["owner"] == "maya"
    text = tmp_path / "answer.txt"
    text.write_text("Hello,\n\nwhich of the two do you mean?\n", encoding="utf-8")
    sent = handrail("send", "T1", text, "--db", desk, "--as", "maya")
    assert sent.code == 0
    assert "is on its way" in sent.out
    assert "no worker" in sent.err
    work_off(desk)
    ticket = shown(handrail, desk)
    assert ticket["reply"] == "Hello,\n\nwhich of the two do you mean?"
    for_people = handrail("show", "T1", "--db", desk).out
    assert "owner: maya" in for_people
    assert handrail("handback", "T1", "--note", "asked", "--db", desk, "--as", "maya").code == 0
    assert shown(handrail, desk)["owner"] == "agents"
    assert "internal note" in handrail("show", "T1", "--db", desk).out
    again = handrail("handback", "T1", "--db", desk)
    assert again.code == 1
    assert again.err == "handrail: the agents have ticket T1 already\n"


def test_the_answer_comes_from_one_place(handrail: Program, desk: Path, tmp_path: Path):
    ran = handrail("send", "T1", "-", "--db", desk, "--as", "maya", "--resolve", stdin="All done.")
    assert ran.code == 0
    work_off(desk)
    assert shown(handrail, desk)["status"] == "resolved"
    for wrong in ([], ["-", "--body", "x"], ["--body", "x", "--macro", "y"]):
        ran = handrail("send", "T1", *wrong, "--db", desk)
        assert ran.code == 2
        assert "once" in ran.err
    empty = handrail("send", "T1", "--body", "  ", "--db", desk, "--as", "maya")
    assert (empty.code, empty.out) == (1, "")
    missing = handrail("send", "T1", tmp_path / "none.txt", "--db", desk, "--as", "maya")
    assert missing.code == 2
    assert "none.txt" in missing.err
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert handrail("send", "T1", tmp_path / "bytes", "--db", desk, "--as", "maya").code == 2


def test_macros(handrail: Program, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = tmp_path / "settings.toml"
    settings.write_text(
        '[macros]\nlater = "Hello {{ name }}, more about {{ ref }} soon. {{ operator }}"\n'
        'typo = "Hello {{ nmae }}"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("HANDRAIL_SETTINGS", str(settings))
    wrong = handrail("send", "T1", "--macro", "typo", "--db", desk, "--as", "maya")
    assert wrong.code == 2
    assert "nmae" in wrong.err
    assert wrong.err.count("\n") == 1
    unknown = handrail("send", "T1", "--macro", "soon", "--db", desk, "--as", "maya")
    assert unknown.code == 2
    assert "later, typo" in unknown.err
    sent = handrail("send", "T1", "--macro", "later", "--db", desk, "--as", "maya", "--json")
    assert sent.code == 0
    assert sent.document["body"].endswith("more about T1 soon. maya")
    assert "{{" not in sent.document["body"]


def test_notes_priority_and_assigning(handrail: Program, desk: Path):
    assert handrail("note", "T1", "called, no answer", "--db", desk, "--as", "maya").code == 0
    assert handrail("priority", "T1", "urgent", "--db", desk).out == "T1: urgent, was normal\n"
    assert handrail("priority", "T1", "soon", "--db", desk).code == 2
    assert handrail("assign", "T1", "omar", "--db", desk, "--as", "maya").code == 0
    ticket = shown(handrail, desk)
    assert (ticket["owner"], ticket["priority"]) == ("omar", "urgent")
    notes = [m for m in ticket["messages"] if m["from"] == "note"]  # type: ignore[attr-defined]
    assert [(n["name"], n["body"]) for n in notes] == [("maya", "called, no answer")]
    assert handrail("retry", "T1", "--db", desk).code == 1


def test_merging_and_closing(handrail: Program, desk: Path):
    second = handrail("ingest", "-", "--db", desk, stdin=json.dumps([{"body": "Me again."}]))
    assert second.code == 0, second.err
    listed = handrail("tickets", "--db", desk, "--json").document["tickets"]
    (other,) = [t["ref"] for t in listed if t["ref"] != "T1"]
    merged = handrail("merge", other, "T1", "--db", desk, "--as", "maya")
    assert merged.out == f"{other}: merged into T1, and closed\n"
    assert "merged into" in handrail("show", other, "--db", desk).out
    again = handrail("merge", other, "T1", "--db", desk)
    assert again.code == 1
    assert "was merged into T1" in again.err
    assert handrail("merge", "T1", "T1", "--db", desk).code == 1
    assert handrail("merge", "T1", "T9", "--db", desk).code == 2
    closed = handrail("close", "T1", "--reason", "handled by phone", "--db", desk, "--json")
    assert closed.code == 0
    assert closed.document["ticket"]["status"] == "closed"
    assert handrail("approvals", "--db", desk, "--json").document["total"] == 0
    assert handrail("resolve", "T1", "--reason", "done", "--db", desk).code == 1


def test_proposing_waits_for_approval_and_runs(handrail: Program, desk: Path):
    propose = ("propose", "T1", "issue_credit", "--db", desk, "--as", "maya")
    for settings, said in (
        (["amount=5.00", "currency=eur"], "write amount=500"),
        (["amount=500"], "currency"),
        (["amount=500", "currency=eur", "reason=x"], "no argument 'reason'"),
        (["amount"], "NAME=VALUE"),
    ):
        given = [each for setting in settings for each in ("--set", setting)]
        wrong = handrail(*propose, *given)
        assert wrong.code == 2
        assert said in wrong.err
        assert wrong.err.count("\n") == 1
    ran = handrail(
        *propose, "--set", "amount=500", "--set", "currency=eur", "--reason", "sorry", "--json"
    )
    assert ran.code == 0
    action = ran.document["action"]
    early = handrail("approve", action, "--db", desk)
    assert early.code == 1
    assert "not worked out" in early.err
    work_off(desk)
    assert handrail("approve", action, "--db", desk, "--as", "sam").code == 0
    work_off(desk)
    done = handrail("show", "T1", "--db", desk, "--json").document["actions"]
    (credit,) = [a for a in done if a["id"] == action]
    assert (credit["state"], credit["proposed_by"], credit["reason"]) == (
        "verified",
        "maya",
        "sorry",
    )
    assert handrail("propose", "T1", "undo", "--set", "action=a", "--db", desk).code == 1


def test_a_field_of_a_record_is_proposed_by_its_name(handrail: Program, desk: Path):
    ran = handrail(
        "propose", "T1", "update_crm", "--set", "changes.language=fr", "--db", desk, "--json"
    )
    assert ran.code == 0
    assert ran.document["arguments"]["changes"] == {"language": "fr"}
    wrong = handrail("propose", "T1", "update_crm", "--set", "changes.tier=gold", "--db", desk)
    assert wrong.code == 2


def test_the_human_queue(handrail: Program, worked: Made):
    desk = worked("e3-wants-a-person")
    (handoff,) = handrail("handoffs", "--db", desk, "--json").document["handoffs"]
    assert handoff["ref"] == "T1"
    assert set(handoff["summary"]) == {"needs", "tried", "missing", "next"}
    table = handrail("handoffs", "--db", desk).out
    assert "T1" in table
    assert handoff["skill"] in table
    assert handrail("handoffs", "--skill", "nosuch", "--db", desk, "--json").document["total"] == 0
    assert handrail("accept", "T1", "--db", desk, "--as", "maya").code == 0
    assert handrail("handoffs", "--db", desk, "--json").document["total"] == 0
    assert handrail("accept", "T1", "--db", desk, "--as", "maya").code == 1
    assert shown(handrail, desk)["owner"] == "maya"


def test_being_there(handrail: Program, desk: Path):
    gone = handrail("away", "--db", desk, "--json")
    assert gone.document["available"] is False
    name = gone.document["operator"]
    (now,) = handrail("operators", "--db", desk, "--json").document["operators"]
    assert (now["name"], now["available"]) == (name, False)
    assert handrail("available", "--db", desk).out == f"{name} is available\n"
    (now,) = handrail("operators", "--db", desk, "--json").document["operators"]
    assert now["available"] is True
    stranger = handrail("away", "--db", desk, "--as", "nobody")
    assert stranger.code == 1
    assert "no operator" in stranger.err


def test_what_another_has_is_told_and_taken_only_on_insisting(
    handrail: Program, desk: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: CHEAP)
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    for name, role in (("olga", "operator"), ("omar", "operator"), ("vera", "viewer")):
        add = ("operators", "add", name, "--role", role, "--passphrase-stdin", "--db", desk)
        assert handrail(*add, stdin=f"the words of {name}\n").code == 0

    def by(name: str, command: str, *rest: str, body: str = "") -> Ran:
        who = ("--db", desk, "--as", name, "--passphrase-stdin")
        return handrail(command, "T1", *rest, *who, stdin=f"the words of {name}\n{body}")

    assert handrail("take", "T1", "--db", desk, "--as", "olga").code == 2
    refused = by("vera", "take")
    assert refused.code == 1
    assert "viewer" in refused.err
    assert by("olga", "take").code == 0
    told = by("omar", "send", "-", body="Hello")
    assert told.code == 1
    assert "olga has ticket T1" in told.err
    assert by("omar", "take", "--force").out == "T1: it is yours now, and was olga's\n"
    sent = by("omar", "send", "-", "--json", body="Hello from me.\n")
    assert sent.code == 0
    assert sent.document["body"] == "Hello from me."
