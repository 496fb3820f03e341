"""The rows of a ticket as they were at a position of its log, from those of now and the log."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from agents.forking.course import Course, Pass, Told
from data.queries.tickets import DECISION, HANDOFF, ISSUE, RUN
from data.store import ACTION, MESSAGE, PAYLOAD, TICKET, row_of
from data.tables import Ticket
from data.vocabulary import (
    AGENTS_OWN,
    ActionState,
    Author,
    Gate,
    Priority,
    RunState,
    TicketStatus,
)

Row = dict[str, Any]

_STATES = {
    f"action.{state}": state.value for state in ActionState
    if state not in (ActionState.PROPOSED, ActionState.APPROVED)
} | {"action.capped": ActionState.PROPOSED.value}  # fmt: skip
"""Events to the state that they bring an action to."""

UNDERSTOOD = (
    "customer_id", "customer_name", "tier", "identity", "intent", "intents", "sentiment",
    "sentiment_score", "anger", "urgency", "confidence", "language", "flags", "priority",
    "priority_rank",
)  # fmt: skip
"""Columns of a ticket that a pass of thinking stores."""

_DONE = ("executed_at", "result", "undo", "undo_until")
_STARTED = ("started_at", "executed_arguments")
_DECIDED = ("decided_by", "decided_at", "decision_reason")


@dataclass
class TicketRows:
    """A ticket with all that belongs to it, as plain rows."""

    ticket: Row
    messages: list[Row]
    payloads: list[Row]
    """Of the messages."""
    issues: list[Row]
    runs: list[Row]
    actions: list[Row]
    decisions: list[Row]
    handoffs: list[Row]
    understood: bool = field(default=True)
    """Whether `issues` and the ticket's own columns hold what the agents had understood."""


def read_rows(connection: Connection, ticket_id: str) -> TicketRows:
    """The ticket as it is now."""

    def rows(query: Any) -> list[Row]:
        return [dict(row) for row in connection.execute(query).mappings()]

    of_it = MESSAGE.c.ticket_id == ticket_id
    return TicketRows(
        rows(select(TICKET).where(TICKET.c.id == ticket_id))[0],
        rows(select(MESSAGE).where(of_it).order_by(MESSAGE.c.position)),
        rows(select(PAYLOAD).join(MESSAGE, MESSAGE.c.payload_id == PAYLOAD.c.id).where(of_it)),
        rows(select(ISSUE).where(ISSUE.c.ticket_id == ticket_id).order_by(ISSUE.c.position)),
        rows(select(RUN).where(RUN.c.ticket_id == ticket_id).order_by(RUN.c.number)),
        rows(select(ACTION).where(ACTION.c.ticket_id == ticket_id).order_by(ACTION.c.position)),
        rows(
            select(DECISION)
            .join(ACTION, ACTION.c.id == DECISION.c.action_id)
            .where(ACTION.c.ticket_id == ticket_id)
            .order_by(DECISION.c.at)
        ),
        rows(select(HANDOFF).where(HANDOFF.c.ticket_id == ticket_id).order_by(HANDOFF.c.queued_at)),
    )


def rows_at(now: TicketRows, course: Course, base: int) -> TicketRows:
    """The ticket as it was once the event at `base` had been written.

    What the agents had understood by then is there if nothing was understood since; else
    `understood` is False and the issues, and the ticket's columns about them, are as at its
    opening.
    """
    events, at = course.until(base), course.moment(base)
    done = [p for p in course.passes() if course.complete(p, base)]
    later = [p for p in course.passes() if not course.complete(p, base)]
    thought = [p for p in done if _is_understood(course, p)]
    understood = bool(thought) and not any(_is_understood(course, p) for p in later)
    decisions = [_decision_at(d, at) for d in now.decisions if d["at"] <= at]
    actions = actions_at(now.actions, decisions, events, at)
    kept = {a["id"] for a in actions}
    messages = messages_at(now.messages, events, at)
    payloads = {m["payload_id"] for m in messages}
    rows = TicketRows(
        _opened(now.ticket),
        messages,
        [p for p in now.payloads if p["id"] in payloads],
        [dict(issue) for issue in now.issues] if understood else [],
        runs_at(now.runs, events, now.ticket["ref"]),
        actions,
        [d for d in decisions if d["action_id"] in kept],
        [_handoff_at(h, at) for h in now.handoffs if h["queued_at"] <= at],
        understood or not thought,
    )
    if understood:
        rows.ticket |= {name: now.ticket[name] for name in UNDERSTOOD}
    rows.ticket |= ticket_at(now.ticket, course, base, done, actions, messages)
    return rows


def _is_understood(course: Course, one: Pass) -> bool:
    """Whether a pass stores what it understood; noise leaves everything as it was."""
    if one.kinds:
        return True
    noise = [
        e.data.get("noise") for e in course.events[one.first - 1 : one.last] if e.kind == "triage"
    ]
    return not (noise and all(noise))


def _opened(ticket: Row) -> Row:
    """The ticket as it came in."""
    kept = ("id", "ref", "channel", "subject", "requester", "opened_at", "epoch")
    return row_of(
        Ticket, {name: ticket[name] for name in kept} | {"updated_at": ticket["opened_at"]}
    )


def messages_at(messages: list[Row], events: list[Told], at: datetime) -> list[Row]:
    """The messages that were there: the customer's by how many had come, the others by time."""
    came, found = customer_messages(events), []
    for message in messages:
        if message["author"] == Author.CUSTOMER:
            came -= 1
            if came < 0:
                continue
        elif message["at"] > at:
            continue
        found.append(dict(message))
    return found


def customer_messages(events: list[Told]) -> int:
    """How many messages of the customer had come."""
    return sum(e.kind in ("ticket.opened", "message.received") for e in events)


def _decision_at(decision: Row, at: datetime) -> Row:
    spent = decision["spent_at"]
    return {**decision, "spent_at": spent if spent is not None and spent <= at else None}


def _handoff_at(handoff: Row, at: datetime) -> Row:
    if handoff["accepted_at"] is None or handoff["accepted_at"] <= at:
        return dict(handoff)
    return {**handoff, "accepted_at": None, "accepted_by": None}


def _merged_away(event: Told, ref: str) -> bool:
    """Whether the ticket was closed as a duplicate here; the other ticket's log tells it too."""
    return event.kind == "ticket.merged" and "into" in event.data and event.data["from"] == ref


def runs_at(runs: list[Row], events: list[Told], ref: str) -> list[Row]:
    """The runs of the ticket `ref` that had begun, each as far as it had come."""
    state: dict[str, str] = {}
    ended: dict[str, datetime] = {}
    newest = ""
    for event in events:
        if event.kind == "run.started" and event.run_id:
            if newest and state[newest] == RunState.PARKED:
                state[newest], ended[newest] = RunState.ENDED.value, event.at
            newest = event.run_id
            state[newest] = RunState.RUNNING.value
        elif event.kind in ("run.parked", "run.ended", "run.failed") and newest:
            state[newest] = event.kind.removeprefix("run.")
        elif newest and (
            event.kind in ("ticket.resolved", "ticket.closed") or _merged_away(event, ref)
        ):
            state[newest] = RunState.ENDED.value
        if newest and state[newest] in (RunState.ENDED, RunState.FAILED):
            ended.setdefault(newest, event.at)
    found = []
    for run in runs:
        if run["id"] not in state:
            continue
        spent = [e.data for e in events if e.run_id == run["id"] and e.step is not None]
        over = run["id"] in ended
        found.append(
            {
                **run,
                "state": state[run["id"]],
                "ended_at": ended.get(run["id"]),
                "problem": run["problem"] if over else None,
                "tokens": sum(int(d.get("tokens") or 0) for d in spent),
                "cost_micros": sum(int(d.get("cost_micros") or 0) for d in spent),
            }
        )
    return found


def actions_at(
    actions: list[Row], decisions: list[Row], events: list[Told], at: datetime
) -> list[Row]:
    """The actions that had been proposed, each as it stood."""
    rows = {action["id"]: action for action in actions}
    states, proposed, replaced, done = _action_states(events)
    found = []
    for action_id, told_state in states.items():
        if action_id not in rows:
            continue
        state = told_state
        row = dict(rows[action_id])
        if row["supersedes"] in states:
            replaced[row["supersedes"]] = action_id
        told = proposed.get(action_id, {})
        if "gate" in told:
            row |= {"gate": told["gate"], "people_needed": told["people_needed"]}
            if not any(e.kind == "action.capped" and e.data.get("action") == action_id
                       for e in events):  # fmt: skip
                row["role_needed"] = None
                row["expires_at"] = None if told["gate"] == Gate.AUTO else row["expires_at"]
        mine = [d for d in decisions if d["action_id"] == action_id]
        if state == ActionState.PROPOSED and _is_approved(row, mine):
            state = ActionState.APPROVED.value
        found.append(_as_of(row, state, mine, done=action_id in done))
    for row in found:
        row["superseded_by"] = replaced.get(row["id"])
    return sorted(found, key=lambda row: int(row["position"]))


def _action_states(
    events: list[Told],
) -> tuple[dict[str, str], dict[str, Row], dict[str, str], set[str]]:
    """By action: its state, what was told when it was proposed, its successor, and which ran."""
    states: dict[str, str] = {}
    proposed: dict[str, Row] = {}
    replaced: dict[str, str] = {}
    done: set[str] = set()
    for event in events:
        action_id = event.data.get("action")
        if not event.kind.startswith("action.") or not isinstance(action_id, str):
            continue
        if event.kind == "action.proposed":
            auto = event.data.get("gate") == Gate.AUTO
            states[action_id] = (ActionState.APPROVED if auto else ActionState.PROPOSED).value
            proposed[action_id] = event.data
        elif event.kind == "action.approved":
            if not event.data.get("people_missing"):
                states[action_id] = ActionState.APPROVED.value
        elif event.kind == "action.edited":
            successor = str(event.data.get("successor"))
            states[action_id] = ActionState.WITHDRAWN.value
            states[successor] = ActionState.PROPOSED.value
            replaced[action_id] = successor
        elif event.kind == "action.reconciled":
            happened = event.data.get("happened")
            states[action_id] = (ActionState.EXECUTED if happened else ActionState.FAILED).value
        elif event.kind in _STATES:
            states[action_id] = _STATES[event.kind]
        if event.kind in ("action.executed", "action.verified", "action.reconciled"):
            done.add(action_id)
    return states, proposed, replaced, done


def _is_approved(action: Row, decisions: list[Row]) -> bool:
    """Whether enough people had approved it, as where its proposer's word was enough."""
    people = {
        d["operator"] for d in decisions
        if d["kind"] in ("approve", "edit") and d["digest"] == action["digest"]
    }  # fmt: skip
    return bool(people) and len(people) >= max(action["people_needed"], 1)


def _as_of(row: Row, state: str, decisions: list[Row], *, done: bool) -> Row:
    began = state in (ActionState.EXECUTING, ActionState.UNKNOWN) or done
    if state != row["state"]:
        row["problem"] = "edited" if state == ActionState.WITHDRAWN else None
    if not done:
        row |= dict.fromkeys(_DONE)
    if not began and state != ActionState.FAILED:
        row |= dict.fromkeys(_STARTED) | {"attempts": 0}
    undecided = not decisions and row["gate"] != Gate.AUTO
    if undecided or state in (ActionState.PROPOSED, ActionState.REFUSED):
        row |= dict.fromkeys(_DECIDED)
    elif row["gate"] == Gate.AUTO and row["decided_by"] is None:
        row["decided_by"] = "policy"
    row["state"] = state
    return row


def ticket_at(
    now: Row,
    course: Course,
    base: int,
    done: list[Pass],
    actions: list[Row],
    messages: list[Row],
) -> Row:
    """The ticket's columns that change with its course."""
    status, owner, outcome, escalation = TicketStatus.NEW.value, AGENTS_OWN, None, None
    answered = ended = None
    stored = {p.last for p in done}
    for event in course.until(base):
        data = event.data
        if event.position in stored:
            status, ended = TicketStatus.WORKING.value, None
        if event.kind == "run.parked":
            status = TicketStatus.AWAITING_APPROVAL.value
        elif event.kind == "run.ended":
            status = str(data.get("status", status))
            outcome = _outcome(now, event)
        elif event.kind == "run.failed":
            status = TicketStatus.ESCALATED.value
        elif event.kind in ("handoff", "handoff.passed_on"):
            escalation = {name: data.get(name) for name in ("skill", "to", "kind")}
            status = TicketStatus.ESCALATED.value
        elif event.kind in ("ticket.taken", "ticket.assigned", "handoff.accepted"):
            owner = str(data.get("to") or data.get("by"))
            escalation, ended = None, None
            if status != TicketStatus.AWAITING_CUSTOMER:
                asks = any(a["state"] == ActionState.PROPOSED for a in actions)
                status = (TicketStatus.AWAITING_APPROVAL if asks else TicketStatus.WORKING).value
        elif event.kind == "ticket.handed_back":
            owner = AGENTS_OWN
        elif _merged_away(event, now["ref"]):
            status = TicketStatus.CLOSED.value
        elif event.kind in ("ticket.resolved", "ticket.closed"):
            status = event.kind.removeprefix("ticket.")
            owner = AGENTS_OWN if status == TicketStatus.CLOSED else owner
        elif event.kind == "reply":
            answered = event.at
        if status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            ended = ended or event.at
            escalation = None
    read = [customer_messages(course.until(p.first)) for p in done]
    waiting = [a for a in actions if a["state"] == ActionState.PROPOSED]
    found: Row = {
        "status": status, "owner": owner, "outcome": outcome, "escalation": escalation,
        "answered_at": answered, "ended_at": ended, "read_count": max(read, default=0),
        "message_count": len(messages), "updated_at": course.moment(base),
        "money_at_risk": sum(a["amount"] or 0 for a in waiting),
        "timer_at": min((a["expires_at"] for a in waiting if a["expires_at"]), default=None),
    }  # fmt: skip
    if not waiting and status in (TicketStatus.RESOLVED, TicketStatus.AWAITING_CUSTOMER):
        # Due at once, so that the engine sets it anew.
        found["timer_at"] = course.moment(base)
    passed = [e.at for e in course.after(base) if e.kind == "handoff.passed_on"]
    if status == TicketStatus.ESCALATED and passed:
        found["timer_at"] = passed[0]
    tries = [e.data.get("tries") for e in course.until(base) if e.kind == "identity"]
    found["failed_tries"] = int(tries[-1] or 0) if tries and done else 0
    set_later = [e for e in course.after(base) if e.kind == "ticket.priority_set"]
    if set_later and done:
        was = Priority(set_later[0].data["from"])
        found |= {"priority": was.value, "priority_rank": was.rank}
    if any(_merged_away(event, now["ref"]) for event in course.until(base)):
        found["merged_into"] = now["merged_into"]
    return found


def _outcome(now: Row, event: Told) -> Row | None:
    """Why it ended so; the sentence stands beside the event, or in the ticket's row."""
    told = event.data.get("outcome")
    if not isinstance(told, dict):
        return None
    hidden = json.loads(event.payload) if event.payload else {}
    if isinstance(hidden.get("outcome"), dict):
        return dict(hidden["outcome"])
    text = (now["outcome"] or {}).get("text", "")
    return {"rule": None, "text": text, **told}
