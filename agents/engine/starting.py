"""Whether an action may start now, and starting it: the decision is spent, the intent recorded."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from agents.actions.catalogue import digest_of
from agents.authority import has_role
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.facts.money import money
from agents.policy.gate import rule_on
from agents.policy.model import Cap
from data.queries.adopted import in_force
from data.queries.tickets import DECISION, ISSUE
from data.store import ACTION, MESSAGE, TICKET, Transaction, table
from data.tables import Halt
from data.vocabulary import AGENTS_OWN, ActionName, ActionState, Author, DecisionKind, Gate, Role

Row = dict[str, Any]
HALT = table(Halt)
COUNTED = [
    s.value for s in (
        ActionState.EXECUTING, ActionState.EXECUTED, ActionState.VERIFIED, ActionState.UNKNOWN,
    )
]  # fmt: skip
"""States of an action that count against a cap: it was done, or may have been."""


class Unread(Exception):
    """The customer wrote meanwhile, or a person did something; that is read before anything is
    done."""


class Halted(Exception):
    """The stop button holds this kind of action."""


def begin(parts: Parts, journal: Journal, action: Row) -> str | None:
    """Spend the decision and record the intent, in one transaction.

    Returns why a supervisor is asked instead, where a cap of the day is reached. Raises Unread or
    Halted, and AssertionError without a valid decision; nothing is changed then.
    """
    name = ActionName(action["name"])
    with journal.write() as tx:
        decisions = _check_can_start(parts, tx, action)
        over = reached_cap(parts, tx, name, action["amount"], action["currency"])
        supervised = any(has_role(d.role, Role.SUPERVISOR) for d in decisions)
        if over is not None and not supervised:
            _ask_supervisor(parts, tx, journal, action, over)
            return over
        tx.set_action(
            action["id"],
            ActionState.EXECUTING,
            was=[ActionState.APPROVED],
            attempts=action["attempts"] + 1,
            started_at=tx.now,
            executed_arguments=action["arguments"],
        )
        _spend(tx, action["id"])
        data = {"action": action["id"], "name": name.value, "key": action["idempotency_key"]}
        journal.tell(tx, "action.executing", {**data, "arguments": action["arguments"]})
    return None


def _check_can_start(parts: Parts, tx: Transaction, action: Row) -> list[Any]:
    """The unspent decisions that let it start."""
    name = ActionName(action["name"])
    intent = tx.connection.execute(
        select(ISSUE.c.intent).where(ISSUE.c.id == action["issue_id"])
    ).scalar_one_or_none()
    by_hand = action["proposed_by"] is not None
    check_unhindered(tx, action["ticket_id"], name, [intent], by_hand=by_hand)
    decisions = tx.connection.execute(
        select(DECISION.c.operator, DECISION.c.kind, DECISION.c.role).where(
            DECISION.c.action_id == action["id"],
            DECISION.c.digest == action["digest"],
            DECISION.c.spent_at.is_(None),
            DECISION.c.kind.in_([DecisionKind.APPROVE, DecisionKind.EDIT, DecisionKind.AUTO]),
        )
    ).all()
    people = {d.operator for d in decisions if d.kind != DecisionKind.AUTO}
    automatic = any(d.kind == DecisionKind.AUTO for d in decisions)
    if automatic:
        check_rules_stand(parts, tx)
    ruling = rule_on(parts.policy, name, action["amount"], intent)
    allowed = (automatic and ruling.gate is Gate.AUTO) or len(people) >= max(
        action["people_needed"], ruling.people, 1
    )
    if action["role_needed"] and not any(
        has_role(d.role, Role(action["role_needed"])) for d in decisions
    ):
        allowed = False
    bound = digest_of(name, action["arguments"]) == action["digest"]
    if ruling.gate is Gate.FORBIDDEN or not allowed or not bound:
        raise AssertionError(f"action {action['id']} has no valid decision")
    return list(decisions)


def check_still(tx: Transaction, ticket: Row) -> None:
    """Unread if somebody did something on the ticket since `ticket` was read."""
    if tx.ticket(ticket["id"])["wake_seq"] != ticket["wake_seq"]:
        raise Unread


def check_rules_stand(parts: Parts, tx: Transaction) -> None:
    """Unread if a rule was adopted or revoked since the policy was looked at."""
    if tuple(rule.id for rule in in_force(tx.connection)) != parts.adopted:
        raise Unread


def check_unhindered(
    tx: Transaction,
    ticket_id: str,
    name: ActionName,
    intents: list[str | None],
    *,
    by_hand: bool = False,
) -> None:
    """Unread if the customer wrote what the agents have not read; Halted by the stop button.

    What a person proposed, or decided on a ticket of theirs, does not wait for the agents to read.
    """
    connection = tx.connection
    ticket = select(TICKET.c.read_count, TICKET.c.owner).where(TICKET.c.id == ticket_id)
    read, owner = connection.execute(ticket).one()
    if not by_hand and owner == AGENTS_OWN:
        written = connection.execute(
            select(func.count())
            .select_from(MESSAGE)
            .where(MESSAGE.c.ticket_id == ticket_id, MESSAGE.c.author == Author.CUSTOMER.value)
        ).scalar_one()
        if written != read:
            raise Unread
    for halt in connection.execute(select(HALT).where(HALT.c.lifted_at.is_(None))):
        if halt.action in (None, name) and (halt.intent is None or halt.intent in intents):
            raise Halted


def reached_cap(
    parts: Parts, tx: Transaction, name: ActionName, amount: int | None, currency: str | None
) -> str | None:
    """Which cap of the day the action would break, in words; None if none."""
    for cap in parts.policy.approval.caps:
        if cap.action is name and cap.currency in (None, currency):
            over = _over(tx, cap, amount or 0, currency)
            if over is not None:
                return over
    return None


def _over(tx: Transaction, cap: Cap, amount: int, currency: str | None) -> str | None:
    today = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
    done = select(func.count(), func.coalesce(func.sum(ACTION.c.amount), 0)).where(
        ACTION.c.name == cap.action.value,
        ACTION.c.started_at >= today,
        ACTION.c.started_at < today + timedelta(days=1),
        ACTION.c.state.in_(COUNTED),
    )
    if currency is not None:
        done = done.where(ACTION.c.currency == currency)
    count, moved = tx.connection.execute(done).one()
    if cap.count is not None and count + 1 > cap.count:
        return f"{cap.count} times a day is the cap for {cap.action}, and it is reached"
    if cap.amount is not None and currency and moved + amount > cap.amount:
        most, so_far = money(cap.amount, currency), money(int(moved), currency)
        return f"{most} a day is the cap for {cap.action}, and {so_far} went today"
    return None


def _ask_supervisor(parts: Parts, tx: Transaction, journal: Journal, action: Row, why: str) -> None:
    tx.set_action(
        action["id"],
        ActionState.PROPOSED,
        was=[ActionState.APPROVED],
        role_needed=Role.SUPERVISOR.value,
        people_needed=max(action["people_needed"], 1),
        gate=action["gate"] if action["people_needed"] else Gate.ASK.value,
        expires_at=tx.now + timedelta(hours=parts.policy.approval.expires_hours),
        decided_by=None,
        decided_at=None,
        problem=why,
    )
    tx.connection.execute(
        update(DECISION)
        .where(DECISION.c.action_id == action["id"], DECISION.c.kind == DecisionKind.AUTO.value)
        .values(spent_at=tx.now)
    )
    journal.tell(tx, "action.capped", {"action": action["id"], "name": action["name"], "why": why})


def _spend(tx: Transaction, action_id: str) -> None:
    tx.connection.execute(
        update(DECISION)
        .where(DECISION.c.action_id == action_id, DECISION.c.spent_at.is_(None))
        .values(spent_at=tx.now)
    )
