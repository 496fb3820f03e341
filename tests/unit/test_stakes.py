"""What is at stake, and which requests are alike."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.actions.catalogue import digest_of, target_of
from data.queries.alike import likeness, lines_of
from data.queries.rows import ActionRow, DecisionRow
from data.queries.stakes import in_order, known_order, stake, worth
from data.vocabulary import ActionName, ActionState, Gate

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
FREELY = {"possible": True, "until": None, "how": "a counter credit"}
FOR_AN_HOUR = {"possible": True, "until": "2026-03-11T10:00:00Z", "how": "calls it off"}
NEVER = {"possible": False, "until": None, "how": "cannot be undone"}


def action(name: str = "issue_credit", **columns: Any) -> ActionRow:
    """A request for approval."""
    kind = ActionName(name)
    arguments = columns.pop("arguments", {"customer": "cus_1", "amount": 1000, "currency": "usd"})
    values: dict[str, Any] = {
        "id": "a_1", "ticket_id": "t_1", "ticket_ref": "T-1", "subject": "", "requester": None,
        "customer_name": None, "issue_id": None, "position": 1, "name": name,
        "arguments": arguments, "digest": digest_of(kind, arguments),
        "target": target_of(kind, arguments), "agent": "billing", "state": ActionState.PROPOSED,
        "gate": Gate.ASK, "rule": "B9", "reason": "", "risk": "medium",
        "amount": arguments.get("amount"), "currency": arguments.get("currency"),
        "people_needed": 1, "preview": {"exact": True, "changes": [], "money": []},
        "undo": FREELY, "proposed_at": NOW - timedelta(minutes=5),
        "expires_at": NOW + timedelta(hours=20), "decided_by": None, "decided_at": None,
        "decision_reason": None, "supersedes": None, "superseded_by": None, "executed_at": None,
        "undo_until": None, "problem": None,
    }  # fmt: skip
    return ActionRow(**values | columns)


def reset(n: int, **columns: Any) -> ActionRow:
    """One of many resets after a deploy."""
    customer, at = f"cus_{n}", f"2026-03-11T08:5{n % 10}:00Z"
    arguments = {"customer": customer, "service": "sign-in", "operation": "unlock_account"}
    changes = [
        {
            "table": "resets",
            "id": f"rs_{n}",
            "fields": {"id": [None, f"rs_{n}"], "customer": [None, customer], "at": [None, at]},
        },
        {
            "table": "locks",
            "id": f"{customer}/sign-in",
            "fields": {"state": ["locked", "open"], "changed_at": [at, "2026-03-11T09:00:00Z"]},
        },
    ]
    values: dict[str, Any] = {
        "id": f"a_{n}", "arguments": arguments, "rule": "T2", "risk": "low", "undo": NEVER,
        "reason": f"ACCOUNT_LOCKED was logged at {at}.",
        "preview": {"exact": True, "changes": changes, "money": []},
    }  # fmt: skip
    return action("reset_service", **values | columns)


def ids(found: list[ActionRow]) -> list[str]:
    return [each.id for each in found]


def test_more_money_is_more_at_stake_whatever_the_currency() -> None:
    yen = action(id="yen", amount=90_000, currency="jpy")
    dollars = action(id="dollars", amount=5_000, currency="usd")
    dinars = action(id="dinars", amount=3_000, currency="kwd")
    assert ids(in_order([dinars, dollars, yen], NOW)) == ["yen", "dollars", "dinars"]


@pytest.mark.parametrize(
    ("undo", "more"),
    [(FREELY, FOR_AN_HOUR), (FOR_AN_HOUR, NEVER), (FREELY, None)],
)
def test_what_is_harder_to_undo_has_more_at_stake(undo: Any, more: Any) -> None:
    assert stake(action(undo=undo), NOW) < stake(action(undo=more), NOW)


def test_what_has_less_time_left_has_more_at_stake() -> None:
    times = [None, timedelta(hours=20), timedelta(hours=3), timedelta(minutes=30)]
    stakes = [stake(action(expires_at=NOW + t if t else None), NOW) for t in times]
    assert stakes == sorted(stakes)
    assert stakes[0] < stakes[2] < stakes[3]


def test_what_moves_no_money_counts_by_its_risk() -> None:
    low, high = (action(amount=None, currency=None, risk=r) for r in ("low", "high"))
    assert 0 < worth(low) < worth(high) < worth(action(amount=100_000))


def test_the_older_comes_first_where_all_else_is_equal() -> None:
    old = action(id="z", proposed_at=NOW - timedelta(hours=2))
    assert ids(in_order([action(id="a"), old, action(id="b")], NOW)) == ["z", "a", "b"]


def test_the_other_orders() -> None:
    early = action(id="early", proposed_at=NOW - timedelta(hours=9), amount=10)
    soon = action(id="soon", expires_at=NOW + timedelta(minutes=1), amount=20)
    rich = action(id="rich", amount=99_999, expires_at=None)
    free = action(id="free", amount=None, risk="high", undo=NEVER)
    every = [free, soon, rich, early]
    assert ids(in_order(every, NOW, "oldest"))[0] == "early"
    assert ids(in_order(every, NOW, "soonest"))[0] == "soon"
    assert ids(in_order(every, NOW, "money")) == ["rich", "soon", "early", "free"]
    assert known_order("soonest") == "soonest"
    with pytest.raises(ValueError, match="nonsense"):
        known_order("nonsense")


def test_the_order_does_not_depend_on_how_they_came() -> None:
    every = [action(id=f"a{n}", amount=n % 4 * 100) for n in range(20)]
    shuffled = random.Random(3).sample(every, len(every))
    assert ids(in_order(every, NOW)) == ids(in_order(shuffled, NOW))


def test_ten_resets_after_a_deploy_are_one_line() -> None:
    lines = lines_of([*map(reset, range(10)), action(id="credit")], NOW)
    assert sorted(len(line.actions) for line in lines) == [1, 10]
    group = next(line for line in lines if line.grouped)
    assert group.key not in ids(list(group.actions))


@pytest.mark.parametrize(
    "other",
    [
        {"rule": "T3"},
        {"people_needed": 2},
        {"risk": "high"},
        {"undo": FREELY},
        {"role_needed": "supervisor"},
        {"problem": "a cap is reached"},
        {"decisions": [DecisionRow("approve", "ada", None, NOW)]},
        {"arguments": {"customer": "cus_2", "service": "sign-in", "operation": "clear_cache"}},
        {"preview": {"exact": True, "changes": [], "money": []}},
        {"preview": {**(reset(2).preview or {}), "pending": True}},
        {"preview": {**(reset(2).preview or {}), "changed": {"customers:2": {"tier": [1, 2]}}}},
        {"undoes": "a_9"},
    ],
)
def test_what_differs_in_more_than_the_record_stands_by_itself(other: dict[str, Any]) -> None:
    lines = lines_of([reset(1), reset(2, **other), reset(3)], NOW)
    assert sorted(len(line.actions) for line in lines) == [1, 2]


def test_amounts_must_be_the_same() -> None:
    one, two, other = (
        action(id=f"a{n}", arguments={"customer": f"c{n}", "amount": amount, "currency": currency})
        for n, (amount, currency) in enumerate([(500, "usd"), (500, "usd"), (500, "eur")])
    )
    assert likeness(one) == likeness(two)
    assert likeness(one) != likeness(other)


def test_without_a_rule_the_words_of_the_reason_count() -> None:
    assert likeness(reset(1, rule=None)) == likeness(reset(2, rule=None))
    assert likeness(reset(1, rule=None)) != likeness(reset(2, rule=None, reason="by hand"))


def test_what_is_alike_counts_together() -> None:
    small = [
        action(id=f"s{n}", arguments={"customer": f"c{n}", "amount": 400, "currency": "usd"})
        for n in range(3)
    ]
    large = action(id="large", rule="B4", amount=1000)
    assert [line.grouped for line in lines_of([large, *small], NOW)] == [True, False]
    assert [line.grouped for line in lines_of([large, *small[:2]], NOW)] == [False, True]


def test_a_line_that_is_kept_stays_one_of_several() -> None:
    key = lines_of([reset(1), reset(2)], NOW)[0].key
    left = lines_of([reset(2)], NOW, kept={key})
    assert [(line.key, line.grouped, len(line.actions)) for line in left] == [(key, True, 1)]
    assert lines_of([reset(2)], NOW)[0].key == "a_2"
    assert lines_of([], NOW, kept={key}) == []


def test_every_action_is_in_exactly_one_line() -> None:
    chance = random.Random(5)
    for _ in range(50):
        every = [
            replace(reset(n), rule=chance.choice(["T2", "T3", None]), id=f"a_{n}")
            for n in range(chance.randrange(12))
        ]
        lines = lines_of(every, NOW)
        assert sorted(a.id for line in lines for a in line.actions) == sorted(ids(every))
        assert len({line.key for line in lines}) == len(lines)
