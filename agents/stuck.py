"""A ticket that the agents keep failing on goes to a person, with what is known."""

from typing import Any

from agents.engine.handoff import ANY, hand_over, summarise, waits_until
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.settle import end_run, mark_read
from agents.engine.snapshot import Snapshot, take_snapshot
from data.errors import HandrailError
from data.queries.tickets import ISSUE
from data.store import Transaction
from data.vocabulary import ActionState, Intent, IssueState, RunState, TicketStatus

LONGEST = 300
"""Characters of the problem that are kept."""

_ENDS = {
    ActionState.PROPOSED: ActionState.WITHDRAWN,
    ActionState.APPROVED: ActionState.WITHDRAWN,
    ActionState.EXECUTING: ActionState.UNKNOWN,
}
"""What waits is taken back; what was begun is looked up by a person, never tried again."""


def problem_of(error: Exception) -> str:
    """An error in one line: its own words where they are meant for people, else its kind too."""
    text = " ".join(str(error).split())[:LONGEST]
    if isinstance(error, HandrailError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def give_up(parts: Parts, ticket_id: str, error: Exception) -> None:
    """Escalate the ticket and fail its run; a ticket that needs nothing any more is left alone."""
    snapshot = take_snapshot(parts.store, ticket_id)
    if not snapshot.ticket["pending"]:
        return
    problem = problem_of(error)
    reason = f"the agents could not go on: {problem}"
    journal = Journal(parts.store, snapshot.ticket)
    journal.run_id = snapshot.run["id"] if snapshot.run else None
    journal.names = tuple(filter(None, [snapshot.ticket["customer_name"]]))
    with journal.write() as tx:
        _stop_actions(tx, journal, snapshot)
        _escalate_issues(tx, snapshot)
        summary = summarise(snapshot, snapshot.issues, snapshot.actions, reason)
        escalation = hand_over(parts, tx, snapshot, _skill(snapshot), reason, summary)
        journal.tell(tx, "run.failed", {"problem": problem})
        journal.tell(tx, "handoff", {**escalation, "summary": summary})
        end_run(tx, snapshot, RunState.FAILED, problem)
        mark_read(
            tx,
            snapshot,
            status=TicketStatus.ESCALATED.value,
            outcome={"code": "tool_failed", "rule": None, "text": _sentence(reason)},
            escalation={k: escalation[k] for k in ("skill", "to", "kind")},
            timer_at=waits_until(parts, tx, escalation),
            read_count=len(snapshot.messages),
            money_at_risk=0,
        )


def _stop_actions(tx: Transaction, journal: Journal, snapshot: Snapshot) -> None:
    for action in snapshot.actions:
        state = ActionState(action["state"])
        by_hand = action["proposed_by"] is not None and state is not ActionState.EXECUTING
        if state not in _ENDS or by_hand:
            continue
        why = "the agents could not go on"
        tx.set_action(action["id"], _ENDS[state], was=[state], problem=why)
        data: dict[str, Any] = {"action": action["id"], "name": action["name"], "why": why}
        journal.tell(tx, f"action.{_ENDS[state]}", data)
        action["state"] = _ENDS[state].value


def _escalate_issues(tx: Transaction, snapshot: Snapshot) -> None:
    for issue in snapshot.issues:
        if issue["state"] in (IssueState.OPEN, IssueState.AWAITING_CUSTOMER):
            tx.connection.execute(
                ISSUE.update()
                .where(ISSUE.c.id == issue["id"])
                .values(state=IssueState.ESCALATED.value)
            )


def _skill(snapshot: Snapshot) -> str:
    first = snapshot.issues[0]["intent"] if snapshot.issues else None
    return first if first and first != Intent.ESCALATE else ANY


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
