"""Practice cases in words, for the command line and the screen."""

from typing import Any

from agents.practice.cases import Case
from agents.practice.record import Answer
from console.format import line, money
from console.measuring import length
from data.queries.practice import WORDS_A_SECOND, Pace, Practised

_TITLES = {
    "customers": "Customer", "subscriptions": "Subscriptions", "charges": "Charges",
    "refunds": "Refunds", "activity": "Activity", "logs": "Logs",
}  # fmt: skip

_MONEY = ("amount", "refunded", "balance")
_LEFT_OUT = ("customer", "phone", "features", "level", "last4")


def record_lines(case: Case) -> list[tuple[str, list[str]]]:
    """The customer's rows in the records: each table's title with its rows in words."""
    found = []
    for table, rows in case.records.items():
        if rows:
            found.append((_TITLES[table], [_row(row) for row in rows]))
    return found


def _row(row: dict[str, Any]) -> str:
    currency = row.get("currency")
    told = []
    for name, value in row.items():
        if value in (None, "", []) or name in _LEFT_OUT or (name == "currency" and currency):
            continue
        shown = str(value)
        if currency and name in _MONEY and isinstance(value, int):
            shown = money(value, currency)
        if name.endswith("at") and len(shown) > 16:
            shown = shown[:16].replace("T", " ")
        told.append(shown if name == "id" else f"{name.replace('_', ' ')} {shown}")
    return line("  ".join(told), 300)


def verdict(answer: Answer) -> str:
    """Whether the answer was right, in a few words."""
    said = "approved" if answer.approved else "rejected"
    if answer.correct:
        return f"✓ Right: you {said} it, and it was {_was(answer)}."
    name = "a miss" if answer.approved else "a false alarm"
    return f"✗ Not right, {name}: you {said} it, and it was {_was(answer)}."


def _was(answer: Answer) -> str:
    wrong = answer.case.wrong
    return f"wrong ({wrong.replace('_', ' ')})" if wrong else "right"


def result(one: Practised) -> str:
    """A person's practice in a line."""
    if not one.cases:
        return "no case was answered yet"
    times = f", half of them within {length(one.seconds)}" if one.seconds is not None else ""
    return (
        f"{one.cases} cases{times}; {one.misses} of {one.wrong} wrong ones approved, "
        f"{one.false_alarms} of {one.right} right ones rejected"
    )


def missed(one: Practised) -> str:
    """What a person did not see, most often first; empty for nothing."""
    return ", ".join(f"{k.replace('_', ' ')} ({n})" for k, n in one.missed.most_common())


def pace(found: Pace) -> str:
    """How a person reads what they approve; a warning where they cannot have read it."""
    if not found.decisions:
        return ""
    fast = f"{found.too_fast} of the last {found.decisions} approvals faster than they can be read"
    told = f"{fast} ({WORDS_A_SECOND:.0f} words a second)"
    return f"! {told}" if found.unread else told
