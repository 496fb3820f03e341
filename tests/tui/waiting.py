"""Approvals of every sort for the tests: alike ones, unknown outcomes, reached caps, done work."""

from typing import Any

from sqlalchemy import update

from data.store import ACTION, Transaction
from tests.tui.company import UNDO
from tests.tui.rows import add_action, add_event, add_run, add_ticket, before
from tests.tui.world import TestSession


def add_reset(t: Transaction, n: int, *, minutes: float = 10, **columns: Any) -> str:
    """One of many resets after a deploy; they are alike but for the customer."""
    customer = f"cus_r{n}"
    ticket = add_ticket(
        t, f"R-{n}", "Locked out after the deploy", "I cannot sign in.", minutes=minutes + 1,
        status="awaiting_approval", intent="technical", intents=["technical"],
        customer_name=f"Customer {n}", requester=f"c{n}@example.com",
    )  # fmt: skip
    add_run(t, ticket)
    values: dict[str, Any] = {
        "agent": "technical", "rule": "T2", "reason": "ACCOUNT_LOCKED was logged.",
        "preview": {
            "exact": True, "affects": f"Customer {n}", "money": [], "message": None,
            "changes": [
                {
                    "table": "locks",
                    "id": f"{customer}/sign-in",
                    "fields": {"state": ["locked", "open"]},
                }
            ],
        },
    }  # fmt: skip
    arguments = {"customer": customer, "service": "sign-in", "operation": "unlock_account"}
    action = add_action(
        t, ticket, "reset_service", arguments, id=f"a_r{n}", minutes=minutes, **values | columns
    )
    add_event(t, ticket, "action.proposed", "technical", {"action": action})
    return action


def add_resets(session: TestSession, count: int, first: int = 0) -> None:
    """Several of them, the first the oldest."""
    with session.store.write() as t:
        for n in range(first, first + count):
            add_reset(t, n, minutes=30 - n)


def add_unknown(session: TestSession, ref: str = "U-1", id: str = "a_unknown") -> str:
    """A refund of which nobody knows whether it happened."""
    with session.store.write() as t:
        ticket = add_ticket(t, ref, "Money back", "Please.", status="escalated", minutes=50)
        add_run(t, ticket, state="ended")
        sent = {"charge": "ch_u", "amount": 990, "currency": "eur"}
        add_action(
            t, ticket, "process_refund", sent, id=id, state="unknown", minutes=40,
            started_at=before(30), executed_arguments=sent,
            problem="the back office did not answer in time",
        )  # fmt: skip
        add_event(t, ticket, "action.unknown", "resolution", {"action": id})
    return ticket


def with_undo(session: TestSession, action: str = "a_done", **columns: Any) -> None:
    """What undoing this action would change is known."""
    changes = [
        {
            "table": "charges",
            "id": "ch_9",
            "fields": {"refunded": [5521, 0], "status": ["refunded", "succeeded"]},
        }
    ]
    with session.store.write() as t:
        values = {"undo": UNDO | {"changes": changes}} | columns
        t.connection.execute(update(ACTION).where(ACTION.c.id == action).values(**values))


def set_columns(session: TestSession, action: str, **columns: Any) -> None:
    """Write columns of an action as the engine would."""
    with session.store.write() as t:
        t.connection.execute(update(ACTION).where(ACTION.c.id == action).values(**columns))
        ticket = t.action(action)["ticket_id"]
        add_event(t, ticket, "action.previewed", "resolution", {"action": action})
