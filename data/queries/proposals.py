"""What the agents proposed and what people made of it, one after the other, however many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from data.queries.tickets import ISSUE, RUN
from data.store import ACTION, TICKET, Store
from data.vocabulary import ActionName, ActionState, Gate

AT_ONCE = 1_000
"""Rows that are held at a time."""

EDITED = "edited"
"""The problem of an action that an edit has replaced."""

_ENDS = {
    ActionState.UNDONE.value: "undone",
    ActionState.REJECTED.value: "rejected",
    ActionState.EXPIRED.value: "expired",
    ActionState.STALE.value: "stale",
    ActionState.WITHDRAWN.value: "withdrawn",
    ActionState.REFUSED.value: "refused",
    ActionState.PROPOSED.value: "waiting",
}
_FAILED = (ActionState.FAILED.value, ActionState.UNKNOWN.value)


@dataclass(frozen=True)
class Proposal:
    """One thing that the agents proposed, with what became of it and its later revisions."""

    id: str
    ticket_id: str
    ticket_ref: str
    action: ActionName
    intent: str | None
    amount: int | None
    """As proposed, in minor units."""
    currency: str | None
    gate: Gate
    """What the policy said then."""
    person: str
    """What people made of it: approved, edited, rejected, undone, expired, stale, withdrawn,
    waiting, refused (by policy or records), or alone where nobody was asked."""
    at: datetime
    """When it was carried out, or else proposed."""
    started: bool
    failed: bool
    """Whether the outside system did not do it, or nobody knows."""
    by_template: bool
    """Whether its words come from a template, not from a model."""


_COLUMNS = [
    ACTION.c[name]
    for name in (
        "id", "ticket_id", "name", "amount", "currency", "gate", "state", "problem", "decided_by",
        "started_at", "superseded_by",
    )
]  # fmt: skip
_AT = func.coalesce(ACTION.c.started_at, ACTION.c.proposed_at)


def proposals(
    store: Store, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Proposal]:
    """Everything that the agents proposed from `since` up to `until`, by the time it was done.

    An edited, stale or repeated action counts once, as it was proposed first. What people proposed
    by hand, and undoing, is left out. Memory does not grow with the number of rows.
    """
    query = (
        select(
            *_COLUMNS, _AT.label("at"), TICKET.c.ref, RUN.c.brain,
            func.coalesce(ISSUE.c.intent, TICKET.c.intent).label("intent"),
        )
        .join(TICKET, TICKET.c.id == ACTION.c.ticket_id)
        .join(RUN, RUN.c.id == ACTION.c.run_id)
        .outerjoin(ISSUE, ISSUE.c.id == ACTION.c.issue_id)
        .where(
            ACTION.c.proposed_by.is_(None), ACTION.c.undoes.is_(None), ACTION.c.supersedes.is_(None)
        )
        .order_by(_AT, ACTION.c.id)
    )  # fmt: skip
    if since is not None:
        query = query.where(ACTION.c.proposed_at >= since)
    if until is not None:
        query = query.where(ACTION.c.proposed_at < until)
    with store.read() as connection:
        streamed = connection.execution_options(stream_results=True, yield_per=AT_ONCE)
        for rows in streamed.execute(query).partitions(AT_ONCE):
            later = _revisions(connection, [r.superseded_by for r in rows if r.superseded_by])
            for row in rows:
                yield _proposal(row, _course(row, later))


def _revisions(connection: Connection, ids: list[str]) -> dict[str, Any]:
    """The actions of these ids and all that replaced them."""
    found: dict[str, Any] = {}
    while ids:
        rows = connection.execute(select(*_COLUMNS).where(ACTION.c.id.in_(ids))).all()
        found |= {row.id: row for row in rows}
        ids = [r.superseded_by for r in rows if r.superseded_by and r.superseded_by not in found]
    return found


def _course(first: Any, later: dict[str, Any]) -> list[Any]:
    """A proposal and its revisions, in order."""
    course = [first]
    while course[-1].superseded_by in later:
        course.append(later[course[-1].superseded_by])
    return course


def _proposal(row: Any, course: list[Any]) -> Proposal:
    last = course[-1]
    return Proposal(
        row.id, row.ticket_id, row.ref, ActionName(row.name), row.intent, row.amount, row.currency,
        Gate(row.gate), _made_of(course), row.at,
        any(each.started_at is not None for each in course), last.state in _FAILED,
        row.brain == "embedded" or row.name != ActionName.SEND_REPLY,
    )  # fmt: skip


def _made_of(course: list[Any]) -> str:
    last = course[-1]
    ended = _ENDS.get(last.state)
    if ended in ("undone", "rejected"):
        return ended
    if any(each.problem == EDITED for each in course):
        return EDITED
    if ended is not None:
        return ended
    return "alone" if last.decided_by in (None, "policy") else "approved"


def how_many(store: Store) -> int:
    """About how many rows `proposals` has in all."""
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(ACTION)).scalar_one())
