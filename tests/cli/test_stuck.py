"""A ticket that the agents keep failing on goes to a person."""

from collections.abc import Callable
from pathlib import Path

from agents.stuck import give_up
from agents.wiring import Places, open_parts
from data.queries.queue import find_ticket
from data.workspace import open_workspace
from tests.cli.conftest import Program


def fail(db: Path) -> None:
    workspace = open_workspace(str(db), create=False)
    try:
        with open_parts(workspace, Places()) as parts:
            give_up(parts, find_ticket(workspace, "T1"), RuntimeError("the  index\nis gone"))
    finally:
        workspace.close()


def test_before_anything_was_done(handrail: Program, new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    fail(db)
    shown = handrail("show", "T1", "--db", db, "--json").document
    ticket = shown["ticket"]
    assert (ticket["status"], ticket["escalated"]) == ("escalated", True)
    assert ticket["outcome"]["code"] == "tool_failed"
    assert "RuntimeError: the index is gone" in ticket["reason"]
    assert "run.failed" in [event["kind"] for event in shown["events"]]
    assert handrail("status", "--db", db, "--json").document["waiting_for_agents"] == 0


def test_what_waited_is_taken_back(handrail: Program, worked: Callable[[str], Path]):
    db = worked("wrongful-cancellation")
    handrail("retry", "T1", "--db", db)
    fail(db)
    shown = handrail("show", "T1", "--db", db, "--json").document
    assert {a["state"] for a in shown["actions"]} == {"withdrawn"}
    assert handrail("approvals", "--db", db, "--json").document["total"] == 0
    (handoff,) = shown["ticket"]["handoffs"]
    assert handoff["summary"]["next"]


def test_a_ticket_that_needs_nothing_is_left_alone(
    handrail: Program, worked: Callable[[str], Path]
):
    db = worked("wrongful-cancellation")
    fail(db)
    shown = handrail("show", "T1", "--db", db, "--json").document
    assert shown["ticket"]["status"] == "awaiting_approval"
