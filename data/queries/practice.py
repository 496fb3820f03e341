"""How people did in practice, and how long they read what they approved."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import select

from data.store import Store, table
from data.tables import PracticeCase, Reading

_CASE, _READING = table(PracticeCase), table(Reading)

WORDS_A_SECOND = 6.0
"""What a quick reader takes in; faster is not read."""

LAST = 20
"""Decisions of a person that the pace is told of."""

FEWEST = 5
"""Decisions before anything is told."""


@dataclass
class Practised:
    """One person's practice."""

    operator: str
    cases: int = 0
    right: int = 0
    """Of them, actions that were right."""
    misses: int = 0
    """Wrong actions that they approved."""
    false_alarms: int = 0
    """Right actions that they rejected."""
    seconds: float | None = None
    """Half of the cases took no longer."""
    missed: Counter[str] = field(default_factory=Counter)
    """What was wrong with those that they missed."""

    @property
    def wrong(self) -> int:
        """Of the cases, actions that were wrong."""
        return self.cases - self.right


@dataclass(frozen=True)
class Pace:
    """How one person reads: of their last decisions, those that were too fast to be read."""

    operator: str
    decisions: int
    too_fast: int

    @property
    def unread(self) -> bool:
        """Whether more than half of enough decisions were taken faster than one can read."""
        return self.decisions >= FEWEST and 2 * self.too_fast > self.decisions


def too_fast(words: int, took_ms: int) -> bool:
    """Whether so many words cannot be read in that time."""
    return took_ms / 1000 < words / WORDS_A_SECOND


def practised(store: Store, operator: str | None = None) -> list[Practised]:
    """Everybody's practice, by name; only answered cases count."""
    query = select(_CASE).where(_CASE.c.answered_at.is_not(None))
    if operator is not None:
        query = query.where(_CASE.c.operator == operator)
    found: dict[str, Practised] = {}
    times: defaultdict[str, list[int]] = defaultdict(list)
    with store.read() as connection:
        for row in connection.execute(query.order_by(_CASE.c.operator, _CASE.c.answered_at)):
            one = found.setdefault(row.operator, Practised(row.operator))
            one.cases += 1
            one.right += row.wrong is None
            one.misses += row.wrong is not None and row.approved
            one.false_alarms += row.wrong is None and not row.approved
            if row.wrong is not None and row.approved:
                one.missed[row.wrong] += 1
            times[row.operator].append(row.took_ms)
    for name, one in found.items():
        one.seconds = median(times[name]) / 1000
    return list(found.values())


def paces(store: Store, operator: str | None = None) -> dict[str, Pace]:
    """How people read what they approved last, by name."""
    query = select(_READING.c.operator).distinct()
    with store.read() as connection:
        names = [operator] if operator else list(connection.execute(query).scalars())
        found = {}
        for name in names:
            last = select(_READING.c.words, _READING.c.took_ms)
            last = last.where(_READING.c.operator == name)
            rows = connection.execute(last.order_by(_READING.c.at.desc()).limit(LAST)).all()
            fast = sum(too_fast(row.words, row.took_ms) for row in rows)
            found[name] = Pace(name, len(rows), fast)
    return found
