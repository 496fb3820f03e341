"""Decisions from the shell: approve, reject, edit, undo, retry."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Program, work_off

Made = Callable[[str], Path]


@pytest.fixture
def desk(worked: Made) -> Path:
    return worked("wrongful-cancellation")


def waiting(handrail: Program, db: Path) -> dict[str, str]:
    """Target to id of what waits for a decision."""
    listed = handrail("approvals", "--db", db, "--json").document["approvals"]
    return {action["target"]: action["id"] for action in listed}


def test_approve_several(handrail: Program, desk: Path):
    ids = list(waiting(handrail, desk).values())
    ran = handrail("approve", *ids, "--db", desk, "--as", "eve")
    assert ran.code == 0
    assert ran.out.count(": approved") == 4
    assert ran.err == "no worker is running; `handrail work` carries it out\n"
    work_off(desk)
    shown = handrail("show", "T1", "--db", desk, "--json").document
    assert shown["ticket"]["status"] == "resolved"
    assert "39.00" in shown["ticket"]["reply"]
    done = {a["id"]: a for a in shown["actions"]}
    assert all(done[i]["state"] == "verified" and done[i]["decided_by"] == "eve" for i in ids)
    rows = handrail("backoffice", "charges", "--db", desk, "--json").document["charges"]
    assert {c["id"] for c in rows if c["status"] == "refunded"} == {"ch_w2", "ch_w3"}


def test_what_is_decided_is_named(handrail: Program, desk: Path):
    first, second, *_ = waiting(handrail, desk).values()
    assert handrail("approve", first, "--db", desk).code == 0
    ran = handrail("approve", first, second, "--db", desk, "--json")
    assert ran.code == 1
    assert [d["id"] for d in ran.document["decided"]] == [second]
    assert [f["id"] for f in ran.document["failed"]] == [first]
    assert f"action {first} is approved" in ran.err


def test_an_unknown_id_stops_it_before_anything_is_decided(handrail: Program, desk: Path):
    first, *_ = waiting(handrail, desk).values()
    ran = handrail("approve", first, "a_none", "--db", desk)
    assert ran.code == 2
    assert "a_none" in ran.err
    assert first in waiting(handrail, desk).values()


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(handrail: Program, desk: Path):
    first, *_ = waiting(handrail, desk).values()
    assert handrail("approve", first[:-1], "--db", desk).code == 0
    ambiguous = handrail("approve", "a_", "--db", desk)
    assert ambiguous.code == 2
    assert "more than one" in ambiguous.err


def test_two_people(handrail: Program, worked: Made):
    desk = worked("approval-two-people")
    (action,) = waiting(handrail, desk).values()
    first = handrail("approve", action, "--db", desk, "--as", "ann")
    assert first.code == 0
    assert "another person" in first.out
    again = handrail("approve", action, "--db", desk, "--as", "ann")
    assert again.code == 1
    assert "second person" in again.err
    assert "1 of 2" in handrail("approvals", "--db", desk).out
    assert handrail("--as", "bob", "approve", action, "--db", desk).code == 0
    assert waiting(handrail, desk) == {}


def test_reject(handrail: Program, desk: Path):
    action = waiting(handrail, desk)["charges:ch_w2"]
    empty = handrail("reject", action, "--reason", " ", "--db", desk)
    assert empty.code == 2
    ran = handrail("reject", action, "--reason", "paid back by hand", "--db", desk, "--as", "eve")
    assert ran.code == 0
    shown = handrail("show", "T1", "--db", desk, "--json").document
    (rejected,) = [a for a in shown["actions"] if a["id"] == action]
    assert (rejected["state"], rejected["decision_reason"]) == ("rejected", "paid back by hand")


def test_edit_supersedes(handrail: Program, desk: Path):
    action = waiting(handrail, desk)["charges:ch_w2"]
    ran = handrail("edit", action, "--set", "amount=1500", "--db", desk, "--as", "eve")
    assert ran.code == 0
    assert "15.00 EUR" in ran.out
    successor = ran.out.split(" ")[0]
    assert successor != action
    late = handrail("approve", action, "--db", desk)
    assert late.code == 1
    assert successor in late.err
    again = handrail("edit", action, "--set", "amount=1600", "--db", desk)
    assert again.code == 1
    assert successor in again.err
    shown = handrail("show", "T1", "--db", desk, "--json").document
    (now,) = [a for a in shown["actions"] if a["arguments"].get("charge") == "ch_w2"]
    assert (now["id"], now["arguments"]["amount"]) == (successor, 1500)
    assert [old["id"] for old in now["supersedes"]] == [action]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("amount", "NAME=VALUE"),
        ("amuont=3", "no argument 'amuont'"),
        ("amount=15.00", "write amount=1500"),
        ("amount=some", "minor units"),
        ("amount=-5", "amount"),
        ("amount.x=5", "no fields"),
        ("currency=euro", "currency"),
    ],
)
def test_an_edit_that_does_not_fit(handrail: Program, desk: Path, setting: str, words: str):
    action = waiting(handrail, desk)["charges:ch_w2"]
    ran = handrail("edit", action, "--set", setting, "--db", desk)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert action in waiting(handrail, desk).values()


@pytest.mark.parametrize(
    ("setting", "words"),
    [("amount=3901", "39.00 EUR left"), ("amount=3900", "nothing was changed")],
)
def test_an_edit_that_the_records_refuse(handrail: Program, desk: Path, setting: str, words: str):
    action = waiting(handrail, desk)["charges:ch_w2"]
    ran = handrail("edit", action, "--set", setting, "--db", desk)
    assert ran.code == 1
    assert words in ran.err


def test_edit_a_field_of_a_record(handrail: Program, worked: Made):
    desk = worked("a1-new-name")
    (action,) = waiting(handrail, desk).values()
    before = handrail("approvals", "--db", desk, "--json").document["approvals"][0]["arguments"]
    ran = handrail("edit", action, "--set", "changes.name=Somebody Else", "--db", desk, "--json")
    assert ran.code == 0
    (decided,) = ran.document["decided"]
    expected = {**before, "changes": {**before["changes"], "name": "Somebody Else"}}
    assert decided["arguments"] == expected
    assert decided["was"] == action


def test_undo(handrail: Program, desk: Path):
    action = waiting(handrail, desk)["charges:ch_w2"]
    early = handrail("undo", action, "--db", desk)
    assert early.code == 1
    handrail("approve", *waiting(handrail, desk).values(), "--db", desk)
    work_off(desk)
    assert handrail("undo", action, "--db", desk).code == 0
    work_off(desk)
    shown = handrail("show", "T1", "--db", desk, "--json").document
    assert {a["id"]: a["state"] for a in shown["actions"]}[action] == "undone"
    assert handrail("undo", "a_none", "--db", desk).code == 2


def test_retry(handrail: Program, desk: Path):
    ran = handrail("retry", "T1", "--db", desk, "--json")
    assert ran.code == 0
    assert ran.document["retried"]
    assert handrail("status", "--db", desk, "--json").document["waiting_for_agents"] == 1
    unknown = handrail("retry", "T9", "--db", desk)
    assert unknown.code == 2
    assert "'T9'" in unknown.err
