"""What a fact adds to the sums of days: names and whole numbers, which can be taken away again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from data.measures.buckets import bucket_of
from data.measures.fact import DECIDED, Fact, Result, is_request
from data.measures.story import Ending
from data.vocabulary import IMPORTED, Verdict

DAY = 86_400_000_000
"""Microseconds."""

DIMENSIONS = ("intent", "agent", "channel", "model")
ALL = "all"

_OF_OTHERS = ("channel", "model")
"""Dimensions by which recorded runs of other agents are told apart from our own."""

Cell = tuple[int, str, str, str, str]
"""Day since 1970 (UTC), intent, agent, channel, model."""

Key = tuple[str, str, str]
"""Dimension, value and span of a row of `measure_sum`."""

Sums = Counter[str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RESOLVED = (Ending.VERIFIED, Ending.CONFIRMED)


def add(cells: dict[Cell, Sums], fact: Fact, sign: int) -> None:
    """Add what a fact counts for to the sums of its days, or take it away (`sign` -1)."""
    for at, intent, agent, counts in _counts(fact):
        cell = (at // DAY, intent, agent, fact.channel, fact.brain)
        sums = cells.get(cell)
        if sums is None:
            sums = cells[cell] = Counter()
        for name, number in counts:
            sums[name] += sign * number


Counts = list[tuple[str, int]]


def _counts(fact: Fact) -> Iterator[tuple[int, str, str, Counts]]:
    """When, under which intent and agent, and what."""
    mine = fact.intent, fact.agent
    if fact.channel == IMPORTED:
        yield fact.opened_at, *mine, _recorded(fact)
        return
    yield fact.opened_at, *mine, _at_opening(fact)
    if is_request(fact):
        if fact.answered_at is not None:
            waited = max(0, fact.answered_at - fact.opened_at) // 1000
            yield fact.answered_at, *mine, _timed("answer", waited)
        if fact.first_ended_at is not None:
            yield fact.first_ended_at, *mine, [("ends", 1), ("reopened", int(fact.reopened > 0))]
        if fact.ended_at is not None:
            yield fact.ended_at, *mine, _at_end(fact, fact.ended_at)
    if fact.scored_at is not None and fact.score is not None:
        yield fact.scored_at, *mine, [("scores", 1), ("score_sum", fact.score)]
    if fact.checked_at is not None and fact.verdict != Verdict.NO_DATA:
        passed = int(fact.verdict == Verdict.PASSED)
        yield fact.checked_at, *mine, [("checked", 1), ("passed", passed)]
    for at, agreed in fact.reviews:
        yield at, *mine, [("reviewed", 1), ("review_agreed", int(agreed))]
    for asked in fact.approvals:
        counts = [("asked", 1), (asked.result, 1), ("undone", int(asked.undone))]
        if asked.waited_ms is not None:
            counts += _timed("decide", asked.waited_ms)
        if asked.result in (Result.UNCHANGED, Result.CHANGED):
            counts.append(("approved", 1))
        if asked.result in DECIDED:
            counts.append(("decided", 1))
        yield asked.asked_at, asked.intent, asked.agent, counts


def _recorded(fact: Fact) -> Counts:
    """Of another agents' run: what was said in it; when, is mostly not recorded."""
    counts = [*_at_opening(fact), ("messages", fact.messages)]
    return [*counts, ("ended", 1), (f"ended.{fact.ending}", 1)]


def _at_opening(fact: Fact) -> Counts:
    return [
        ("tickets", 1),
        ("requests", int(is_request(fact))),
        ("escalated", int(fact.escalated and is_request(fact))),
        ("cost", fact.cost_micros),
    ]


def _at_end(fact: Fact, ended_at: int) -> Counts:
    counts: Counts = [
        ("ended", 1),
        (f"ended.{fact.ending}", 1),
        ("messages", fact.messages),
        *_timed("handle", fact.agents_ms + fact.people_ms),
        ("people_ms", fact.people_ms),
        ("people", int(fact.people_ms > 0)),
        ("people_escalated_ms", fact.people_ms if fact.escalated else 0),
    ]
    if fact.ending in _RESOLVED:
        at_once = fact.answers <= 1 and not fact.reopened and not fact.escalated
        counts += [
            ("resolved", 1),
            ("first_contact", int(at_once)),
            ("alone", int(not fact.assisted and not fact.escalated)),
            *_timed("resolve", max(0, ended_at - fact.opened_at) // 1000),
        ]
    return counts


def _timed(name: str, milliseconds: int) -> Counts:
    """One time: counted, summed up, and in its bucket."""
    bucket = f"{name}:{bucket_of(milliseconds)}"
    return [(f"{name}_n", 1), (f"{name}_ms", milliseconds), (bucket, 1)]


def times_in(sums: Mapping[str, int]) -> dict[str, dict[int, int]]:
    """What was timed, with how many fell into each bucket."""
    found: dict[str, dict[int, int]] = {}
    for key, count in sums.items():
        name, marked, bucket = key.partition(":")
        if marked:
            found.setdefault(name, {})[int(bucket)] = count
    return found


@lru_cache(maxsize=4096)
def spans_of(day: int) -> tuple[str, str]:
    """The day and the month that a day since 1970 belongs to, as rows name them."""
    name = (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%d")
    return name, name[:7]


def spread(cells: dict[Cell, Sums]) -> dict[Key, Sums]:
    """The same sums by day and month, for all tickets and for each value of each dimension."""
    found: dict[Key, Sums] = {}
    for (day, *values), sums in cells.items():
        kept = {name: number for name, number in sums.items() if number}
        if not kept:
            continue
        others = values[DIMENSIONS.index("channel")] == IMPORTED
        for span in spans_of(day):
            places = zip((ALL, *DIMENSIONS), ("", *values), strict=True)
            for dimension, value in places:
                # Other agents' runs are told by themselves only, never among our own.
                if others and dimension not in _OF_OTHERS:
                    continue
                merge(found.setdefault((dimension, value, span), Counter()), kept.items())
    return found


def merge(sums: Sums, counts: Iterable[tuple[str, int]]) -> None:
    """Add counts; a name that comes to zero goes."""
    for name, number in counts:
        now = sums.get(name, 0) + number
        if now:
            sums[name] = now
        else:
            sums.pop(name, None)
