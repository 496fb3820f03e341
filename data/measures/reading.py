"""Reading facts of tickets: from the log and the rows, and as they were stored."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, case, or_, select, type_coerce

from data.measures.fact import Asked, Fact, TicketRow, fact_of
from data.measures.story import TOLD, Entry, story_of
from data.queries.tickets import ISSUE, RUN
from data.store import ACTION, EVENT, TICKET, table
from data.tables import QualityCheck, QualityReview, Survey, TicketFact
from data.vocabulary import Gate

SURVEY, FACT = table(Survey), table(TicketFact)
QUALITY, REVIEW = table(QualityCheck), table(QualityReview)
AT_ONCE = 500
"""Tickets in one list of a query."""

_EVENTS = select(
    EVENT.c.chain,
    type_coerce(EVENT.c.at, BigInteger).label("at"),
    EVENT.c.agent,
    EVENT.c.kind,
    EVENT.c.run_id,
    case((EVENT.c.kind.in_(sorted(TOLD)), EVENT.c.data)).label("data"),
).order_by(EVENT.c.chain, EVENT.c.position)
_TICKETS = select(
    TICKET.c.id,
    TICKET.c.intent,
    TICKET.c.channel,
    TICKET.c.merged_into,
    type_coerce(TICKET.c.opened_at, BigInteger).label("opened_at"),
)
_RUNS = select(RUN.c.ticket_id, RUN.c.brain, RUN.c.cost_micros).order_by(RUN.c.number)
_ISSUES = select(ISSUE.c.id, ISSUE.c.ticket_id, ISSUE.c.agent, ISSUE.c.intent).order_by(
    ISSUE.c.position
)
_ACTIONS = (
    select(
        ACTION.c.id,
        ACTION.c.ticket_id,
        ACTION.c.issue_id,
        ACTION.c.agent,
        ACTION.c.state,
        ACTION.c.supersedes,
        ACTION.c.decided_by,
        type_coerce(ACTION.c.proposed_at, BigInteger).label("asked_at"),
        type_coerce(ACTION.c.decided_at, BigInteger).label("decided_at"),
    )
    .where(
        ACTION.c.proposed_by.is_(None),
        or_(ACTION.c.people_needed > 0, ACTION.c.gate.in_([Gate.ASK, Gate.ASK_TWO])),
    )
    .order_by(ACTION.c.position, ACTION.c.id)
)
_SURVEYS = select(
    SURVEY.c.ticket_id, SURVEY.c.score, type_coerce(SURVEY.c.at, BigInteger).label("at")
).order_by(SURVEY.c.at)
_QUALITY = select(
    QUALITY.c.ticket_id,
    QUALITY.c.verdict,
    type_coerce(QUALITY.c.ended_at, BigInteger).label("ended_at"),
).where(QUALITY.c.superseded.is_(False))
_REVIEWS = select(
    REVIEW.c.ticket_id,
    REVIEW.c.check_id,
    REVIEW.c.name,
    REVIEW.c.agreed,
    type_coerce(REVIEW.c.at, BigInteger).label("at"),
).order_by(REVIEW.c.at, REVIEW.c.id)

_NOTHING: dict[str, Any] = {}


def read_facts(connection: Connection, ticket_ids: Sequence[str]) -> Iterator[Fact]:
    """The facts of these tickets as log and rows say now; names that are no ticket are left out."""
    for start in range(0, len(ticket_ids), AT_ONCE):
        yield from _some(connection, list(ticket_ids[start : start + AT_ONCE]))


def stored_facts(connection: Connection, ticket_ids: Sequence[str]) -> Iterator[Fact]:
    """The facts of these tickets as they were stored; those that were not are left out."""
    for start in range(0, len(ticket_ids), AT_ONCE):
        some = FACT.c.ticket_id.in_(list(ticket_ids[start : start + AT_ONCE]))
        for row in connection.execute(select(FACT).where(some)).mappings():
            yield Fact.stored({str(name): value for name, value in row.items()})


def _some(connection: Connection, ids: list[str]) -> Iterator[Fact]:
    entries = _grouped(connection, _EVENTS, EVENT.c.chain, ids)
    runs = _grouped(connection, _RUNS, RUN.c.ticket_id, ids)
    issues = _grouped(connection, _ISSUES, ISSUE.c.ticket_id, ids)
    actions = _grouped(connection, _ACTIONS, ACTION.c.ticket_id, ids)
    surveys = _grouped(connection, _SURVEYS, SURVEY.c.ticket_id, ids)
    checked = _grouped(connection, _QUALITY, QUALITY.c.ticket_id, ids)
    reviewed = _grouped(connection, _REVIEWS, REVIEW.c.ticket_id, ids)
    for ticket in connection.execute(_TICKETS.where(TICKET.c.id.in_(ids))):
        mine = runs.get(ticket.id, ())
        scored = surveys.get(ticket.id, ())
        check = next(iter(checked.get(ticket.id, ())), None)
        said = {(r.check_id, r.name): (r.at, bool(r.agreed)) for r in reviewed.get(ticket.id, ())}
        of_issue = {issue.id: issue.intent for issue in issues.get(ticket.id, ())}
        merged = ticket.merged_into is not None
        row = TicketRow(
            id=ticket.id,
            intent=ticket.intent,
            agent=next((i.agent for i in issues.get(ticket.id, ()) if i.agent), None),
            channel=ticket.channel,
            brain=mine[-1].brain if mine else None,
            opened_at=ticket.opened_at,
            merged=merged,
            cost_micros=sum(run.cost_micros for run in mine),
            score=scored[-1].score if scored else None,
            scored_at=scored[-1].at if scored else None,
            verdict=check.verdict if check else None,
            checked_at=check.ended_at if check else None,
            reviews=tuple(said.values()),
        )
        story = story_of((_entry(e) for e in entries.get(ticket.id, ())), merged=merged)
        asked = [_asked(a, of_issue) for a in actions.get(ticket.id, ())]
        yield fact_of(row, story, asked)


def _grouped(
    connection: Connection, query: Select[Any], key: ColumnElement[str], ids: list[str]
) -> dict[str, list[Any]]:
    """The rows of each ticket, in the order of the query."""
    found: dict[str, list[Any]] = {}
    place = next(at for at, column in enumerate(query.selected_columns) if column.key == key.key)
    for row in connection.execute(query.where(key.in_(ids))).all():
        found.setdefault(row[place], []).append(row)
    return found


def _entry(row: Any) -> Entry:
    data = json.loads(row.data) if row.data else _NOTHING
    return Entry(row.at, row.agent, row.kind, row.run_id, data)


def _asked(row: Any, intents: dict[str, str]) -> Asked:
    return Asked(
        id=row.id,
        intent=intents.get(row.issue_id),
        agent=row.agent,
        state=row.state,
        supersedes=row.supersedes,
        decided_by=row.decided_by,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
    )
