"""Carrying an action out once: intent recorded before, outcome after, then read back."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, update

from agents.connectors.protocols import Effect
from agents.engine import owned, taking_back
from agents.engine.conversation import add_message
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.preview import undo_of
from agents.engine.revisions import changed_records, follow
from agents.engine.starting import begin
from agents.engine.verify import what_is_wrong, what_stayed
from agents.errors import OutOfReach, Refused, Retryable, UnknownOutcome
from data.store import ACTION, Transaction
from data.vocabulary import ActionName, ActionState, AgentName, Author

Row = dict[str, Any]
TRIES = 2
"""An action that fails for now is tried once more, under the same key."""


@dataclass(frozen=True)
class Outcome:
    """How an execution went."""

    state: ActionState
    problem: str | None = None


def execute(parts: Parts, journal: Journal, action: Row, *, begun: bool = False) -> Outcome:
    """Carry out an approved action, or settle one whose execution was interrupted.

    `begun`: it is not interrupted, the caller has recorded the intent just now.

    Raises Unread or Halted before anything is done. A record that changed since the decision makes
    the action stale; nothing is done then either. What fails its check is taken back. OutOfReach
    leaves it begun: it is looked up when the system can be used again.
    """
    interrupted = action["state"] != ActionState.APPROVED and not begun
    if not interrupted and not begun:
        changed = _changed(parts, action)
        if changed:
            return _stale(parts, journal, action, changed)
        capped = begin(parts, journal, action)
        if capped is not None:
            return Outcome(ActionState.PROPOSED, capped)
    try:
        effect = parts.writer.lookup(action["idempotency_key"]) if interrupted else None
        if effect is None:
            if interrupted:
                _check_unchanged(parts, action)
            effect = _call(parts, journal, action)
    except _Failed as failure:
        return _finish(parts, journal, action, None, ActionState.FAILED, str(failure))
    except UnknownOutcome as unknown:
        return _finish(parts, journal, action, None, ActionState.UNKNOWN, str(unknown))
    problem = _check(parts, action, effect)
    if problem is None:
        return _finish(parts, journal, action, effect, ActionState.VERIFIED, None)
    if effect.undoable:
        effect, problem = _compensate(parts, journal, action, effect, problem)
    return _finish(parts, journal, action, effect, ActionState.FAILED, problem)


def _changed(parts: Parts, action: Row) -> dict[str, Any]:
    """What is no longer as the person saw it: record to field to [then, now]."""
    changed = _changed_records(parts, action)
    # Undoing asks the policy itself, which matters only where it wants more people now.
    if action["name"] == ActionName.UNDO:
        return changed
    if action["policy_version"] != parts.policy.version:
        changed["policy"] = {"version": [action["policy_version"], parts.policy.version]}
    return changed


def _changed_records(parts: Parts, action: Row) -> dict[str, Any]:
    if action["name"] == ActionName.UNDO:
        return taking_back.changed(parts, action)
    return changed_records(parts.reader, action["arguments"], action["records"])


def _check_unchanged(parts: Parts, action: Row) -> None:
    """_Failed if records changed since a call was cut off, or put off, that did nothing yet."""
    changed = _changed_records(parts, action)
    if changed:
        raise _Failed(f"{', '.join(changed)} changed before it was carried out; nothing was done")


def _stale(parts: Parts, journal: Journal, action: Row, changed: dict[str, Any]) -> Outcome:
    why = f"{', '.join(changed)} changed since it was proposed"
    with journal.write() as tx:
        preview = {**(action["preview"] or {}), "changed": changed}
        tx.set_action(
            action["id"], ActionState.STALE, was=[ActionState.APPROVED], problem=why,
            preview=preview,
        )  # fmt: skip
        journal.tell(tx, "action.stale", {"action": action["id"], "changed": changed})
        if action["proposed_by"]:
            taking_back.ask_again(parts, tx, journal, {**action, "preview": preview})
    return Outcome(ActionState.STALE, why)


class _Failed(Exception):
    """The system did not do it, and will not."""


def _call(parts: Parts, journal: Journal, action: Row) -> Effect:
    """Have it done. _Failed if it was not, OutOfReach or UnknownOutcome as the writer says."""
    for attempt in range(1, TRIES + 1):
        try:
            return parts.writer.carry_out(action["id"], parts.store.clock.now())
        except UnknownOutcome as unknown:
            return _looked_up(parts, action, unknown)
        except OutOfReach:
            raise
        except Refused as problem:
            raise _Failed(str(problem)) from problem
        except Retryable as problem:
            data = {"tool": action["name"], "action": action["id"], "error": str(problem)}
            journal.note("tool.failed", "resolution", {**data, "attempt": attempt})
            if attempt == TRIES:
                raise _Failed(str(problem)) from problem
            parts.sleep(0.2)
    raise AssertionError("unreachable")


def _looked_up(parts: Parts, action: Row, unknown: UnknownOutcome) -> Effect:
    """What a call without an answer did, by its key; `unknown` again where that tells nothing.

    That nothing is there does not say that nothing will be: the call may still be under way.
    """
    try:
        effect = parts.writer.lookup(action["idempotency_key"])
    except (Refused, Retryable, UnknownOutcome):
        effect = None
    if effect is None:
        raise unknown
    return effect


def _check(parts: Parts, action: Row, effect: Effect) -> str | None:
    """What the records lack after it, in a sentence."""
    name = ActionName(action["name"])
    if name is ActionName.UNDO:
        return what_stayed(parts.reader, effect)
    return what_is_wrong(parts.reader, name, action["arguments"], effect)


def _compensate(
    parts: Parts, journal: Journal, action: Row, effect: Effect, problem: str
) -> tuple[Effect, str]:
    """Take back what did not pass its check; the effect that is left, and the problem in full."""
    data = {"action": action["id"], "name": action["name"], "why": problem}
    try:
        parts.writer.take_back(action["id"], parts.store.clock.now())
    except OutOfReach:
        raise
    except (Refused, Retryable, UnknownOutcome) as failure:
        journal.note("action.not_compensated", "resolution", {**data, "error": str(failure)})
        return effect, f"{problem}; taking it back failed: {failure}"
    journal.note("action.compensated", "resolution", data)
    return replace(effect, undoable=False, undo_until=None), f"{problem}; it was taken back"


def _finish(
    parts: Parts,
    journal: Journal,
    action: Row,
    effect: Effect | None,
    state: ActionState,
    problem: str | None,
) -> Outcome:
    name = ActionName(action["name"])
    back = taking_back.trial(parts, action, effect) if state is ActionState.VERIFIED else None
    with journal.write() as tx:
        values: dict[str, Any] = {"problem": problem}
        if effect is not None:
            values |= {
                "executed_at": tx.now,
                "result": effect.result,
                "undo": undo_of(name, effect, back),
                "undo_until": effect.undo_until,
            }
            _bring_up(tx, action, effect)
        tx.set_action(action["id"], state, was=[ActionState.EXECUTING], **values)
        data = {"action": action["id"], "name": name.value, "arguments": action["arguments"]}
        if effect is not None:
            journal.tell(tx, "action.executed", {**data, "result": effect.result})
        why = {"why": problem} if problem else {}
        journal.tell(tx, f"action.{state}", {**data, **why})
        if name is ActionName.SEND_REPLY and state is ActionState.VERIFIED:
            _answered(parts, tx, journal, action)
        elif name is ActionName.SEND_REPLY and action["proposed_by"]:
            owned.not_sent(tx, journal, action, state, problem)
        if name is ActionName.UNDO:
            taking_back.record(parts, tx, journal, action, state, problem)
    return Outcome(state, problem)


def _answered(parts: Parts, tx: Transaction, journal: Journal, action: Row) -> None:
    """Put the answer that went out into the conversation, together with the record of it."""
    body, by = action["arguments"]["body"], action["proposed_by"]
    add_message(tx, action["ticket_id"], Author.OPERATOR if by else Author.AGENT, body, by)
    language = tx.ticket(action["ticket_id"])["language"]
    agent = AgentName.OPERATOR if by else AgentName.COORDINATOR
    data = {"characters": len(body), "language": language}
    journal.tell(tx, "reply", data, agent=agent.value, payload=body)
    if by:
        tx.set_ticket(action["ticket_id"], answered_at=tx.now)
        owned.went_out(parts, tx, action)


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
