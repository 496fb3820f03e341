"""What ends with a ticket, or passes to the person who has it: requests, runs, hand-overs."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from data.queries.tickets import HANDOFF, ISSUE, RUN
from data.redaction import redact
from data.store import ACTION, MESSAGE, NewEvent, Transaction
from data.vocabulary import (
    AGENTS_OWN,
    ActionName,
    ActionState,
    AgentName,
    Author,
    IssueState,
    RunState,
    TicketStatus,
)

WAITING = (ActionState.PROPOSED, ActionState.APPROVED)
"""States of an action that has not started, and may be withdrawn."""

BEGUN = (ActionState.EXECUTING, ActionState.UNKNOWN)
"""States of an action of which nobody can say yet what it did."""


def actions_in(
    tx: Transaction, ticket_id: str, states: tuple[ActionState, ...]
) -> list[dict[str, Any]]:
    """The ticket's actions in these states, in their order."""
    found = tx.connection.execute(
        select(ACTION)
        .where(
            ACTION.c.ticket_id == ticket_id,
            ACTION.c.state.in_([s.value for s in states]),
            ACTION.c.superseded_by.is_(None),
        )
        .order_by(ACTION.c.position)
    )
    return [dict(row) for row in found.mappings()]


def withdraw(
    tx: Transaction,
    ticket_id: str,
    why: str,
    by: str,
    *,
    states: tuple[ActionState, ...] = WAITING,
    only_answers_of_agents: bool = False,
) -> int:
    """Withdraw what has not started, or only the agents' own answers; how many."""
    found = actions_in(tx, ticket_id, states)
    if only_answers_of_agents:
        found = [
            a for a in found if a["name"] == ActionName.SEND_REPLY and a["proposed_by"] is None
        ]
    for action in found:
        was = [ActionState(action["state"])]
        tx.set_action(action["id"], ActionState.WITHDRAWN, was=was, problem=why)
        data = redact({"action": action["id"], "name": action["name"], "why": why})
        data["by"] = by
        tx.append(NewEvent("action.withdrawn", AgentName.OPERATOR.value, data, ticket_id))
    return len(found)


def end_runs(tx: Transaction, ticket_id: str, problem: str | None = None) -> None:
    """End the run of the agents that is under way or parked, if there is one."""
    under_way = RUN.c.state.in_([RunState.RUNNING.value, RunState.PARKED.value])
    tx.connection.execute(
        update(RUN)
        .where(RUN.c.ticket_id == ticket_id, under_way)
        .values(state=RunState.ENDED.value, ended_at=tx.now, problem=problem)
    )


def end_issues(
    tx: Transaction, ticket_id: str, state: IssueState, *, was: tuple[IssueState, ...]
) -> None:
    """Bring the ticket's issues that are in one of the states `was` to `state`."""
    tx.connection.execute(
        update(ISSUE)
        .where(ISSUE.c.ticket_id == ticket_id, ISSUE.c.state.in_([s.value for s in was]))
        .values(state=state.value)
    )


def accept_handoffs(tx: Transaction, ticket_id: str, by: str) -> list[str]:
    """Note that a person has what was handed over and nobody had accepted; which hand-overs."""
    open_ones = (HANDOFF.c.ticket_id == ticket_id) & HANDOFF.c.accepted_at.is_(None)
    found = list(
        tx.connection.execute(
            select(HANDOFF.c.id).where(open_ones).order_by(HANDOFF.c.queued_at.desc())
        ).scalars()
    )
    if found:
        tx.connection.execute(
            update(HANDOFF).where(open_ones).values(accepted_at=tx.now, accepted_by=by)
        )
    return found


def messages_of_customer(tx: Transaction, ticket_id: str) -> int:
    """How many messages the customer has written in the ticket."""
    return int(
        tx.connection.execute(
            select(func.count())
            .select_from(MESSAGE)
            .where(MESSAGE.c.ticket_id == ticket_id, MESSAGE.c.author == Author.CUSTOMER.value)
        ).scalar_one()
    )


def end_ticket(
    tx: Transaction,
    ticket_id: str,
    status: TicketStatus,
    outcome: dict[str, Any],
    by: str,
    *,
    timer_at: datetime | None = None,
) -> None:
    """Resolve or close a ticket for a person: nothing of it waits, runs or is handed over any more.

    A closed ticket goes back to the agents, so that they read what the customer may write next.
    """
    withdraw(tx, ticket_id, "the ticket has ended", by)
    end_runs(tx, ticket_id)
    unsettled = (IssueState.OPEN, IssueState.AWAITING_CUSTOMER, IssueState.ESCALATED)
    end_issues(tx, ticket_id, IssueState.RESOLVED, was=unsettled)
    accept_handoffs(tx, ticket_id, by)
    changes: dict[str, Any] = {}
    if status is TicketStatus.CLOSED:
        changes = {"owner": AGENTS_OWN, "read_count": messages_of_customer(tx, ticket_id)}
    tx.set_ticket(
        ticket_id, status=status.value, outcome=outcome, escalation=None, money_at_risk=0,
        ended_at=tx.now, timer_at=timer_at, **changes,
    )  # fmt: skip
    data = {"outcome": outcome["code"], "by": by}
    tx.append(NewEvent(f"ticket.{status}", AgentName.OPERATOR.value, data, ticket_id))
