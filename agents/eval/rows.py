"""Checking the rows of a scenario's back office: known fields, closed sets, money as integers."""

from datetime import date, datetime
from typing import Any

from agents.connectors.embedded.schema import columns

CHOICES: dict[tuple[str, str], tuple[str | None, ...]] = {
    ("customers", "status"): ("active", "suspended", "closed"),
    ("customers", "tier"): ("standard", "premium", "enterprise"),
    ("subscriptions", "status"): ("active", "trialing", "past_due", "canceled"),
    ("subscriptions", "cancel_reason"): (
        "customer_request",
        "billing_error",
        "payment_failed",
        "fraud",
        None,
    ),
    ("charges", "status"): ("succeeded", "failed", "refunded", "partially_refunded", "disputed"),
    ("activity", "kind"): (
        "login",
        "login_failed",
        "cancel_requested",
        "plan_changed",
        "password_reset",
        "profile_changed",
        "payment_method_updated",
    ),
    ("logs", "level"): ("info", "warning", "error"),
    ("services", "status"): ("operational", "degraded", "outage"),
}
"""Fields with a closed set of values."""

NEEDED: dict[str, tuple[str, ...]] = {
    "customers": ("id", "name"),
    "plans": ("id", "amount", "currency"),
    "subscriptions": ("id", "customer", "plan"),
    "charges": ("id", "customer", "amount", "currency", "at"),
    "activity": ("customer", "at", "kind"),
    "logs": ("customer", "at", "service", "code"),
    "services": ("name",),
    "articles": ("id", "title"),
    "staff": ("name",),
    "past_tickets": ("customer", "at", "intent"),
}
"""Fields that a row cannot do without."""

_TIMES = (
    "at",
    "canceled_at",
    "since",
    "started",
    "current_period_end",
    "period_start",
    "period_end",
    "eta",
)


def check_row(table: str, row: dict[str, Any]) -> tuple[str, str] | None:
    """(field, what is wrong with it) of the first problem; None if the row fits its table."""
    kinds = columns(table)
    # A misspelt field is named before the one that it leaves missing.
    for field in row:
        if field not in kinds:
            return field, f"is no field of {table}; it has {', '.join(kinds)}"
    for field in NEEDED[table]:
        if row.get(field) in (None, ""):
            return field, f"is missing; a row of {table} needs it"
    for field, value in row.items():
        allowed = CHOICES.get((table, field))
        if allowed and value not in allowed:
            return field, f"{value!r} must be one of {', '.join(str(a) for a in allowed)}"
        if value is None:
            continue
        if kinds[field] == "int" and (not isinstance(value, int) or isinstance(value, bool)):
            return field, f"{value!r} must be an integer (minor units)"
        if kinds[field] == "list" and not isinstance(value, list):
            return field, f"{value!r} must be a list"
        if field in _TIMES and not _is_time(value):
            return field, f"{value!r} is no time such as 2026-03-10T12:00:00Z"
    return None


def _is_time(value: Any) -> bool:
    if isinstance(value, datetime | date):
        return True
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True
