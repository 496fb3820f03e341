"""Taking effects back, within the rules of the back office."""

from collections.abc import Callable
from datetime import datetime

from agents.connectors.embedded.reader import stamp
from agents.connectors.embedded.session import Session
from agents.connectors.protocols import Change, Effect, Row
from agents.errors import Refused


def apply(
    session: Session, name: str, arguments: Row, done: Effect, now: datetime, done_at: str
) -> Effect:
    """Undo what `done` did at `done_at`; Refused with the reason where that cannot be."""
    take_back = UNDOS.get(name)
    if take_back is None or not done.undoable:
        raise Refused(f"{name} cannot be undone")
    if done.undo_until is not None and now > done.undo_until:
        raise Refused(f"{name} could be undone until {stamp(done.undo_until)}")
    if name == "reinstate_subscription":
        _refuse_if_charged(session, arguments["subscription"], done_at)
    take_back(session, arguments, done, now)
    return Effect(session.changes)


def _restore(session: Session, change: Change, *fields: str) -> None:
    """Set the fields that a change set back to what they were, if nobody changed them since."""
    now_there = session.get(change.table, change.id)
    for field in fields:
        if now_there[field] != (change.after or {})[field]:
            raise Refused(f"{change.table} {change.id}: {field} was changed since")
    session.change(change.table, change.id, **{f: (change.before or {})[f] for f in fields})


def _refund(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    refund = session.get("refunds", done.result["refund"])
    charge = session.get("charges", arguments["charge"])
    refunded = charge["refunded"] - refund["amount"]
    status = "succeeded" if refunded == 0 else "partially_refunded"
    if charge["status"] not in ("refunded", "partially_refunded"):
        status = charge["status"]
    session.change("charges", charge["id"], refunded=refunded, status=status)
    session.change("refunds", refund["id"], status="canceled")


def _credit(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    customer = session.get("customers", arguments["customer"])
    if (customer["balance"] or 0) < arguments["amount"]:
        raise Refused("the credit was used already")
    session.change("customers", customer["id"], balance=customer["balance"] - arguments["amount"])
    counter = {**arguments, "amount": -arguments["amount"], "at": stamp(now)}
    session.add("credits", {"id": done.result["credit"] + "_undo", **counter})


def _refuse_if_charged(session: Session, subscription: str, since: str) -> None:
    charges = session.where("charges", "subscription", subscription)
    if any(charge["at"] > since for charge in charges):
        raise Refused("the subscription was charged since")


def _reinstate(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    _restore(session, done.changes[0], "status", "features", "canceled_at", "cancel_reason")


def _reset(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    for change in done.changes:
        if change.table == "subscriptions":
            _restore(session, change, "features")
        elif change.table == "entitlements" and change.before:
            _restore(session, change, "state")


def _crm(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    _restore(session, done.changes[0], *arguments["changes"])


def _close(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    session.change("created_tickets", done.result["ticket"], status="closed")


def _call_off(session: Session, arguments: Row, done: Effect, now: datetime) -> None:
    session.change("callbacks", done.result["callback"], status="called_off")


UNDOS: dict[str, Callable[[Session, Row, Effect, datetime], None]] = {
    "process_refund": _refund,
    "issue_credit": _credit,
    "reinstate_subscription": _reinstate,
    "reset_service": _reset,
    "update_crm": _crm,
    "create_ticket": _close,
    "schedule_callback": _call_off,
}
"""What can be undone at all; nothing else can."""
