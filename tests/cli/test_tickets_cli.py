"""`handrail tickets`: what it finds, in which order, and when tickets are due."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from console.bootstrap import open_session
from tests.cli.conftest import Program
from tests.tui.company import fill


@pytest.fixture
def db(handrail: Program, tmp_path: Path) -> Path:
    place = tmp_path / "w.db"
    handrail("init", "--db", place)
    session = open_session(str(place))
    fill(session.store)
    now = session.store.clock.now()
    with session.store.write() as t:
        t.set_ticket("t_t-1", due_at=now - timedelta(minutes=12, seconds=30), money_at_risk=1850)
        t.set_ticket("t_t-3", due_at=now + timedelta(minutes=30))
        t.set_ticket("t_t-4", due_at=now + timedelta(hours=5), owner=session.operator)
    session.close()
    return place


def refs(handrail: Program, db: Path, *arguments: str) -> list[str]:
    found = handrail("tickets", "--db", db, "--json", *arguments).document
    assert found["total"] == len(found["tickets"])
    return [ticket["ref"] for ticket in found["tickets"]]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("newest", ["T-6", "T-1", "T-2"]),
        ("oldest", ["T-5", "T-4", "T-3"]),
        ("priority", ["T-4", "T-3", "T-2"]),
        ("due", ["T-1", "T-3", "T-4"]),
        ("money", ["T-1", "T-6", "T-2"]),
    ],
)
def test_what_comes_first(handrail: Program, db: Path, sort: str, first: list[str]) -> None:
    assert refs(handrail, db, "--sort", sort)[:3] == first


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (["charged", "twice"], ["T-1"]),
        (['"charged twice"'], ["T-1"]),
        (['"twice charged"'], []),
        (["refund -last"], []),
        (["status:new,resolved"], ["T-6", "T-5"]),
        (["is:breaching"], ["T-1", "T-3"]),
        (["is:mine"], ["T-4"]),
        (["flag:instruction_attempt"], ["T-2"]),
        (["customer:ada", "amount:>1000"], ["T-1"]),
        (["--view", "escalated"], ["T-4"]),
        (["--", "-status:awaiting_approval", "-is:ended"], ["T-6", "T-4"]),
    ],
)
def test_what_is_found(handrail: Program, db: Path, query: list[str], found: list[str]) -> None:
    assert refs(handrail, db, *query) == found


def test_when_a_ticket_is_due(handrail: Program, db: Path) -> None:
    found = handrail("tickets", "--db", db, "--json").document["tickets"]
    due = {ticket["ref"]: ticket["due_at"] for ticket in found}
    assert due["T-6"] is None
    assert datetime.fromisoformat(due["T-1"]).utcoffset() == timedelta(0)
    table = handrail("tickets", "--db", db).out
    assert "-12m late" in table
    assert " soon" in table
    assert " left" in table
    one = handrail("show", "T-1", "--db", db, "--json").document
    assert one["ticket"]["due_at"] == due["T-1"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("stauts:new", "character 1: no field 'stauts'; did you mean status?"),
        ("refund is:min", "character 11: is:min is unknown; did you mean mine?"),
        ('"charged', 'character 1: a quotation mark is not closed: add the second "'),
    ],
)
def test_what_is_not_understood(handrail: Program, db: Path, query: str, said: str) -> None:
    ran = handrail("tickets", "--db", db, query)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_view_that_there_is_not(handrail: Program, db: Path) -> None:
    ran = handrail("tickets", "--db", db, "--view", "theirs")
    assert ran.code == 2
    assert "no view 'theirs'; there are mine, open, needs approval" in ran.err
