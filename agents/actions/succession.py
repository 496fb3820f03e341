"""What follows an action: a new revision in its place, or the end of those that come after it."""

from typing import Any

from data.store import ACTION, Transaction
from data.tables import Action
from data.vocabulary import ActionState


def succeed(tx: Transaction, old: dict[str, Any], new_id: str, **changes: Any) -> dict[str, Any]:
    """Insert a revision of an action that supersedes `old` and waits to be decided; its columns.

    It has an idempotency key of its own and as long to be decided as the old one had.
    """
    values = {column.name: old[column.name] for column in ACTION.columns} | {
        "id": new_id,
        "state": ActionState.PROPOSED.value,
        "supersedes": old["id"],
        "superseded_by": None,
        "idempotency_key": f"{old['ticket_id']}:{new_id}",
        "proposed_at": tx.now,
        "decided_by": None,
        "decided_at": None,
        "decision_reason": None,
        "problem": None,
        "started_at": None,
        "attempts": 0,
    }
    if old["expires_at"] is not None:
        values["expires_at"] = tx.now + (old["expires_at"] - old["proposed_at"])
    values |= changes
    tx.insert(Action, **values)
    return values


def dropped_after(name: str, state: str) -> str:
    """Why the later actions of an issue are withdrawn after one of them ended so."""
    return f"{name} is {state}"
