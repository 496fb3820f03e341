"""What could be wrong with an action, made by rules from the records around it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from agents.actions.arguments import ResetOperation
from agents.facts.case import moment
from agents.facts.money import money
from agents.policy.model import Policy
from data.vocabulary import ActionName

Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """The records around a ticket, when its actions are proposed."""

    customer: str
    at: datetime
    """When the ticket came."""
    policy: Policy
    tables: dict[str, list[Row]]
    right: tuple[tuple[ActionName, Row], ...] = field(default=())
    """Every action that is right for the ticket, which no wrong one may be."""

    def rows(self, table: str) -> list[Row]:
        """A table's rows."""
        return self.tables.get(table, [])

    def name_of(self, customer: str) -> str:
        """A customer's name."""
        return next((str(c["name"]) for c in self.rows("customers") if c["id"] == customer), "")

    @property
    def others(self) -> list[Row]:
        """The other customers."""
        return [c for c in self.rows("customers") if c["id"] != self.customer]


@dataclass(frozen=True)
class Wrong:
    """A wrong action, and what is wrong with it."""

    kind: str
    name: ActionName
    arguments: Row
    why: str


def wrongs(name: ActionName, arguments: Row, world: World) -> list[Wrong]:
    """Wrong actions that could stand in the place of a right one."""
    make = {
        ActionName.PROCESS_REFUND: _refunds,
        ActionName.ISSUE_CREDIT: _credits,
        ActionName.REINSTATE_SUBSCRIPTION: _reinstatements,
        ActionName.RESET_SERVICE: _resets,
        ActionName.UPDATE_CRM: _changes,
    }.get(name)
    found = make(arguments, world) if make else ()
    return [one for one in found if (one.name, one.arguments) not in world.right]


def undue_refunds(world: World) -> list[Wrong]:
    """Refunds for a ticket that is due none: of what is disputed, or too old to be given back."""
    days = world.policy.billing.refund_days
    charges = [c for c in world.rows("charges") if c["customer"] == world.customer]
    found = []
    for charge in sorted(charges, key=lambda c: str(c["at"]), reverse=True)[:1]:
        arguments = _whole(charge)
        at = moment(charge["at"]) or world.at
        ago = (world.at.date() - at.date()).days
        if charge["status"] == "disputed":
            found.append(_refund("disputed", arguments, _DISPUTED.format(charge["id"])))
        elif charge["status"] == "succeeded" and ago > days:
            why = (
                f"{charge['id']} was charged {ago} days before the ticket came; without an error "
                f"of ours a charge is given back within {days} days (B4)."
            )
            found.append(_refund("too_late", arguments, why))
    return found


_DISPUTED = "{} is disputed: the bank decides about it, and nothing of it is refunded (B6)."


def _refund(kind: str, arguments: Row, why: str) -> Wrong:
    return Wrong(kind, ActionName.PROCESS_REFUND, arguments, why)


def _whole(charge: Row) -> Row:
    return {
        "charge": charge["id"], "amount": charge["amount"], "currency": charge["currency"],
    }  # fmt: skip


def _refunds(arguments: Row, world: World) -> Iterator[Wrong]:
    charges = {c["id"]: c for c in world.rows("charges")}
    meant = charges[arguments["charge"]]
    currency, refunded = meant["currency"], meant["refunded"] or 0
    rest = meant["amount"] - refunded
    told = f"{meant['id']} has {money(rest, currency)} left to give back"
    over = 2 * rest
    yield _refund(
        "too_much", {**arguments, "amount": over}, f"{told}; this refunds {money(over, currency)}."
    )
    if refunded:
        why = f"{told}: {money(refunded, currency)} of it was given back before."
        yield _refund("refunded_before", {**arguments, "amount": meant["amount"]}, why)
    due = {a["charge"] for n, a in world.right if n is ActionName.PROCESS_REFUND}
    alike = {(charges[c]["amount"], str(charges[c]["period_start"])) for c in due if c in charges}
    for charge in charges.values():
        if charge["id"] in due:
            continue
        whole = _whole(charge)
        if charge["customer"] != world.customer:
            owner, ours = world.name_of(charge["customer"]), world.name_of(world.customer)
            yield _refund(
                "other_customer", whole, f"{charge['id']} is a charge of {owner}, not of {ours}."
            )
        elif charge["status"] == "disputed":
            yield _refund("disputed", whole, _DISPUTED.format(charge["id"]))
        elif charge["status"] == "refunded":
            why = f"{charge['id']} was given back before; nothing is left of it."
            yield _refund("refunded_before", whole, why)
        elif charge["status"] == "failed":
            yield _refund("never_paid", whole, f"{charge['id']} failed; nothing was paid.")
        elif (charge["amount"], str(charge["period_start"])) not in alike:
            why = f"What was found is about {' and '.join(sorted(due))}, not about {charge['id']}."
            yield _refund("another_charge", whole, why)


def _credits(arguments: Row, world: World) -> Iterator[Wrong]:
    amount, currency = arguments["amount"], arguments["currency"]
    why = (
        f"One period's price is {money(amount, currency)}; "
        f"this credits {money(10 * amount, currency)}."
    )
    yield Wrong("too_much", ActionName.ISSUE_CREDIT, {**arguments, "amount": 10 * amount}, why)
    yield from _to_others(ActionName.ISSUE_CREDIT, arguments, world)


def _reinstatements(arguments: Row, world: World) -> Iterator[Wrong]:
    name, meant = ActionName.REINSTATE_SUBSCRIPTION, arguments["subscription"]
    for subscription in world.rows("subscriptions"):
        if subscription["id"] == meant or subscription["status"] != "canceled":
            continue
        other = {"subscription": subscription["id"]}
        if subscription["customer"] != world.customer:
            owner = world.name_of(subscription["customer"])
            why = f"{subscription['id']} is {owner}'s, not {world.name_of(world.customer)}'s."
            yield Wrong("other_customer", name, other, why)
        else:
            why = f"What was found is about {meant}; {subscription['id']} was canceled by itself."
            yield Wrong("another_subscription", name, other, why)


def _resets(arguments: Row, world: World) -> Iterator[Wrong]:
    name, operation, service = (
        ActionName.RESET_SERVICE, arguments["operation"], arguments["service"],
    )  # fmt: skip
    for other in get_args(ResetOperation):
        if other != operation:
            why = f"What was found is put right by {operation}; {other} does not touch it."
            yield Wrong("wrong_operation", name, {**arguments, "operation": other}, why)
    for row in world.rows("services"):
        if row["name"] != service:
            why = f"What was found is about {service}, not about {row['name']}."
            yield Wrong("another_service", name, {**arguments, "service": row["name"]}, why)
    yield from _to_others(name, arguments, world)


def _changes(arguments: Row, world: World) -> Iterator[Wrong]:
    asked = arguments["changes"]
    for other in world.others:
        more = {n: other[n] for n in ("phone", "name") if n not in asked and other.get(n)}
        for field_name, value in list(more.items())[:1]:
            why = (
                f"The customer asked to change {', '.join(asked)}; {field_name} goes with it here."
            )
            changes = {**asked, field_name: value}
            yield Wrong(
                "more_than_asked", ActionName.UPDATE_CRM, {**arguments, "changes": changes}, why
            )
    yield from _to_others(ActionName.UPDATE_CRM, arguments, world)


def _to_others(name: ActionName, arguments: Row, world: World) -> Iterator[Wrong]:
    for other in world.others:
        why = f"{other['id']} is {other['name']}; {world.name_of(world.customer)} wrote."
        yield Wrong("other_customer", name, {**arguments, "customer": other["id"]}, why)
