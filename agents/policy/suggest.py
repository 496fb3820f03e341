"""What could run alone: how often people let an action pass as proposed, and the rule that follows.

A class is an action in issues of one intent that asks one person today. For it count the requests
that a person approved unchanged and that still stand; against it those that were rejected, edited,
or undone later. What nobody judged is left out: expired, withdrawn, stale, waiting, failed in the
outside system, or run alone.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agents.policy.gate import rule_on
from agents.policy.model import Alone, Policy
from data.queries.proposals import Proposal
from data.vocabulary import ActionName, Gate, Intent

Z = 1.959964
"""Of the normal distribution for an interval of 95 %, both sides."""

BOUND = 0.9
FEWEST = 30

FOR = frozenset({"approved"})
AGAINST = frozenset({"rejected", "edited", "undone"})


def wilson(good: int, of: int) -> float:
    """The lower end of Wilson's 95 % interval for a share of `good` out of `of`; 0 for none."""
    if not of:
        return 0.0
    share, z2 = good / of, Z * Z
    spread = Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (share + z2 / (2 * of) - spread) / (1 + z2 / of)


def enough_for(bound: float) -> int:
    """How many approvals in a row reach the bound."""
    return math.ceil(Z * Z * bound / (1 - bound))


@dataclass
class Class:
    """What people made of one kind of request."""

    action: ActionName
    intent: Intent
    by_amount: dict[int, list[int]] = field(default_factory=dict)
    """Amount (0 where no money moves) to how often it was approved unchanged, and decided."""
    moves_money: bool = False

    def add(self, amount: int | None, *, good: bool) -> None:
        """Count one more."""
        self.moves_money = self.moves_money or amount is not None
        counts = self.by_amount.setdefault(amount or 0, [0, 0])
        counts[0] += good
        counts[1] += 1

    def within(self, up_to: int | None) -> tuple[int, int]:
        """How many were approved unchanged, and decided, up to an amount; None: all."""
        counts = [c for a, c in self.by_amount.items() if up_to is None or a <= up_to]
        return sum(c[0] for c in counts), sum(c[1] for c in counts)


@dataclass(frozen=True)
class Suggestion:
    """How a class stands, and the rule that follows for it, if one does."""

    action: ActionName
    intent: Intent
    approved: int
    """Approved unchanged, of the `decided`; both within the rule where one follows."""
    decided: int
    lower: float
    """Wilson's lower bound of their share."""
    bound: float
    rule: Alone | None
    why_not: str | None

    @property
    def id(self) -> str:
        """By which it is adopted; says exactly what it lets run."""
        up_to = f":{self.rule.up_to}" if self.rule and self.rule.up_to is not None else ""
        return f"{self.action}:{self.intent}{up_to}"

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "id": self.id if self.rule else None,
            "action": self.action.value,
            "intent": self.intent.value,
            "approved": self.approved,
            "decided": self.decided,
            "share": round(self.approved / self.decided, 4) if self.decided else None,
            "lower": round(self.lower, 4),
            "bound": self.bound,
            "rule": self.rule.model_dump(mode="json") if self.rule else None,
            "why_not": self.why_not,
        }


def classes(policy: Policy, past: Iterable[Proposal]) -> list[Class]:
    """The classes of what asks one person under `policy`, with what people made of each request.

    What asks two people, is forbidden, or runs alone already is in none of them.
    """
    found: dict[tuple[str, str], Class] = {}
    for proposal in past:
        good = proposal.person in FOR
        if not (good or proposal.person in AGAINST) or proposal.failed or proposal.intent is None:
            continue
        ruling = rule_on(
            policy, proposal.action, proposal.amount, proposal.intent,
            by_template=proposal.by_template,
        )  # fmt: skip
        if ruling.gate is not Gate.ASK:
            continue
        key = (proposal.action.value, proposal.intent)
        each = found.setdefault(key, Class(proposal.action, Intent(proposal.intent)))
        each.add(proposal.amount, good=good)
    return [found[key] for key in sorted(found)]


def suggest(
    policy: Policy, past: Iterable[Proposal], *, bound: float = BOUND, fewest: int = FEWEST
) -> list[Suggestion]:
    """Every class with the rule that follows where the lower bound reaches `bound`.

    No rule follows from fewer than `fewest` decided requests.
    """
    return [_judge(each, bound, fewest) for each in classes(policy, past)]


def _judge(each: Class, bound: float, fewest: int) -> Suggestion:
    up_to = _limit(each, bound, fewest) if each.moves_money else None
    good, decided = each.within(up_to)
    lower = wilson(good, decided)
    why_not = None
    if decided < fewest:
        why_not = f"{decided} decided, {fewest} are wanted"
    elif lower < bound:
        why_not = f"the lower bound is {lower:.3f}, under {bound:g}"
        if good == decided:
            why_not += f"; {enough_for(bound)} approvals in a row reach it"
    rule = None
    if why_not is None:
        rule = Alone(action=each.action, up_to=up_to, intents=[each.intent])
    return Suggestion(each.action, each.intent, good, decided, lower, bound, rule, why_not)


def _limit(each: Class, bound: float, fewest: int) -> int | None:
    """The largest amount up to which the bound holds; None if it holds up to none.

    So that many small requests do not carry large ones that people refuse, the `fewest` largest
    requests up to it must keep the bound as a plain share too.
    """
    amounts, found = sorted(each.by_amount), None
    good = decided = 0
    for place, amount in enumerate(amounts):
        good += each.by_amount[amount][0]
        decided += each.by_amount[amount][1]
        if decided < fewest or wilson(good, decided) < bound:
            continue
        near_good = near = 0
        for below in reversed(amounts[: place + 1]):
            near_good += each.by_amount[below][0]
            near += each.by_amount[below][1]
            if near >= fewest:
                break
        if near_good / near >= bound:
            found = amount
    return found
