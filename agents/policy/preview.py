"""A changed policy over past decisions: what would newly ask, run alone, need two, be refused."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agents.policy.gate import rule_on
from agents.policy.model import Cap, Policy
from data.queries.proposals import Proposal
from data.vocabulary import Gate

NEWLY: dict[Gate, str] = {
    Gate.ASK: "ask", Gate.AUTO: "alone", Gate.FORBIDDEN: "refused", Gate.ASK_TWO: "two",
}  # fmt: skip
"""What a changed gate is counted as."""

_AGAINST_ALONE = frozenset({"rejected", "edited", "undone"})
_AGAINST_REFUSED = frozenset({"approved", "edited"})


@dataclass(frozen=True)
class Change:
    """A past proposal that the policy would treat otherwise."""

    proposal: Proposal
    now: Gate
    why: str
    otherwise: bool
    """Whether a person decided against what would now happen: rejected, edited or undid what would
    run alone, or let run what would be refused."""


@dataclass
class Counted:
    """What one kind of change comes to."""

    count: int = 0
    otherwise: int = 0
    money: Counter[str] = field(default_factory=Counter)
    """Minor units by currency."""
    otherwise_money: Counter[str] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count one more."""
        amount, currency = change.proposal.amount, change.proposal.currency
        self.count += 1
        self.otherwise += change.otherwise
        if amount is not None and currency:
            self.money[currency] += amount
            if change.otherwise:
                self.otherwise_money[currency] += amount

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "count": self.count,
            "otherwise": self.otherwise,
            "money": dict(sorted(self.money.items())),
            "otherwise_money": dict(sorted(self.otherwise_money.items())),
        }


@dataclass(frozen=True)
class Reached:
    """A cap on a day on which it would have made a supervisor decide."""

    cap: Cap
    day: date
    currency: str | None
    """Of what was asked about; None where the action moves no money."""


class Preview:
    """Runs a policy over past proposals, in the order in which they were done; touches nothing."""

    def __init__(self, policy: Policy) -> None:
        """For `policy`."""
        self.policy = policy
        self.seen = 0
        """Proposals that were looked at."""
        self.not_told = 0
        """Of these, refused by the records or the arguments, which no policy changes."""
        self.newly = {word: Counted() for word in NEWLY.values()}
        self.by_action: dict[tuple[str, Gate, Gate], Counted] = {}
        """Action, gate then and gate now to what that comes to."""
        self.reached: Counter[Reached] = Counter()
        """How often each cap would have asked a supervisor, by day."""
        self._ran: Counter[tuple[str, date, str | None]] = Counter()
        self._moved: Counter[tuple[str, date, str | None]] = Counter()

    def run(self, past: Iterable[Proposal]) -> Iterator[Change]:
        """Each proposal that would be treated otherwise."""
        for proposal in past:
            self.seen += 1
            if proposal.person == "refused" and proposal.gate is not Gate.FORBIDDEN:
                self.not_told += 1
                continue
            change = self._look(proposal)
            if change.now is proposal.gate:
                continue
            self.newly[NEWLY[change.now]].add(change)
            key = (proposal.action.value, proposal.gate, change.now)
            self.by_action.setdefault(key, Counted()).add(change)
            yield change

    @property
    def changed(self) -> int:
        """How many would be treated otherwise."""
        return sum(counted.count for counted in self.newly.values())

    def _look(self, past: Proposal) -> Change:
        ruling = rule_on(
            self.policy, past.action, past.amount, past.intent, by_template=past.by_template
        )
        gate, why = ruling.gate, ruling.why
        runs = gate is Gate.AUTO or (past.started and gate is not Gate.FORBIDDEN)
        if runs and (over := self._over(past)) is not None:
            if gate is Gate.AUTO:
                gate, why = Gate.ASK, over
        elif runs:
            for currency in {None, past.currency}:
                key = (past.action.value, past.at.date(), currency)
                self._ran[key] += 1
                self._moved[key] += past.amount or 0
        otherwise = past.person in (
            _AGAINST_ALONE if gate is Gate.AUTO
            else _AGAINST_REFUSED if gate is Gate.FORBIDDEN
            else ()
        )  # fmt: skip
        return Change(past, gate, why, otherwise)

    def _over(self, past: Proposal) -> str | None:
        """The cap of that day which one more would break, in words; counts that it is reached."""
        day = past.at.date()
        for cap in self.policy.approval.caps:
            if cap.action is not past.action or cap.currency not in (None, past.currency):
                continue
            key = (past.action.value, day, past.currency)
            many = cap.count is not None and self._ran[key] + 1 > cap.count
            dear = cap.amount is not None and self._moved[key] + (past.amount or 0) > cap.amount
            if many or (dear and past.currency):
                self.reached[Reached(cap, day, past.currency)] += 1
                return f"the cap of {day.isoformat()} for {cap.action} is reached"
        return None


def other_parts(old: Policy, new: Policy) -> list[str]:
    """Fields outside the gates in which two policies differ, as dotted names.

    They decide what the agents propose at all, which no past proposal can tell.
    """
    skip = {"name": True, "service_levels": True, "tickets": True, "approval": True}
    before, after = (p.model_dump(mode="json", exclude=skip) for p in (old, new))
    return [
        f"{part}.{name}"
        for part, values in after.items() if isinstance(values, dict)
        for name, value in values.items() if before[part][name] != value
    ]  # fmt: skip
