"""A ticket that holds personal data in every place that can hold some."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel

from data.store import NewEvent, Store, Transaction
from data.tables import (
    Action,
    AnswerDraft,
    Decision,
    Handoff,
    Issue,
    Message,
    QualityCheck,
    QualityReview,
    Run,
    Ticket,
)

TABLES = SQLModel.metadata.tables
CUSTOMER = "cus_8831"
ADDRESS = "petronella@vandermolen.example"
SECRETS = [
    "petronella", "vandermolen", "xenolithic", "brouhaha", "quagmire", "snorkelling", "tattersall",
    "gewgaw", "hullabaloo", "kerfuffle", "lollygag", "mollycoddle", "nincompoop", "ragamuffin",
    "skedaddle", "whippersnapper", "zugzwang", "31611223344", "kattenburg",
]  # fmt: skip
"""Words that stand in personal places only."""

SAID = "My xenolithic brouhaha of a charge, please call +31 6 1122 3344 about it"
CLAUSE = "xenolithic brouhaha of a charge"


def plant(store: Store, ref: str = "T1", **changes: Any) -> str:
    """A ticket that has ended, with rows of every kind; its id. `changes` are the ticket's."""
    with store.write() as tx:
        ticket_id = tx.ids("t")
        values = {
            "ref": ref, "subject": "A quagmire with Petronella", "requester": ADDRESS,
            "customer_id": CUSTOMER, "customer_name": "Petronella Vandermolen",
            "identity": "known", "status": "resolved", "intent": "billing", "intents": ["billing"],
            "outcome": {"code": "policy_refused", "rule": "E2", "text": f"legal threat: {CLAUSE}"},
            "opened_at": tx.now, "updated_at": tx.now, "ended_at": tx.now, "message_count": 3,
            "read_count": 1, "pending": False, "read_seq": 1, "sentiment": "angry",
        }  # fmt: skip
        tx.insert(Ticket, id=ticket_id, **{**values, **changes})
        run_id = tx.ids("r")
        problem = f"no answer for {ADDRESS}"
        tx.insert(Run, id=run_id, ticket_id=ticket_id, number=1, state="ended", started_at=tx.now,
                  problem=problem)  # fmt: skip
        _messages(tx, ticket_id)
        issue_id = tx.ids("i")
        tx.insert(
            Issue, id=issue_id, ticket_id=ticket_id, position=0, kind="refund_request",
            intent="billing", rule="B4", state="resolved", evidence=["charges:ch_1"],
            cause="Petronella lives elsewhere now.",
            slots={"clause": CLAUSE, "end": "resolved", "reply": {"name": "refunded", "values": {
                "place": "zugzwang"}}, "why": {"code": "done", "rule": "B4", "text": "gewgaw"}},
        )  # fmt: skip
        _actions(tx, ticket_id, run_id, issue_id)
        tx.insert(
            Handoff, id=tx.ids("h"), ticket_id=ticket_id, skill="billing", kind="queue",
            reason="Vandermolen threatens", queued_at=tx.now, accepted_at=tx.now,
            summary={"needs": ["refund: hullabaloo"], "tried": [], "missing": [], "next": ["x"]},
        )  # fmt: skip
        _quality(tx, ticket_id)
        tx.insert(
            AnswerDraft, id=tx.ids("b"), ticket_id=ticket_id, operator="eve", at=tx.now,
            body="Dear Petronella, your hullabaloo",
        )  # fmt: skip
        _events(tx, ticket_id, run_id)
    return ticket_id


def _messages(tx: Transaction, ticket_id: str) -> None:
    payload_id, digest = tx.add_payload(f"{SAID} raw whippersnapper")
    opened = {"message": digest, "characters": len(SAID)}
    tx.append(NewEvent("ticket.opened", "system", opened, ticket_id))
    rows: list[dict[str, Any]] = [
        {"author": "customer", "name": ADDRESS, "body": SAID, "payload_id": payload_id},
        {"author": "agent", "body": "Hello Petronella, we have refunded your skedaddle."},
        {"author": "note", "name": "eve", "body": "Told her about the ragamuffin."},
    ]
    for position, row in enumerate(rows, 1):
        values = {"id": tx.ids("m"), "ticket_id": ticket_id, "position": position, "at": tx.now}
        tx.insert(Message, **values, **row)


def _actions(tx: Transaction, ticket_id: str, run_id: str, issue_id: str) -> None:
    changes = {"phone": "+31611223344", "name": "Petronella Kattenburg"}
    arguments = {"customer": CUSTOMER, "changes": changes}
    fields = {"id": CUSTOMER, "status": "active", "name": "Petronella Vandermolen", "phone": None}
    action_id = tx.ids("a")
    tx.insert(
        Action, id=action_id, ticket_id=ticket_id, run_id=run_id, issue_id=issue_id, position=1,
        name="update_crm", arguments=arguments, executed_arguments=arguments, digest="d" * 64,
        target=f"customers:{CUSTOMER}", agent="account", state="verified", gate="ask", rule="A1",
        reason="Petronella asked for it.", amount=1250, currency="eur", policy_version="p",
        preview={
            "exact": True, "affects": "Petronella Vandermolen",
            "changes": [{"table": "customers", "id": CUSTOMER, "fields": {"phone": [None, "x"]}}],
            "money": [{"amount": 1250, "currency": "eur", "to": "customer"}],
            "message": {"to": "email", "subject": "lollygag", "body": "mollycoddle"},
        },
        undo={"possible": True, "until": None, "how": "writes Petronella back"},
        records={f"customers:{CUSTOMER}": {"revision": "abc", "fields": fields}},
        result={"state": "accepted", "note": "tattersall"}, problem=f"{ADDRESS} was refused",
        proposed_at=tx.now, decided_by="eve", decided_at=tx.now, proposed_by=None,
        decision_reason="she is a nincompoop", idempotency_key=f"{ticket_id}:{action_id}",
    )  # fmt: skip
    tx.insert(
        Decision, id=tx.ids("d"), action_id=action_id, kind="edit", operator="eve", at=tx.now,
        digest="d" * 64, arguments=arguments, reason="a kerfuffle", role="admin", spent_at=tx.now,
    )  # fmt: skip


def _quality(tx: Transaction, ticket_id: str) -> None:
    check_id = tx.ids("q")
    found = [{"name": "compliance", "score": 0.2, "reason": "Petronella was told too much.",
              "events": [1], "by": "gpt-test"}]  # fmt: skip
    tx.insert(
        QualityCheck, id=check_id, ticket_id=ticket_id, position=2, version=1, ended_at=tx.now,
        verdict="review", checks=found, checked_at=tx.now,
    )  # fmt: skip
    tx.insert(
        QualityReview, id=tx.ids("v"), check_id=check_id, ticket_id=ticket_id, name="compliance",
        score=1.0, agreed=False, note="said to Petronella, a skedaddle", operator="eve", at=tx.now,
    )  # fmt: skip


def _events(tx: Transaction, ticket_id: str, run_id: str) -> None:
    raw = '[{"name": "Petronella Vandermolen", "note": "snorkelling"}]'
    seen = {"tool": "customer", "rows": 1, "found": [CUSTOMER]}
    tx.append(NewEvent("tool.called", "account", seen, ticket_id, run_id, "look.1", raw))
    tx.append(NewEvent("run.ended", "resolution", {"status": "resolved"}, ticket_id, run_id))


def dump(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    with store.read() as connection:
        return {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in TABLES.items()
        }


def words_in_files(path: Path) -> set[str]:
    """Which of the secrets stand anywhere in the files of a database."""
    held = b"".join(
        file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name)
    ).lower()
    return {word for word in SECRETS if word.encode() in held}


def age(store: Store, ticket_id: str, **by: float) -> None:
    """Let the ticket have ended so long before."""
    with store.write() as tx:
        ended = tx.ticket(ticket_id)["ended_at"]
        tx.set_ticket(ticket_id, ended_at=ended - timedelta(**by))
