"""A changed policy over past proposals, and the rules that follow from what people decided."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.policy.adopted import laid_over
from agents.policy.gate import rule_on
from agents.policy.model import Policy, load_policy
from agents.policy.preview import Change, Preview, other_parts
from agents.policy.suggest import Suggestion, enough_for, suggest, wilson
from data.queries.adopted import AdoptedRow
from data.queries.proposals import Proposal
from data.vocabulary import ActionName, Gate

DAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


def policy(**approval: Any) -> Policy:
    plain = load_policy().model_dump(mode="json")
    plain["approval"] |= approval
    return Policy.model_validate(plain)


def past(number: int = 1, **other: Any) -> Proposal:
    values: dict[str, Any] = {
        "id": f"a_{number}", "ticket_id": "t_1", "ticket_ref": "T1",
        "action": ActionName.PROCESS_REFUND, "intent": "billing", "amount": 1_000,
        "currency": "usd", "gate": Gate.ASK, "person": "approved",
        "at": DAY + timedelta(minutes=number), "started": True, "failed": False,
        "by_template": True,
    }  # fmt: skip
    return Proposal(**{**values, **other})


def looked_at(changed: Policy, rows: Iterable[Proposal]) -> tuple[Preview, list[Change]]:
    run = Preview(changed)
    return run, list(run.run(rows))


ALONE = {"alone": [{"action": "process_refund", "up_to": 2_000, "intents": ["billing"]}]}


@pytest.mark.parametrize(
    ("approval", "row", "then", "now", "otherwise"),
    [
        (ALONE, {}, "ask", "auto", False),
        (ALONE, {"person": "rejected", "started": False}, "ask", "auto", True),
        (ALONE, {"person": "edited"}, "ask", "auto", True),
        (ALONE, {"person": "undone"}, "ask", "auto", True),
        (ALONE, {"person": "expired", "started": False}, "ask", "auto", False),
        ({"actions": {"process_refund": "forbidden"}}, {}, "ask", "forbidden", True),
        (
            {"actions": {"process_refund": "forbidden"}},
            {"person": "rejected"}, "ask", "forbidden", False,
        ),
        ({"two_people_over": 999}, {}, "ask", "ask_two", False),
        ({}, {"gate": Gate.AUTO, "person": "alone"}, "auto", "ask", False),
        ({}, {"gate": Gate.FORBIDDEN, "person": "refused"}, "forbidden", "ask", False),
        ({"shadow": ["billing"]}, {}, "ask", "forbidden", True),
    ],
)  # fmt: skip
def test_what_would_be_treated_otherwise(
    approval: dict[str, Any], row: dict[str, Any], then: str, now: str, otherwise: bool
) -> None:
    run, changes = looked_at(policy(**approval), [past(**row)])
    assert [(c.proposal.gate, c.now, c.otherwise) for c in changes] == [(then, now, otherwise)]
    word = {"ask": "ask", "auto": "alone", "forbidden": "refused", "ask_two": "two"}[now]
    assert run.newly[word].as_json() == {
        "count": 1, "otherwise": int(otherwise), "money": {"usd": 1_000},
        "otherwise_money": {"usd": 1_000} if otherwise else {},
    }  # fmt: skip


def test_what_the_records_refused_is_no_matter_of_policy() -> None:
    run, changes = looked_at(policy(**ALONE), [past(person="refused", started=False)])
    assert (changes, run.seen, run.not_told) == ([], 1, 1)


def test_a_cap_of_the_day_asks_for_what_is_beyond_it() -> None:
    capped = policy(**ALONE, caps=[{"action": "process_refund", "count": 2, "currency": None}])
    rows = [past(n) for n in range(4)] + [past(9, at=DAY + timedelta(days=1))]
    run, changes = looked_at(capped, rows)
    assert [c.proposal.id for c in changes] == ["a_0", "a_1", "a_9"]
    assert [(r.day.isoformat(), n) for r, n in run.reached.items()] == [("2026-03-02", 2)]


def test_a_cap_of_money_holds_for_each_currency_by_itself() -> None:
    capped = policy(**ALONE, caps=[{"action": "process_refund", "amount": 1_500}])
    rows = [past(1), past(2, currency="eur"), past(3), past(4, currency="eur")]
    run, changes = looked_at(capped, rows)
    assert [c.proposal.id for c in changes] == ["a_1", "a_2"]
    assert sum(run.reached.values()) == 2


def test_what_else_a_file_changes_is_named() -> None:
    plain = load_policy().model_dump(mode="json")
    plain["billing"]["refund_days"] = 30
    assert other_parts(load_policy(), Policy.model_validate(plain)) == ["billing.refund_days"]
    assert other_parts(load_policy(), policy(**ALONE)) == []


@pytest.mark.parametrize(
    ("good", "of", "lower"),
    [(0, 0, 0.0), (0, 10, 0.0), (10, 10, 0.7225), (9, 10, 0.5958), (50, 50, 0.9287)],
)
def test_wilsons_lower_bound(good: int, of: int, lower: float) -> None:
    assert wilson(good, of) == pytest.approx(lower, abs=1e-4)


def test_so_many_in_a_row_reach_the_bound() -> None:
    assert enough_for(0.9) == 35
    assert wilson(35, 35) >= 0.9 > wilson(34, 34)


def found(rows: Iterable[Proposal], **options: Any) -> Suggestion:
    (only,) = suggest(policy(), rows, **options)
    return only


def test_a_rule_follows_from_enough_approvals() -> None:
    only = found(past(n, amount=500 + n) for n in range(40))
    assert only.rule is not None
    assert (only.approved, only.decided, only.id) == (40, 40, "process_refund:billing:539")
    assert only.rule.model_dump(mode="json") == {
        "action": "process_refund", "up_to": 539, "intents": ["billing"],
    }  # fmt: skip


@pytest.mark.parametrize("person", ["rejected", "edited", "undone"])
def test_what_people_did_otherwise_counts_against_it(person: str) -> None:
    rows = [past(n) for n in range(34)] + [past(99, person=person)]
    only = found(rows)
    assert (only.approved, only.decided, only.rule) == (34, 35, None)
    assert only.why_not is not None
    assert "lower bound" in only.why_not


@pytest.mark.parametrize(
    "row",
    [
        *({"person": p} for p in ("expired", "stale", "withdrawn", "waiting", "alone")),
        {"failed": True}, {"intent": None}, {"amount": 20_001}, {"gate": Gate.FORBIDDEN,
        "person": "refused"},
    ],
)  # fmt: skip
def test_what_nobody_judged_or_needs_two_counts_for_nothing(row: dict[str, Any]) -> None:
    assert suggest(policy(), [past(**row)]) == []


def test_small_requests_do_not_carry_large_ones_that_people_refuse() -> None:
    small = [past(n, amount=100 + n) for n in range(900)]
    large = [past(1_000 + n, amount=9_000 + n, person="rejected") for n in range(20)]
    only = found([*small, *large])
    assert only.rule is not None
    assert only.rule.up_to is not None
    assert 900 <= only.rule.up_to < 9_010
    all_of_it = found([*small, *(past(n, amount=9_000 + n) for n in range(20))])
    assert all_of_it.rule is not None
    assert all_of_it.rule.up_to == 9_019


def adopted(action: str, up_to: int | None, intent: str = "billing") -> AdoptedRow:
    return AdoptedRow(
        "ar_1", action, intent, up_to, 40, 40, 0.91, 0.9, "ana", DAY, None, None, None, None
    )


@pytest.mark.parametrize(
    ("approval", "amount", "intent", "gate"),
    [
        ({}, 5_000, "billing", Gate.AUTO),
        ({}, 5_001, "billing", Gate.ASK),
        ({}, 100, "account", Gate.ASK),
        ({"two_people_over": 300}, 301, "billing", Gate.ASK_TWO),
        ({"actions": {"process_refund": "forbidden"}}, 100, "billing", Gate.FORBIDDEN),
        ({"actions": {"process_refund": "ask_two"}}, 100, "billing", Gate.ASK_TWO),
        ({"shadow": ["billing"]}, 100, "billing", Gate.FORBIDDEN),
    ],
)
def test_an_adopted_rule_never_goes_beyond_the_policy(
    approval: dict[str, Any], amount: int, intent: str, gate: Gate
) -> None:
    file = policy(**approval)
    over = laid_over(file, [adopted("process_refund", 5_000)])
    assert over.version != file.version
    assert rule_on(over, ActionName.PROCESS_REFUND, amount, intent).gate is gate


def test_without_adopted_rules_the_policy_is_its_files() -> None:
    file = policy(**ALONE)
    assert laid_over(file, []) is file
    assert laid_over(file, [adopted("process_refund", 2_000)]).version == file.version
