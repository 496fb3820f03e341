"""Finding the rule that fits an issue, and what it says: cause, plan, reply and end. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from agents.connectors.protocols import Row
from agents.facts.account import AccountFacts, account_facts
from agents.facts.billing import BillingFacts, Refunds, billing_facts
from agents.facts.case import Case, day, moment
from agents.facts.knowledge import KnowledgeFacts, knowledge_facts
from agents.facts.money import money
from agents.facts.technical import TechnicalFacts, technical_facts
from agents.playbooks.model import EXPRESSIONS, Playbook, Rule
from agents.replies import Templates, spoken
from agents.understanding.kinds import intent_of
from data.vocabulary import ActionName, Identity, Intent, IssueState

_SECTIONS = {
    "B": Intent.BILLING,
    "C": Intent.BILLING,
    "T": Intent.TECHNICAL,
    "P": Intent.PRODUCT,
    "A": Intent.ACCOUNT,
}


@dataclass(frozen=True)
class PlannedAction:
    """An action that a rule plans for an issue."""

    action: ActionName
    arguments: dict[str, Any]
    reason: str
    rests_on: list[str]
    doubt: str | None = None
    """Why a person must look at it even where the policy lets it run alone."""
    by_model: bool = False
    """Whether the reason is a model's words."""


@dataclass(frozen=True)
class Finding:
    """What a specialist found out about an issue."""

    rule: str
    intent: Intent
    cause: str
    confidence: float
    evidence: list[str]
    plan: list[PlannedAction]
    reply: str
    values: dict[str, Any] = field(default_factory=dict)
    """What the reply's text is filled with, besides what was done."""
    end: IssueState = IssueState.RESOLVED
    skill: str | None = None
    refer: str | None = None
    by_model: str | None = None
    """The model whose words the cause is; None: the playbook's."""


class _Facts(dict[str, Any]):
    """Facts by name, each worked out when a condition first asks for it."""

    def __init__(self, case: Case, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._case = case

    def __missing__(self, name: str) -> Any:
        make = {
            "billing": billing_facts,
            "tech": technical_facts,
            "knowledge": knowledge_facts,
            "account": account_facts,
        }.get(name)
        if make is None:
            raise KeyError(name)
        self[name] = make(self._case)
        return self[name]


@cache
def _compiled(text: str) -> Any:
    return EXPRESSIONS.compile_expression(text, undefined_to_none=False)


@cache
def _template(text: str) -> Any:
    return EXPRESSIONS.from_string(text)


def examine(playbook: Playbook, case: Case, templates: Templates, language: str) -> Finding | None:
    """The first rule of the playbook that fits the case; None if the writer must be known first."""
    facts = _Facts(case, _values(case, templates, language))
    for rule in playbook.rules:
        if rule.kinds and case.kind not in rule.kinds:
            continue
        if case.identity is Identity.UNKNOWN and not rule.anyone:
            continue
        context = _context(facts, rule)
        if _compiled(rule.when)(**context):
            return _find(rule, case, facts, context)
    return None


_NAMES = ("billing", "tech", "knowledge", "account")


def _context(facts: _Facts, rule: Rule) -> dict[str, Any]:
    """The names that a rule's expressions use; unused facts are not worked out."""
    used = rule.model_dump_json()
    return {**facts, **{name: facts[name] for name in _NAMES if f"{name}." in used}}


def _values(case: Case, templates: Templates, language: str) -> dict[str, Any]:
    customer = case.customer or {}
    first = (customer.get("name") or "").split(" ")[0]

    def text(name: str) -> str:
        return templates.render(
            name, language, name=first, payment_link="https://billing.lumen.example/payment-method"
        )

    return {
        "kind": case.kind,
        "answers": case.answers,
        "asked": case.asked,
        "wants_money": case.wants_money,
        "customer": customer,
        "policy": case.policy,
        "identity": case.identity.value,
        "next_working_day": next_working_day(case.now).isoformat().replace("+00:00", "Z"),
        "refs": _refs,
        "covers": _covers,
        "overlaps": _overlaps,
        "money": money,
        "text": text,
    }


def next_working_day(now: datetime) -> datetime:
    """09:00 UTC of the next day that is a Monday to Friday."""
    found = (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    while found.weekday() > 4:
        found += timedelta(days=1)
    return found


def _refs(table: str, rows: list[Row | None]) -> list[str]:
    names = ("id", "name")
    return [f"{table}:{next(r[n] for n in names if r.get(n))}" for r in rows if r]


def _covers(these: Refunds, others: Refunds) -> bool:
    ids = {c["id"] for c in these.charges}
    return bool(others.charges) and all(c["id"] in ids for c in others.charges)


def _overlaps(these: Refunds, rows: list[Row]) -> bool:
    ids = {c["id"] for c in these.charges}
    return any(row["id"] in ids for row in rows)


def _find(rule: Rule, case: Case, facts: _Facts, context: dict[str, Any]) -> Finding:
    plan = []
    for planned in rule.plan:
        items = _compiled(planned.each)(**context) if planned.each else [None]
        for item in items:
            inner = {**context, "item": item}
            if not _compiled(planned.when)(**inner):
                continue
            arguments = {n: _compiled(e)(**inner) for n, e in planned.arguments.items()}
            reason = _template(planned.reason).render(**inner)
            plan.append(
                PlannedAction(
                    planned.action, arguments, reason, list(_compiled(planned.rests_on)(**inner))
                )
            )
    return Finding(
        rule=rule.rule,
        intent=_intent(rule, case.kind),
        cause=_template(rule.cause).render(**context).strip(),
        confidence=rule.confidence,
        evidence=list(_compiled(rule.evidence)(**context)),
        plan=plan,
        reply=rule.reply,
        values=_reply_values(case, facts) if rule.reply else {},
        end=IssueState(_compiled(rule.end)(**context)),
        skill=_compiled(rule.skill)(**context),
        refer=rule.refer,
    )


def _intent(rule: Rule, kind: str) -> Intent:
    return rule.intent or _SECTIONS.get(rule.rule[0], intent_of(kind))


def intent_of_rule(playbook: Playbook, code: str, kind: str) -> Intent:
    """The intent of an issue of `kind` that was found to fall under a rule of the playbook."""
    return next(_intent(r, kind) for r in playbook.rules if r.rule == code)


def _reply_values(case: Case, facts: _Facts) -> dict[str, Any]:
    """What replies are filled with, as plain values."""
    known: dict[str, Any] = {"policy": {"billing": case.policy.billing.model_dump()}}
    knowledge: KnowledgeFacts = facts["knowledge"]
    article = (
        knowledge.article
        if knowledge.fits or (knowledge.article and knowledge.score > 0.3)
        else None
    )
    known["article"] = {"title": article["title"], "body": article["body"]} if article else None
    account: AccountFacts = facts["account"]
    known["account"] = {
        "status": account.status,
        "wanted": [_FIELDS.get(w, w) for w in account.wanted],
        "given": bool(account.changes),
    }
    tech: TechnicalFacts = facts["tech"]
    service = tech.incident or {}
    if tech.error and not tech.incident:
        service = {"name": tech.error["service"], "message": tech.error["message"], "eta": None}
    eta = moment(service.get("eta"))
    known["service"] = {
        "name": service.get("name"),
        "message": service.get("message"),
        "eta": spoken(eta) if eta else None,
    }
    known["operation"] = tech.operation
    known["cause_short"] = _CAUSES.get(tech.operation or "", "a fault of the service")
    billing: BillingFacts = facts["billing"]
    refunds = billing.after_cancellation
    known["billing"] = {
        "ended_on": str(refunds.ended_on or billing.wrongful.ended_on or ""),
        "too_old": [_charge(c) for c in refunds.too_old],
        "disputed": [
            c["id"] for r in (refunds, billing.duplicates, billing.wrongful) for c in r.disputed
        ],
        "declined": [_charge(c) for c in billing.declined],
        "recent": [_charge(c) for c in billing.recent],
        "lacking": billing.lacking,
        "pending": bool(billing.pending),
        "ended": bool(billing.overdue and billing.overdue["status"] == "canceled"),
    }
    return known


_FIELDS = {"email": "e-mail address", "phone": "phone number"}
_CAUSES = {
    "revoke_sessions": "an expired session",
    "clear_cache": "an outdated cache",
    "resync_entitlements": "your plan's features were not in step",
    "unlock_account": "the account was locked",
}


def _charge(row: Row) -> str:
    """A charge as a reply names it."""
    return f"{money(row['amount'], row['currency'])} of {day(row['at'])} ({row['id']})"
