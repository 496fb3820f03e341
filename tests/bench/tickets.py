"""A company whose customers were each charged twice, and what they write about it, no two alike."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)

_GIVEN = [
    "Ada",
    "Bruno",
    "Carla",
    "Dario",
    "Elif",
    "Femi",
    "Greta",
    "Hana",
    "Ivo",
    "Jonas",
    "Kira",
    "Lena",
    "Mads",
]
_FAMILY = [
    "Adler",
    "Brandt",
    "Costa",
    "Duarte",
    "Ekberg",
    "Fischer",
    "Gomes",
    "Haller",
    "Ibsen",
    "Jansen",
    "Okafor",
]
_GREET = ["Hi,", "Hello,", "Hello there,", "Good morning,", "Dear support team,", "Hi support,", ""]
_CLOSE = [
    "Thanks, {first}",
    "Best, {first}",
    "Kind regards, {name}",
    "{first}",
    "Many thanks, {name}",
]
_SAID = [
    "I was charged twice for {month}: {money} on {day}, and the same amount again.",
    "You charged me twice this month, {money} and {money}.",
    "My card was charged two times for the same period, {money} each on {day}.",
    "There is a duplicate charge of {money} on my account for {month}.",
    "On {day} you took {money} from my card twice for one and the same month.",
    "I see two charges of {money} for {month} on my statement.",
]
_MORE = [
    "I only have one subscription.",
    "We have just one plan with you.",
    "There is only one team here.",
    "My bank shows both as paid.",
    "I checked my statement number {number} and both are there.",
    "I am a customer since {year} and this never happened before.",
    "",
]
_ASK = [
    "Please refund the second charge.",
    "Please refund the duplicate.",
    "Can you refund the one that is too much?",
    "I would like the extra payment refunded.",
    "Please send back the duplicate payment.",
]
_SUBJECTS = [
    "Charged twice",
    "Charged twice in {month}",
    "Duplicate charge",
    "Two payments of {money}",
    "Double payment",
    "Charged two times",
]
_OTHER = [
    "How do I export my report as {word} with number {number}?",
    "The dashboard shows error {number} since the update on {day}.",
    "My account is locked after a few wrong passwords.",
    "Please change my email address to {word}{number}@example.com.",
    "I want to cancel my subscription at the end of {month}.",
    "I still wait for an answer to my message of {day}, this is annoying!",
    "Where can I find invoice {number} for {month}?",
    "The {word} integration has been down for {number} minutes.",
]


@dataclass(frozen=True)
class Written:
    """A message of a customer."""

    email: str
    subject: str
    body: str


def duplicates(count: int, seed: int = 1) -> tuple[dict[str, list[dict[str, Any]]], list[Written]]:
    """A back office of `count` customers with a duplicate charge each, and their tickets."""
    rng = random.Random(seed)
    world: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("customers", "plans", "subscriptions", "charges", "staff", "activity")
    }
    world["staff"].append({"name": "Katja", "skills": ["billing"], "available": True})
    written = []
    for number in range(count):
        amount = rng.randrange(900, 9900)
        start = date(2026, 3, rng.randint(1, 12))
        key = f"{number:05d}"
        name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
        email = f"{name.lower().replace(' ', '.')}{number}@example.com"
        world["customers"].append(
            {
                "id": f"cus_{key}",
                "name": name,
                "email": email,
                "since": start.replace(year=2024),
                "last4": f"{rng.randrange(10_000):04d}",
            }
        )
        plan = {
            "id": f"plan_{amount}",
            "name": f"Plan {amount}",
            "amount": amount,
            "currency": "eur",
            "interval": "month",
            "features": ["dashboard"],
        }
        if number < 5:
            world["plans"].append(plan)
        plan_id = world["plans"][number % 5]["id"] if number >= 5 else plan["id"]
        world["subscriptions"].append(
            {
                "id": f"sub_{key}",
                "customer": f"cus_{key}",
                "plan": plan_id,
                "started": start.replace(year=2024),
                "features": ["dashboard"],
                "current_period_end": start + timedelta(days=31),
            }
        )
        for place in range(8):
            begun = start - timedelta(days=31 * max(0, 6 - place))
            at = datetime(begun.year, begun.month, begun.day, 5, place, tzinfo=UTC)
            world["charges"].append(
                {
                    "id": f"ch_{key}_{place}",
                    "customer": f"cus_{key}",
                    "subscription": f"sub_{key}",
                    "amount": amount,
                    "currency": "eur",
                    "at": at,
                    "period_start": begun,
                    "period_end": begun + timedelta(days=31),
                }
            )
        for _ in range(4):
            world["activity"].append(
                {
                    "customer": f"cus_{key}",
                    "kind": "login",
                    "detail": "web",
                    "at": NOW - timedelta(hours=rng.randint(1, 600)),
                }
            )
        said = {
            "first": name.partition(" ")[0],
            "name": name,
            "day": f"{start:%d %B}",
            "month": f"{start:%B}",
            "money": f"{amount / 100:.2f} €",
            "number": rng.randrange(10_000),
            "year": rng.randint(2015, 2025),
        }
        parts = [rng.choice(kind).format_map(said) for kind in (_GREET, _SAID, _MORE, _ASK, _CLOSE)]
        subject = rng.choice(_SUBJECTS).format_map(said)
        written.append(Written(email, subject, " ".join(part for part in parts if part)))
    return world, written


def anything(count: int, seed: int = 2) -> list[Written]:
    """Messages about whatever customers write about."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
        said = {
            "first": name.partition(" ")[0],
            "name": name,
            "day": f"{rng.randint(1, 28)} {rng.choice(['May', 'June'])}",
            "month": rng.choice(["May", "June", "July"]),
            "money": f"{rng.randrange(900, 9900) / 100:.2f} €",
            "number": rng.randrange(100_000),
            "year": rng.randint(2015, 2025),
            "word": "".join(rng.choice("bcdfglmnprst") + rng.choice("aeiou") for _ in range(3)),
        }
        about = rng.sample(_OTHER + _SAID, rng.randint(1, 2))
        parts = [rng.choice(_GREET), *about, rng.choice(_MORE), rng.choice(_CLOSE)]
        body = " ".join(part.format_map(said) for part in parts if part)
        subject = rng.choice([*_SUBJECTS, "Question", "Help with {word}", "Problem since {day}"])
        email = f"{name.lower().replace(' ', '.')}{number}@example.com"
        found.append(Written(email, subject.format_map(said), body))
    return found
