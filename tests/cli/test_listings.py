"""What can be looked at: tickets, show, approvals, replay, backoffice, status, policy, doctor."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.service import NewTicket
from console.bootstrap import open_session
from tests.cli.conftest import Program

Made = Callable[[str], Path]
CASE = "wrongful-cancellation"


@pytest.fixture
def desk(worked: Made) -> Path:
    return worked(CASE)


@pytest.fixture
def many(handrail: Program, tmp_path: Path) -> Path:
    db = tmp_path / "many.db"
    handrail("init", "--db", db)
    session = open_session(str(db))
    session.service.ingest_many(
        [NewTicket(f"R{n}", f"subject {n}", "body", "a@example.com") for n in range(120)]
    )
    session.close()
    return db


def test_tickets(handrail: Program, desk: Path):
    (ticket,) = handrail("tickets", "--db", desk, "--json").document["tickets"]
    wanted = {
        "id", "ref", "status", "priority", "intent", "intents", "subject", "requester",
        "opened_at", "updated_at",
    }  # fmt: skip
    assert wanted <= set(ticket)
    assert ticket["status"] == "awaiting_approval"
    table = handrail("tickets", "--db", desk)
    assert "needs approval" in table.out
    assert table.err == "" or "1 ticket" in table.err


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (["status:awaiting_approval"], 1),
        (["status:resolved"], 0),
        (["plan", "cancelled"], 1),
        (["intent:billing", "from:tomasz"], 1),
        (["nowhere"], 0),
    ],
)
def test_a_query(handrail: Program, desk: Path, query: list[str], found: int):
    assert handrail("tickets", *query, "--db", desk, "--json").document["total"] == found


def test_a_query_that_cannot_be_understood(handrail: Program, desk: Path):
    ran = handrail("tickets", "status:nowhere", "--db", desk)
    assert ran.code == 2
    assert "status:nowhere" in ran.err


def test_pages(handrail: Program, many: Path):
    whole = handrail("tickets", "--db", many, "--json").document
    assert (len(whole["tickets"]), whole["total"]) == (120, 120)
    page = handrail("tickets", "--db", many, "--json", "--limit", 7, "--offset", 3).document
    assert page == {"tickets": whole["tickets"][3:10], "total": 120}
    table = handrail("tickets", "--db", many)
    assert "50 of 120 tickets; --offset 50" in table.err
    assert "past the last" in handrail("tickets", "--db", many, "--offset", 500).err


def test_show(handrail: Program, desk: Path):
    shown = handrail("show", "T1", "--db", desk, "--json").document
    ticket = shown["ticket"]
    assert [m["from"] for m in ticket["messages"]] == ["customer"]
    assert set(ticket["messages"][0]) >= {"from", "at", "body"}
    assert ticket["reply"] is None
    assert ticket["escalated"] is False
    assert "must decide" in ticket["reason"]
    assert {"flags", "outcome", "escalation"} <= set(ticket)
    assert {"id", "at", "agent", "kind", "data"} == set(shown["events"][0])
    refunds = [a for a in shown["actions"] if a["action"] == "process_refund"]
    assert sorted(a["arguments"]["charge"] for a in refunds) == ["ch_w2", "ch_w3"]
    assert {"id", "action", "state", "arguments", "decided_by", "reason", "preview", "undo"} <= set(
        refunds[0]
    )
    # The id names it as well as the ref does.
    assert handrail("show", ticket["id"], "--db", desk, "--json").document == shown


def test_show_for_people(handrail: Program, desk: Path):
    out = handrail("show", "T1", "--db", desk).out
    for words in ("Plan cancelled by you", "cause:", "Refund a charge", "39.00 EUR", "undo:"):
        assert words in out
    assert "canceled → active" in out
    assert "diagnosis" in out


def test_customer_text_is_data(handrail: Program, tmp_path: Path):
    db = tmp_path / "a.db"
    handrail("init", "--db", db)
    session = open_session(str(db))
    nasty = "[red]hi[/red] \x1b[31mred\x1b[0m \x07 [/] \u202eevil \x9b2J"
    session.service.ingest(NewTicket("N1", nasty, nasty, "[b]@example.com"))
    session.close()
    for command in (["tickets"], ["show", "N1"], ["replay", "N1"]):
        ran = handrail(*command, "--db", db)
        assert ran.code == 0
        assert not any(c in ran.out for c in "\x1b\x07\u202e\x9b")
    assert "[red]hi[/red]" in handrail("show", "N1", "--db", db).out


def test_approvals(handrail: Program, desk: Path):
    listed = handrail("approvals", "--db", desk, "--json").document["approvals"]
    assert len(listed) == 4
    wanted = {
        "id", "ticket", "action", "arguments", "amount", "currency", "reason", "asked_at",
        "expires_at", "people_needed", "decisions",
    }  # fmt: skip
    assert wanted <= set(listed[0])
    table = handrail("approvals", "--db", desk).out
    for words in ("Refund a charge", "39.00 EUR", "T1", "23h", listed[0]["id"]):
        assert words in table
    page = handrail("approvals", "--db", desk, "--json", "--limit", 1, "--offset", 1).document
    assert page == {"approvals": listed[1:2], "total": 4}


def test_replay(handrail: Program, desk: Path):
    steps = handrail("replay", "T1", "--db", desk, "--json").document["steps"]
    assert [s["at"] for s in steps] == list(range(1, len(steps) + 1))
    assert {"at", "time", "agent", "kind", "data"} == set(steps[0])
    assert steps[0]["kind"] == "ticket.opened"
    some = handrail("replay", "T1", "--at", 3, "--db", desk, "--json").document["steps"]
    assert some == steps[:3]
    assert "3  " in handrail("replay", "T1", "--at", 3, "--db", desk).out
    beyond = handrail("replay", "T1", "--at", 9999, "--db", desk)
    assert beyond.code == 2
    assert f"its last one is {len(steps)}" in beyond.err


def test_backoffice(handrail: Program, desk: Path):
    tables = handrail("backoffice", "--db", desk)
    assert "customers" in tables.out
    assert {"charges", "effects"} <= set(handrail("backoffice", "--db", desk, "--json").document)
    (effects,) = handrail("backoffice", "effects", "--db", desk, "--json").document.values()
    assert effects == []
    assert "ch_w2" in handrail("backoffice", "charges", "--db", desk).out
    page = handrail("backoffice", "charges", "--db", desk, "--json", "--limit", 1).document
    assert len(page["charges"]) == 1
    wrong = handrail("backoffice", "chargs", "--db", desk)
    assert wrong.code == 2
    assert "charges" in wrong.err


def test_status(handrail: Program, desk: Path):
    fine = handrail("status", "--db", desk, "--json")
    assert fine.code == 0
    assert fine.document["approvals"] == 4
    assert fine.document["money_at_risk"] == {"eur": 11700}
    assert "117.00 EUR" in handrail("status", "--db", desk).out


def test_status_names_what_is_wrong(handrail: Program, new: Made):
    ran = handrail("status", "--db", new(CASE))
    assert ran.code == 1
    assert "no worker is running" in ran.out


def test_doctor(handrail: Program, desk: Path, tmp_path: Path):
    ran = handrail("doctor", "--db", desk, "--json")
    assert ran.code == 0
    assert ran.document["ok"]
    assert {c["what"] for c in ran.document["checks"]} >= {"configuration", "database", "model"}
    none = handrail("doctor", "--db", tmp_path / "none.db")
    assert none.code == 0
    assert not (tmp_path / "none.db").exists()


def test_doctor_names_what_is_wrong(handrail: Program, desk: Path):
    (desk.parent / "policy.yaml").write_text("policy: 1\nescalate: {angre_over: 0.5}\n")
    desk.with_suffix(".backoffice.db").write_text("this is no database, and long enough to be one")
    ran = handrail("doctor", "--db", desk)
    assert ran.code == 1
    assert "policy.yaml:2: escalate.angre_over" in ran.out
    assert "back office" in ran.out


def test_policy_in_force(handrail: Program, desk: Path):
    packaged = handrail("policy", "show", "--db", desk, "--json").document
    assert packaged["from"]["policy"] is None
    mine = desk.parent / "policy.yaml"
    text = (Path(__file__).parents[2] / "data/policy/policy.yaml").read_text()
    mine.write_text(text.replace("two_people_over: 20000", "two_people_over: 100"))
    own = handrail("policy", "show", "--db", desk, "--json").document
    assert own["from"]["policy"] == str(mine)
    assert own["policy"]["approval"]["two_people_over"] == 100
    assert own["version"] != packaged["version"]
    assert "two_people_over: 100" in handrail("policy", "show", "--db", desk).out
    # A file that is named comes before the workspace's own.
    other = desk.parent / "other.yaml"
    other.write_text(text)
    named = handrail("--policy", other, "policy", "show", "--db", desk, "--json").document
    assert named["version"] == packaged["version"]


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("angre_over: 0.6", "anger_over: 0.6", "escalate.angre_over"),
        ("anger_over: much", "anger_over: 0.6", "escalate.anger_over"),
        ("process_refund: maybe", "process_refund: ask", "process_refund"),
        ("anger_over: 0.6\n  anger_over: 0.7", "anger_over: 0.6", "stands twice"),
    ],
)
def test_a_mistake_in_the_policy(handrail: Program, desk: Path, wrong: str, right: str, words: str):
    text = (Path(__file__).parents[2] / "data/policy/policy.yaml").read_text()
    mine = desk.parent / "mine.yaml"
    mine.write_text(text.replace(right, wrong, 1))
    for command in (["policy", "show"], ["work", "--until-idle"]):
        ran = handrail(*command, "--policy", mine, "--db", desk)
        assert ran.code == 2
        assert ran.err.startswith(f"handrail: {mine}:")
        assert words in ran.err
        assert ran.err.count("\n") == 1


def test_a_missing_policy(handrail: Program, desk: Path):
    ran = handrail("policy", "show", "--policy", desk.parent / "none.yaml", "--db", desk)
    assert ran.code == 2
    assert "none.yaml" in ran.err
