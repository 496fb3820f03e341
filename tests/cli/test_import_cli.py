"""`handrail import`: counts, rejects, duplicates; what becomes of a run; nobody goes on with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.errors import NotDecidable
from agents.policy.model import load_policy
from agents.service import NewTicket, Service
from data.queries.queue import find_ticket, pending_tickets
from data.queries.tickets import ticket_detail, ticket_events
from data.replay.checking import check_all
from data.workspace import Workspace, open_workspace
from tests.cli.conftest import Program

SHARED = Path(__file__).parents[3] / "shared" / "corpora" / "trajectories" / "airline.jsonl"

RUN = {
    "id": "shop-1",
    "model": "other-2",
    "reward": 0.5,
    "messages": [
        {"role": "system", "content": "You help the customers of Pia's shop."},
        {"role": "assistant", "content": "Hello! What can I do?"},
        {"role": "user", "content": "I am Ida Holm, ida@example.com. Where is order 77?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "find_order", "arguments": '{"who": "Ida Holm"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "Error: Ida Holm has no order"},
        {"role": "assistant", "content": "There is none, Ida Holm."},
    ],
}
"""Written for these tests."""


def lines(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records))
    return path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.db"


def opened(db: Path) -> Workspace:
    return open_workspace(str(db))


def test_a_run_becomes_a_ticket_that_has_ended(handrail: Program, db: Path, tmp_path: Path) -> None:
    ran = handrail("import", lines(tmp_path / "pia.jsonl", RUN), "--json", "--db", db)
    assert ran.code == 0
    assert (ran.document["imported"], ran.document["duplicates"]) == (1, 0)
    store = opened(db)
    try:
        ticket = find_ticket(store, "shop-1")
        assert ran.document["tickets"] == [ticket]
        detail = ticket_detail(store, ticket)
        assert (detail.ticket.status, detail.channel) == ("closed", "import")
        assert [(m.author, m.body[:9]) for m in detail.messages] == [
            ("agent", "Hello! Wh"), ("customer", "I am Ida "), ("agent", "There is "),
        ]  # fmt: skip
        assert [run.brain for run in detail.runs] == ["pia:other-2"]
        events = ticket_events(store, ticket)
        assert [e.kind for e in events] == [
            "ticket.opened", "run.started", "reply", "message.received", "tool.called", "reply",
            "run.ended",
        ]  # fmt: skip
        called = events[4].data
        assert called["tool"] == "find_order"
        assert called["input"] == {"who": "[8 characters]"}
        assert called["error"] == "the tool answered with an error"
        assert "Ida" not in json.dumps([e.data for e in events])
        assert "example.com" not in json.dumps([e.data for e in events])
        assert check_all(store).differences == []
    finally:
        store.close()
    shown = handrail("replay", "shop-1", "--at", "4", "--json", "--db", db).document
    assert [m["author"] for m in shown["state"]["messages"]] == ["agent", "customer"]
    assert shown["state"]["ticket"]["status"] == "working"


def test_malformed_runs_are_named_and_the_others_taken(
    handrail: Program, db: Path, tmp_path: Path
) -> None:
    other = {**RUN, "id": "shop-2"}
    path = lines(tmp_path / "in.jsonl", RUN, "{oops", {"id": "x"}, other, RUN)
    ran = handrail("import", path, "--json", "--db", db)
    assert ran.code == 1
    assert (ran.document["imported"], ran.document["duplicates"]) == (2, 1)
    assert [(r["line"], r["why"][:8]) for r in ran.document["rejected"]] == [
        (2, "not JSON"), (3, "it has n"),
    ]  # fmt: skip
    assert "rejected: line 3: it has no messages" in ran.err
    again = handrail("import", path, "--db", db)
    assert again.out.strip() == "0 imported, 3 there already, 2 rejected"


def test_characters_that_no_database_takes(handrail: Program, db: Path, tmp_path: Path) -> None:
    odd = "\ud800 \x00 \x1b[2J"
    call = {"id": odd, "function": {"name": f"find{odd}", "arguments": json.dumps({odd: odd})}}
    record = {
        "id": f"odd{odd}", "model": odd, odd: odd,
        "messages": [
            {"role": "user", "content": odd + "hello"},
            {"role": "assistant", "content": odd, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": odd, "content": odd},
        ],
    }  # fmt: skip
    path = lines(tmp_path / "in.jsonl", [record, {**RUN, "id": "shop-9"}])
    ran = handrail("import", path, "--json", "--db", db)
    assert (ran.code, ran.document["imported"]) == (0, 2), ran.err
    shown = handrail("replay", ran.document["tickets"][0], "--db", db)
    assert shown.code == 0
    assert "\x1b" not in shown.out


def test_the_ref_of_a_ticket_of_ones_own_is_not_taken(
    handrail: Program, db: Path, tmp_path: Path
) -> None:
    store = opened(db)
    Service(store, load_policy()).ingest(NewTicket("shop-1", "", "Hello", channel="import"))
    store.close()
    ran = handrail("import", lines(tmp_path / "in.jsonl", RUN), "--json", "--db", db)
    assert (ran.code, ran.document["imported"]) == (1, 0)
    assert "ref of a ticket of another kind" in ran.document["rejected"][0]["why"]


@pytest.mark.parametrize("text", ["", "\n\n", "[1, 2"])
def test_files_that_hold_no_run(handrail: Program, db: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(text)
    ran = handrail("import", path, "--db", db)
    assert ran.code in (1, 2)
    assert len(ran.err.strip().splitlines()) == 1


def test_a_file_that_is_not_there(handrail: Program, db: Path, tmp_path: Path) -> None:
    ran = handrail("import", tmp_path / "none.jsonl", "--db", db)
    assert ran.code == 2
    assert "there is no such file" in ran.err


def test_nobody_goes_on_with_a_run(handrail: Program, db: Path, tmp_path: Path) -> None:
    handrail("import", lines(tmp_path / "in.jsonl", RUN), "--db", db)
    store = opened(db)
    try:
        ticket, service = find_ticket(store, "shop-1"), Service(store, load_policy())
        for act in (
            lambda: service.receive(ticket, "Are you there?"),
            lambda: service.retry(ticket, by="maya"),
            lambda: service.take(ticket, by="maya"),
            lambda: service.send(ticket, "Yes", by="maya"),
            lambda: service.answer(ticket, "Yes", by="maya"),
        ):
            with pytest.raises(NotDecidable, match="recorded run of another agent"):
                act()
        with store.write() as tx:
            tx.wake(ticket)
        assert pending_tickets(store, 5) == []
    finally:
        store.close()


def test_the_measures_tell_it_apart(handrail: Program, db: Path, tmp_path: Path) -> None:
    handrail("import", lines(tmp_path / "in.jsonl", RUN), "--as-agent", "pia", "--db", db)
    for by, name in (("channel", "import"), ("model", "pia:other-2")):
        report = handrail("kpi", "--by", by, "--json", "--db", db).document
        assert all(m["value"] is None for m in report["measures"].values())
        (group,) = report["groups"]
        assert group["name"] == name
        values = group["measures"]
        assert values["tickets"]["value"] == 1
        assert values["first_response"]["value"] is None
        assert values["auto_resolution"]["value"] in (None, 0)
    assert handrail("kpi", "--by", "intent", "--json", "--db", db).document["groups"] == []


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded runs are not on this computer")
def test_recorded_runs_of_a_public_set(handrail: Program, db: Path) -> None:
    ran = handrail("import", SHARED, "--json", "--db", db)
    assert (ran.code, ran.document["imported"]) == (0, 50)
    checked = handrail("replay", "--check", "--json", "--db", db)
    assert (checked.code, checked.document["tickets"]) == (0, 50)
