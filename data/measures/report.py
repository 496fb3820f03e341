"""Measures over a period: of all tickets, by intent, agent, channel or model, by day and longer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from data.measures.definitions import MEASURES, TARGETS, Measure
from data.measures.period import Period
from data.measures.rollup import SUM
from data.measures.sums import ALL, Sums, merge, times_in
from data.store import Store

By = Literal["intent", "agent", "channel", "model", "day", "week", "month"]
STEPS = ("day", "week", "month")

_AT_ONCE = 500
"""Spans in one list of a query."""


@dataclass(frozen=True)
class Value:
    """One measure over some tickets."""

    measure: Measure
    value: float | None
    """In the measure's unit; None where nothing was counted."""
    count: int
    target: float | None
    middle: float | None = None
    """Of a time: what half of them do not exceed, in seconds."""
    most: float | None = None
    """Of a time: what nine of ten do not exceed, in seconds."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or without data."""
        if self.target is None or self.value is None or not self.measure.aim:
            return None
        over = self.measure.aim == "over"
        return self.value > self.target if over else self.value < self.target


@dataclass(frozen=True)
class Group:
    """The measures of one part of the tickets, or of the period."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Report:
    """The measures over a period."""

    period: Period
    total: tuple[Value, ...]
    by: By | None = None
    groups: tuple[Group, ...] = ()
    """In the order of time, or by how many tickets were opened."""
    within: tuple[str, str] | None = None
    """Dimension and value of the tickets that were counted alone."""


def values_of(sums: Mapping[str, int], targets: Mapping[str, float] = TARGETS) -> tuple[Value, ...]:
    """Every measure over these sums."""
    times = times_in(sums)
    return tuple(
        Value(
            measure,
            measure.value(sums, times),
            max(0, measure.count(sums)),
            targets.get(measure.name),
            measure.percentile(times, 0.5) if measure.times else None,
            measure.percentile(times, 0.9) if measure.times else None,
        )
        for measure in MEASURES
    )


def measures(
    store: Store,
    period: Period,
    *,
    by: By | None = None,
    within: tuple[str, str] | None = None,
    targets: Mapping[str, float] = TARGETS,
) -> Report:
    """The measures as far as `catch_up` has come; costs little, however many tickets there are.

    `within` counts only tickets of one value of a dimension, such as ("intent", "billing"); it
    goes with no other dimension in `by`.
    """
    dimension, value = within or (ALL, "")
    with store.read() as connection:
        if by in STEPS:
            steps = _steps(period, by)
            spans = {span: step for step, part in steps for span in part.spans()}
            named = _sums(connection, list(spans), dimension, value)
            found = _joined((spans[span], sums) for (_, span), sums in named.items())
            groups = [(name, found.get(name, Counter())) for name, _ in steps]
            total = _joined(("", sums) for sums in found.values()).get("", Counter())
        else:
            spans_now = period.spans()
            named = _sums(connection, spans_now, dimension, value)
            total = _joined(("", sums) for sums in named.values()).get("", Counter())
            groups = []
            if by is not None and within is None:
                parts = _sums(connection, spans_now, by, None)
                joined = _joined((part, sums) for (part, _), sums in parts.items())
                groups = sorted(joined.items(), key=lambda g: (-g[1]["tickets"], g[0]))
    told = tuple(Group(name, values_of(sums, targets)) for name, sums in groups)
    return Report(period, values_of(total, targets), by, told, within)


def whole_period(store: Store) -> Period | None:
    """From the first day to the last on which anything was counted; None if nothing was."""
    days = select(func.min(SUM.c.span), func.max(SUM.c.span)).where(
        SUM.c.dimension == "channel", func.length(SUM.c.span) == len("2026-03-09")
    )
    with store.read() as connection:
        first, last = connection.execute(days).one()
    return Period(date.fromisoformat(first), date.fromisoformat(last)) if first else None


def _steps(period: Period, by: Any) -> Sequence[tuple[str, Period]]:
    if by == "month":
        return [(f"{month.first:%Y-%m}", month) for month in period.months()]
    if by == "week":
        return [(week.first.isoformat(), week) for week in period.weeks()]
    return [(day.isoformat(), Period(day, day)) for day in period.each_day()]


def _sums(
    connection: Connection, spans: list[str], dimension: str, value: str | None
) -> dict[tuple[str, str], dict[str, int]]:
    """Value and span to the sums that are stored, of one value or of all."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for start in range(0, len(spans), _AT_ONCE):
        query = select(SUM.c.value, SUM.c.span, SUM.c.sums).where(
            SUM.c.dimension == dimension, SUM.c.span.in_(spans[start : start + _AT_ONCE])
        )
        if value is not None:
            query = query.where(SUM.c.value == value)
        for row in connection.execute(query):
            found[row.value, row.span] = row.sums
    return found


def _joined(parts: Iterable[tuple[str, Mapping[str, int]]]) -> dict[str, Sums]:
    """The sums under each name, added up."""
    found: dict[str, Sums] = {}
    for name, sums in parts:
        merge(found.setdefault(name, Counter()), sums.items())
    return found
