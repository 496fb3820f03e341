"""The tickets, approvals and people that the console's tests look at."""

from datetime import timedelta
from typing import Any

from data.store import Transaction
from data.tables import Decision, Handoff, Issue, Worker
from data.workspace import Workspace
from tests.tui.rows import NOW, add_action, add_event, add_run, add_ticket, before

REFUND_PREVIEW = {
    "exact": True,
    "affects": "Ada Okafor",
    "changes": [
        {
            "table": "charges",
            "id": "ch_2",
            "fields": {"refunded": [0, 1850], "status": ["succeeded", "refunded"]},
        },
        {"table": "refunds", "id": "new", "fields": {"amount": [None, 1850]}},
    ],
    "money": [{"amount": 1850, "currency": "usd", "to": "card ending 4242"}],
    "message": None,
}
UNDO = {
    "possible": True,
    "until": "2026-03-11T10:00:00Z",
    "how": "the refund is called off while it is pending",
}


def add_refund_ticket(
    t: Transaction, ref: str = "T-1", *, id: str = "a_refund", minutes: float = 12
) -> str:
    """A ticket whose refund waits, with its trace."""
    ticket = add_ticket(
        t,
        ref,
        "Charged twice for March",
        "Hi,\n\nI was charged 18.50 twice for March. Please give one back.\n\nThanks, Ada",
        minutes=minutes,
        status="awaiting_approval",
        money_at_risk=1850,
    )
    run = add_run(t, ticket)
    t.insert(
        Issue,
        id=f"i_{ref}",
        ticket_id=ticket,
        position=1,
        kind="duplicate_charge",
        intent="billing",
        rule="B1",
        agent="billing",
        state="open",
        confidence=0.97,
        cause="Charges ch_1 and ch_2 have the same amount and period.",
        evidence=["charges:ch_1", "charges:ch_2"],
    )
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("run.started", "coordinator", {}),
        (
            "triage",
            "triage",
            {"intent": "billing", "sentiment": "negative", "confidence": 0.93, "ms": 4},
        ),
        ("identity", "account", {"identity": "known", "why": "the sender's address", "ms": 2}),
        (
            "tool.called",
            "billing",
            {
                "tool": "list_charges",
                "input": {"customer": "cus_ada"},
                "output": "3 charges",
                "ms": 12,
                "rows": 3,
            },
        ),
        (
            "tool.called",
            "technical",
            {
                "tool": "service_status",
                "input": {"service": "billing"},
                "error": "the status page did not answer",
                "ms": 3000,
            },
        ),
        (
            "diagnosis",
            "billing",
            {
                "issue": "duplicate_charge",
                "rule": "B1",
                "cause": "ch_1 and ch_2 are the same charge",
                "confidence": 0.97,
                "evidence": ["charges:ch_1", "charges:ch_2"],
                "tokens": 812,
                "cost_micros": 2400,
                "ms": 640,
            },
        ),
        ("plan", "resolution", {"issue": "duplicate_charge", "actions": ["process_refund"]}),
        (
            "action.proposed",
            "billing",
            {"action": "process_refund", "amount": 1850, "currency": "usd"},
        ),
        ("run.parked", "coordinator", {"awaiting": "approval"}),
    ]
    for at, (kind, agent, data) in enumerate(steps):
        add_event(t, ticket, kind, agent, data, run=run, step=f"s{at}", minutes=9 - at / 10)
    add_action(
        t,
        ticket,
        "process_refund",
        {"charge": "ch_2", "amount": 1850, "currency": "usd"},
        id=id,
        preview=REFUND_PREVIEW,
        undo=UNDO,
        minutes=8,
    )
    return ticket


def fill(store: Workspace) -> None:
    """Six tickets in different states, four approvals, a worker."""
    with store.write() as t:
        add_refund_ticket(t)
        credit = add_ticket(
            t,
            "T-2",
            "請求書 wrong again [b]and[/b] again",
            "Still no [red]credit[/red] \x1b[31mfor\x1b[0m May?",
            minutes=45,
            status="awaiting_approval",
            customer_name="Kenji 田中",
            requester="kenji@example.jp",
            tier="premium",
            priority="high",
            anger=0.7,
            sentiment="angry",
            flags=["instruction_attempt"],
        )
        add_run(t, credit)
        add_action(
            t,
            credit,
            "issue_credit",
            {"customer": "cus_k", "amount": 4500, "currency": "jpy"},
            id="a_credit",
            undo=UNDO,
            risk="medium",
            reason="One period's price for the trouble.",
            minutes=40,
            preview={
                "exact": True,
                "affects": "Kenji 田中",
                "message": None,
                "changes": [{"table": "credits", "id": "new", "fields": {"amount": [None, 4500]}}],
                "money": [{"amount": 4500, "currency": "jpy", "to": "the balance"}],
            },
        )
        add_action(
            t,
            credit,
            "send_reply",
            {"ticket": credit, "body": "Dear Kenji,\nwe have credited 4,500 JPY."},
            id="a_reply",
            position=2,
            rule=None,
            reason="Tells the customer what was done.",
            minutes=39,
            preview={
                "exact": True,
                "affects": "Kenji 田中",
                "changes": [],
                "money": [],
                "message": {
                    "to": "kenji@example.jp",
                    "subject": "Re: 請求書",
                    "body": "Dear Kenji,\nwe have credited 4,500 JPY.",
                },
            },
        )
        reset = add_ticket(
            t,
            "T-3",
            "Dashboard lost after the update",
            "It says my token is expired.",
            minutes=90,
            status="awaiting_approval",
            customer_name="Priyanka Nair",
            requester="priyanka@harbour.example",
            intent="technical",
            intents=["technical"],
            tier="enterprise",
            priority="urgent",
        )
        add_run(t, reset)
        add_action(
            t,
            reset,
            "reset_service",
            {"customer": "cus_p", "service": "dashboard", "operation": "resync_entitlements"},
            id="a_reset",
            undo={"possible": True, "until": None, "how": "the entitlements are restored"},
            agent="technical",
            rule="T2",
            reason="The newest error is ENTITLEMENT_MISMATCH.",
            people_needed=2,
            minutes=80,
        )
        t.insert(
            Decision,
            id="d_1",
            action_id="a_reset",
            kind="approve",
            operator="Wanjiru",
            digest="x",
            at=before(70),
        )
        legal = add_ticket(
            t,
            "T-4",
            "My lawyer will write to you",
            "I have had enough.",
            minutes=150,
            status="escalated",
            customer_name=None,
            requester="stranger@example.net",
            intent="escalate",
            intents=["escalate"],
            tier=None,
            identity="unknown",
            priority="urgent",
            sentiment="angry",
            outcome={
                "code": "escalated",
                "rule": "E2",
                "text": "A legal threat goes to a person at once.",
            },
        )
        t.insert(
            Handoff,
            id="h_1",
            ticket_id=legal,
            skill="billing",
            kind="callback",
            reason="A legal threat (E2).",
            summary={
                "needs": ["an answer about the dispute"],
                "tried": ["triage"],
                "missing": ["who it is"],
                "next": ["call back within the day"],
            },
            wait_minutes=25,
            queued_at=before(149),
        )
        done = add_ticket(
            t,
            "T-5",
            "Refund of last month",
            "Can I have it back?",
            minutes=600,
            status="resolved",
            customer_name="Cole Ferris",
            requester="cole@ferris.example",
            outcome={
                "code": "resolved",
                "rule": "B4",
                "text": "The newest charge was refunded in full.",
            },
        )
        add_run(t, done, state="ended", minutes=590)
        add_action(
            t,
            done,
            "process_refund",
            {"charge": "ch_9", "amount": 5521, "currency": "usd"},
            id="a_done",
            state="verified",
            decided_by="Maya",
            decided_at=before(580),
            executed_at=before(20),
            undo=UNDO,
            undo_until=NOW + timedelta(minutes=40),
            preview=REFUND_PREVIEW,
            minutes=585,
        )
        add_ticket(
            t,
            "T-6",
            "How do I export my reports?",
            "I cannot find the button.",
            minutes=2,
            status="new",
            customer_name="Abena Mensah",
            requester="abena@example.com",
            intent=None,
            intents=[],
            sentiment=None,
            urgency=None,
            confidence=None,
            anger=None,
            pending=True,
        )
        t.insert(
            Worker,
            id="w_1",
            pid=4711,
            host="here",
            version="0",
            started_at=before(300),
            heartbeat_at=NOW,
            busy=1,
        )
