"""What is at stake in a request for approval, and the orders of a list of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from data.queries.rows import ActionRow

ApprovalOrder = Literal["stake", "oldest", "soonest", "money"]

APPROVAL_ORDERS: dict[ApprovalOrder, str] = {
    "stake": "most at stake first: money, no undo, little time",
    "oldest": "those that wait longest first",
    "soonest": "those that expire soonest first",
    "money": "most money first",
}
"""The orders and what each means."""

_DOLLAR = {
    "jpy": 100, "krw": 1_000, "vnd": 20_000, "clp": 1_000, "isk": 100, "pyg": 7_000, "ugx": 4_000,
    "xaf": 600, "xof": 600, "rwf": 1_000, "gnf": 8_000, "bif": 3_000, "idr": 1_500_000,
    "inr": 8_000, "huf": 30_000, "php": 6_000, "thb": 3_000, "try": 3_000, "rub": 8_000,
    "czk": 2_000, "mxn": 2_000, "zar": 2_000, "sek": 1_000, "nok": 1_000, "dkk": 700, "hkd": 800,
    "cny": 700, "twd": 3_000, "pln": 400, "brl": 500, "ils": 400, "aed": 400, "sar": 400,
    "ars": 100_000, "cop": 400_000, "ngn": 150_000, "kes": 10_000, "egp": 5_000, "pkr": 30_000,
    "kwd": 300, "bhd": 400, "omr": 400, "jod": 700, "tnd": 3_000,
}  # fmt: skip
"""Minor units that are about a US dollar, to one digit; 100 in every other currency."""

_BY_RISK = {"low": 1.0, "medium": 5.0, "high": 25.0}
"""What an action that moves no money counts for, in such dollars."""

_LATE = datetime.max.replace(tzinfo=UTC)


def irreversible(action: ActionRow) -> bool:
    """Whether nothing can take it back once it is done, as far as is known."""
    return not (action.undo or {}).get("possible", False)


def worth(action: ActionRow) -> float:
    """The money that it moves, on a rough scale that is common to all currencies.

    The scale is good enough for an order and for nothing else: no rates are known here. What
    moves no money counts for a small sum by its risk.
    """
    if action.amount is None:
        return _BY_RISK.get(action.risk, _BY_RISK["medium"])
    return action.amount / _DOLLAR.get((action.currency or "").lower(), 100)


def stake(action: ActionRow, now: datetime) -> float:
    """How much is at stake: money, times how hard it is to undo, times how little time is left."""
    return worth(action) * _hard_to_undo(action) * _haste(action, now)


def _hard_to_undo(action: ActionRow) -> float:
    if irreversible(action):
        return 4.0
    return 2.0 if (action.undo or {}).get("until") else 1.0


def _haste(action: ActionRow, now: datetime) -> float:
    if action.expires_at is None:
        return 1.0
    left = action.expires_at - now
    return 4.0 if left <= timedelta(hours=1) else 2.0 if left <= timedelta(hours=4) else 1.0


Rank = tuple[Any, ...]


def rank_by(order: ApprovalOrder, now: datetime) -> Callable[[Sequence[ActionRow]], Rank]:
    """What lines of one or more actions are sorted by; where it is equal, the oldest comes first.

    What is at stake in several together is the sum.
    """

    def age(line: Sequence[ActionRow]) -> Rank:
        return min((action.proposed_at, action.id) for action in line)

    match order:
        case "stake":
            return lambda line: (-sum(stake(a, now) for a in line), *age(line))
        case "money":
            return lambda line: (-sum(worth(a) for a in line if a.amount is not None), *age(line))
        case "soonest":
            return lambda line: (min(a.expires_at or _LATE for a in line), *age(line))
        case _:
            return age


def in_order(
    actions: Sequence[ActionRow], now: datetime, order: ApprovalOrder = "stake"
) -> list[ActionRow]:
    """The actions in this order."""
    rank = rank_by(order, now)
    return sorted(actions, key=lambda action: rank([action]))


def known_order(name: str) -> ApprovalOrder:
    """The order of this name; ValueError if there is none."""
    for order in get_args(ApprovalOrder):
        if order == name:
            found: ApprovalOrder = order
            return found
    raise ValueError(name)
