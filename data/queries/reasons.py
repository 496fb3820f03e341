"""Why nothing was done for a ticket, or nothing yet: one reason, always."""

from dataclasses import dataclass

from data.queries.rows import ActionRow, TicketDetail
from data.vocabulary import AGENTS_OWN, DONE_ACTIONS, ActionState, TicketStatus

WORDS = ("send_reply", "undo")
"""Actions that change nothing for the customer by themselves."""

_BY_CODE = {
    "explained": "chose_not_to",
    "noise": "chose_not_to",
    "merged": "chose_not_to",
    "withdrawn": "chose_not_to",
    "confirmed": "chose_not_to",
    "answered": "chose_not_to",
    "by_hand": "chose_not_to",
    "unknown": "tool_failed",
    "done": "undone",
}
"""Codes of a ticket's outcome, where the reason is called otherwise."""


@dataclass(frozen=True)
class Reason:
    """Why nothing was done."""

    code: str
    """policy_refused, evidence_missing, tool_failed, awaiting, expired, stale, rejected, undone
    or chose_not_to."""
    rule: str | None
    text: str


def why_nothing(detail: TicketDetail) -> Reason | None:
    """Why no action was carried out for the ticket; None if one was and stands."""
    if any(a.state in DONE_ACTIONS and a.name not in WORDS for a in detail.actions):
        return None
    waiting = _awaited(detail)
    if waiting is not None:
        return Reason("awaiting", None, waiting)
    outcome = detail.outcome or {}
    if outcome.get("code") == "done" and (taken := taken_back(detail)):
        return Reason("undone", outcome.get("rule"), taken)
    code = str(outcome.get("code") or "awaiting")
    text = str(outcome.get("text") or "The agents have not come to an end yet.")
    return Reason(_BY_CODE.get(code, code), outcome.get("rule"), text)


def taken_back(detail: TicketDetail) -> str | None:
    """What was undone of what the ticket ended with, by whom, and whether the customer knows; None
    if nothing was."""
    undone = [a for a in detail.actions if a.state is ActionState.UNDONE and a.name not in WORDS]
    if not undone:
        return None
    ids = {action.id for action in undone}
    undoings = (a.proposed_at for a in detail.actions if a.undoes in ids)
    since = max(undoings, default=undone[-1].proposed_at)
    told = [a for a in detail.actions if a.name == "send_reply" and a.proposed_at >= since]
    what = "; ".join(f"{a.problem or 'it was taken back'} ({a.name})" for a in undone)
    return f"{what}. {_knows(told)}"


def _knows(told: list[ActionRow]) -> str:
    """Whether the customer has been told of it, by the answers since."""
    if any(a.state in DONE_ACTIONS for a in told):
        return "The customer was told."
    if any(a.state is ActionState.PROPOSED for a in told):
        return "The correction to the customer needs approval."
    return "The customer has not been told."


def _awaited(detail: TicketDetail) -> str | None:
    """Whom or what it waits for; None if it waits for nobody."""
    ticket = detail.ticket
    if ticket.owner != AGENTS_OWN and ticket.status in (
        TicketStatus.NEW, TicketStatus.WORKING, TicketStatus.ESCALATED,
    ):  # fmt: skip
        return f"It awaits {ticket.owner}, who has taken the ticket."
    match ticket.status:
        case TicketStatus.NEW | TicketStatus.WORKING:
            return "It awaits the agents."
        case TicketStatus.AWAITING_APPROVAL:
            asked = [a for a in detail.actions if a.state is ActionState.PROPOSED]
            if asked:
                return "It needs approval: " + "; ".join(map(_asked, asked)) + "."
            return "It awaits the stop button being lifted."
        case TicketStatus.AWAITING_CUSTOMER if ticket.owner != AGENTS_OWN:
            return "It awaits the customer."
    return None


def _asked(action: ActionRow) -> str:
    given = [d.operator for d in action.decisions if d.kind in ("approve", "edit")]
    left = max(action.people_needed - len(given), 1)
    who = f"{left} people" if left > 1 else "a person"
    if action.role_needed:
        who = f"a {action.role_needed}"
    so_far = f", after {' and '.join(given)}" if given else ""
    return f"{action.name} by {who}{so_far}"
