"""What `--json` prints of tickets, actions and events: the names in it are a contract."""

from typing import Any

from console.cli.printing import stamp
from data.queries.awaiting import unanswered
from data.queries.reasons import taken_back, why_nothing
from data.queries.rows import (
    ActionRow,
    EventRow,
    HandoffRow,
    IssueRow,
    RunRow,
    TicketDetail,
    TicketRow,
)
from data.vocabulary import AGENTS_OWN, ActionState, Author, TicketStatus


def ticket_document(ticket: TicketRow) -> dict[str, Any]:
    """A line of the queue."""
    return {
        "id": ticket.id,
        "ref": ticket.ref,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "intent": ticket.intent,
        "intents": ticket.intents,
        "subject": ticket.subject,
        "requester": ticket.requester,
        "customer": ticket.customer_name,
        "owner": ticket.owner,
        "flags": ticket.flags,
        "messages": ticket.message_count,
        "opened_at": stamp(ticket.opened_at),
        "updated_at": stamp(ticket.updated_at),
        "due_at": stamp(ticket.due_at),
    }


def detail_document(detail: TicketDetail) -> dict[str, Any]:
    """A ticket with what was said, what came of it and why."""
    return ticket_document(detail.ticket) | {
        "channel": detail.channel,
        "identity": detail.identity,
        "customer_id": detail.customer_id,
        "sentiment": detail.sentiment,
        "sentiment_score": detail.sentiment_score,
        "anger": detail.anger,
        "urgency": detail.urgency,
        "confidence": detail.confidence,
        "language": detail.language,
        "merged_into": detail.merged_into,
        "messages": [
            {
                "from": m.author,
                "name": m.name,
                "at": stamp(m.at),
                "body": m.body,
                "attachments": [
                    {"id": a.id, "name": a.name, "type": a.kind, "size": a.size}
                    for a in detail.attachments
                    if a.message_id == m.id
                ],
            }
            for m in detail.messages
        ],
        "reply": last_reply(detail),
        "escalated": detail.ticket.status is TicketStatus.ESCALATED,
        "escalation": detail.escalation,
        "outcome": detail.outcome,
        "reason": why(detail),
        "nothing_done": _nothing_done(detail),
        "issues": [_issue(issue) for issue in detail.issues],
        "runs": [_run(run) for run in detail.runs],
        "handoffs": [
            {
                "skill": h.skill,
                "kind": h.kind,
                "to": h.assigned_to,
                "reason": h.reason,
                "summary": h.summary,
                "wait_minutes": h.wait_minutes,
                "queued_at": stamp(h.queued_at),
                "accepted_at": stamp(h.accepted_at),
                "accepted_by": h.accepted_by,
            }
            for h in detail.handoffs
        ],
    }


def handoff_document(handoff: HandoffRow) -> dict[str, Any]:
    """A hand-over that waits for a person."""
    return {
        "id": handoff.id,
        "ticket": handoff.ticket_id,
        "ref": handoff.ticket_ref,
        "subject": handoff.subject,
        "skill": handoff.skill,
        "kind": handoff.kind,
        "to": handoff.assigned_to,
        "reason": handoff.reason,
        "summary": handoff.summary,
        "wait_minutes": handoff.wait_minutes,
        "queued_at": stamp(handoff.queued_at),
    }


def _issue(issue: IssueRow) -> dict[str, Any]:
    names = ("kind", "intent", "rule", "agent", "state", "confidence", "cause", "skill", "evidence")
    return {name: getattr(issue, name) for name in names}


def _run(run: RunRow) -> dict[str, Any]:
    return {
        "number": run.number,
        "state": run.state,
        "brain": run.brain,
        "started_at": stamp(run.started_at),
        "ended_at": stamp(run.ended_at),
        "tokens": run.tokens,
        "cost_micros": run.cost_micros,
        "problem": run.problem,
    }


def last_reply(detail: TicketDetail) -> str | None:
    """The newest answer that the customer got, from an agent or a person."""
    ours = [m for m in detail.messages if m.author in (Author.AGENT, Author.OPERATOR)]
    return max(ours, key=lambda m: (m.at, m.position)).body if ours else None


def _nothing_done(detail: TicketDetail) -> dict[str, Any] | None:
    """Why no action was carried out; null where one was."""
    reason = why_nothing(detail)
    return {"code": reason.code, "rule": reason.rule, "text": reason.text} if reason else None


def why(detail: TicketDetail) -> str | None:
    """Why the ticket stands as it does, in a sentence."""
    waiting = [a for a in detail.actions if a.state is ActionState.PROPOSED]
    match detail.ticket.status:
        case TicketStatus.NEW:
            return "The agents have not looked at it yet."
        case TicketStatus.WORKING if detail.ticket.owner != AGENTS_OWN:
            wrote = "The customer wrote, and waits for" if unanswered(detail) else "It is with"
            return f"{wrote} {detail.ticket.owner}."
        case TicketStatus.WORKING:
            return "The agents are at it."
        case TicketStatus.AWAITING_APPROVAL if waiting:
            return f"A person must decide about {', '.join(a.name for a in waiting)}."
    outcome = detail.outcome or {}
    text = (outcome.get("code") == "done" and taken_back(detail)) or outcome.get("text")
    return str(text) if text else None


def standing_actions(detail: TicketDetail) -> list[ActionRow]:
    """Every action in its newest revision: the one that ran, where one did."""
    return [action for action in detail.actions if action.superseded_by is None]


def action_document(action: ActionRow, earlier: list[ActionRow]) -> dict[str, Any]:
    """An action as it stands, with the revisions that it supersedes."""
    return {
        "id": action.id,
        "action": action.name,
        "state": action.state.value,
        "arguments": action.arguments,
        "amount": action.amount,
        "currency": action.currency,
        "target": action.target,
        "gate": action.gate.value,
        "rule": action.rule,
        "risk": action.risk,
        "reason": action.reason,
        "decided_by": action.decided_by,
        "decided_at": stamp(action.decided_at),
        "decision_reason": action.decision_reason,
        "decisions": decisions_document(action),
        "people_needed": action.people_needed,
        "preview": action.preview,
        "undo": action.undo,
        "undo_until": stamp(action.undo_until),
        "asked_at": stamp(action.proposed_at),
        "expires_at": stamp(action.expires_at),
        "executed_at": stamp(action.executed_at),
        "problem": action.problem,
        "undoes": action.undoes,
        "proposed_by": action.proposed_by,
        "role_needed": action.role_needed,
        "executed_arguments": action.executed_arguments,
        "supersedes": [
            {"id": old.id, "state": old.state.value, "arguments": old.arguments, "why": old.problem}
            for old in earlier
        ],
    }


def earlier_revisions(detail: TicketDetail, action: ActionRow) -> list[ActionRow]:
    """The revisions that led to `action`, newest first."""
    by_id, found = {a.id: a for a in detail.actions}, []
    while action.supersedes and action.supersedes in by_id:
        action = by_id[action.supersedes]
        found.append(action)
    return found


def decisions_document(action: ActionRow) -> list[dict[str, Any]]:
    """Who said what about an action."""
    return [
        {
            "kind": d.kind,
            "by": d.operator,
            "role": d.role,
            "signed_in_by": d.signed_in_by,
            "reason": d.reason,
            "at": stamp(d.at),
        }
        for d in action.decisions
    ]


def event_document(event: EventRow) -> dict[str, Any]:
    """An event of the log."""
    return {
        "id": event.id,
        "at": stamp(event.at),
        "agent": event.agent,
        "kind": event.kind,
        "data": event.data,
    }


def approval_document(action: ActionRow) -> dict[str, Any]:
    """An action that waits for a decision."""
    return {
        "id": action.id,
        "ticket": action.ticket_id,
        "ref": action.ticket_ref,
        "action": action.name,
        "arguments": action.arguments,
        "target": action.target,
        "customer": action.customer_name,
        "amount": action.amount,
        "currency": action.currency,
        "reason": action.reason,
        "risk": action.risk,
        "rule": action.rule,
        "asked_at": stamp(action.proposed_at),
        "expires_at": stamp(action.expires_at),
        "people_needed": action.people_needed,
        "role_needed": action.role_needed,
        "undoes": action.undoes,
        "proposed_by": action.proposed_by,
        "decisions": decisions_document(action),
        "preview": action.preview,
        "undo": action.undo,
    }
