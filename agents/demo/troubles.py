"""The troubles of the demo company: each is planted into one customer's records."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from agents.connectors.protocols import Row
from agents.demo.ledger import PLANS, Ledger


@dataclass
class Case:
    """A customer with a trouble, and what they can say of it."""

    customer: Row
    plan: str
    charges: list[Row] = field(default_factory=list)
    """The charges at issue, oldest first."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Dates and words of the trouble by name."""


Plant = Callable[[Ledger, Row, str], Case]


def fine(ledger: Ledger, customer: Row, plan: str, *, newest: int | None = None) -> Case:
    """Nothing is wrong; the newest charge is so many days old."""
    days = ledger.rng.randint(2, 26) if newest is None else newest
    periods = ledger.rng.randint(2, 3) if PLANS[plan]["interval"] == "year" else 0
    periods = periods or ledger.rng.randint(5, 34)
    _, charges = ledger.subscribe(customer, plan, newest=days, periods=periods)
    return Case(customer, plan, charges[-1:])


def charged_again(
    ledger: Ledger, customer: Row, plan: str, *, newest: int = 6, times: int = 1, back: int = 0,
    status: str = "succeeded",
) -> Case:  # fmt: skip
    """A period was charged more than once; `status` is that of the repetition."""
    yearly = PLANS[plan]["interval"] == "year"
    periods = 2 if yearly else ledger.rng.randint(9, 28)
    subscription, charges = ledger.subscribe(customer, plan, newest=newest, periods=periods)
    first = charges[-1 - back]
    again = [
        ledger.charge(
            subscription, first["period_start"], first["period_end"], minutes=7 * (n + 1),
            status=status,
        )
        for n in range(times)
    ]  # fmt: skip
    return Case(customer, plan, again)


def ended_by_customer(
    ledger: Ledger, customer: Row, plan: str, *, after: int = 2, newest: int = 9
) -> Case:
    """Canceled on request, but `after` more periods were charged."""
    subscription, charges = ledger.subscribe(
        customer, plan, newest=newest, periods=after + ledger.rng.randint(6, 20)
    )
    last = charges[-after]["period_start"] if after else charges[-1]["period_end"]
    ended = datetime.combine(last, datetime.min.time(), UTC) - timedelta(days=4, hours=-10)
    ended = min(ended, ledger.now - timedelta(days=1))
    subscription |= {
        "status": "canceled",
        "canceled_at": ended,
        "cancel_reason": "customer_request",
        "features": [],
    }
    ledger.add(
        "activity", customer=customer["id"], subscription=subscription["id"],
        at=ended - timedelta(minutes=3), kind="cancel_requested", detail="web",
    )  # fmt: skip
    return Case(customer, plan, charges[-after:] if after else [], {"ended": ended.date()})


def ended_by_mistake(ledger: Ledger, customer: Row, plan: str, *, newest: int = 8) -> Case:
    """Canceled by a billing error, and two more periods were charged."""
    subscription, charges = ledger.subscribe(
        customer, plan, newest=newest, periods=ledger.rng.randint(8, 26)
    )
    last = charges[-2]["period_start"]
    ended = datetime.combine(last, datetime.min.time(), UTC) - timedelta(days=5, hours=-3)
    subscription |= {
        "status": "canceled",
        "canceled_at": ended,
        "cancel_reason": "billing_error",
        "features": [],
    }
    return Case(customer, plan, charges[-2:], {"ended": ended.date()})


def payment_failed(ledger: Ledger, customer: Row, plan: str) -> Case:
    """The newest charge failed and the subscription is past due."""
    subscription, charges = ledger.subscribe(
        customer, plan, newest=3, periods=ledger.rng.randint(5, 20), status="past_due"
    )
    charges[-1]["status"] = "failed"
    return Case(customer, plan, charges[-1:], {"subscription": subscription["id"]})


def ended_for_fraud(ledger: Ledger, customer: Row, plan: str) -> Case:
    """The subscription was canceled for fraud."""
    subscription, charges = ledger.subscribe(
        customer, plan, newest=12, periods=ledger.rng.randint(3, 6)
    )
    subscription |= {
        "status": "canceled",
        "canceled_at": ledger.now - timedelta(days=5),
        "cancel_reason": "fraud",
        "features": [],
    }
    return Case(customer, plan, charges[-1:])


def in_dispute(ledger: Ledger, customer: Row, plan: str) -> Case:
    """The customer's bank has disputed the newest charge."""
    case = fine(ledger, customer, plan, newest=7)
    case.charges[-1]["status"] = "disputed"
    return case


def logged(
    ledger: Ledger, customer: Row, plan: str, *, service: str, code: str, message: str,
    hours: float = 5,
) -> Case:  # fmt: skip
    """The customer's log shows an error of the last days."""
    case = fine(ledger, customer, plan)
    ledger.log(customer, service, "SLOW_RESPONSE", "answered after 4 s", hours=90, level="warning")
    ledger.log(customer, service, code, message, hours=hours)
    if code == "ACCOUNT_LOCKED":
        for minutes in (9, 6, 3):
            ledger.did(customer, "login_failed", days=hours / 24 + minutes / 1440)
    return case


def lacks_feature(ledger: Ledger, customer: Row, plan: str, *, feature: str) -> Case:
    """The plan has a feature that the subscription lacks, and no error tells why."""
    case = fine(ledger, customer, plan)
    ledger.rows["subscriptions"][-1]["features"].remove(feature)
    return case


def not_active(ledger: Ledger, customer: Row, plan: str, *, status: str) -> Case:
    """The account is closed or suspended."""
    case = fine(ledger, customer, plan)
    customer["status"] = status
    return case


def wrote_before(ledger: Ledger, customer: Row, plan: str, *, intent: str) -> Case:
    """The customer has written twice this week about the same thing."""
    case = fine(ledger, customer, plan)
    for days in (2, 5):
        ledger.add(
            "past_tickets", customer=customer["id"], at=ledger.now - timedelta(days=days),
            subject="Chart stays empty", intent=intent, status="resolved",
        )  # fmt: skip
    return case


def several(ledger: Ledger, customer: Row, plan: str, *, first: Plant, log: dict[str, Any]) -> Case:
    """A trouble with the money and one in the log."""
    case = first(ledger, customer, plan)
    ledger.log(customer, **log)
    return case


LOCKED: dict[str, Any] = {
    "service": "auth", "code": "ACCOUNT_LOCKED", "message": "locked after 5 wrong passwords",
}  # fmt: skip
EXPIRED: dict[str, Any] = {
    "service": "auth", "code": "SESSION_TOKEN_EXPIRED", "message": "token issued before rotation",
}  # fmt: skip
STALE: dict[str, Any] = {
    "service": "dashboard", "code": "CACHE_STALE", "message": "snapshot is 31 h old",
}  # fmt: skip
MISMATCH: dict[str, Any] = {
    "service": "exports", "code": "ENTITLEMENT_MISMATCH", "message": "in the plan, not granted",
}  # fmt: skip
LIMITED: dict[str, Any] = {
    "service": "api", "code": "RATE_LIMITED", "message": "312 of 300 requests a minute",
}  # fmt: skip
UNKNOWN: dict[str, Any] = {
    "service": "reports", "code": "RENDER_FAILED", "message": "page 3: font table broken",
}  # fmt: skip

LOCKED_OUT, SIGNED_OUT = partial(logged, **LOCKED), partial(logged, **EXPIRED)
OLD_NUMBERS, NO_EXPORT = partial(logged, **STALE), partial(logged, **MISMATCH)
TOO_FAST, BROKEN_REPORT = partial(logged, **LIMITED), partial(logged, **UNKNOWN)
