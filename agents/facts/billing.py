"""What charges and subscriptions say: duplicates, charges after a cancellation, disputes,
windows."""

import re
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from agents.connectors.protocols import Row
from agents.facts.case import Case, day, days_between, moment
from agents.understanding import slots
from agents.understanding.text import sentences

_PAID = ("succeeded", "partially_refunded")


@dataclass(frozen=True)
class Due:
    """Money that should go back."""

    charge: str
    amount: int
    currency: str
    at: str


@dataclass(frozen=True)
class Refunds:
    """Charges at fault, split by what may be done about each."""

    due: list[Due] = field(default_factory=list)
    disputed: list[Row] = field(default_factory=list)
    too_old: list[Row] = field(default_factory=list)
    pending: list[Row] = field(default_factory=list)
    """Under an open request already."""
    charges: list[Row] = field(default_factory=list)
    """Every charge at fault, whatever its state."""
    beside: list[Row] = field(default_factory=list)
    """All charges of the same subscriptions and periods; a dispute about one holds all (B6)."""
    subscription: Row | None = None
    ended_on: date | None = None

    @property
    def found(self) -> bool:
        """Whether there is any charge at fault."""
        return bool(self.charges)


@dataclass(frozen=True)
class BillingFacts:
    """All that billing rules ask about."""

    duplicates: Refunds
    after_cancellation: Refunds
    wrongful: Refunds
    price: int
    """One period's price of the wrongly canceled subscription, in minor units."""
    currency: str
    newest: Refunds
    """The newest charge, if it can be refunded on request."""
    newest_charge: Row | None
    declined: list[Row]
    """Charges asked back without a ground that are too old or not the newest."""
    overdue: Row | None
    """A subscription past due, or canceled for a failed payment."""
    failed: Row | None
    """The newest failed charge without a later success."""
    fraud: Row | None
    lacking: list[str]
    """What the customer names and the records lack, as text."""
    named: list[Row]
    """Charges that the customer names by reference, amount or date."""
    recent: list[Row]
    """The last charges, newest first."""
    active: list[Row]
    pending: list[Row]
    already: list[Row]
    """Charges refunded before, in full."""


def billing_facts(case: Case) -> BillingFacts:
    """Work out the facts; subscriptions and charges that the words single out come first."""
    subscriptions = _in_scope(case)
    ids = {s["id"] for s in subscriptions}
    every = case.rows("charges")
    charges = [c for c in every if not c["subscription"] or c["subscription"] in ids] or every
    named = _named(case, charges)
    wrongful = next((s for s in subscriptions if _wrongful(case, s)), None)
    plan = _plan(case, wrongful)
    newest_charge = _newest(named, charges)
    newest, declined = _on_request(case, named, charges, newest_charge)
    return BillingFacts(
        duplicates=_duplicates(case, charges, named),
        after_cancellation=_after_cancellation(case, subscriptions, charges),
        wrongful=_since(case, wrongful, charges, None),
        price=plan["amount"] if plan else 0,
        currency=plan["currency"] if plan else "usd",
        newest=newest,
        newest_charge=newest_charge,
        declined=declined,
        overdue=next((s for s in subscriptions if _is_overdue(s)), None),
        failed=_failed(charges),
        fraud=next((s for s in subscriptions if s["cancel_reason"] == "fraud"), None),
        lacking=_lacking(case, charges, named),
        named=named,
        recent=[c for c in reversed(charges) if c["status"] != "failed"][:3],
        active=[s for s in subscriptions if s["status"] in ("active", "trialing")],
        pending=[c for c in charges if c["id"] in case.open_refunds],
        already=[c for c in charges if c["status"] == "refunded"],
    )


def left(charge: Row) -> int:
    """What is not yet refunded of a charge, in minor units."""
    return int(charge["amount"] - (charge["refunded"] or 0))


def disputed(charge: Row, charges: list[Row]) -> bool:
    """Whether a dispute is open about a charge, or another of its subscription and period (B6)."""
    return _period(charge) in {_period(c) for c in charges if c["status"] == "disputed"}


def _in_scope(case: Case) -> list[Row]:
    """The customer's subscriptions; only those whose plan the words name, if they name one."""
    subscriptions = case.rows("subscriptions")
    if len(subscriptions) < 2:
        return subscriptions
    plans = {p["id"]: p for p in case.rows("plans")}
    words = f" {case.clause.lower()} "
    said = [
        s
        for s in subscriptions
        if any(
            _names(words, n) for n in (s["id"], s["plan"], (plans.get(s["plan"]) or {}).get("name"))
        )
    ]
    if not said:
        words = f" {case.text.lower()} "
        said = [
            s for s in subscriptions
            if any(_names(words, n) for n in (s["plan"], (plans.get(s["plan"]) or {}).get("name")))
        ]  # fmt: skip
    return said or subscriptions


def _names(words: str, name: str | None) -> bool:
    if not name:
        return False
    pattern = "".join(c if c.isalnum() else " " for c in words)
    return f" {name.lower()} " in f" {' '.join(pattern.split())} " or f" {name.lower()} " in words


def _plan(case: Case, subscription: Row | None) -> Row | None:
    plans = {p["id"]: p for p in case.rows("plans")}
    return plans.get(subscription["plan"]) if subscription else None


def _requests(case: Case, subscription: Row) -> list[datetime]:
    """When the customer asked to cancel this subscription, between its start and its end."""
    start, end = moment(subscription["started"]), moment(subscription["canceled_at"])
    found = []
    for row in case.rows("activity"):
        if row["kind"] != "cancel_requested":
            continue
        if row["subscription"] and row["subscription"] != subscription["id"]:
            continue
        at = moment(row["at"])
        if at and (start is None or at >= start) and (end is None or at <= end):
            found.append(at)
    return sorted(found)


def _wrongful(case: Case, subscription: Row) -> bool:
    return (
        subscription["status"] == "canceled"
        and subscription["cancel_reason"] == "billing_error"
        and not _requests(case, subscription)
    )


def _after_cancellation(case: Case, subscriptions: list[Row], charges: list[Row]) -> Refunds:
    """Charges whose period starts on or after a cancellation that the customer wanted (B2)."""
    for subscription in subscriptions:
        requests = _requests(case, subscription)
        if subscription["status"] == "canceled":
            wanted = subscription["cancel_reason"] == "customer_request" or bool(requests)
            if subscription["cancel_reason"] == "fraud":
                wanted = False
            ended = moment(subscription["canceled_at"]) if wanted else None
        else:
            ended = requests[0] if requests else None
        if ended is None:
            continue
        limit = case.policy.billing.after_cancellation_days
        found = _since(case, subscription, charges, limit, ended)
        if found.found:
            return found
    return Refunds()


def _since(
    case: Case,
    subscription: Row | None,
    charges: list[Row],
    limit: int | None,
    ended: datetime | None = None,
) -> Refunds:
    """The subscription's charges whose period starts on or after its end."""
    if subscription is None:
        return Refunds()
    end = (ended or moment(subscription["canceled_at"]) or case.at).date()
    at_fault = []
    for charge in charges:
        if charge["subscription"] != subscription["id"]:
            continue
        start = day(charge["period_start"]) or day(charge["at"])
        if start and start >= end:
            at_fault.append(charge)
    return _sort_out(case, at_fault, charges, limit, subscription, end)


def _sort_out(
    case: Case,
    at_fault: list[Row],
    charges: list[Row],
    limit: int | None = None,
    subscription: Row | None = None,
    ended_on: date | None = None,
) -> Refunds:
    """Split charges by what may be done: disputed ones and their period's others are left (B6)."""
    held = {_period(c) for c in charges if c["status"] == "disputed"}
    due, disputed, too_old, pending, kept = [], [], [], [], []
    for charge in at_fault:
        if _period(charge) in held:
            disputed.append(charge)
        elif charge["id"] in case.open_refunds:
            pending.append(charge)
        elif charge["status"] not in _PAID or left(charge) <= 0:
            if charge["status"] != "failed":
                kept.append(charge)
        elif limit is not None and days_between(charge["at"], case.at) > limit:
            too_old.append(charge)
        else:
            due.append(Due(charge["id"], left(charge), charge["currency"], charge["at"]))
    charged = [c for c in at_fault if c["status"] != "failed"]
    periods = {_period(c) for c in at_fault}
    beside = [c for c in charges if _period(c) in periods]
    return Refunds(due, disputed, too_old, pending, charged, beside, subscription, ended_on)


def _period(charge: Row) -> tuple[str | None, str]:
    return charge["subscription"], str(day(charge["period_start"]) or day(charge["at"]))


def _duplicates(case: Case, charges: list[Row], named: list[Row]) -> Refunds:
    """All but the earliest of charges of one subscription with the same amount and period (B1)."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for charge in charges:
        if charge["status"] == "failed" or not charge["subscription"]:
            continue
        groups[
            (charge["subscription"], charge["amount"], charge["currency"], *_span(charge))
        ].append(charge)
    repeated = [sorted(g, key=lambda c: (c["at"], c["id"])) for g in groups.values() if len(g) > 1]
    chosen = [g for g in repeated if any(c in named for c in g)] or repeated
    at_fault = [charge for group in chosen for charge in group[1:]]
    return _sort_out(case, at_fault, [c for g in chosen for c in g] if chosen else charges)


def _span(charge: Row) -> tuple[str, str]:
    return str(day(charge["period_start"]) or day(charge["at"])), str(
        day(charge["period_end"]) or ""
    )


def _named(case: Case, charges: list[Row]) -> list[Row]:
    """Charges that the clause names: by reference, else by amount and date, else by either."""
    by_reference = [c for c in charges if c["id"].lower() in case.text.lower()]
    if by_reference:
        return by_reference
    clause, text = _without_leaving(case, case.clause), _without_leaving(case, case.text)
    said, when = slots.amounts(clause), slots.dates(clause)
    together = bool(said and when)
    if not said and not when:
        said, when = slots.amounts(text), slots.dates(text)
        parts = [(slots.amounts(part), slots.dates(part)) for part in sentences(text)]
        together = any(amounts and dates for amounts, dates in parts)
    of_amount = [c for c in charges if any(_is(a, c) for a in said)]
    of_date = [c for c in charges if any(_on(d, c) for d in when)]
    if together and not _of_sum(said, charges) and not _adds_up(said, of_date):
        # A charge of another amount on that day is not the one that is named.
        return []
    both = [c for c in of_amount if c in of_date]
    if both:
        return both
    if of_amount and of_date:
        return of_amount
    if when and not of_date and of_amount and any(d.day for d in when):
        return []
    return of_amount or of_date


_LEAVING = re.compile(
    r"\b(?:since|after|ended|left|cancel\w*|quit|stopp?ed|seit|nach|gekündigt|gekuendigt|beendet|desde"
    r"|después de|depuis|après|résili\w*|dopo|disdett\w*|sinds|opgezegd|depois de|saí|parti\w*)"
    r"\b[^.,;:!?\n]{0,40}",
    re.IGNORECASE,
)


def _without_leaving(case: Case, text: str) -> str:
    """A text without what it says of the day of a cancellation, which names no charge."""
    left = [moment(s["canceled_at"]) for s in case.rows("subscriptions") if s["canceled_at"]] + [
        moment(a["at"]) for a in case.rows("activity") if a["kind"] == "cancel_requested"
    ]
    days = [at.date() for at in left if at]

    def kept(match: re.Match[str]) -> str:
        named = slots.dates(match[0])
        return " " if any(d.fits(at) for d in named for at in days) else match[0]

    return _LEAVING.sub(kept, text) if days else text


def _is(amount: slots.Amount, charge: Row) -> bool:
    if amount.currency and amount.currency != charge["currency"]:
        return False
    minor = amount.minor(charge["currency"])
    return minor == charge["amount"] or (
        "." not in amount.number and minor // 100 == charge["amount"] // 100
    )


def _of_sum(said: list[slots.Amount], charges: list[Row]) -> bool:
    """Whether one of the amounts is that of a charge, whatever currency is written with it."""
    return any(_is(replace(a, currency=None), c) for a in said for c in charges)


def _adds_up(said: list[slots.Amount], charges: list[Row]) -> bool:
    """Whether one of the amounts is what these charges come to together."""
    total = sum(c["amount"] for c in charges)
    return _of_sum(said, [{**c, "amount": total} for c in charges[:1]])


def _on(named: slots.Named, charge: Row) -> bool:
    at, start = day(charge["at"]), day(charge["period_start"])
    return any(named.fits(d) for d in (at, start) if d)


def _newest(named: list[Row], charges: list[Row]) -> Row | None:
    """The newest charge that was paid or is in dispute."""
    paid = [c for c in charges if c["status"] in (*_PAID, "disputed")]
    return paid[-1] if paid else None


def _on_request(
    case: Case, named: list[Row], charges: list[Row], newest: Row | None
) -> tuple[Refunds, list[Row]]:
    """What a refund without a ground gives back, and what it does not (B4)."""
    if newest is None:
        return Refunds(), []
    asked = [c for c in named if c["status"] in (*_PAID, "disputed")]
    if asked and newest not in asked:
        held = [
            c
            for c in asked
            if _period(c) in {_period(d) for d in charges if d["status"] == "disputed"}
        ]
        return Refunds(disputed=held, charges=held), [c for c in asked if c not in held]
    found = _sort_out(case, [newest], charges, case.policy.billing.refund_days)
    older = [c for c in asked if c is not newest]
    return found, found.too_old + older


def _is_overdue(subscription: Row) -> bool:
    unpaid = subscription["cancel_reason"] == "payment_failed"
    return bool(
        subscription["status"] == "past_due" or (subscription["status"] == "canceled" and unpaid)
    )


def _failed(charges: list[Row]) -> Row | None:
    last: Row | None = None
    for charge in charges:
        if charge["status"] == "failed":
            last = charge
        elif last and charge["subscription"] == last["subscription"]:
            last = None
    return last


def _lacking(case: Case, charges: list[Row], named: list[Row]) -> list[str]:
    """Amounts that the clause names and no charge fits, else such days (B8)."""
    if case.kind == "duplicate_charge":
        return [] if _could_be_two(case, charges, named) else ["a second charge"]
    if named:
        return []
    said, when = slots.amounts(case.clause), slots.dates(case.clause)
    if not said and not when:
        said, when = slots.amounts(case.text), slots.dates(case.text)
    lacking = [a.number for a in said if not any(_is(a, c) for c in charges)]
    return lacking or [
        _latest(d, case.at.date()).isoformat()
        for d in when
        if d.day and not any(_on(d, c) for c in charges)
    ]


def _latest(named: slots.Named, until: date) -> date:
    """The last such day up to a date, or in the year that is named."""
    years = [named.year] if named.year else [until.year, until.year - 1]
    days = [
        date(year, named.month, min(named.day or 1, monthrange(year, named.month)[1]))
        for year in years
    ]
    return next((day for day in days if day <= until), days[-1])


def _could_be_two(case: Case, charges: list[Row], named: list[Row]) -> bool:
    """Whether there are two charges that somebody might take for a duplicate."""
    paid = named or charges
    if not named:
        paid = [c for c in paid if days_between(c["at"], case.at) <= 45]
    return len(paid) > 1
