"""What each action touches, moves and risks, and how it is undone."""

import hashlib
from dataclasses import dataclass
from typing import Any

from data.plain import canonical
from data.vocabulary import ActionName


@dataclass(frozen=True)
class Kind:
    """What is true of every action of one name."""

    label: str
    """What a button says."""
    target: str
    """The table of the record it writes to, and the argument that names it, as table.argument."""
    risk: str
    """low, medium or high."""
    undo: str
    """What undoing does; empty if it cannot be undone."""
    trace: str
    """What is there in the outside system if it was carried out."""
    writes_to_customer: bool = False
    """Whether its effect is words that reach the customer."""


CATALOGUE: dict[ActionName, Kind] = {
    ActionName.PROCESS_REFUND: Kind(
        "Refund a charge",
        "charges.charge",
        "high",
        "calls the refund off while it is pending",
        "a refund of that amount on the charge, and the charge's refunded sum",
    ),
    ActionName.ISSUE_CREDIT: Kind(
        "Credit a balance",
        "customers.customer",
        "medium",
        "a counter credit, until it is used",
        "a credit of that amount, and a balance that rose by it",
    ),
    ActionName.REINSTATE_SUBSCRIPTION: Kind(
        "Reinstate a subscription",
        "subscriptions.subscription",
        "medium",
        "cancels it again, until the next charge",
        "the subscription is active, with its plan's features",
    ),
    ActionName.RESET_SERVICE: Kind(
        "Reset a service",
        "customers.customer",
        "low",
        "restores entitlements; nothing else",
        "an entry of the reset, and the broken condition gone",
    ),
    ActionName.UPDATE_CRM: Kind(
        "Change the customer's record",
        "customers.customer",
        "medium",
        "writes the old values back",
        "the new values in the customer's record",
    ),
    ActionName.SEND_REPLY: Kind(
        "Answer the customer",
        "tickets.ticket",
        "low",
        "",
        "the answer among the messages that went out, with its delivery",
        True,
    ),
    ActionName.SEND_NOTIFICATION: Kind(
        "Write to the customer",
        "customers.customer",
        "low",
        "",
        "the message among those that went out, with its delivery",
        True,
    ),
    ActionName.CREATE_TICKET: Kind(
        "File a ticket",
        "queues.queue",
        "low",
        "closes that ticket",
        "a ticket with that summary in the other team's queue",
    ),
    ActionName.SCHEDULE_CALLBACK: Kind(
        "Schedule a callback",
        "customers.customer",
        "low",
        "calls it off",
        "a callback to the customer at that time",
    ),
    ActionName.UNDO: Kind(
        "Undo", "actions.action", "medium", "", "the records as they were before the action"
    ),
}


def target_of(name: ActionName, arguments: dict[str, Any]) -> str:
    """The record that an action writes to, as `table:id`."""
    table, argument = CATALOGUE[name].target.split(".")
    return f"{table}:{arguments[argument]}"


def aim_of(name: ActionName, arguments: dict[str, Any]) -> tuple[str, ...]:
    """What tells one request on a record from another: its target, and what of it is meant."""
    target = target_of(name, arguments)
    if name is ActionName.RESET_SERVICE:
        return (target, arguments["service"], arguments["operation"])
    if name is ActionName.UPDATE_CRM:
        return (target, *sorted(arguments["changes"]))
    return (target,)


def digest_of(name: ActionName, arguments: dict[str, Any]) -> str:
    """SHA-256 of what would be done: the name and the canonical arguments."""
    return hashlib.sha256(canonical([name.value, arguments]).encode()).hexdigest()


def money_of(arguments: dict[str, Any]) -> tuple[int | None, str | None]:
    """The money that an action moves: minor units and currency, or None."""
    return arguments.get("amount"), arguments.get("currency")
