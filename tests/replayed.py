"""Whether what a scenario left behind replays as it was recorded."""

from agents.eval.run import Stage
from data.queries.masked import names_of
from data.queries.rows import EventRow
from data.queries.tickets import ticket_detail, ticket_events
from data.redaction import redact
from data.replay.checking import check_all
from data.replay.fold import state_after
from data.replay.record import NOW, recorded

TOLD = ("name", "state", "decided_by", "supersedes", "superseded_by")
"""What the meaning of the events alone tells of an action."""


def replay_faults(stage: Stage) -> list[str]:
    """Where replay differs from what was recorded: by marks, and by the events' meaning alone."""
    faults = [str(difference) for difference in check_all(stage.store).differences]
    for ref, ticket_id in stage.ids.items():
        faults += [f"{ref}: {fault}" for fault in _faults_of(stage, ticket_id)]
    return faults


def _faults_of(stage: Stage, ticket_id: str) -> list[str]:
    events, detail = ticket_events(stage.store, ticket_id), ticket_detail(stage.store, ticket_id)
    with stage.store.read() as connection:
        rows = recorded(connection, ticket_id)
    faults = []
    issues = state_after(events)["issues"]
    for issue in detail.issues:
        cause = issues[str(issue.position)].get("cause")
        if cause not in (None, redact(issue.cause, names_of(detail))):
            faults.append(f"the cause of {issue.kind} is told as {cause}")
    told = state_after([_without_now(event) for event in events])
    # The priority is left out: a tier may raise it, which older events do not tell.
    for field in ("status", "owner"):
        if told["ticket"][field] != rows["ticket"][field]:
            faults.append(f"the {field} is told as {told['ticket'][field]}")
    actions = rows["actions"]
    if list(told["actions"]) != sorted(actions, key=lambda a: actions[a]["position"]):
        faults.append(f"the actions are told as {list(told['actions'])}")
    for action_id, action in actions.items():
        found = told["actions"].get(action_id, {})
        faults += [
            f"{action_id}: {field} is told as {found.get(field)}"
            for field in TOLD if found.get(field) != action[field]
        ]  # fmt: skip
    return faults


def _without_now(event: EventRow) -> EventRow:
    """The event as it was written before commits told the state."""
    data = {key: value for key, value in event.data.items() if key != NOW}
    return EventRow(**{**vars(event), "data": data})
