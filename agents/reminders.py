"""Which approvals wait so long that people should be told, and that each is told of once.

What was told stands in the log of its ticket, so that a console and a worker do not both tell it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from data.errors import Fenced
from data.queries.rows import ActionRow
from data.store import ACTION, EVENT, NewEvent, Store
from data.vocabulary import ActionState, AgentName

TOLD = "approval.reminded"
"""The event that stands for a reminder that was taken up by a process, to be sent."""

FAILED = "reminder.failed"
"""The event, of the workspace, that says that a reminder could not be sent."""

_AT_ONCE = 500


@dataclass(frozen=True)
class Reminder:
    """One approval that waits longer than it should."""

    action: ActionRow
    after: timedelta
    """The longest of the set times that it has waited for."""
    waited: timedelta


def due(
    approvals: Iterable[ActionRow],
    levels: Sequence[timedelta],
    told: Mapping[str, timedelta],
    now: datetime,
) -> list[Reminder]:
    """Approvals that have waited for a level that was not told yet, the longest wait first.

    `told` holds, by action, the highest level that was. Of several levels that an approval has
    passed, only the highest is told.
    """
    found = []
    for action in approvals:
        waited = now - action.proposed_at
        passed = [level for level in levels if level <= waited]
        if passed and max(passed) > told.get(action.id, timedelta(0)):
            found.append(Reminder(action, max(passed), waited))
    return sorted(found, key=lambda reminder: -reminder.waited)


def told_so_far(store: Store, approvals: Sequence[ActionRow]) -> dict[str, timedelta]:
    """The highest level that any process has told of each action, from the log."""
    with store.read() as connection:
        return _told(connection, {action.ticket_id for action in approvals})


def _told(connection: Connection, tickets: set[str]) -> dict[str, timedelta]:
    chains, told = sorted(tickets), dict[str, timedelta]()
    for first in range(0, len(chains), _AT_ONCE):
        some = EVENT.c.chain.in_(chains[first : first + _AT_ONCE])
        for row in connection.execute(select(EVENT.c.data).where(some, EVENT.c.kind == TOLD)):
            data = json.loads(row.data)
            level = timedelta(minutes=data["after_minutes"])
            told[data["action"]] = max(level, told.get(data["action"], timedelta(0)))
    return told


def take_up(store: Store, reminders: Sequence[Reminder]) -> list[Reminder]:
    """Those of the reminders that this process is to send: not told by another, still waiting.

    That they are told is recorded here, before they are sent: never twice, whatever crashes.
    """
    if not reminders:
        return []
    try:
        with store.write() as tx:
            told = _told(tx.connection, {reminder.action.ticket_id for reminder in reminders})
            taken = []
            for reminder in reminders:
                action = reminder.action
                state = tx.connection.execute(
                    select(ACTION.c.state).where(ACTION.c.id == action.id)
                ).scalar()
                if state != ActionState.PROPOSED or told.get(action.id, _NEVER) >= reminder.after:
                    continue
                data = {
                    "action": action.id,
                    "after_minutes": _minutes(reminder.after),
                    "waited_minutes": _minutes(reminder.waited),
                }
                tx.append(NewEvent(TOLD, AgentName.SYSTEM.value, data, action.ticket_id))
                taken.append(reminder)
            return taken
    except Fenced:
        # Another process wrote to one of the tickets in the same moment; looked at again soon.
        return []


def record_failure(store: Store, reminders: Sequence[Reminder], channel: str, problem: str) -> None:
    """Record in the workspace's log that these could not be sent; `problem` without secrets."""
    data = {
        "actions": [reminder.action.id for reminder in reminders],
        "channel": channel,
        "problem": problem,
    }
    with store.write() as tx:
        tx.append(NewEvent(FAILED, AgentName.SYSTEM.value, data))


_NEVER = timedelta(0)


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
