"""What a decision would meet, told beforehand; the service checks all of it again."""

from datetime import datetime

from agents.authority import Person, check_may_approve
from agents.errors import NotAllowed
from agents.policy.model import Policy
from data.queries.rows import ActionRow
from data.vocabulary import DONE_ACTIONS, ActionName, ActionState, DecisionKind, Role

_UNDER_WAY = frozenset(
    {ActionState.PROPOSED, ActionState.APPROVED, ActionState.EXECUTING, ActionState.UNKNOWN}
)


def beyond_role(action: ActionRow, person: Person | None, policy: Policy | None) -> str | None:
    """Why the person's role does not reach to this action; None if it does, or is not known."""
    if person is None or policy is None:
        return None
    name = ActionName(action.name)
    try:
        check_may_approve(policy, person, name, action.amount, action.currency)
    except NotAllowed as limit:
        return str(limit)
    return None


def not_to_approve(
    action: ActionRow, person: Person | None, policy: Policy | None, now: datetime
) -> str | None:
    """Why the person cannot approve this waiting action now, as far as it is known."""
    if action.expires_at is not None and action.expires_at <= now:
        return "the time to decide it is over"
    edited = any(d.kind == DecisionKind.EDIT for d in action.decisions)
    if (action.preview or {}).get("pending") and not edited:
        return "its effect is not worked out yet; a worker does that"
    if person is not None and person.name in approved_by(action):
        return "you have approved it; another person must"
    return beyond_role(action, person, policy)


def approved_by(action: ActionRow) -> list[str]:
    """Who has approved it, as it is or with changes."""
    kinds = (DecisionKind.APPROVE, DecisionKind.EDIT)
    return list(dict.fromkeys(d.operator for d in action.decisions if d.kind in kinds))


def still_needed(action: ActionRow) -> str | None:
    """Who must approve it, in words, where that is more than any one person."""
    given = approved_by(action)
    role = Role(action.role_needed) if action.role_needed else None
    ranks = [Role(d.role).rank for d in action.decisions if d.role and d.operator in given]
    words = []
    left = action.people_needed - len(given)
    if action.people_needed > 1:
        words.append(f"{action.people_needed} different people must approve it")
        if left > 0 and given:
            words.append(f"{left} more is needed" if left == 1 else f"{left} more are needed")
    if role is not None and not any(rank >= role.rank for rank in ranks):
        words.append(f"{'an' if role is Role.ADMIN else 'a'} {role} must approve it")
    if given:
        words.append(f"approved by {' and '.join(given)}")
    return "; ".join(words) or None


def not_to_undo(
    action: ActionRow,
    others: tuple[ActionRow, ...],
    person: Person | None,
    policy: Policy | None,
    now: datetime,
) -> str | None:
    """Why an action cannot be undone now, or not by this person; `others` are of its ticket."""
    half_done = action.state is ActionState.FAILED and action.executed_at is not None
    if action.undoes:
        return "an undoing cannot be undone; propose the action again"
    if action.state is ActionState.UNDONE:
        return "it is undone already"
    if action.state not in DONE_ACTIONS and not half_done:
        return f"it is {action.state.value}, not carried out"
    if not (action.undo or {}).get("possible", False):
        return "it cannot be undone"
    if action.undo_until is not None and action.undo_until <= now:
        return "the time to undo it is over"
    for other in others:
        asked = other.undoes == action.id and other.superseded_by is None
        if asked and other.state in _UNDER_WAY:
            return f"{other.proposed_by or 'somebody'} has asked to undo it already"
    return beyond_role(action, person, policy)
