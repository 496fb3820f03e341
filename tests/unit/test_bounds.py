"""What no plan may do, whoever made it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.facts.bounds import out_of_bounds
from agents.facts.case import Case
from agents.policy.model import load_policy
from data.vocabulary import ActionName, Identity

_NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _charge(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name, "customer": "cus_1", "subscription": "sub_1", "amount": 2499, "currency": "usd",
        "status": "succeeded", "refunded": 0, "at": "2026-03-01T00:00:00Z",
        "period_start": "2026-03-01", "period_end": "2026-04-01",
    } | fields  # fmt: skip


CASE = Case(
    kind="refund_request", clause="", text="", wants_money=True, at=_NOW, now=_NOW,
    policy=load_policy(), identity=Identity.KNOWN, customer={"id": "cus_1", "status": "active"},
    records={
        "charges": [
            _charge("ch_1"),
            _charge("ch_2", period_start="2026-02-01", status="disputed"),
            _charge("ch_3", period_start="2026-02-01"),
            _charge("ch_4", refunded=2000),
        ],
        "subscriptions": [{"id": "sub_1"}],
        "resets": [{"operation": "clear_cache", "at": "2026-03-09T12:00:00Z"}],
    },
    open_refunds=frozenset({"ch_5"}),
)  # fmt: skip


def _refund(charge: str, amount: int = 2499, currency: str = "usd") -> dict[str, Any]:
    return {"charge": charge, "amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("case", "action", "arguments", "rule", "why"),
    [
        (CASE, "process_refund", _refund("ch_1"), "B4", None),
        (CASE, "process_refund", _refund("ch_9"), "B4", "no such charge"),
        (CASE, "process_refund", _refund("ch_2"), "B1", "B6"),
        (CASE, "process_refund", _refund("ch_3"), "B1", "B6"),
        (CASE, "process_refund", _refund("ch_4", 500), "B4", "left"),
        (CASE, "process_refund", _refund("ch_4", 499), "B4", None),
        (CASE, "process_refund", _refund("ch_1", currency="eur"), "B4", "currency"),
        (CASE, "issue_credit", {"customer": "cus_2"}, "B3", "another customer"),
        (CASE, "reinstate_subscription", {"subscription": "sub_2"}, "B3", "no such subscription"),
        (CASE, "reinstate_subscription", {"subscription": "sub_1"}, "B3", None),
        (CASE, "reset_service", {"operation": "clear_cache"}, "T2", "T2"),
        (CASE, "reset_service", {"operation": "unlock_account"}, "T2", None),
        (CASE, "update_crm", {"changes": {"email": "a@b.example"}}, "A1", "I4"),
        (CASE, "update_crm", {"changes": {"name": "A"}}, "A1", None),
    ],
)
def test_single_actions(
    case: Case, action: str, arguments: dict[str, Any], rule: str, why: str | None
) -> None:
    found = out_of_bounds(case, ActionName(action), arguments, rule)
    assert (found is None) if why is None else (why in (found or ""))


def test_another_tickets_open_refund_is_not_made_again() -> None:
    case = replace(CASE, open_refunds=frozenset({"ch_1"}))
    assert out_of_bounds(case, ActionName.PROCESS_REFUND, _refund("ch_1"), "B1") is not None


@pytest.mark.parametrize("name", list(ActionName))
def test_who_is_not_known_gets_nothing(name: ActionName) -> None:
    for case in (replace(CASE, identity=Identity.UNKNOWN), replace(CASE, customer=None)):
        assert "I3" in (out_of_bounds(case, name, _refund("ch_1"), "B1") or "")


def test_on_a_closed_account_only_what_is_due_goes_back() -> None:
    case = replace(CASE, customer={"id": "cus_1", "status": "closed"})
    for name in ("update_crm", "reset_service", "reinstate_subscription", "issue_credit"):
        assert "A3" in (out_of_bounds(case, ActionName(name), {}, "B3") or "")
    refund = ActionName.PROCESS_REFUND
    assert out_of_bounds(case, refund, _refund("ch_1"), "B2") is None
    assert "A3" in (out_of_bounds(case, refund, _refund("ch_1"), "B4") or "")
