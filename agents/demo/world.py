"""The demo company 'Lumen Cloud': generated from a seed, its dates relative to the present."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from agents.connectors.protocols import Row
from agents.demo import troubles as t
from agents.demo.ledger import PLANS, Ledger
from agents.demo.people import People, packaged
from agents.demo.troubles import Case, Plant

SEED = 2026
CUSTOMERS = 300


@dataclass(frozen=True)
class Planting:
    """A trouble that the demo's tickets speak of, and whom it befalls."""

    plant: Plant
    plan: str
    language: str | None = "en"


PLANTED: dict[str, Planting] = {
    "twice": Planting(t.charged_again, "team"),
    "twice_german": Planting(partial(t.charged_again, newest=4), "solo_eu", "de"),
    "twice_yearly": Planting(partial(t.charged_again, newest=5), "studio_eu"),
    "twice_huge": Planting(partial(t.charged_again, newest=11), "enterprise"),
    "twice_angry": Planting(partial(t.charged_again, newest=3, times=2), "team_uk"),
    "after_end": Planting(t.ended_by_customer, "team_uk"),
    "after_end_spanish": Planting(partial(t.ended_by_customer, after=1), "solo_eu", "es"),
    "after_end_old": Planting(partial(t.ended_by_customer, after=6), "solo"),
    "ended_by_mistake": Planting(t.ended_by_mistake, "team"),
    "recent_charge": Planting(partial(t.fine, newest=5), "team"),
    "old_charge": Planting(partial(t.fine, newest=24), "team_uk"),
    "past_due": Planting(t.payment_failed, "team"),
    "fraud": Planting(t.ended_for_fraud, "solo"),
    "disputed": Planting(t.in_dispute, "team_uk"),
    "stray_charge": Planting(partial(t.fine, newest=15), "solo"),
    "invoice": Planting(t.fine, "studio_eu"),
    "leaving": Planting(t.fine, "solo"),
    "unsure_leaving": Planting(t.fine, "team_uk"),
    "degraded": Planting(t.fine, "team"),
    "session_french": Planting(t.SIGNED_OUT, "solo_eu", "fr"),
    "locked": Planting(t.LOCKED_OUT, "team"),
    "stale": Planting(t.OLD_NUMBERS, "team_uk"),
    "mismatch": Planting(t.NO_EXPORT, "solo"),
    "rate_limited": Planting(t.TOO_FAST, "team"),
    "broken_report": Planting(t.BROKEN_REPORT, "team_uk"),
    "nothing_found": Planting(t.fine, "team"),
    "nothing_found_again": Planting(t.fine, "team_uk"),
    "no_alerts": Planting(partial(t.lacks_feature, feature="alerts"), "team"),
    "how_to": Planting(t.fine, "team"),
    "plan_question": Planting(t.fine, "solo"),
    "odd_question": Planting(t.fine, "team"),
    "language": Planting(t.fine, "team_uk"),
    "new_email": Planting(t.fine, "team"),
    "new_phone": Planting(t.fine, "solo_eu"),
    "forget_me": Planting(t.fine, "solo"),
    "closed": Planting(partial(t.not_active, status="closed"), "team"),
    "other_address": Planting(partial(t.charged_again, newest=8), "solo"),
    "wrong_digits": Planting(t.fine, "team"),
    "three_in_one": Planting(
        partial(t.several, first=t.charged_again, log={**t.LOCKED, "hours": 2}), "team_uk"
    ),
    "two_in_one": Planting(partial(t.several, first=t.fine, log={**t.STALE, "hours": 3}), "team"),
    "furious": Planting(t.OLD_NUMBERS, "team"),
    "lawyer": Planting(partial(t.charged_again, newest=20), "team"),
    "wants_person": Planting(t.fine, "solo"),
    "third_time": Planting(partial(t.wrote_before, intent="technical"), "team"),
    "unclear": Planting(t.fine, "team"),
    "instruction": Planting(partial(t.charged_again, newest=10), "solo"),
    "card_number": Planting(partial(t.fine, newest=9), "solo_eu"),
    "away": Planting(t.fine, "team"),
    "grateful": Planting(t.fine, "solo"),
}
"""Case to its trouble; data/demo/tickets.yaml names the cases."""

ELSEWHERE: list[tuple[Plant, int]] = [
    (t.charged_again, 5), (partial(t.charged_again, status="refunded", back=3), 4),
    (partial(t.ended_by_customer, after=0), 18), (t.ended_by_customer, 3), (t.ended_by_mistake, 2),
    (t.payment_failed, 8), (t.ended_for_fraud, 3), (t.in_dispute, 5), (t.LOCKED_OUT, 6),
    (t.SIGNED_OUT, 5), (t.OLD_NUMBERS, 6), (t.NO_EXPORT, 4), (t.TOO_FAST, 5), (t.BROKEN_REPORT, 3),
    (partial(t.lacks_feature, feature="exports"), 3), (partial(t.not_active, status="closed"), 9),
    (partial(t.not_active, status="suspended"), 4),
]  # fmt: skip
"""Troubles of customers who have not written yet, and how many have them."""

SERVICES = ["auth", "dashboard", "exports", "reports", "alerts", "api", "audit", "billing"]
_ACTIVITY = ["login"] * 9 + ["login_failed", "password_reset", "profile_changed",
                             "payment_method_updated"]  # fmt: skip
_SHARES = {
    "usd": ["solo", "team", "team", "enterprise"],
    "eur": ["solo_eu", "solo_eu", "studio_eu"],
    "gbp": ["team_uk"],
}


@dataclass(frozen=True)
class World:
    """The company: rows of the back office by table, and the cases that tickets are about."""

    now: datetime
    rows: dict[str, list[Row]]
    cases: dict[str, Case]


def make_world(now: datetime, seed: int = SEED) -> World:
    """The company as it stands at `now`; the same for the same seed but for the dates."""
    now = now.replace(microsecond=0)
    rng = random.Random(seed)
    ledger, people = Ledger(now, rng), People(rng)
    for plan in PLANS.values():
        ledger.add("plans", **plan)
    cases = {name: _plant(ledger, people, planting) for name, planting in PLANTED.items()}
    for plant, times in ELSEWHERE:
        for _ in range(times):
            _befall(ledger, people, plant)
    while len(ledger.rows["customers"]) < CUSTOMERS:
        _befall(ledger, people, t.fine)
    for customer in ledger.rows["customers"]:
        _daily_life(ledger, people, customer)
    _company(ledger, people)
    return World(now, ledger.rows, cases)


def _plant(ledger: Ledger, people: People, planting: Planting) -> Case:
    currency = PLANS[planting.plan]["currency"]
    customer = people.customer(currency=currency, language=planting.language)
    ledger.rows["customers"].append(customer)
    return planting.plant(ledger, customer, planting.plan)


def _befall(ledger: Ledger, people: People, plant: Plant) -> None:
    """A customer like any other, with or without a trouble."""
    customer = people.customer()
    ledger.rows["customers"].append(customer)
    plan = ledger.rng.choice(_SHARES[customer["currency"]])
    if plan == "enterprise":
        customer["tier"] = "enterprise"
    # Yearly plans have too few periods for what happened to some months.
    if plan in ("enterprise", "studio_eu") and plant is not t.fine:
        plan = "team" if plan == "enterprise" else "solo_eu"
    plant(ledger, customer, plan)


def _daily_life(ledger: Ledger, people: People, customer: Row) -> None:
    """Logins, harmless log lines, and an earlier ticket now and then."""
    rng = ledger.rng
    for _ in range(rng.randint(3, 9)):
        ledger.did(customer, rng.choice(_ACTIVITY), days=rng.uniform(0.2, 60),
                   detail=rng.choice(["web", "app"]))  # fmt: skip
    for _ in range(rng.randint(0, 3)):
        service, code = rng.choice(SERVICES[1:6]), rng.choice(["SLOW_RESPONSE", "JOB_DONE"])
        ledger.log(customer, service, code, "", hours=rng.uniform(1, 700),
                   level="info" if code == "JOB_DONE" else "warning")  # fmt: skip
    if rng.random() < 0.45:
        intent = rng.choice(sorted(people.past_subjects))
        ledger.add(
            "past_tickets",
            customer=customer["id"],
            at=ledger.now - timedelta(days=rng.randint(12, 400), hours=rng.randint(0, 23)),
            subject=rng.choice(people.past_subjects[intent]),
            intent=intent,
            status=rng.choice(["resolved", "closed"]),
        )


def _company(ledger: Ledger, people: People) -> None:
    """Services, of which one is degraded, articles and staff."""
    since = ledger.now - timedelta(days=90)
    for name in SERVICES:
        ledger.add("services", name=name, status="operational", since=since, message="", eta=None)
    ledger.add(
        "services", name="search", status="degraded", since=ledger.now - timedelta(hours=3),
        message="New rows can take up to 40 minutes to be found.",
        eta=(ledger.now + timedelta(hours=5)).replace(minute=0, second=0),
    )  # fmt: skip
    ledger.rows["articles"] += [dict(row) for row in packaged("articles.yaml")]
    ledger.rows["staff"] += people.staff
