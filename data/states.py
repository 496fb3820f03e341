"""Which changes of state are legal; the store refuses every other one."""

from data.errors import IllegalChange
from data.vocabulary import ActionState as A
from data.vocabulary import TicketStatus as T

_ANY_OPEN = {T.WORKING, T.AWAITING_APPROVAL, T.AWAITING_CUSTOMER, T.ESCALATED, T.RESOLVED, T.CLOSED}

TICKET_CHANGES: dict[T, set[T]] = {
    T.NEW: _ANY_OPEN,
    T.WORKING: _ANY_OPEN - {T.WORKING},
    T.AWAITING_APPROVAL: _ANY_OPEN - {T.AWAITING_APPROVAL},
    T.AWAITING_CUSTOMER: _ANY_OPEN - {T.AWAITING_CUSTOMER},
    T.ESCALATED: _ANY_OPEN - {T.ESCALATED},
    T.RESOLVED: _ANY_OPEN - {T.RESOLVED},
    T.CLOSED: {T.WORKING, T.ESCALATED},
}
"""A new message reopens a resolved or closed ticket; nothing returns to `new`."""

ACTION_CHANGES: dict[A, set[A]] = {
    A.PROPOSED: {A.APPROVED, A.REJECTED, A.WITHDRAWN, A.EXPIRED, A.STALE, A.REFUSED},
    A.APPROVED: {
        A.EXECUTING,
        A.STALE,
        A.WITHDRAWN,
        A.REFUSED,
        A.EXPIRED,
        A.PROPOSED,
        A.REJECTED,
    },
    A.STALE: {A.WITHDRAWN, A.REJECTED, A.EXPIRED},
    A.EXECUTING: {A.EXECUTED, A.VERIFIED, A.FAILED, A.UNKNOWN},
    A.EXECUTED: {A.VERIFIED, A.FAILED, A.UNDONE},
    A.VERIFIED: {A.UNDONE},
    A.FAILED: {A.UNDONE},
    A.UNKNOWN: {A.EXECUTED, A.VERIFIED, A.FAILED},
    A.REJECTED: set(),
    A.REFUSED: {A.STALE},
    A.WITHDRAWN: set(),
    A.EXPIRED: set(),
    A.UNDONE: set(),
}
"""Expired is its own end and never runs; an unknown outcome is settled by looking, not by
retrying. What was approved asks again where a cap of the day is reached. What was refused in
shadow is out of date once the agents have planned anew."""


def check_ticket_change(old: T, new: T) -> None:
    """Raise IllegalChange unless a ticket may go from `old` to `new`; staying is always legal."""
    if old != new and new not in TICKET_CHANGES[old]:
        raise IllegalChange(f"a ticket cannot go from {old} to {new}")


def check_action_change(old: A, new: A) -> None:
    """Raise IllegalChange unless an action may go from `old` to `new`."""
    if new not in ACTION_CHANGES[old]:
        raise IllegalChange(f"an action cannot go from {old} to {new}")
