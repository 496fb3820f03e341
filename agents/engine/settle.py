"""From decided actions to an end: carry out what may run, wait for the rest, answer, hand over."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import update

from agents.actions.succession import dropped_after
from agents.engine import executor
from agents.engine.answer import asks_survey, open_issues, reply, send, without_words
from agents.engine.ends import STOPS, Why, end_of, outcome_of
from agents.engine.handoff import ANY, hand_over, summarise, waits_until
from agents.engine.journal import Journal
from agents.engine.model_words import summary_by_model
from agents.engine.parts import Parts
from agents.engine.preview import work_out
from agents.engine.snapshot import Row, Snapshot, first_expiry, take_snapshot
from agents.engine.starting import Halted, Unread, check_still
from agents.surveys import SURVEY_ASKED
from data.queries.tickets import ISSUE, RUN
from data.store import TICKET, Transaction
from data.vocabulary import (
    ActionState,
    Intent,
    IssueState,
    RunState,
    TicketStatus,
)


def settle(parts: Parts, journal: Journal, ticket_id: str) -> str:
    """Go on with a stored plan: `parked` if people are awaited, `ended`, or `rethink` if it is
    out of date.

    Raises Unread when the customer wrote meanwhile.
    """
    while True:
        snapshot = take_snapshot(parts.store, ticket_id)
        if snapshot.unread:
            raise Unread
        expire(parts, journal, snapshot.actions)
        if work_out(parts, journal, snapshot.actions):
            continue
        turn = _work_off(parts, journal, snapshot)
        if turn is Turn.STALE:
            return "rethink"
        if turn is Turn.ACTED:
            continue
        if turn is not Turn.DONE:
            _park(journal, snapshot, halted=turn is Turn.HALTED)
            return "parked"
        try:
            ended, halted = _finish(parts, journal, snapshot), False
        except Halted:
            ended, halted = False, True
        if not ended:
            snapshot = take_snapshot(parts.store, ticket_id)
            work_out(parts, journal, snapshot.actions)
            _park(journal, snapshot, halted=halted)
        return "ended" if ended else "parked"


def settle_owned(parts: Parts, journal: Journal, ticket_id: str) -> None:
    """Carry out what was decided on a ticket that a person has taken; the rest is theirs.

    What went stale stays so, and holds what comes after it: nobody plans anew.
    """
    turn = Turn.ACTED
    while turn is Turn.ACTED:
        snapshot = take_snapshot(parts.store, ticket_id)
        expire(parts, journal, snapshot.actions)
        if work_out(parts, journal, snapshot.actions):
            continue
        turn = _work_off(parts, journal, snapshot)


class Turn(Enum):
    """How far the actions of a ticket's open issues have come."""

    ACTED = "something was done; look again"
    STALE = "an action is out of date"
    WAITING = "people are awaited"
    HALTED = "the stop button holds what is left"
    DONE = "nothing is left to do"


def _work_off(parts: Parts, journal: Journal, snapshot: Snapshot) -> Turn:
    """Take the next step in the first open issue that can take one."""
    turn = Turn.DONE
    for issue in open_issues(snapshot):
        upcoming = _next(snapshot, issue)
        if upcoming is None:
            continue
        if isinstance(upcoming, str):
            _drop(journal, snapshot, issue, upcoming)
            return Turn.ACTED
        if upcoming["state"] == ActionState.PROPOSED:
            turn = Turn.WAITING
            continue
        try:
            outcome = executor.execute(parts, journal, upcoming)
        except Halted:
            turn = turn if turn is Turn.WAITING else Turn.HALTED
            continue
        return Turn.STALE if outcome.state is ActionState.STALE else Turn.ACTED
    return turn


def _next(snapshot: Snapshot, issue: Row) -> Row | str | None:
    """The issue's next action; a reason to drop the rest; None if all of it is done."""
    actions = [a for a in snapshot.actions_of(issue["id"]) if a["state"] != ActionState.STALE]
    for position, action in enumerate(actions):
        if action["state"] in STOPS:
            rest = [a for a in actions[position + 1 :] if a["state"] in ("proposed", "approved")]
            return dropped_after(action["name"], action["state"]) if rest else None
        if action["state"] in (ActionState.PROPOSED, ActionState.APPROVED, ActionState.EXECUTING):
            return action
    return None


def _drop(journal: Journal, snapshot: Snapshot, issue: Row, why: str) -> None:
    """Withdraw the later actions of an issue after one that stops it."""
    with journal.write() as tx:
        check_still(tx, snapshot.ticket)
        for action in snapshot.actions_of(issue["id"]):
            if action["state"] in (ActionState.PROPOSED, ActionState.APPROVED):
                tx.set_action(
                    action["id"],
                    ActionState.WITHDRAWN,
                    was=[ActionState(action["state"])],
                    problem=why,
                )
                journal.tell(tx, "action.withdrawn", {"action": action["id"], "why": why})


def expire(parts: Parts, journal: Journal, among: list[Row]) -> None:
    """Requests that nobody decided in time; they never run."""
    now = parts.store.clock.now()
    late = [
        a
        for a in among
        if a["state"] == ActionState.PROPOSED
        and a["expires_at"] is not None
        and a["expires_at"] <= now
    ]
    if not late:
        return
    with journal.write() as tx:
        for action in late:
            why = f"nobody decided within {parts.policy.approval.expires_hours} hours"
            tx.set_action(
                action["id"], ActionState.EXPIRED, was=[ActionState.PROPOSED], problem=why
            )
            journal.tell(tx, "action.expired", {"action": action["id"], "why": why})
            action["state"] = ActionState.EXPIRED.value


def mark_read(tx: Transaction, snapshot: Snapshot, **changes: Any) -> None:
    """Note that this advance has seen all wake-ups of the snapshot; later ones stay pending."""
    seen = snapshot.ticket["wake_seq"]
    tx.set_ticket(snapshot.ticket["id"], read_seq=seen, pending=TICKET.c.wake_seq > seen, **changes)


def _park(journal: Journal, snapshot: Snapshot, *, halted: bool) -> None:
    proposed = [a for a in snapshot.actions if a["state"] == ActionState.PROPOSED]
    at_risk = sum(a["amount"] or 0 for a in proposed)
    with journal.write() as tx:
        if snapshot.run and snapshot.run["state"] != RunState.PARKED:
            awaiting = "the stop button" if halted else "approval"
            journal.tell(tx, "run.parked", {"awaiting": awaiting, "requests": len(proposed)})
            tx.connection.execute(
                update(RUN)
                .where(RUN.c.id == snapshot.run["id"])
                .values(state=RunState.PARKED.value)
            )
        mark_read(
            tx,
            snapshot,
            status=TicketStatus.AWAITING_APPROVAL.value,
            money_at_risk=at_risk,
            timer_at=first_expiry(snapshot),
        )


def _finish(parts: Parts, journal: Journal, snapshot: Snapshot) -> bool:
    """Answer the customer, hand over if a person must have it, and end the run.

    False if the answer itself waits for a person; nothing has ended then.
    """
    ends = {i["id"]: end_of(snapshot, i) for i in snapshot.issues}
    answer = reply(parts, journal, snapshot, ends)
    if answer.by is None:
        ends = without_words(snapshot, ends)
    sent = send(parts, journal, snapshot, answer) if answer.body else None
    if sent is not None and sent.state is ActionState.PROPOSED:
        return False
    states = [state for state, _, _ in ends.values()]
    escalated = [i for i in snapshot.issues if ends[i["id"]][0] is IssueState.ESCALATED]
    status = TicketStatus.RESOLVED
    if escalated or (sent is not None and sent.state is not ActionState.VERIFIED):
        status = TicketStatus.ESCALATED
    elif IssueState.AWAITING_CUSTOMER in states:
        status = TicketStatus.AWAITING_CUSTOMER
    outcome = outcome_of(snapshot, ends, status)
    if sent is not None and sent.state is not ActionState.VERIFIED and not escalated:
        outcome = _unanswered(sent.state, outcome)
    summary: dict[str, Any] = {}
    if status is TicketStatus.ESCALATED:
        # Before the transaction: a model may take a while.
        summary = summarise(snapshot, snapshot.issues, snapshot.actions, outcome.text)
        by_model = summary_by_model(parts, journal, snapshot, outcome.text, summary)
        summary = by_model or summary
    with journal.write() as tx:
        check_still(tx, snapshot.ticket)
        for issue in snapshot.issues:
            state, skill, _ = ends[issue["id"]]
            tx.connection.execute(
                update(ISSUE)
                .where(ISSUE.c.id == issue["id"])
                .values(state=state.value, skill=skill)
            )
        changes: dict[str, Any] = {"escalation": None, "money_at_risk": 0}
        days = parts.policy.tickets.close_after_days
        timer: datetime | None = tx.now + timedelta(days=days)
        if status is TicketStatus.ESCALATED:
            first = escalated[0] if escalated else snapshot.issues[0]
            skill = ends[first["id"]][1] or first["intent"]
            escalation = hand_over(parts, tx, snapshot, skill, outcome.text, summary)
            journal.tell(tx, "handoff", {**escalation, "summary": summary})
            timer = waits_until(parts, tx, escalation)
            changes["escalation"] = {k: escalation[k] for k in ("skill", "to", "kind")}
        if sent is not None and sent.state is ActionState.VERIFIED:
            changes["answered_at"] = tx.now
            if answer.by is None and asks_survey(parts, snapshot, ends):
                journal.tell(tx, SURVEY_ASKED, {})
        journal.tell(tx, "run.ended", {"status": status.value, "outcome": outcome.as_json()})
        end_run(tx, snapshot, RunState.ENDED)
        mark_read(
            tx,
            snapshot,
            status=status.value,
            outcome=outcome.as_json(),
            timer_at=timer,
            ended_at=tx.now if status is TicketStatus.RESOLVED else None,
            **changes,
        )
    return True


def _unanswered(state: ActionState, outcome: Why) -> Why:
    """Why a ticket whose answer did not go out is a person's now."""
    if state is ActionState.REJECTED:
        return Why("rejected", outcome.rule, "The answer to the customer was rejected.")
    if state is ActionState.EXPIRED:
        return Why("expired", outcome.rule, "The answer to the customer was not decided in time.")
    text = f"The answer to the customer is {state}; look whether it went out."
    return Why("tool_failed", outcome.rule, text)


def end_run(
    tx: Transaction, snapshot: Snapshot, state: RunState, problem: str | None = None
) -> None:
    """Close the ticket's newest run."""
    if snapshot.run is not None:
        values: dict[str, Any] = {"state": state.value, "ended_at": tx.now}
        if problem is not None:
            values["problem"] = problem
        tx.connection.execute(update(RUN).where(RUN.c.id == snapshot.run["id"]).values(**values))


def escalate_at_once(
    parts: Parts,
    tx: Transaction,
    journal: Journal,
    snapshot: Snapshot,
    rule: str,
    reason: str,
    skill: str | None,
    summary: dict[str, Any] | None = None,
) -> None:
    """Hand the whole ticket over; what still waits for approval is withdrawn, nothing is
    answered. `summary` is a model's, where one wrote it."""
    for action in snapshot.actions:
        waits = action["state"] in (ActionState.PROPOSED, ActionState.APPROVED)
        if waits and action["proposed_by"] is None:
            why = "the ticket went to a person"
            was = [ActionState(action["state"])]
            tx.set_action(action["id"], ActionState.WITHDRAWN, was=was, problem=why)
            journal.tell(tx, "action.withdrawn", {"action": action["id"], "why": why})
    for issue in snapshot.issues:
        if issue["state"] in (IssueState.OPEN, IssueState.AWAITING_CUSTOMER):
            tx.connection.execute(
                update(ISSUE)
                .where(ISSUE.c.id == issue["id"])
                .values(state=IssueState.ESCALATED.value)
            )
    summary = summary or summarise(snapshot, snapshot.issues, snapshot.actions, reason)
    chosen = skill if skill and skill != Intent.ESCALATE else ANY
    escalation = hand_over(parts, tx, snapshot, chosen, reason, summary)
    why_so = Why("policy_refused", rule, reason)
    journal.tell(tx, "handoff", {**escalation, "rule": rule, "summary": summary})
    journal.tell(tx, "run.ended", {"status": "escalated", "outcome": why_so.as_json()})
    end_run(tx, snapshot, RunState.ENDED)
    mark_read(
        tx,
        snapshot,
        status=TicketStatus.ESCALATED.value,
        outcome=why_so.as_json(),
        escalation={k: escalation[k] for k in ("skill", "to", "kind")},
        timer_at=waits_until(parts, tx, escalation),
        money_at_risk=0,
    )
