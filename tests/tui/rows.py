"""Rows of a workspace, written as the engine would."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import CATALOGUE, digest_of, money_of, target_of
from data.clock import CountingIds, VirtualClock
from data.store import NewEvent, Transaction
from data.tables import Action, Message, Run, Ticket
from data.vocabulary import ActionName, Priority
from data.workspace import Workspace, open_workspace

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
FAR = timedelta(days=3650)


def make_store(folder: Path) -> Workspace:
    """An empty workspace whose clock stands at NOW."""
    return open_workspace(
        str(folder / "w.db"),
        clock=VirtualClock(NOW),
        ids=CountingIds(),
        started=NOW,
        synchronous="OFF",
    )


def before(minutes: float) -> datetime:
    """So many minutes ago."""
    return NOW - timedelta(minutes=minutes)


def add_ticket(
    t: Transaction, ref: str, subject: str, body: str, *, minutes: float = 10, **columns: Any
) -> str:
    """A ticket with its message and the events of its arrival."""
    ticket_id = f"t_{ref.lower()}"
    priority = Priority(columns.pop("priority", "normal"))
    values: dict[str, Any] = {
        "requester": "ada@example.com",
        "customer_name": "Ada Okafor",
        "tier": "standard",
        "status": "working",
        "intent": "billing",
        "intents": ["billing"],
        "identity": "known",
        "sentiment": "negative",
        "urgency": 0.4,
        "confidence": 0.93,
        "anger": 0.2,
        "language": "en",
        "message_count": 1,
        "pending": False,
    }
    values |= columns
    t.insert(
        Ticket,
        id=ticket_id,
        ref=ref,
        subject=subject,
        opened_at=before(minutes),
        updated_at=before(minutes),
        priority=priority.value,
        priority_rank=priority.rank,
        **values,
    )
    t.insert(
        Message,
        id=f"m_{ref.lower()}",
        ticket_id=ticket_id,
        position=1,
        author="customer",
        name=values["customer_name"],
        at=before(minutes),
        body=body,
    )
    add_event(t, ticket_id, "ticket.opened", "system", {"ref": ref}, minutes=minutes)
    return ticket_id


def add_event(
    t: Transaction,
    ticket: str,
    kind: str,
    agent: str,
    data: dict[str, Any],
    *,
    run: str | None = None,
    step: str | None = None,
    minutes: float = 5,
) -> None:
    """One event of a ticket's log."""
    t.append(NewEvent(kind, agent, data, chain=ticket, run_id=run, step=step, at=before(minutes)))


def add_run(t: Transaction, ticket: str, *, state: str = "parked", minutes: float = 9) -> str:
    """A run of the agents."""
    run = f"r_{ticket}"
    t.insert(
        Run,
        id=run,
        ticket_id=ticket,
        number=1,
        state=state,
        started_at=before(minutes),
        tokens=0,
        cost_micros=0,
    )
    return run


def add_action(
    t: Transaction,
    ticket: str,
    name: str,
    arguments: dict[str, Any],
    *,
    id: str,
    minutes: float = 5,
    **columns: Any,
) -> str:
    """An action that waits, unless told otherwise."""
    kind, checked = ActionName(name), check_arguments(ActionName(name), arguments)
    amount, currency = money_of(checked)
    values: dict[str, Any] = {
        "state": "proposed",
        "gate": "ask",
        "rule": "B1",
        "risk": CATALOGUE[kind].risk,
        "reason": "The charge was made twice for the same period.",
        "people_needed": 1,
        "expires_at": NOW + timedelta(hours=20),
        "agent": "billing",
        "position": 1,
        "undo": {"possible": False, "until": None, "how": "irreversible"},
    }
    values |= columns
    t.insert(
        Action,
        id=id,
        ticket_id=ticket,
        run_id=f"r_{ticket}",
        name=name,
        arguments=checked,
        digest=digest_of(kind, checked),
        target=target_of(kind, checked),
        amount=amount,
        currency=currency,
        proposed_at=before(minutes),
        idempotency_key=f"k_{id}",
        **values,
    )
    return id
