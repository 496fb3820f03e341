"""The measures: what each means, in which unit, what is aimed for, and what it is counted from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from data.measures.buckets import percentile

Sums = Mapping[str, int]
Times = Mapping[str, Mapping[int, int]]
"""Name of what was timed to how many fell into each bucket."""


class Unit(StrEnum):
    """What the number of a measure says."""

    SHARE = "share"
    """0 to 1."""
    SECONDS = "seconds"
    POINTS = "points"
    """1 to 5."""
    MESSAGES = "messages"
    USD = "usd"
    """US dollars."""
    NUMBER = "number"


@dataclass(frozen=True)
class Measure:
    """One measure over a period."""

    name: str
    title: str
    short: str
    """Where there is little room."""
    definition: str
    unit: Unit
    counted: str
    """What its count counts."""
    count: Callable[[Sums], int]
    total: Callable[[Sums], float]
    """What is divided by the count, or by `divisor`."""
    aim: Literal["over", "under", ""] = ""
    target: float | None = None
    """In the unit; None where nothing is aimed for."""
    times: str = ""
    """The name of the buckets that its times are in."""
    median: bool = False
    """Whether the value is the median rather than the mean."""
    divisor: Callable[[Sums], float] | None = None

    def value(self, sums: Sums, times: Times) -> float | None:
        """The number over these sums and their times; None where nothing was counted."""
        if self.count(sums) <= 0:
            return None
        if self.median:
            return self.percentile(times, 0.5)
        if self.unit is Unit.NUMBER:
            return self.total(sums)
        by = (self.divisor or self.count)(sums)
        return self.total(sums) / by if by else None

    def percentile(self, times: Times, share: float) -> float | None:
        """Seconds that `share` of the times do not exceed; None for what is no time, or no data."""
        found = percentile(times.get(self.times, {}), share)
        return None if found is None else found / 1000


def _sum(name: str) -> Callable[[Sums], int]:
    return lambda sums: sums.get(name, 0)


def _scaled(name: str, scale: float) -> Callable[[Sums], float]:
    return lambda sums: sums.get(name, 0) / scale


_ENDED = ("tickets that ended and had asked for something", _sum("ended"))
_REQUESTS = ("tickets opened that ask for something", _sum("requests"))
_ASKED = ("approvals asked for", _sum("asked"))
_DECIDED = ("approvals decided", _sum("decided"))


def _share(
    name: str,
    title: str,
    short: str,
    definition: str,
    of: tuple[str, Callable[[Sums], int]],
    what: str,
    aim: Literal["over", "under", ""] = "",
    target: float | None = None,
) -> Measure:
    return Measure(name, title, short, definition, Unit.SHARE, *of, _sum(what), aim, target)


def _time(
    name: str,
    title: str,
    short: str,
    definition: str,
    counted: str,
    times: str,
    target: float,
    *,
    median: bool,
) -> Measure:
    return Measure(
        name, title, short, definition, Unit.SECONDS, counted, _sum(f"{times}_n"),
        _scaled(f"{times}_ms", 1000), "under", target, times, median,
    )  # fmt: skip


def _number(name: str, title: str, short: str, definition: str, counted: str, what: str) -> Measure:
    return Measure(name, title, short, definition, Unit.NUMBER, counted, _sum(what), _sum(what))


MEASURES: tuple[Measure, ...] = (
    _number(
        "tickets", "Tickets", "Tickets",
        "Tickets opened in the period, with noise and duplicates.",
        "tickets opened", "tickets",
    ),
    _share(
        "first_contact_resolution", "First contact resolution", "First contact",
        "Of the tickets that ended, those resolved by one answer at most, never handed on and "
        "never reopened; only what was verified by an action read back, or confirmed by the "
        "customer.",
        _ENDED, "first_contact", "over", 0.80,
    ),
    _time(
        "handle_time", "Average handle time", "Handle time",
        "The mean time at work on a ticket that ended: the agents' steps, and a person's from "
        "taking it until answering, handing back or ending it; waiting is not counted.",
        _ENDED[0], "handle", 300, median=False,
    ),
    _time(
        "first_response", "First response time", "Response",
        "The mean time from opening to the first answer, of the tickets first answered in the "
        "period.",
        "tickets answered for the first time", "answer", 300, median=False,
    ),
    _time(
        "resolution_time", "Resolution time", "Resolution",
        "The mean time from opening to the end that stands, of the tickets resolved; only what was "
        "verified or confirmed.",
        "tickets resolved, verified or confirmed", "resolve", 86_400, median=False,
    ),
    Measure(
        "csat", "Customer satisfaction", "CSAT",
        "The mean score that customers gave in surveys in the period, 1 to 5; the newest for each "
        "ticket.",
        Unit.POINTS, "scores given", _sum("scores"), _sum("score_sum"), "over", 4.2,
    ),
    Measure(
        "customer_effort", "Customer effort", "Effort",
        "The mean number of messages that the customer had to write, of the tickets that ended; "
        "thanks and automatic answers are none.",
        Unit.MESSAGES, *_ENDED, _sum("messages"), "under", 2.0,
    ),
    _share(
        "auto_resolution", "Auto-resolution", "Automatic",
        "Of the tickets that ended, those resolved without any person deciding, taking or "
        "answering; only what was verified or confirmed.",
        _ENDED, "alone", "over", 0.60,
    ),
    Measure(
        "utilisation", "People on escalated work", "Utilisation",
        "Of the time that people had tickets in hand, the share on tickets that the agents had "
        "handed over, of the tickets that ended.",
        Unit.SHARE, "tickets that people had in hand", _sum("people"),
        _sum("people_escalated_ms"), "over", 0.70, divisor=_sum("people_ms"),
    ),
    Measure(
        "cost_per_ticket", "Cost per ticket", "Cost",
        "What the model cost for the tickets opened in the period so far, for each of them.",
        Unit.USD, "tickets opened", _sum("tickets"), _scaled("cost", 1e6), "under", 0.50,
    ),
    _share(
        "escalation_rate", "Escalation rate", "Escalated",
        "Of the tickets opened that ask for something, those handed to a person so far.",
        _REQUESTS, "escalated", "under", 0.30,
    ),
    _share(
        "reopened", "Re-opened", "Re-opened",
        "Of the tickets that ended for the first time in the period, those that went on again "
        "later.",
        ("tickets that ended for the first time", _sum("ends")), "reopened", "under", 0.05,
    ),
    _share(
        "resolved", "Resolved for certain", "Certain",
        "Of the tickets that ended, those verified by an action read back or confirmed by the "
        "customer.",
        _ENDED, "resolved",
    ),
    _share(
        "unconfirmed", "Not confirmed yet", "Unconfirmed",
        "Of the tickets that ended, those that agents or a person call resolved, with nothing to "
        "bear it out so far.",
        _ENDED, "ended.unconfirmed",
    ),
    _share(
        "silence", "Ended in silence", "Silence",
        "Of the tickets that ended, those closed by time, neither verified nor confirmed.",
        _ENDED, "ended.silence",
    ),
    _share(
        "quality", "Quality passed", "Quality",
        "Of the ends of tickets checked for quality, by the day of the end, those that passed (0.8 "
        "or more over resolution, mood, escalation and compliance); the newest check of each "
        "ticket, with what people corrected.",
        ("ticket ends checked", _sum("checked")), "passed", "over", 0.90,
    ),
    _share(
        "quality_agreement", "Agreement on quality", "Agreement",
        "Of the quality scores that people reviewed in the period, those that they agreed with; "
        "the newest word on each score.",
        ("scores reviewed", _sum("reviewed")), "review_agreed", "over", 0.85,
    ),
    _number(
        "approvals", "Approvals", "Approvals",
        "What the agents asked people to decide in the period.",
        _ASKED[0], "asked",
    ),
    _time(
        "decision_time", "Time to decide", "To decide",
        "The median time from asking to the decision, of the approvals asked for in the period.",
        _DECIDED[0], "decide", 900, median=True,
    ),
    _share(
        "approved_unchanged", "Approved unchanged", "Unchanged",
        "Of the approvals decided, those approved as they were proposed.",
        _DECIDED, "unchanged", "over", 0.90,
    ),
    _share(
        "approved_changed", "Approved with changes", "Changed",
        "Of the approvals decided, those that a person changed first.",
        _DECIDED, "changed",
    ),
    _share(
        "rejected", "Rejected", "Rejected",
        "Of the approvals decided, those rejected.",
        _DECIDED, "rejected",
    ),
    _share(
        "expired", "Expired", "Expired",
        "Of the approvals asked for, those that nobody decided in time.",
        _ASKED, "expired", "under", 0.02,
    ),
    _share(
        "stale", "Stale", "Stale",
        "Of the approvals asked for, those whose records changed before they were carried out.",
        _ASKED, "stale",
    ),
    _share(
        "undone", "Undone", "Undone",
        "Of the approvals that were approved, those carried out and taken back.",
        ("approvals approved", _sum("approved")), "undone", "under", 0.02,
    ),
)  # fmt: skip
"""All measures, in the order in which they are shown."""

BY_NAME = {measure.name: measure for measure in MEASURES}

TARGETS: dict[str, float] = {m.name: m.target for m in MEASURES if m.target is not None}
"""What is aimed for unless the settings say otherwise."""
