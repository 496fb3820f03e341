"""A small workspace for tests, and a service that records what it is told."""

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import CATALOGUE, digest_of, money_of, target_of
from agents.errors import NotDecidable
from data.clock import CountingIds, VirtualClock
from data.store import NewEvent, Transaction
from data.tables import Action, Decision, Handoff, Issue, Message, Run, Ticket, Worker
from data.vocabulary import ActionName, ActionState, Priority, TicketStatus
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


@dataclass
class Outcome:
    """How an action stands."""

    action_id: str
    state: str
    people_missing: int = 0


@dataclass
class RecordingService:
    """Does to the rows what a decision does, and keeps what it was told."""

    store: Workspace
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def _decide(
        self, action_id: str, state: ActionState, kind: str, by: str, **changes: Any
    ) -> Outcome:
        with self.store.write() as t:
            action = t.action(action_id)
            if action["state"] != "proposed":
                raise NotDecidable(f"{action_id} is {action['state']} already; nothing was changed")
            t.set_action(
                action_id,
                state,
                was=[ActionState.PROPOSED],
                decided_by=by,
                decided_at=t.now,
                **changes,
            )
            add_event(
                t,
                action["ticket_id"],
                kind,
                "operator",
                {"action": action["name"], "by": by},
                minutes=0,
            )
        return Outcome(action_id, state.value)

    def approve(self, action_id: str, *, by: str, digest: str | None = None) -> Outcome:
        """Approve, if the digest is that of the stored arguments."""
        self.calls.append(("approve", action_id, {"by": by, "digest": digest}))
        with self.store.write() as t:
            if digest != t.action(action_id)["digest"]:
                raise NotDecidable(f"{action_id} is not what was on the screen; look again")
        return self._decide(action_id, ActionState.APPROVED, "action.approved", by)

    def reject(self, action_id: str, *, by: str, reason: str) -> Outcome:
        """Reject."""
        self.calls.append(("reject", action_id, {"by": by, "reason": reason}))
        return self._decide(
            action_id, ActionState.REJECTED, "action.rejected", by, decision_reason=reason
        )

    def edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> Outcome:
        """Approve with changes."""
        self.calls.append(("edit", action_id, {"by": by, "changes": changes}))
        with self.store.write() as t:
            action = t.action(action_id)
        check_arguments(ActionName(action["name"]), {**action["arguments"], **changes})
        return self._decide(action_id, ActionState.WITHDRAWN, "action.edited", by)

    def undo(self, action_id: str, *, by: str) -> None:
        """Undo."""
        self.calls.append(("undo", action_id, {"by": by}))
        with self.store.write() as t:
            t.set_action(
                action_id, ActionState.UNDONE, was=[ActionState.VERIFIED, ActionState.EXECUTED]
            )
            add_event(
                t,
                t.action(action_id)["ticket_id"],
                "action.undone",
                "operator",
                {"by": by},
                minutes=0,
            )

    def retry(self, ticket_id: str, *, by: str) -> None:
        """Wake the agents."""
        self.calls.append(("retry", ticket_id, {"by": by}))
        with self.store.write() as t:
            t.set_ticket(ticket_id, status=TicketStatus.WORKING.value)
            t.wake(ticket_id)


@dataclass
class TestSession:
    """A session without a worker."""

    __test__ = False

    store: Workspace
    service: RecordingService
    operator: str = "maya"
    started: int = 0

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Counts, and starts something that ends at once."""
        self.started += 1
        return subprocess.Popen(["true"])

    def close(self) -> None:
        """Give the database back."""
        self.store.close()


def make_session(folder: Path, *, filled: bool = True) -> TestSession:
    """A session on a fresh workspace."""
    store = make_store(folder)
    if filled:
        fill(store)
    return TestSession(store, RecordingService(store))
