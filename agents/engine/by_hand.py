"""Carrying on with what operators asked for themselves: undoings, proposals and replies of
theirs."""

from datetime import datetime

from agents.engine import executor
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.preview import work_out
from agents.engine.settle import expire
from agents.engine.snapshot import Row, Snapshot, take_snapshot
from agents.engine.starting import Halted
from data.vocabulary import ActionState


def carry_on(parts: Parts, journal: Journal, snapshot: Snapshot) -> None:
    """Do for a ticket's hand-made actions what can be done now; the stop button leaves them be."""
    ticket_id = snapshot.ticket["id"]
    while True:
        actions = _of_people(snapshot)
        expire(parts, journal, actions)
        if not work_out(parts, journal, actions):
            ready = [
                a for a in actions
                if a["state"] in (ActionState.APPROVED, ActionState.EXECUTING)
            ]  # fmt: skip
            moved = [_begin(parts, journal, action) for action in ready]
            if not any(moved):
                return
        snapshot = take_snapshot(parts.store, ticket_id)


def _begin(parts: Parts, journal: Journal, action: Row) -> bool:
    """Whether it moved on."""
    try:
        executor.execute(parts, journal, action)
    except Halted:
        return False
    return True


def _of_people(snapshot: Snapshot) -> list[Row]:
    return [a for a in snapshot.actions if a["proposed_by"] and a["superseded_by"] is None]


def next_expiry(snapshot: Snapshot) -> datetime | None:
    """When the first hand-made request that waits expires."""
    times = [
        a["expires_at"] for a in _of_people(snapshot)
        if a["state"] == ActionState.PROPOSED and a["expires_at"] is not None
    ]  # fmt: skip
    return min(times, default=None)
