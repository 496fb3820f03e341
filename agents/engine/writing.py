"""The only way from an action to an outside system: a write handle that asks for the decision."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from agents.actions.catalogue import digest_of
from agents.connectors.protocols import Effect, Writer
from agents.errors import NotAllowed
from data.queries.tickets import DECISION
from data.store import ACTION, Store
from data.vocabulary import ActionName, ActionState, DecisionKind

Row = dict[str, Any]
LETS = (DecisionKind.APPROVE.value, DecisionKind.EDIT.value, DecisionKind.AUTO.value)
"""Kinds of decision that let an action run."""


class GuardedWriter:
    """Carries out what the store says was decided, and nothing else.

    A caller names an action; what is done, and under which key, is read from its row. A trial
    changes nothing, so that it needs no decision.
    """

    def __init__(self, store: Store, writer: Writer) -> None:
        """Stand between `writer` and everybody."""
        self._store, self._writer = store, writer

    def preview(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """The effect that the action would have now; nothing is changed."""
        return self._writer.preview(name, arguments, key, now)

    def preview_undo(self, key: str, now: datetime) -> Effect:
        """The effect that taking `key` back would have now; Refused where it cannot be."""
        return self._writer.preview_undo(key, now)

    def lookup(self, key: str) -> Effect | None:
        """The effect that a key had, or None if it was never carried out."""
        return self._writer.lookup(key)

    def carry_out(self, action_id: str, now: datetime) -> Effect:
        """Do what the action says, once; NotAllowed unless its decision was spent on starting it.

        Raises what the writer raises.
        """
        action = self._started(action_id)
        name, key = action["name"], action["idempotency_key"]
        if name == ActionName.UNDO:
            with self._store.read() as connection:
                undone = _action(connection, action["undoes"])
            return self._writer.undo(undone["idempotency_key"], key, now)
        return self._writer.execute(name, action["arguments"], key, now)

    def take_back(self, action_id: str, now: datetime) -> Effect:
        """Take back what an action that is still being carried out has done, as it went wrong."""
        key = self._started(action_id)["idempotency_key"]
        return self._writer.undo(key, f"{key}:compensation", now)

    def _started(self, action_id: str) -> Row:
        """The action, if it is being carried out upon a spent decision about its very arguments."""
        with self._store.read() as connection:
            action = _action(connection, action_id)
            spent = connection.execute(
                select(DECISION.c.id).where(
                    DECISION.c.action_id == action_id,
                    DECISION.c.digest == digest_of(ActionName(action["name"]), action["arguments"]),
                    DECISION.c.spent_at.is_not(None),
                    DECISION.c.kind.in_(LETS),
                )
            ).first()
        if action["state"] != ActionState.EXECUTING or spent is None:
            raise NotAllowed(f"action {action_id} has no decision that lets it run")
        return action


def _action(connection: Connection, action_id: str) -> Row:
    found = connection.execute(select(ACTION).where(ACTION.c.id == action_id)).mappings().first()
    if found is None:
        raise NotAllowed(f"there is no action {action_id!r}")
    return dict(found)
