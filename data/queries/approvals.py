"""Actions that wait for a person, what is at stake first."""

from sqlalchemy import or_

from data.errors import NotFound
from data.queries.rows import ActionRow, HandoffRow
from data.queries.tickets import HANDOFF, actions_where, handoffs_where
from data.store import ACTION, Store
from data.vocabulary import ActionState


def pending_approvals(store: Store) -> list[ActionRow]:
    """Every action that waits for a decision, oldest request first."""
    with store.read() as connection:
        return actions_where(
            connection,
            ACTION.c.state == ActionState.PROPOSED.value,
            [ACTION.c.proposed_at, ACTION.c.ticket_id, ACTION.c.position],
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


def open_handoffs(store: Store) -> list[HandoffRow]:
    """Hand-overs that no person has accepted yet, oldest first."""
    with store.read() as connection:
        return handoffs_where(connection, HANDOFF.c.accepted_at.is_(None))
