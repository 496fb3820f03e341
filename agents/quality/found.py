"""What a check finds: faults, each with how much is left of the score, and the score they leave."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.vocabulary import QualityName, Verdict

GRAVE, SERIOUS, PARTIAL, SLIGHT = 0.0, 0.3, 0.6, 0.8
"""The most that a check scores with a fault: of money, identity or law; of what was asked; of a
part of it; of form."""

WEIGHTS = {
    QualityName.RESOLUTION: 0.35,
    QualityName.COMPLIANCE: 0.35,
    QualityName.ESCALATION: 0.20,
    QualityName.SENTIMENT: 0.10,
}
"""How much each check counts; what has no data is left out, and the others share its weight."""

PASSED_FROM, REVIEW_UNDER = 0.8, 0.7
HELD_BY = 0.2
"""How far the overall score may lie above the lowest check but sentiment: nothing that was done
well makes up for a rule that was broken."""

RULE = "rule"
"""By whom a check is, where no model had a say."""

_TOLD = 3
"""Faults that a reason names."""


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it should be."""

    text: str
    """A clause without a full stop, free of personal data."""
    most: float
    """What a check with it scores at most."""
    events: tuple[int, ...] = ()
    """Positions in the ticket's log."""


@dataclass(frozen=True)
class Check:
    """One aspect of how a ticket was handled."""

    name: QualityName
    score: float | None
    """0 to 1; None: no data."""
    reason: str
    """One sentence."""
    events: tuple[int, ...] = ()
    """Positions in the ticket's log that it rests on."""
    by: str = RULE
    """`RULE`, or the name of the model."""

    def as_json(self) -> dict[str, object]:
        """As it is stored and shown."""
        return {
            "name": self.name.value, "score": self.score, "reason": self.reason,
            "events": list(self.events), "by": self.by,
        }  # fmt: skip


def no_data(name: QualityName, why: str) -> Check:
    """A check that cannot tell, and why."""
    return Check(name, None, why)


def scored(name: QualityName, faults: Sequence[Fault], good: str, events: Sequence[int]) -> Check:
    """The check that these faults leave; `good` is its reason where there are none."""
    if not faults:
        return Check(name, 1.0, good, tuple(sorted(set(events))))
    worst = sorted(faults, key=lambda fault: fault.most)
    text = "; ".join(dict.fromkeys(fault.text for fault in worst[:_TOLD]))
    more = len(worst) - _TOLD
    if more > 0:
        text += f"; and {more} more"
    places = {place for fault in worst for place in fault.events}
    return Check(name, worst[0].most, f"{text[:1].upper()}{text[1:]}.", tuple(sorted(places)))


def overall(checks: Sequence[Check]) -> float | None:
    """The weighted mean of what could be told, held down by the lowest check but sentiment."""
    told = [
        (WEIGHTS[check.name], check.score, check) for check in checks if check.score is not None
    ]
    if not told:
        return None
    mean = sum(weight * score for weight, score, _ in told) / sum(weight for weight, _, _ in told)
    rules = [score for _, score, check in told if check.name is not QualityName.SENTIMENT]
    return round(min(mean, min(rules, default=1.0) + HELD_BY), 3)


def verdict_of(score: float | None) -> Verdict:
    """What an overall score comes to."""
    if score is None:
        return Verdict.NO_DATA
    if score >= PASSED_FROM:
        return Verdict.PASSED
    return Verdict.REVIEW if score < REVIEW_UNDER else Verdict.ACCEPTABLE
