"""A ticket that a person has: where it stands, and what comes of their answer to the customer."""

from datetime import timedelta

from agents.endings import (
    BEGUN,
    accept_handoffs,
    actions_in,
    end_ticket,
    messages_of_customer,
)
from agents.engine.handoff import ANY
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.snapshot import Row, Snapshot
from data.store import Transaction
from data.tables import Handoff
from data.vocabulary import (
    AGENTS_OWN,
    ActionState,
    HandoffKind,
    Intent,
    TicketStatus,
)


def then_of(action: Row) -> Row:
    """What its writer wanted of the ticket once it is out: {status, seen}; empty for nothing.

    `seen` is how many messages of the customer they had before them.
    """
    return (action["preview"] or {}).get("then") or {}


def where_it_stands(snapshot: Snapshot) -> Row:
    """Status and money at risk by what waits for approval; its owner's other work stays as it is.

    When the last request is decided, the ticket is its owner's turn again.
    """
    waiting = [a for a in snapshot.actions if a["state"] == ActionState.PROPOSED]
    status = TicketStatus(snapshot.ticket["status"])
    if waiting and status in (TicketStatus.WORKING, TicketStatus.AWAITING_CUSTOMER):
        status = TicketStatus.AWAITING_APPROVAL
    elif not waiting and status is TicketStatus.AWAITING_APPROVAL:
        status = TicketStatus.WORKING
    return {"status": status.value, "money_at_risk": sum(a["amount"] or 0 for a in waiting)}


def went_out(parts: Parts, tx: Transaction, action: Row) -> None:
    """Let the ticket await the customer, or be resolved, as the writer asked.

    It stays the owner's work if the customer wrote meanwhile, or something of it is under way.
    """
    ticket_id, then, by = action["ticket_id"], then_of(action), action["proposed_by"]
    ticket = tx.ticket(ticket_id)
    if not then or ticket["owner"] == AGENTS_OWN:
        return
    accept_handoffs(tx, ticket_id, by)
    timer = tx.now + timedelta(days=parts.policy.tickets.close_after_days)
    tx.set_ticket(ticket_id, escalation=None)
    news = messages_of_customer(tx, ticket_id) > then["seen"]
    begun = actions_in(tx, ticket_id, (ActionState.APPROVED, *BEGUN))
    if then["status"] == TicketStatus.RESOLVED and not news and not begun:
        outcome = {"code": "answered", "rule": None, "text": f"{by} answered and resolved it."}
        end_ticket(tx, ticket_id, TicketStatus.RESOLVED, outcome, by, timer_at=timer)
        return
    text = f"{by} answered; the customer is awaited."
    status = TicketStatus.AWAITING_CUSTOMER
    if actions_in(tx, ticket_id, (ActionState.PROPOSED,)):
        status = TicketStatus.AWAITING_APPROVAL
    if news or (then["status"] == TicketStatus.RESOLVED and begun):
        status = TicketStatus.WORKING
        text = f"{by} answered, and " + (
            "the customer has written again." if news else "something of it is still under way."
        )
    outcome = {"code": "answered", "rule": None, "text": text}
    tx.set_ticket(ticket_id, status=status.value, outcome=outcome, ended_at=None, timer_at=timer)


def not_sent(
    tx: Transaction, journal: Journal, action: Row, state: ActionState, problem: str | None
) -> None:
    """Escalate the ticket to who has it, or else to the writer, with the reason."""
    ticket = tx.ticket(action["ticket_id"])
    if not then_of(action) and ticket["owner"] == AGENTS_OWN:
        return
    to = action["proposed_by"] if ticket["owner"] == AGENTS_OWN else ticket["owner"]
    failed = state is ActionState.FAILED
    reason = "The answer could not be sent" if failed else "Whether the answer went out is unknown"
    reason += f": {problem}" if problem else ""
    following = (
        "Send the answer again, or reach the customer another way."
        if failed
        else f"Look whether it went out, and say so with `handrail reconcile {action['id']}`."
    )
    summary = {
        "needs": [ticket["subject"] or "An answer."],
        "tried": [f"send_reply: {state}"],
        "missing": ["the customer may not have the answer"],
        "next": [following],
    }
    intent, kind = ticket["intent"], HandoffKind.WARM_TRANSFER.value
    skill = intent if intent and intent != Intent.ESCALATE else ANY
    accept_handoffs(tx, ticket["id"], to)
    tx.insert(
        Handoff, id=tx.ids("h"), ticket_id=ticket["id"], skill=skill, kind=kind, assigned_to=to,
        reason=reason, summary=summary, queued_at=tx.now,
    )  # fmt: skip
    escalation = {"skill": skill, "to": to, "kind": kind}
    tx.set_ticket(
        ticket["id"], status=TicketStatus.ESCALATED.value, escalation=escalation, timer_at=None,
        outcome={"code": "tool_failed", "rule": None, "text": reason},
    )  # fmt: skip
    journal.tell(tx, "handoff", {**escalation, "reason": reason, "action": action["id"]})
