"""Carrying an action out once: intent recorded before, outcome after, then read back."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from agents.actions.catalogue import digest_of
from agents.connectors.protocols import Effect
from agents.engine.conversation import add_message
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.propose import journal_event, undo_of
from agents.engine.revisions import changed_records, follow
from agents.engine.verify import what_is_wrong
from agents.errors import Refused, Retryable, UnknownOutcome
from agents.policy.gate import rule_on
from data.queries.tickets import DECISION, ISSUE
from data.store import ACTION, MESSAGE, TICKET, NewEvent, Transaction, table
from data.tables import Halt
from data.vocabulary import ActionName, ActionState, AgentName, Author, DecisionKind, Gate

Row = dict[str, Any]
HALT = table(Halt)
TRIES = 2
"""An action that fails for now is tried once more, under the same key."""


class Unread(Exception):
    """The customer wrote meanwhile; that is read before anything is done."""


class Halted(Exception):
    """The stop button holds this kind of action."""


@dataclass(frozen=True)
class Outcome:
    """How an execution went."""

    state: ActionState
    problem: str | None = None


def execute(parts: Parts, journal: Journal, action: Row) -> Outcome:
    """Carry out an approved action, or settle one whose execution was interrupted.

    Raises Unread or Halted before anything is done. A record that changed since the decision makes
    the action stale; nothing is done then either.
    """
    if action["state"] == ActionState.APPROVED:
        changed = changed_records(parts.reader, action["arguments"], action["records"])
        if action["policy_version"] != parts.policy.version:
            versions = [action["policy_version"], parts.policy.version]
            changed["policy"] = {"version": versions}
        if changed:
            return _stale(journal, action, changed)
        refused = _begin(parts, journal, action)
        if refused is not None:
            return refused
    effect = (
        parts.writer.lookup(action["idempotency_key"]) if action["state"] != "approved" else None
    )
    problem: str | None = None
    if effect is None:
        try:
            effect = _call(parts, journal, action)
        except Refused as refusal:
            return _finish(parts, journal, action, None, ActionState.FAILED, str(refusal))
        except Retryable as failure:
            return _finish(parts, journal, action, None, ActionState.FAILED, str(failure))
        except UnknownOutcome as unknown:
            return _finish(parts, journal, action, None, ActionState.UNKNOWN, str(unknown))
    problem = what_is_wrong(parts.reader, ActionName(action["name"]), action["arguments"], effect)
    state = ActionState.FAILED if problem else ActionState.VERIFIED
    return _finish(parts, journal, action, effect, state, problem)


def _stale(journal: Journal, action: Row, changed: dict[str, Any]) -> Outcome:
    why = f"{', '.join(changed)} changed since it was proposed"
    with journal.write() as tx:
        tx.set_action(action["id"], ActionState.STALE, was=[ActionState.APPROVED], problem=why)
        journal_event(tx, journal, "action.stale", {"action": action["id"], "changed": changed})
    return Outcome(ActionState.STALE, why)


def _begin(parts: Parts, journal: Journal, action: Row) -> Outcome | None:
    """Spend the decision and record the intent; what keeps it from starting is returned or
    raised."""
    with journal.write() as tx:
        check_can_start(parts, tx, action)
        tx.set_action(
            action["id"],
            ActionState.EXECUTING,
            was=[ActionState.APPROVED],
            attempts=action["attempts"] + 1,
        )
        tx.connection.execute(
            update(DECISION)
            .where(DECISION.c.action_id == action["id"], DECISION.c.spent_at.is_(None))
            .values(spent_at=tx.now)
        )
        data = {"action": action["id"], "name": action["name"], "key": action["idempotency_key"]}
        journal_event(tx, journal, "action.executing", {**data, "arguments": action["arguments"]})
    return None


def check_can_start(parts: Parts, tx: Transaction, action: Row) -> None:
    """Unread or Halted if the action may not start now; AssertionError without a valid decision."""
    connection = tx.connection
    intent = connection.execute(
        select(ISSUE.c.intent).where(ISSUE.c.id == action["issue_id"])
    ).scalar_one_or_none()
    check_unhindered(tx, action["ticket_id"], ActionName(action["name"]), intent)
    decisions = connection.execute(
        select(DECISION.c.operator, DECISION.c.kind).where(
            DECISION.c.action_id == action["id"],
            DECISION.c.digest == action["digest"],
            DECISION.c.spent_at.is_(None),
            DECISION.c.kind.in_([DecisionKind.APPROVE, DecisionKind.EDIT, DecisionKind.AUTO]),
        )
    ).all()
    people = {d.operator for d in decisions if d.kind != DecisionKind.AUTO}
    automatic = any(d.kind == DecisionKind.AUTO for d in decisions)
    ruling = rule_on(parts.policy, ActionName(action["name"]), action["amount"], intent)
    allowed = (automatic and ruling.gate is Gate.AUTO) or len(people) >= max(
        action["people_needed"], ruling.people, 1
    )
    bound = digest_of(ActionName(action["name"]), action["arguments"]) == action["digest"]
    if ruling.gate is Gate.FORBIDDEN or not allowed or not bound:
        raise AssertionError(f"action {action['id']} has no valid decision")


def check_unhindered(tx: Transaction, ticket_id: str, name: ActionName, intent: str | None) -> None:
    """Unread if the customer wrote what the agents have not read; Halted by the stop button."""
    connection = tx.connection
    unread = (
        connection.execute(
            select(func.count())
            .select_from(MESSAGE)
            .where(
                MESSAGE.c.ticket_id == ticket_id,
                MESSAGE.c.author == Author.CUSTOMER.value,
            )
        ).scalar_one()
        - connection.execute(
            select(TICKET.c.read_count).where(TICKET.c.id == ticket_id)
        ).scalar_one()
    )
    if unread:
        raise Unread
    for halt in connection.execute(select(HALT).where(HALT.c.lifted_at.is_(None))):
        if halt.action in (None, name) and halt.intent in (None, intent):
            raise Halted


def _call(parts: Parts, journal: Journal, action: Row) -> Effect:
    for attempt in range(1, TRIES + 1):
        try:
            return parts.writer.execute(
                action["name"],
                action["arguments"],
                action["idempotency_key"],
                parts.store.clock.now(),
            )
        except Retryable as problem:
            journal.note(
                "tool.failed",
                "resolution",
                {
                    "tool": action["name"],
                    "action": action["id"],
                    "error": str(problem),
                    "attempt": attempt,
                },
            )
            if attempt == TRIES:
                raise
            parts.sleep(0.2)
    raise AssertionError("unreachable")


def _finish(
    parts: Parts,
    journal: Journal,
    action: Row,
    effect: Effect | None,
    state: ActionState,
    problem: str | None,
) -> Outcome:
    with journal.write() as tx:
        values: dict[str, Any] = {"problem": problem}
        if effect is not None:
            undo = undo_of(ActionName(action["name"]), effect)
            values |= {
                "executed_at": tx.now,
                "result": effect.result,
                "undo": undo,
                "undo_until": effect.undo_until,
            }
            _bring_up(tx, action, effect)
        tx.set_action(action["id"], state, was=[ActionState.EXECUTING], **values)
        data = {"action": action["id"], "name": action["name"], "arguments": action["arguments"]}
        if effect is not None:
            journal_event(tx, journal, "action.executed", {**data, "result": effect.result})
        if state is not ActionState.EXECUTED:
            journal_event(
                tx, journal, f"action.{state}", {**data, **({"why": problem} if problem else {})}
            )
        if action["name"] == ActionName.SEND_REPLY and state is ActionState.VERIFIED:
            _answered(tx, journal, action)
    return Outcome(state, problem)


def _answered(tx: Transaction, journal: Journal, action: Row) -> None:
    """Put the answer that went out into the conversation, together with the record of it."""
    body = action["arguments"]["body"]
    add_message(tx, action["ticket_id"], Author.AGENT, body, None)
    language = tx.ticket(action["ticket_id"])["language"]
    data = {"characters": len(body), "language": language}
    agent = AgentName.COORDINATOR.value
    tx.append(NewEvent("reply", agent, data, action["ticket_id"], journal.run_id, None, body))


def _bring_up(tx: Transaction, action: Row, effect: Effect) -> None:
    """Let the ticket's other pending decisions follow what this action of its own has changed."""
    others = tx.connection.execute(
        select(ACTION.c.id, ACTION.c.records, ACTION.c.arguments).where(
            ACTION.c.ticket_id == action["ticket_id"],
            ACTION.c.id != action["id"],
            ACTION.c.state.in_([ActionState.PROPOSED.value, ActionState.APPROVED.value]),
        )
    ).all()
    for other in others:
        records = follow(other.records, other.arguments, effect.changes)
        if records is not None:
            tx.connection.execute(
                update(ACTION).where(ACTION.c.id == other.id).values(records=records)
            )


def undo(parts: Parts, journal: Journal, action: Row, request: Row) -> Outcome:
    """Take an executed action back, as its operator asked; the outcome is recorded."""
    try:
        key = action["idempotency_key"]
        parts.writer.undo(key, f"{key}:undo", parts.store.clock.now())
        state, problem = ActionState.UNDONE, None
    except (Refused, Retryable) as failure:
        state, problem = ActionState(action["state"]), str(failure)
    with journal.write() as tx:
        tx.connection.execute(
            update(DECISION).where(DECISION.c.id == request["id"]).values(spent_at=tx.now)
        )
        data = {"action": action["id"], "name": action["name"], "by": request["operator"]}
        if state is ActionState.UNDONE:
            tx.set_action(action["id"], state, was=[ActionState(action["state"])])
            journal_event(tx, journal, "action.undone", data)
        else:
            journal_event(tx, journal, "action.undo_failed", {**data, "why": problem})
    return Outcome(state, problem)
