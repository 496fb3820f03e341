"""Actions that wait for a person, what is at stake first."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from data.errors import NotFound
from data.queries.rows import ActionRow, HandoffRow
from data.queries.tickets import HANDOFF, actions_where, handoffs_where
from data.store import ACTION, TICKET, Store
from data.vocabulary import ActionState, TicketStatus


def pending_approvals(store: Store) -> list[ActionRow]:
    """Every action that waits for a decision, oldest request first."""
    with store.read() as connection:
        return actions_where(
            connection,
            ACTION.c.state == ActionState.PROPOSED.value,
            [ACTION.c.proposed_at, ACTION.c.ticket_id, ACTION.c.position],
        )


def unknown_outcomes(store: Store) -> list[ActionRow]:
    """Every action of which nobody knows whether it happened, begun first first."""
    with store.read() as connection:
        return actions_where(
            connection,
            ACTION.c.state == ActionState.UNKNOWN.value,
            [ACTION.c.started_at, ACTION.c.id],
        )


def find_action(store: Store, name: str) -> ActionRow:
    """The action with this id, or the only one whose id begins so; NotFound otherwise."""
    with store.read() as connection:
        found = actions_where(
            connection,
            or_(ACTION.c.id == name, ACTION.c.id.startswith(name, autoescape=True)),
            [ACTION.c.id],
        )
    exact = [action for action in found if action.id == name]
    if len(exact or found) != 1:
        problem = "no action" if not found else "more than one action begins with"
        raise NotFound(f"{problem} {name!r}; `handrail approvals` lists what waits")
    return (exact or found)[0]


def record_dates(store: Store, action_ids: Sequence[str]) -> dict[str, str]:
    """The day of the record that each of these is about, as YYYY-MM-DD, where it has one."""
    query = select(ACTION.c.id, ACTION.c.target, ACTION.c.records)
    with store.read() as connection:
        rows = connection.execute(query.where(ACTION.c.id.in_(action_ids))).all()
    found = {}
    for row in rows:
        record = (row.records or {}).get(row.target) or {}
        at = (record.get("fields") or {}).get("at")
        if isinstance(at, str):
            found[row.id] = at[:10]
    return found


def money_waiting(store: Store, ticket_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """What waits for approval in each of these tickets: currency to minor units."""
    total = func.sum(ACTION.c.amount)
    query = (
        select(ACTION.c.ticket_id, ACTION.c.currency, total)
        .where(
            ACTION.c.ticket_id.in_(ticket_ids),
            ACTION.c.state == ActionState.PROPOSED.value,
            ACTION.c.amount.is_not(None),
        )
        .group_by(ACTION.c.ticket_id, ACTION.c.currency)
    )
    found: dict[str, dict[str, int]] = {}
    with store.read() as connection:
        for ticket_id, currency, amount in connection.execute(query):
            found.setdefault(ticket_id, {})[currency or ""] = int(amount)
    return found


def open_handoffs(store: Store, skill: str | None = None) -> list[HandoffRow]:
    """Escalated tickets that no person has accepted yet, by their newest hand-over, oldest first.

    `skill` leaves those of other skills out.
    """
    waits = HANDOFF.c.accepted_at.is_(None) & (TICKET.c.status == TicketStatus.ESCALATED.value)
    with store.read() as connection:
        newest = {row.ticket_id: row for row in handoffs_where(connection, waits)}
    found = sorted(newest.values(), key=lambda row: (row.queued_at, row.id))
    return [row for row in found if skill in (None, row.skill)]
