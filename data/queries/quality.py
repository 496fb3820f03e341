"""Quality checks: what they found of each ticket, what waits for a person, how often they agree."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, not_, select

from data.errors import NotFound
from data.store import TICKET, Store, table
from data.tables import QualityCheck, QualityReview
from data.vocabulary import QualityName, Verdict

QUALITY, REVIEW = table(QualityCheck), table(QualityReview)
_AT_ONCE = 500
_Z = 1.96
"""Of the 95% interval."""


@dataclass(frozen=True)
class ReviewRow:
    """What a person said of one score."""

    operator: str
    found: float | None
    score: float
    agreed: bool
    note: str | None
    at: datetime


@dataclass(frozen=True)
class ScoreRow:
    """One check of a ticket, with the newest thing that a person said of it."""

    name: str
    score: float | None
    """None: no data."""
    reason: str
    events: list[int]
    """Positions in the ticket's log."""
    by: str
    review: ReviewRow | None = None


@dataclass(frozen=True)
class QualityRow:
    """The standing check of one ticket."""

    id: str
    ticket_id: str
    ticket_ref: str
    subject: str
    customer_name: str | None
    status: str
    intent: str | None
    overall: float | None
    verdict: str
    judge: str | None
    judge_problem: str | None
    ended_at: datetime
    checked_at: datetime
    settled_at: datetime | None
    position: int
    version: int
    scores: list[ScoreRow] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether a person is to look at it."""
        return self.verdict == Verdict.REVIEW and self.settled_at is None


@dataclass(frozen=True)
class QualityPage:
    """Some checks, how many there are in all, and how many of these wait for a person."""

    rows: list[QualityRow]
    total: int
    verdicts: dict[str, int]
    """How many came to each verdict, whatever the page shows."""
    waiting: int


@dataclass(frozen=True)
class Agreement:
    """How often people and a check agree."""

    name: str
    reviewed: int
    agreed: int

    @property
    def share(self) -> float | None:
        """0 to 1; None where nobody said anything."""
        return self.agreed / self.reviewed if self.reviewed else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95% interval of the share."""
        return wilson(self.agreed, self.reviewed)


def wilson(hits: int, of: int) -> tuple[float, float] | None:
    """The 95% interval of a share that `hits` of `of` shows; None for none."""
    if of <= 0:
        return None
    share, spread = hits / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    reach = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)


_COLUMNS = [
    QUALITY.c.id, QUALITY.c.ticket_id, TICKET.c.ref.label("ticket_ref"), TICKET.c.subject,
    TICKET.c.customer_name, TICKET.c.status, TICKET.c.intent, QUALITY.c.overall,
    QUALITY.c.verdict, QUALITY.c.judge, QUALITY.c.judge_problem, QUALITY.c.ended_at,
    QUALITY.c.checked_at, QUALITY.c.settled_at, QUALITY.c.position, QUALITY.c.version,
    QUALITY.c.checks,
]  # fmt: skip
_WAITS = (QUALITY.c.verdict == Verdict.REVIEW.value) & QUALITY.c.settled_at.is_(None)


def quality_page(
    store: Store,
    *,
    needs_review: bool = False,
    since: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> QualityPage:
    """The standing checks, what waits for a person first, then the newest end first."""
    standing = _standing(since)
    counts = select(QUALITY.c.verdict, func.count()).where(standing).group_by(QUALITY.c.verdict)
    with store.read() as connection:
        verdicts = {row[0]: int(row[1]) for row in connection.execute(counts)}
        waiting = _count(connection, standing & _WAITS)
        # Two queries, each in the order of an index, rather than sorting all there are.
        rows = _page(connection, standing & _WAITS, limit, offset)
        if not needs_review and len(rows) < limit:
            rest = limit - len(rows), max(0, offset - waiting)
            rows += _page(connection, standing & not_(_WAITS), *rest)
        made = _made(connection, rows)
    total = waiting if needs_review else sum(verdicts.values())
    return QualityPage(made, total, verdicts, waiting)


def _standing(since: datetime | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = QUALITY.c.superseded == false()
    return found if since is None else found & (QUALITY.c.ended_at >= since)


def _page(
    connection: Connection, wanted: ColumnElement[bool], limit: int, offset: int
) -> list[Any]:
    query = (
        select(*_COLUMNS)
        .join(TICKET, TICKET.c.id == QUALITY.c.ticket_id)
        .where(wanted)
        .order_by(QUALITY.c.ended_at.desc(), QUALITY.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(connection.execute(query).mappings())


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(QUALITY).where(condition)
    return int(connection.execute(query).scalar_one())


def quality_of(store: Store, ticket_id: str) -> QualityRow:
    """The standing check of a ticket; NotFound if it was not checked yet."""
    query = (
        select(*_COLUMNS)
        .join(TICKET, TICKET.c.id == QUALITY.c.ticket_id)
        .where(QUALITY.c.ticket_id == ticket_id, _standing(None))
    )
    with store.read() as connection:
        rows = _made(connection, connection.execute(query).mappings().all())
    if not rows:
        raise NotFound(
            f"ticket {ticket_id!r} was not checked; a worker checks it when it ends, "
            "`handrail qa run` now"
        )
    return rows[0]


def _made(connection: Connection, rows: Any) -> list[QualityRow]:
    said = newest_reviews(connection, [row["id"] for row in rows])
    made = []
    for row in rows:
        values = dict(row)
        scores = [
            ScoreRow(**check, review=said.get((values["id"], check["name"])))
            for check in values.pop("checks")
        ]
        made.append(QualityRow(**values, scores=scores))
    return made


def newest_reviews(
    connection: Connection, check_ids: list[str]
) -> dict[tuple[str, str], ReviewRow]:
    """The newest thing that a person said, by check and name."""
    found: dict[tuple[str, str], ReviewRow] = {}
    for start in range(0, len(check_ids), _AT_ONCE):
        some = REVIEW.c.check_id.in_(check_ids[start : start + _AT_ONCE])
        query = select(REVIEW).where(some).order_by(REVIEW.c.at, REVIEW.c.id)
        for row in connection.execute(query):
            found[row.check_id, row.name] = ReviewRow(
                row.operator, row.found, row.score, row.agreed, row.note, row.at
            )
    return found


def agreements(store: Store, since: datetime | None = None) -> list[Agreement]:
    """How often people agreed with each check; the newest word on each score counts."""
    query = select(REVIEW.c.check_id, REVIEW.c.name, REVIEW.c.agreed)
    if since is not None:
        query = query.where(REVIEW.c.at >= since)
    newest: dict[tuple[str, str], bool] = {}
    with store.read() as connection:
        for row in connection.execute(query.order_by(REVIEW.c.at, REVIEW.c.id)):
            newest[row.check_id, row.name] = row.agreed
    return [
        Agreement(
            name.value,
            sum(key[1] == name for key in newest),
            sum(agreed for key, agreed in newest.items() if key[1] == name),
        )
        for name in QualityName
    ]
