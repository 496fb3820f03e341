"""What each action does to the rows of the back office, and the rules it must keep."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from agents.connectors.embedded.reader import stamp
from agents.connectors.embedded.schema import CONDITIONS
from agents.connectors.embedded.session import Session
from agents.connectors.protocols import Effect, Row
from agents.errors import Refused

PENDING = timedelta(hours=1)
"""How long a refund can still be called off."""


def apply(session: Session, name: str, arguments: Row, key: str, now: datetime) -> Effect:
    """Carry the action out within the session; Refused if a rule forbids it."""
    write = _WRITES.get(name)
    if write is None:
        raise Refused(f"the back office knows no action {name!r}")
    return write(session, arguments, key, now)


def _id(prefix: str, key: str) -> str:
    return f"{prefix}_{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def _process_refund(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    charge, amount = session.get("charges", arguments["charge"]), arguments["amount"]
    refunded = charge["refunded"] or 0
    left = charge["amount"] - refunded
    if charge["currency"] != arguments["currency"]:
        raise Refused(
            f"charge {charge['id']} is in {charge['currency']}, not {arguments['currency']}"
        )
    if charge["status"] not in ("succeeded", "partially_refunded"):
        raise Refused(f"charge {charge['id']} is {charge['status']} and cannot be refunded")
    if amount > left:
        raise Refused(f"{amount} is more than the {left} that is left of charge {charge['id']}")
    status = "refunded" if amount == left else "partially_refunded"
    session.change("charges", charge["id"], refunded=refunded + amount, status=status)
    refund = session.add(
        "refunds",
        {
            "id": _id("re", key),
            "charge": charge["id"],
            "amount": amount,
            "currency": charge["currency"],
            "status": "pending",
            "at": stamp(now),
            "pending_until": stamp(now + PENDING),
        },
    )
    return Effect(session.changes, {"refund": refund["id"]}, now + PENDING, True)


def _issue_credit(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    customer = session.get("customers", arguments["customer"])
    currency = customer["currency"] or arguments["currency"]
    if currency != arguments["currency"]:
        raise Refused(f"the balance of {customer['id']} is in {currency}")
    balance = (customer["balance"] or 0) + arguments["amount"]
    session.change("customers", customer["id"], balance=balance, currency=currency)
    credit = {"id": _id("cr", key), **arguments, "at": stamp(now)}
    session.add("credits", credit)
    return Effect(session.changes, {"credit": credit["id"], "balance": balance}, None, True)


def _reinstate_subscription(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    subscription = session.get("subscriptions", arguments["subscription"])
    if subscription["status"] != "canceled":
        raise Refused(
            f"subscription {subscription['id']} is {subscription['status']}, not canceled"
        )
    plan = session.get("plans", subscription["plan"])
    session.change(
        "subscriptions",
        subscription["id"],
        status="active",
        features=plan["features"] or [],
        canceled_at=None,
        cancel_reason=None,
    )
    return Effect(session.changes, {"features": plan["features"] or []}, None, True)


def _reset_service(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    customer, service = arguments["customer"], arguments["service"]
    session.get("customers", customer)
    table, _, _, after = CONDITIONS[arguments["operation"]]
    reset = {"id": _id("rs", key), **arguments, "at": stamp(now)}
    session.add("resets", reset)
    condition = {"id": f"{customer}/{service}", "customer": customer, "service": service}
    session.put(table, {**condition, "state": after, "changed_at": stamp(now)})
    if table == "entitlements":
        for subscription in session.where("subscriptions", "customer", customer):
            plan = session.find("plans", subscription["plan"] or "")
            if plan and subscription["status"] in ("active", "trialing", "past_due"):
                features = plan["features"] or []
                if (subscription["features"] or []) != features:
                    session.change("subscriptions", subscription["id"], features=features)
    return Effect(session.changes, {"reset": reset["id"]}, None, table == "entitlements")


def _update_crm(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    email = arguments["changes"].get("email")
    if email:
        for other in session.where("customers", "email", email, any_case=True):
            if other["id"] != arguments["customer"]:
                raise Refused("another customer has this e-mail address")
    session.change("customers", arguments["customer"], **arguments["changes"])
    return Effect(session.changes, {}, None, True)


def _send_reply(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    return _notify(session, {**arguments, "channel": "ticket"}, key, now)


def _send_notification(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    customer = session.get("customers", arguments["customer"])
    recipient = customer["email"] if arguments["channel"] == "email" else customer["phone"]
    if not recipient:
        raise Refused(f"customer {customer['id']} has no address for {arguments['channel']}")
    return _notify(session, {**arguments, "recipient": recipient}, key, now)


def _notify(session: Session, row: Row, key: str, now: datetime) -> Effect:
    sent = session.add(
        "notifications", {"id": _id("nt", key), **row, "state": "accepted", "at": stamp(now)}
    )
    return Effect(session.changes, {"notification": sent["id"], "state": "accepted"})


def _create_ticket(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    row = {"id": _id("tk", key), **arguments, "status": "open", "at": stamp(now)}
    session.add("created_tickets", row)
    return Effect(session.changes, {"ticket": row["id"]}, None, True)


def _schedule_callback(session: Session, arguments: Row, key: str, now: datetime) -> Effect:
    session.get("customers", arguments["customer"])
    row = {"id": _id("cb", key), **arguments, "status": "scheduled"}
    session.add("callbacks", row)
    at = datetime.fromisoformat(arguments["at"])
    return Effect(session.changes, {"callback": row["id"]}, at, True)


_WRITES: dict[str, Callable[[Session, Row, str, datetime], Effect]] = {
    "process_refund": _process_refund,
    "issue_credit": _issue_credit,
    "reinstate_subscription": _reinstate_subscription,
    "reset_service": _reset_service,
    "update_crm": _update_crm,
    "send_reply": _send_reply,
    "send_notification": _send_notification,
    "create_ticket": _create_ticket,
    "schedule_callback": _schedule_callback,
}
