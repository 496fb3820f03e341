"""Tickets that are not done yet: which they are, and closing them where that is forced."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from data.errors import IllegalChange
from data.queries.tickets import HANDOFF, ISSUE, RUN
from data.store import ACTION, MESSAGE, TICKET, NewEvent, Transaction
from data.vocabulary import (
    OPEN_ACTIONS,
    ActionState,
    AgentName,
    Author,
    IssueState,
    RunState,
    TicketStatus,
)

WHY = "closed to erase the customer's data"

_RUNNING = frozenset({TicketStatus.NEW, TicketStatus.WORKING, TicketStatus.AWAITING_APPROVAL})
_WAITING = (ActionState.PROPOSED, ActionState.APPROVED, ActionState.STALE)


@dataclass(frozen=True)
class OpenTicket:
    """A ticket that agents or deciders have yet to finish."""

    id: str
    ref: str
    why: str


def what_is_open(tx: Transaction, ticket_ids: list[str]) -> list[OpenTicket]:
    """Those of the tickets that still run, or hold a request that may still be carried out."""
    found = []
    for ticket_id in ticket_ids:
        ticket = tx.ticket(ticket_id)
        requests = select(ACTION.c.id).where(
            ACTION.c.ticket_id == ticket_id, ACTION.c.state.in_([s.value for s in OPEN_ACTIONS])
        )
        why = None
        if ticket["status"] in _RUNNING:
            why = ticket["status"].replace("_", " ")
        elif ticket["pending"]:
            why = "the agents have yet to look at it"
        elif tx.connection.execute(requests).first():
            why = "an action is open"
        if why:
            found.append(OpenTicket(ticket_id, ticket["ref"], why))
    return found


def close_by_force(tx: Transaction, ticket: OpenTicket, *, by: str) -> None:
    """Withdraw what is open in the ticket and close it.

    IllegalChange while an action of it is being carried out: what it did must be found out first.
    """
    _withdraw(tx, ticket, by)
    row = tx.ticket(ticket.id)
    outcome = {"code": "withdrawn", "rule": None, "text": f"{WHY[:1].upper()}{WHY[1:]}."}
    running = (RUN.c.ticket_id == ticket.id) & RUN.c.state.in_([RunState.RUNNING, RunState.PARKED])
    ended = tx.connection.execute(
        update(RUN).where(running).values(state=RunState.ENDED, ended_at=tx.now, problem=WHY)
    )
    if ended.rowcount:
        _tell(tx, ticket, "run.ended", {"status": TicketStatus.CLOSED, "outcome": outcome})
    tx.connection.execute(
        update(ISSUE)
        .where(
            ISSUE.c.ticket_id == ticket.id,
            ISSUE.c.state.in_([IssueState.OPEN, IssueState.AWAITING_CUSTOMER]),
        )
        .values(state=IssueState.RESOLVED)
    )
    tx.connection.execute(
        update(HANDOFF)
        .where(HANDOFF.c.ticket_id == ticket.id, HANDOFF.c.accepted_at.is_(None))
        .values(accepted_at=tx.now, accepted_by=by)
    )
    said = select(func.count()).select_from(MESSAGE)
    said = said.where(MESSAGE.c.ticket_id == ticket.id, MESSAGE.c.author == Author.CUSTOMER)
    tx.set_ticket(
        ticket.id,
        status=TicketStatus.CLOSED.value,
        outcome=outcome,
        escalation=None,
        money_at_risk=0,
        timer_at=None,
        ended_at=tx.now,
        read_count=tx.connection.execute(said).scalar_one(),
        read_seq=row["wake_seq"],
        pending=False,
        epoch=TICKET.c.epoch + 1,
    )
    _tell(tx, ticket, "ticket.closed", {"why": WHY, "by": by})


def _withdraw(tx: Transaction, ticket: OpenTicket, by: str) -> None:
    query = select(ACTION.c.id, ACTION.c.name, ACTION.c.state).where(
        ACTION.c.ticket_id == ticket.id, ACTION.c.superseded_by.is_(None)
    )
    for action in tx.connection.execute(query).all():
        state = ActionState(action.state)
        if state is ActionState.EXECUTING:
            raise IllegalChange(
                f"action {action.id} of ticket {ticket.ref} is being carried out; a worker "
                "(`handrail work`) settles it, then erase again"
            )
        if state in _WAITING:
            tx.set_action(action.id, ActionState.WITHDRAWN, was=[state], problem=WHY)
            data = {"action": action.id, "name": action.name, "why": WHY, "by": by}
            _tell(tx, ticket, "action.withdrawn", data)


def _tell(tx: Transaction, ticket: OpenTicket, kind: str, data: dict[str, Any]) -> None:
    tx.append(NewEvent(kind, AgentName.OPERATOR.value, data, ticket.id))
