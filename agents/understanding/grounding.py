"""Triage again with the records at hand: words that fit a troubled service or an article are
requests."""

from dataclasses import dataclass, replace

from agents.connectors.protocols import Row
from agents.facts.knowledge import nearest_article
from agents.facts.technical import concerned_names
from agents.understanding import signs, slots
from agents.understanding.kinds import FAMILY_OF
from agents.understanding.reading import Found, Heard, Reading

_SHOWS_AS = {
    "SESSION_TOKEN_EXPIRED": "login_problem",
    "ACCOUNT_LOCKED": "login_problem",
    "CACHE_STALE": "stale_data",
    "ENTITLEMENT_MISMATCH": "missing_feature",
    "RATE_LIMITED": "rate_limited",
}
GROUNDED = 0.8
"""The confidence of a request that the records bear out."""

_MONEY_AT = 0.2
_FAULT_AT = 0.1
_LOCKED_AT = 0.2
_QUESTION_FIT = 0.55


@dataclass(frozen=True)
class World:
    """What a ticket's words may speak of."""

    services: list[Row]
    errors: list[Row]
    features: list[str]
    articles: list[Row]
    charges: list[Row]
    missing: list[str]
    """Features of an active subscription's plan that the subscription lacks."""

    @property
    def names(self) -> list[str]:
        """Every name of a service or feature."""
        found = [s["name"] for s in self.services] + [
            e["service"] for e in self.errors if e["service"]
        ]
        return list(dict.fromkeys(found + self.features))


def ground(reading: Reading, world: World) -> list[Found]:
    """The reading's issues, with those that its clauses and the records show together.

    A clause about a service that is in trouble, or whose error is in the customer's log, is a
    fault;
    a question that an article fits well is a question about the product. What triage was surer of
    stays.
    """
    issues = _locks_as_faults(reading.issues, world)
    for heard in reading.heard:
        money = _money(heard, world)
        if money is not None:
            issues = _with_money(issues, money)
        fault = _fault(heard, world)
        if fault is not None:
            issues = _with_fault(issues, fault, world)
        question = _question(heard, world)
        if question is not None:
            issues = _with_question(issues, question)
    best = max((issue.confidence for issue in issues), default=0.0)
    return [i for i in issues if best < GROUNDED or i.confidence >= 0.6]


def _shows_lock(world: World) -> bool:
    return any(error["code"] == "ACCOUNT_LOCKED" for error in world.errors)


def _locks_as_faults(issues: list[Found], world: World) -> list[Found]:
    """A locked account is a fault of the sign-in where the customer's log shows such a lock."""
    if not _shows_lock(world):
        return list(issues)
    read = [
        replace(issue, kind="login_problem")
        if issue.kind == "account_status" and signs.speaks_of_lock(issue.text)
        else issue
        for issue in issues
    ]
    faults = [i for i in read if FAMILY_OF[i.kind] == "fault"]
    surest = max(faults, key=lambda i: i.confidence, default=None)
    return [i for i in read if i.kind != "login_problem" or i is surest or i in issues]


def _money(heard: Heard, world: World) -> Found | None:
    """The clause as a matter of money, if it names a sum that the records show as a charge."""
    score = heard.families.get("money", 0.0)
    if score < _MONEY_AT:
        return None
    said = slots.amounts(heard.text)
    charged = any(a.minor(c["currency"]) == c["amount"] for a in said for c in world.charges)
    return Found(heard.kinds["money"], max(score, GROUNDED), heard.text) if charged else None


def _with_money(issues: list[Found], money: Found) -> list[Found]:
    for position, issue in enumerate(issues):
        if FAMILY_OF[issue.kind] == "money":
            surer = replace(issue, confidence=max(issue.confidence, money.confidence))
            return [*issues[:position], surer, *issues[position + 1 :]]
    return [*(i for i in issues if i.text != money.text or i.confidence > 0.85), money]


def _fault(heard: Heard, world: World) -> Found | None:
    """The clause as a fault, if it names something that the records show in trouble."""
    score = heard.families.get("fault", 0.0)
    barred = score + heard.families.get("status", 0.0) >= _LOCKED_AT
    if barred and signs.speaks_of_lock(heard.text) and _shows_lock(world):
        return Found("login_problem", max(score, GROUNDED), heard.text)
    named = concerned_names(heard.text, world.names)
    if not named:
        return None
    troubled = next(
        (s for s in world.services if s["name"] in named and s["status"] != "operational"), None
    )
    error = next((e for e in world.errors if e["service"] in named), None)
    lost = [name for name in named if name in world.missing]
    if lost and troubled is None and error is None:
        return Found("missing_feature", max(score, GROUNDED), heard.text)
    kind = heard.kinds.get("fault", "technical_problem")
    others = max((s for f, s in heard.families.items() if f != "fault"), default=0.0)
    if score < _FAULT_AT and (troubled is None or others > 0.6):
        return None
    if troubled is None and error is None:
        return Found(kind, score, heard.text) if score >= 0.42 else None
    if error is not None and troubled is None:
        kind = _SHOWS_AS.get(error["code"] or "", kind)
    if others > 0.85 and score < 0.4:
        return None
    return Found(kind, max(score, GROUNDED), heard.text)


def _with_fault(issues: list[Found], fault: Found, world: World) -> list[Found]:
    """Add a fault; one about the same thing is kept once, a doubtful reading of its clause gives
    way."""
    names = set(concerned_names(fault.text, world.names))
    for position, issue in enumerate(issues):
        if FAMILY_OF[issue.kind] != "fault":
            continue
        theirs = set(concerned_names(issue.text, world.names))
        if issue.text == fault.text:
            better = replace(issue, confidence=max(issue.confidence, fault.confidence))
            return [*issues[:position], better, *issues[position + 1 :]]
        if not theirs or not names or theirs & names:
            surer = replace(issue, confidence=max(issue.confidence, fault.confidence))
            if not theirs and names:
                surer = replace(surer, text=fault.text)
            return [*issues[:position], surer, *issues[position + 1 :]]
    kept = [i for i in issues if i.text != fault.text or i.confidence > 0.85]
    return [*kept, fault]


def _question(heard: Heard, world: World) -> Found | None:
    """The clause as a question about the product, if an article fits it well."""
    asks = (
        signs.asks_how(heard.text)
        or heard.text.rstrip().endswith("?")
        or heard.families.get("question", 0) > 0.15
    )
    if not asks or not world.articles:
        return None
    _, score = nearest_article(heard.text, world.articles)
    if score < _QUESTION_FIT:
        return None
    rival = max((s for f, s in heard.families.items() if f != "question"), default=0.0)
    if rival > 0.9 and not signs.asks_how(heard.text):
        return None
    sure = 0.95 if score > 0.75 and heard.text.rstrip().endswith("?") else GROUNDED
    return Found("how_to", max(heard.families.get("question", 0.0), sure), heard.text)


def _with_question(issues: list[Found], question: Found) -> list[Found]:
    bar = 0.9 if question.confidence > 0.9 else 0.8
    for issue in issues:
        if FAMILY_OF[issue.kind] in ("question", "plan"):
            return issues
        if issue.text == question.text and issue.confidence > bar:
            return issues
    return [*(i for i in issues if i.text != question.text), question]
