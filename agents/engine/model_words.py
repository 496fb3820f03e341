"""Words where a model thinks: the facts of a ticket that it writes from, and what comes of it."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from agents.brains.brain import Desk, SetAside, Told
from agents.connectors.protocols import Row
from agents.engine.asking import Asking
from agents.engine.ends import Why
from agents.engine.handoff import summarise
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.snapshot import Snapshot
from agents.engine.thought import Thought
from agents.facts.money import money
from agents.privacy.nonce import veil_for
from data.columns import canonical
from data.vocabulary import DONE_ACTIONS, ActionName, AgentName, Identity, IssueState

Ends = dict[str, tuple[IssueState, str | None, Why | None]]
Summary = dict[str, list[str]]
T = TypeVar("T")

_NOT_TOLD = ("customer", "subscription", "ticket")
"""Arguments whose ids a customer is not told."""


def reply_by_model(
    parts: Parts, journal: Journal, snapshot: Snapshot, issues: list[Row], ends: Ends, draft: str
) -> str | None:
    """The model's answer for what this run has handled; None if the draft must do.

    One set of facts has one answer in a run, so that what people approved is what is sent.
    """
    asking = journal.asking
    if asking is None:
        return None
    facts = _facts(parts, snapshot, issues, ends)
    done = {a["name"] for i in issues for a in _done(snapshot, i)}
    told = Told(facts, draft, snapshot.ticket["language"], _ids(snapshot), frozenset(done))
    step = f"reply.{_digest(facts, draft)}"

    def write(desk: Desk) -> str:
        return asking.brain.reply(desk, step, told)

    return _written(parts, asking, snapshot, AgentName.RESOLUTION, "the answer", write)


def summary_by_model(
    parts: Parts, journal: Journal, snapshot: Snapshot, reason: str, embedded: Summary
) -> Summary | None:
    """The model's summary of what `embedded` says, for who takes over; None if that must do."""
    asking = journal.asking
    if asking is None:
        return None
    facts: dict[str, Any] = {
        **embedded,
        "reason": reason,
        "tone": snapshot.ticket["sentiment"],
        "identity": snapshot.ticket["identity"],
    }
    told = Told(facts)
    step = f"summary.{_digest(facts, '')}"

    def write(desk: Desk) -> Summary:
        return asking.brain.summarise(desk, step, told)

    return _written(parts, asking, snapshot, AgentName.ESCALATION, "the summary", write)


def at_once_by_model(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, reason: str
) -> Summary | None:
    """The same for a ticket that goes to a person before anything is stored of it."""
    if journal.asking is None:
        return None
    issues = [
        {"kind": m.kind, "slots": {"clause": m.clause}, "cause": None, "trial": None}
        for m in thought.matters
    ]
    embedded = summarise(snapshot, issues, snapshot.actions, reason)
    return summary_by_model(parts, journal, snapshot, reason, embedded)


def _written(
    parts: Parts,
    asking: Asking,
    snapshot: Snapshot,
    agent: AgentName,
    what: str,
    write: Callable[[Desk], T],
) -> T | None:
    customer_id = snapshot.ticket["customer_id"]
    customer = parts.reader.customer(customer_id) if customer_id else None
    desk = asking.desk(parts.policy, veil_for(parts.store, snapshot.ticket, customer))
    try:
        return write(desk)
    except SetAside as aside:
        asking.set_aside(agent.value, what, aside)
        return None


def _facts(parts: Parts, snapshot: Snapshot, issues: list[Row], ends: Ends) -> dict[str, Any]:
    ticket = snapshot.ticket
    known = ticket["identity"] != Identity.UNKNOWN
    return {
        "signed_by": parts.policy.name,
        "customer": (ticket["customer_name"] or "").split(" ")[0] if known else "",
        "tone_of_the_customer": ticket["sentiment"],
        "message_held_a_secret": any("[removed]" in m["body"] for m in snapshot.messages),
        "issues": [_issue(snapshot, issue, ends) for issue in issues],
    }


def _issue(snapshot: Snapshot, issue: Row, ends: Ends) -> dict[str, Any]:
    state, skill, why = ends[issue["id"]]
    slots = issue["slots"] or {}
    values = (slots.get("reply") or {}).get("values") or {}
    return {
        "asked": slots.get("clause", ""),
        "kind": issue["kind"],
        "found": issue["cause"],
        "records": _records(values),
        "done": [_deed(a) for a in _done(snapshot, issue)],
        "not_done": [
            {**_deed(a), "why": a["state"]}
            for a in snapshot.actions_of(issue["id"])
            if a["state"] not in DONE_ACTIONS
        ],
        "ends": state.value,
        "goes_to": skill if state is IssueState.ESCALATED else None,
        "because": why.code if why else None,
    }


def _records(values: dict[str, Any]) -> dict[str, Any]:
    """What of the records may be told beside what was done."""
    billing, service = values.get("billing") or {}, values.get("service") or {}
    found = {
        "article": values.get("article"),
        "service": service if service.get("name") else None,
        **{name: billing.get(name) for name in ("recent", "too_old", "disputed")},
    }
    return {name: value for name, value in found.items() if value}


def _done(snapshot: Snapshot, issue: Row) -> list[Row]:
    return [a for a in snapshot.actions_of(issue["id"]) if a["state"] in DONE_ACTIONS]


def _deed(action: Row) -> dict[str, Any]:
    told = {n: v for n, v in action["arguments"].items() if n not in _NOT_TOLD}
    if action["amount"] is not None:
        told["amount"] = money(action["amount"], action["currency"])
        told.pop("currency", None)
    if action["name"] == ActionName.SCHEDULE_CALLBACK:
        told["at"] = str(told["at"]).replace("T", " ")[:16] + " UTC"
    return {"action": action["name"], **told}


def _ids(snapshot: Snapshot) -> frozenset[str]:
    """References that mean something to us alone."""
    found = {snapshot.ticket["id"], snapshot.ticket["customer_id"]}
    for action in snapshot.actions:
        found |= {action["id"], *(action["arguments"].get(n) for n in _NOT_TOLD)}
    return frozenset(str(each) for each in found if each)


def _digest(facts: dict[str, Any], draft: str) -> str:
    return hashlib.sha256(canonical([facts, draft]).encode()).hexdigest()[:16]
