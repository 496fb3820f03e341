"""The demo's tickets: put together from wordings and from the records of who writes."""

import random
from dataclasses import dataclass, field
from typing import Any

from agents.demo.ledger import PLANS
from agents.demo.people import ascii_of, packaged
from agents.demo.troubles import Case
from agents.demo.wording import month, said_day, said_money, worded_money
from agents.demo.world import SEED, World

_GAPS = (2.0, 4.0)
"""Seconds between two arrivals, least and most."""


@dataclass(frozen=True)
class DemoTicket:
    """A ticket that is to arrive, and what the customer will answer when asked."""

    name: str
    email: str | None
    subject: str
    body: str
    after: float
    """Seconds from the beginning of the demo."""
    answers: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    """The rules of the policy that it is about; for readers and tests only."""
    ends: str = ""
    """The status in which the policy has it end, if the demo's operator decides; likewise."""
    flag: str | None = None


def demo_tickets(world: World, seed: int = SEED) -> list[DemoTicket]:
    """The tickets in the order in which they arrive; the same for the same world and seed."""
    rng, written, at = random.Random(seed), packaged("tickets.yaml"), 0.0
    found = []
    for number, entry in enumerate(written["tickets"]):
        at += rng.uniform(*_GAPS) if number else 0.5
        found.append(_compose(rng, written, entry, world, at))
    return found


def _compose(
    rng: random.Random, written: dict[str, Any], entry: dict[str, Any], world: World, at: float
) -> DemoTicket:
    language = entry.get("language", "en")
    about = world.cases.get(str(entry.get("stranger") or entry.get("case")))
    facts = _facts(about, language, rng) if about else {}

    def said(part: list[str]) -> str:
        return rng.choice(part).format_map(facts)

    body = " ".join(said(part) for part in entry["body"])
    if not entry.get("plain"):
        greeting = rng.choice(written["greetings"][language])
        closing = said(written["closings"][language])
        body = "\n\n".join(part for part in (greeting, body, closing) if part)
    email = entry.get("email") or facts["private" if "stranger" in entry else "email"]
    return DemoTicket(
        name=str(entry.get("stranger") or entry.get("case") or email),
        email=email,
        subject=said(entry["subject"]),
        body=body,
        after=round(at, 2),
        answers=[said(part) for part in entry.get("answers", [])],
        rules=list(entry["rule"]),
        ends=entry["ends"],
        flag=entry.get("flag"),
    )


def _facts(case: Case, language: str, rng: random.Random) -> dict[str, str]:
    """What the customer may put into words."""
    customer, plan = case.customer, PLANS[case.plan]
    given, family = customer["name"].split(" ", 1)
    last = int(customer["last4"])
    facts = {
        "first": given,
        "name": customer["name"],
        "company": customer["company"],
        "email": customer["email"],
        "private": f"{ascii_of(given)}.{ascii_of(family)}{rng.randint(60, 99)}@mailhaus.example",
        "first_ascii": ascii_of(given),
        "family_ascii": ascii_of(family),
        "last4": customer["last4"],
        "wrong4": f"{(last + 1357) % 10000:04d}",
        "wrong4b": f"{(last + 7531) % 10000:04d}",
        "plan": plan["name"],
        "amount": said_money(plan["amount"], plan["currency"], language),
        "worded": worded_money(plan["amount"], plan["currency"]),
    }
    if case.charges:
        facts["day"] = said_day(case.charges[-1]["at"], language)
        facts["month"] = month(case.charges[-1]["at"], language)
        facts["month2"] = month(case.charges[0]["at"], language)
    if "ended" in case.facts:
        facts["ended"] = said_day(case.facts["ended"], language)
    return facts
