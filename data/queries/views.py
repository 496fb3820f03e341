"""The saved views of the queue: which tickets each holds."""

from datetime import timedelta

from data.queries.held import Held, Way
from data.service_levels import STOPPED
from data.vocabulary import AGENTS_OWN, ENDED_TICKETS, ActionState, TicketStatus

VIEWS: dict[str, str] = {
    "mine": "taken by you",
    "open": "not ended",
    "needs approval": "something in it needs approval",
    "escalated": "waits for a person",
    "breaching": "due within the hour, or past",
    "unassigned": "new or escalated, and nobody has it",
    "customer": "waits for the customer",
    "ended": "resolved or closed",
    "all": "every ticket",
}
"""Saved views and what each holds."""

SOON = timedelta(hours=1)
"""A ticket that is due within this time counts as breaching."""

_ENDED = tuple(status.value for status in TicketStatus if status in ENDED_TICKETS)
OPEN = tuple(status.value for status in TicketStatus if status not in ENDED_TICKETS)
_STATUSES: dict[str, tuple[str, ...]] = {
    "open": OPEN,
    "ended": _ENDED,
    "escalated": (TicketStatus.ESCALATED.value,),
    "customer": (TicketStatus.AWAITING_CUSTOMER.value,),
    "unassigned": (TicketStatus.NEW.value, TicketStatus.ESCALATED.value),
    "breaching": tuple(s.value for s in TicketStatus if s not in STOPPED),
}
_PROPOSED = f"SELECT ticket_id FROM action WHERE state = '{ActionState.PROPOSED.value}'"
TAKEN = f"ticket.owner <> '{AGENTS_OWN}'"
_TESTS: dict[str, str] = {
    "unassigned": f"ticket.owner = '{AGENTS_OWN}'",
    "mine": f"ticket.owner = :operator AND {TAKEN}",
    "needs approval": f"ticket.id IN ({_PROPOSED})",
    "breaching": "ticket.due_at <= :soon",
}
_OF_VIEWS = {"waiting": "needs approval"}
"""What `is:` calls a view otherwise."""


def in_view(held: Held, view: str) -> None:
    """Only tickets of the view."""
    if view in _STATUSES:
        held.narrow(_STATUSES[view])
    if view not in _TESTS:
        return
    test = _TESTS[view]
    held.tests.append(test)
    match view:
        case "mine":
            held.ways.append(Way("ticket", test, "ix_ticket_owner", arms=(test,)))
        case "breaching":
            held.ways.append(Way("ticket", test, "ix_ticket_due", among=_STATUSES[view]))
        case "needs approval":
            source = f"(SELECT DISTINCT ticket_id FROM ({_PROPOSED}) a) d CROSS JOIN ticket"
            held.ways.append(Way(source, "ticket.id = d.ticket_id", among=OPEN))


def view_of(name: str) -> str:
    """The view that `is:` calls so."""
    return _OF_VIEWS.get(name, name)


def view_test(name: str) -> str:
    """The view that `is:` calls so, as one condition."""
    view = view_of(name)
    tests = [_TESTS[view]] if view in _TESTS else []
    if view in _STATUSES:
        listed = ", ".join(f"'{status}'" for status in _STATUSES[view])
        tests.append(f"ticket.status IN ({listed})")
    return "(" + " AND ".join(tests) + ")"
