"""Undoing an action: a trial of it beforehand, what becomes of the original, what to tell the
customer."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from agents.actions.catalogue import digest_of, target_of
from agents.actions.succession import succeed
from agents.connectors.protocols import Effect
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.preview import changes_of, preview_of, try_out, undo_of
from agents.errors import Refused, Retryable
from agents.facts.money import money
from agents.policy.gate import rule_on
from agents.replies import compose
from data.store import ACTION, Transaction
from data.tables import Action
from data.vocabulary import ActionName, ActionState, AgentName, Gate

Row = dict[str, Any]
_TIMES = frozenset({"at", "changed_at"})
"""Fields that tell when something was written; a trial and the act differ in them."""


def trial(parts: Parts, action: Row, effect: Effect | None) -> Effect | None:
    """What undoing an action that was just done would change; None if that cannot be told."""
    if effect is None or not effect.undoable:
        return None
    try:
        return parts.writer.preview_undo(action["idempotency_key"], parts.store.clock.now())
    except (Refused, Retryable):
        return None


def changed(parts: Parts, undo: Row) -> dict[str, Any]:
    """Where undoing would now do something else than the person saw; empty if nowhere.

    What can no longer be undone at all is left to the act itself, which says why.
    """
    shown = (undo["preview"] or {}).get("changes")
    if rule_on(parts.policy, ActionName.UNDO, undo["amount"], None).people > undo["people_needed"]:
        return {"policy": {"version": [undo["policy_version"], parts.policy.version]}}
    if not (undo["preview"] or {}).get("exact"):
        return {}
    try:
        effect = try_out(parts, undo)
    except (Refused, Retryable):
        return {}
    then_by = _by_row(shown or [])
    now_by = _by_row(changes_of(effect.changes))
    return {
        row: {
            field: [then_by.get(row, {}).get(field), now_by.get(row, {}).get(field)]
            for field in {**then_by.get(row, {}), **now_by.get(row, {})}
            if then_by.get(row, {}).get(field) != now_by.get(row, {}).get(field)
        }
        for row in {**then_by, **now_by}
        if then_by.get(row) != now_by.get(row)
    }


def _by_row(changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        f"{c['table']}:{c['id']}": {f: v for f, v in c["fields"].items() if f not in _TIMES}
        for c in changes
    }


def ask_again(parts: Parts, tx: Transaction, journal: Journal, stale: Row) -> None:
    """Ask anew for what a person had asked for, under the policy and the records as they are."""
    new_id = tx.ids("a")
    ruling = rule_on(parts.policy, ActionName(stale["name"]), stale["amount"], None)
    people = max(ruling.people, 1)
    if stale["undoes"]:
        people = max(people, stale["people_needed"])
    succeed(
        tx, stale, new_id, records={}, policy_version=parts.policy.version,
        people_needed=people, gate=(Gate.ASK_TWO if people > 1 else Gate.ASK).value,
        preview={**stale["preview"], "exact": False, "pending": True},
    )  # fmt: skip
    tx.connection.execute(
        update(ACTION).where(ACTION.c.id == stale["id"]).values(superseded_by=new_id)
    )
    journal.tell(tx, "action.proposed", {"action": new_id, "name": stale["name"]})


def record(
    parts: Parts,
    tx: Transaction,
    journal: Journal,
    undo: Row,
    state: ActionState,
    problem: str | None,
) -> None:
    """Bring the original to where undoing it has led, and offer the customer a correction."""
    original = tx.action(undo["undoes"])
    data = {"action": original["id"], "name": original["name"], "by": undo["proposed_by"]}
    if state is not ActionState.VERIFIED:
        why = {"why": problem} if problem else {}
        journal.tell(tx, "action.undo_failed", {**data, **why})
        return
    why_undone = f"{undo['proposed_by']} took it back"
    was = [ActionState(original["state"])]
    tx.set_action(original["id"], ActionState.UNDONE, was=was, problem=why_undone)
    journal.tell(tx, "action.undone", data)
    answered = tx.ticket(original["ticket_id"])["answered_at"]
    if answered is not None and original["executed_at"] <= answered:
        _offer_correction(parts, tx, journal, original, undo)


def _offer_correction(
    parts: Parts, tx: Transaction, journal: Journal, original: Row, undo: Row
) -> None:
    """Ask a person whether the customer, who was told of it, is told that it was taken back."""
    ticket = tx.ticket(original["ticket_id"])
    amount, currency = original["amount"], original["currency"]
    block = parts.templates.render(
        "correction", ticket["language"], action=original["name"],
        amount=money(amount, currency) if amount is not None else "",
        charge=original["arguments"].get("charge", ""),
    )  # fmt: skip
    known = ticket["identity"] != "unknown"
    body = compose(
        parts.templates, ticket["language"], [block],
        name=(ticket["customer_name"] or "").split(" ")[0] if known else None,
        company=parts.policy.name, angry=False, secrets=False,
    )  # fmt: skip
    name, arguments = ActionName.SEND_REPLY, {"ticket": ticket["id"], "body": body}
    action_id = tx.ids("a")
    last = tx.connection.execute(
        select(ACTION.c.position)
        .where(ACTION.c.ticket_id == ticket["id"])
        .order_by(ACTION.c.position.desc())
        .limit(1)
    ).scalar_one()
    affects = ticket["customer_name"] or ticket["requester"]
    expires = tx.now + timedelta(hours=parts.policy.approval.expires_hours)
    tx.insert(
        Action, id=action_id, ticket_id=ticket["id"], run_id=original["run_id"],
        position=last + 1, name=name.value, arguments=arguments,
        digest=digest_of(name, arguments), target=target_of(name, arguments),
        agent=AgentName.COORDINATOR.value, gate=Gate.ASK.value, people_needed=1,
        reason="The customer was told of what has been taken back; this corrects it.",
        preview={**preview_of(name, arguments, None, affects), "pending": True},
        undo=undo_of(name, None), policy_version=parts.policy.version, proposed_at=tx.now,
        expires_at=expires, proposed_by=undo["proposed_by"],
        idempotency_key=f"{ticket['id']}:{action_id}",
    )  # fmt: skip
    if ticket["timer_at"] is None or ticket["timer_at"] > expires:
        tx.set_ticket(ticket["id"], timer_at=expires)
    journal.tell(tx, "action.proposed", {"action": action_id, "name": name.value})
