"""What came that needs a person: approvals, hand-overs, outcomes that nobody knows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from data.store import ACTION, EVENT, TICKET, Store
from data.vocabulary import ActionState

Kind = Literal["approval", "escalation", "unknown", "revoked"]

KINDS: dict[str, Kind] = {
    "action.proposed": "approval",
    "handoff": "escalation",
    "action.unknown": "unknown",
    "policy.revoked": "revoked",
}
"""Events that may need a person, and what they bring."""

_AT_ONCE = 500


@dataclass(frozen=True)
class Arrival:
    """One thing that needs a person; of an action, what it is and how much."""

    kind: Kind
    ticket_id: str
    ticket_ref: str
    action_id: str | None = None
    name: str | None = None
    amount: int | None = None
    currency: str | None = None
    by: str | None = None
    """The person who proposed it, if one did."""
    intent: str | None = None
    """Of a rule that was revoked."""


def arrivals(store: Store, events: Sequence[int]) -> list[Arrival]:
    """What these events (by id) brought and still needs a person, in their order."""
    found: list[Arrival] = []
    for first in range(0, len(events), _AT_ONCE):
        found += _some(store, events[first : first + _AT_ONCE])
    return found


def _some(store: Store, events: Sequence[int]) -> list[Arrival]:
    query = (
        select(EVENT.c.kind, EVENT.c.data, TICKET.c.id, TICKET.c.ref)
        .outerjoin(TICKET, TICKET.c.id == EVENT.c.chain)
        .where(EVENT.c.id.in_(events), EVENT.c.kind.in_(list(KINDS)))
        .order_by(EVENT.c.id)
    )
    with store.read() as connection:
        rows = [(r.kind, json.loads(r.data), r.id, r.ref) for r in connection.execute(query)]
        wanted = [data.get("action") for _, data, _, _ in rows]
        columns = [ACTION.c[name] for name in ("id", "name", "state", "amount", "currency")]
        actions = {
            row.id: row
            for row in connection.execute(select(*columns).where(ACTION.c.id.in_(wanted)))
        }
    found = []
    for event, data, ticket_id, ref in rows:
        kind = KINDS[event]
        if kind == "revoked":
            found.append(Arrival(kind, "", "", data["for"], data["action"], intent=data["intent"]))
            continue
        if kind == "escalation":
            found.append(Arrival(kind, ticket_id, ref))
            continue
        action: Any = actions.get(data.get("action"))
        state = ActionState.PROPOSED if kind == "approval" else ActionState.UNKNOWN
        if action is not None and action.state == state.value:
            found.append(
                Arrival(
                    kind, ticket_id, ref, action.id, action.name, action.amount, action.currency,
                    data.get("by"),
                )
            )  # fmt: skip
    return found
