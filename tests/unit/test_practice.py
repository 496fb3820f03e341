"""Practice cases: every wrong action is wrong by the records, every course the same by its seed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agents.practice.cases import Case, Course
from agents.practice.wrongs import World, undue_refunds, wrongs
from data.vocabulary import ActionName
from tests.engine.desk import rules

AT = datetime(2026, 3, 20, 9, tzinfo=UTC)


def _charge(id: str, customer: str = "ada", **fields: Any) -> dict[str, Any]:
    plain = {"amount": 1000, "currency": "eur", "status": "succeeded", "refunded": 0,
             "at": "2026-03-10T00:00:00Z", "period_start": "2026-03-10"}  # fmt: skip
    return {"id": id, "customer": customer, **plain, **fields}


def _world(*charges: dict[str, Any], right: Any = (), **tables: Any) -> World:
    people = [
        {"id": "ada", "name": "Ada", "phone": "+34600100200"},
        {"id": "ben", "name": "Ben", "phone": "+34600100300"},
    ]
    tables = {"customers": people, "charges": list(charges), **tables}
    return World("ada", AT, rules().policy, tables, right)


REFUND = {"charge": "due", "amount": 1000, "currency": "eur"}


def test_what_can_be_wrong_with_a_refund() -> None:
    world = _world(
        _charge("due"),
        _charge("twin"),
        _charge("older", period_start="2026-02-10"),
        _charge("disputed", status="disputed"),
        _charge("gone", status="refunded", refunded=1000),
        _charge("failed", status="failed"),
        _charge("bens", "ben"),
        right=((ActionName.PROCESS_REFUND, REFUND),),
    )
    found = {
        (w.kind, w.arguments["charge"]): w for w in wrongs(ActionName.PROCESS_REFUND, REFUND, world)
    }
    assert set(found) == {
        ("too_much", "due"),
        ("another_charge", "older"),
        ("disputed", "disputed"),
        ("refunded_before", "gone"),
        ("never_paid", "failed"),
        ("other_customer", "bens"),
    }
    assert found["too_much", "due"].arguments["amount"] == 2000
    assert "Ben" in found["other_customer", "bens"].why


def test_of_a_partly_refunded_charge_the_whole_is_too_much() -> None:
    charge = _charge("due", refunded=400, status="partially_refunded")
    rest = {**REFUND, "amount": 600}
    found = wrongs(
        ActionName.PROCESS_REFUND, rest, _world(charge, right=((ActionName.PROCESS_REFUND, rest),))
    )
    assert [(w.kind, w.arguments["amount"]) for w in found] == [
        ("too_much", 1200), ("refunded_before", 1000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"at": "2026-03-06T00:00:00Z"}, []),
        ({"at": "2026-03-05T23:00:00Z"}, ["too_late"]),
        ({"status": "disputed"}, ["disputed"]),
        ({"status": "failed"}, []),
    ],
)
def test_a_refund_that_is_not_due(fields: dict[str, Any], kinds: list[str]) -> None:
    """14 days before 20 March, the last day included, is 6 March."""
    assert [w.kind for w in undue_refunds(_world(_charge("only", **fields)))] == kinds


def test_what_can_be_wrong_with_the_others() -> None:
    services = [{"name": "maps"}, {"name": "mail"}]
    subscriptions = [
        {"id": "s1", "customer": "ada", "status": "canceled"},
        {"id": "s2", "customer": "ada", "status": "canceled"},
        {"id": "s3", "customer": "ben", "status": "canceled"},
        {"id": "s4", "customer": "ben", "status": "active"},
    ]
    world = _world(services=services, subscriptions=subscriptions)

    def kinds(name: ActionName, arguments: dict[str, Any]) -> list[str]:
        return sorted(w.kind for w in wrongs(name, arguments, world))

    reset = {"customer": "ada", "service": "maps", "operation": "clear_cache"}
    assert kinds(ActionName.RESET_SERVICE, reset) == [
        "another_service", "other_customer", *["wrong_operation"] * 3,
    ]  # fmt: skip
    assert kinds(ActionName.REINSTATE_SUBSCRIPTION, {"subscription": "s1"}) == [
        "another_subscription", "other_customer",
    ]  # fmt: skip
    credit = {"customer": "ada", "amount": 500, "currency": "eur"}
    assert kinds(ActionName.ISSUE_CREDIT, credit) == ["other_customer", "too_much"]
    changes = {"customer": "ada", "changes": {"language": "es"}}
    assert kinds(ActionName.UPDATE_CRM, changes) == ["more_than_asked", "other_customer"]


@pytest.fixture(scope="module")
def course() -> list[Case]:
    return [Course(11, 6).case(number) for number in range(1, 7)]


def test_a_course_is_half_right_and_says_why(course: list[Case]) -> None:
    assert sum(case.wrong is None for case in course) == 3
    assert [case.number for case in course] == [1, 2, 3, 4, 5, 6]
    assert len({case.scenario for case in course}) == 6
    for case in course:
        assert case.why.endswith(".")
        assert case.action.preview
        assert case.action in case.detail.actions
        assert case.records["customers"]
        assert all(m.author == "customer" for m in case.detail.messages)


def test_the_same_seed_makes_the_same_case(course: list[Case]) -> None:
    again = Course(11, 6).case(4)
    assert (again.scenario, again.wrong, again.action.arguments) == (
        course[3].scenario, course[3].wrong, course[3].action.arguments,
    )  # fmt: skip
    assert Course(12, 6).case(4).scenario != again.scenario
