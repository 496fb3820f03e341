"""From unread messages to a plan: triage, identity, who must have it, specialists, one plan."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from agents.connectors.protocols import Row
from agents.engine.identity import Identified, Said, identify
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.snapshot import (
    Snapshot,
    earlier_tickets,
    open_refunds,
    open_tickets_of,
    take_snapshot,
)
from agents.errors import Retryable
from agents.facts.case import Case, moment
from agents.playbooks.evaluate import Finding, examine
from agents.playbooks.model import Playbook
from agents.toolbox import ToolBox
from agents.understanding.grounding import World, ground
from agents.understanding.kinds import FAMILY_OF, intent_of
from agents.understanding.secrets import MASK
from agents.understanding.triage import Found, Reading, priority_of, read_messages
from data.vocabulary import AgentName, Identity, Intent, IssueState, Sentiment

_CONTEXT_MONTHS = timedelta(days=183)
_CONTEXT_ACTIVITY = timedelta(days=30)


@dataclass
class Matter:
    """One issue on its way through the specialists."""

    kind: str
    clause: str
    confidence: float
    stored: Row | None = None
    """Its row, if an earlier run made it."""
    agent: AgentName | None = None
    finding: Finding | None = None
    failed: str | None = None
    """The tool that kept failing, with what it said."""
    waits_for_identity: bool = False
    settled: bool = False
    """Handled by an earlier run; nothing new was said about it."""
    follows: "Matter | None" = None
    """The issue it comes back with; then it is none of its own."""


@dataclass
class Thought:
    """What a run of thinking came to."""

    readings: list[Reading]
    identified: Identified
    language: str
    flags: list[str]
    matters: list[Matter] = field(default_factory=list)
    person: tuple[str, str] | None = None
    """(rule, reason) if the ticket goes to a person at once."""
    noise: str | None = None
    merge_into: Row | None = None
    take_back: bool = False
    """The customer took the request back."""
    secrets: bool = False
    sentiment: Sentiment = Sentiment.NEUTRAL
    context: dict[str, Any] = field(default_factory=dict)


def think(parts: Parts, journal: Journal, snapshot: Snapshot) -> Thought:
    """Read what the customer wrote, look into the records, and find what to do about each issue."""
    ticket = snapshot.ticket
    readings = _triage(journal, snapshot)
    fresh = readings[ticket["read_count"] :] or readings[-1:]
    asked_before = ticket["read_count"] > 0
    journal.names = _names(ticket["customer_name"])
    identified = _identify(parts, journal, snapshot, readings, asked=asked_before)
    if identified.customer:
        journal.names = _names(identified.customer["name"])
    thought = Thought(
        readings=readings,
        identified=identified,
        language=_language(parts, readings, identified.customer),
        flags=_flags(ticket, readings),
        secrets=any(MASK in m["body"] for m in snapshot.messages[ticket["read_count"] :]),
        sentiment=fresh[-1].sentiment if asked_before else readings[0].sentiment,
    )
    thought.noise = _noise(snapshot, fresh)
    if thought.noise:
        return thought
    fresh = _ground(parts, journal, snapshot, thought, fresh)
    thought.matters = _matters(snapshot, fresh, thought)
    thought.person = _to_person(parts, journal, snapshot, thought, fresh)
    if thought.person:
        return thought
    if not asked_before:
        thought.merge_into = _same_complaint(parts, snapshot, thought)
        if thought.merge_into:
            return thought
    thought.context = _context(parts, journal, snapshot, thought)
    _investigate(parts, journal, snapshot, thought, fresh)
    return thought


def _names(name: str | None) -> tuple[str, ...]:
    return (name, *name.split()) if name else ()


def _triage(journal: Journal, snapshot: Snapshot) -> list[Reading]:
    """One reading per message of the customer; what the log shows is of the unread ones."""
    subject = snapshot.ticket["subject"]
    texts = [(subject if i == 0 else "", m["body"]) for i, m in enumerate(snapshot.messages)]
    readings = read_messages(texts)
    first = snapshot.ticket["read_count"]
    for position, reading in enumerate(readings[first:], first):
        _log_triage(journal, position, reading)
    return readings


def _log_triage(journal: Journal, position: int, reading: Reading) -> None:
    def view(_: object) -> dict[str, Any]:
        first = reading.issues[0].kind if reading.issues else ""
        return {
            "message": position + 1,
            "intent": intent_of(first).value,
            "issues": [{"kind": i.kind, "confidence": i.confidence} for i in reading.issues],
            "sentiment": reading.sentiment.value,
            "sentiment_score": reading.sentiment_score,
            "anger": reading.anger,
            "urgency": reading.urgency,
            "confidence": reading.confidence,
            "language": reading.language,
            "priority": priority_of(reading).value,
            "flags": ["instruction_attempt"] if reading.instruction else [],
            "triggers": sorted(reading.triggers),
            "noise": reading.noise,
            "model": reading.model,
        }

    journal.step(
        f"triage.{position + 1}", AgentName.TRIAGE.value, "triage", lambda: {"read": True}, view
    )


def _identify(
    parts: Parts, journal: Journal, snapshot: Snapshot, readings: list[Reading], *, asked: bool
) -> Identified:
    said = [
        Said(r.text or m["body"], m["raw"] or m["body"], r.answers["identity_details"], r.answers["cannot_verify"])
        for r, m in zip(readings, snapshot.messages, strict=True)
    ]  # fmt: skip
    requester = snapshot.ticket["requester"]
    looked_up: dict[str, Row | None] = {}

    def by_email(email: str) -> Row | None:
        if email not in looked_up:
            looked_up[email] = journal.step(
                f"identify.{snapshot.generation}.{email}",
                AgentName.ACCOUNT.value,
                "tool.called",
                lambda: parts.reader.customer_by_email(email),
                lambda found: {"tool": "customer_by_email", "input": {"email": email}, "rows": int(bool(found)),
                               "found": [found["id"]] if found else []},
            )  # fmt: skip
        return looked_up[email]

    identified = identify(requester, said, by_email, asked=asked)
    journal.note(
        "identity",
        AgentName.ACCOUNT.value,
        {
            "identity": identified.identity.value,
            "customer": identified.customer["id"] if identified.customer else None,
            "why": identified.why,
            "tries": identified.tries,
        },
    )
    return identified


def _language(parts: Parts, readings: list[Reading], customer: Row | None) -> str:
    """The language to answer in: that of the words, or the customer's where they are too few."""
    spoken = readings[0].language
    if len(readings[0].text) < 25 and customer and customer["language"]:
        return str(customer["language"])
    return spoken if spoken != "und" else str((customer or {}).get("language") or "en")


def _flags(ticket: Row, readings: list[Reading]) -> list[str]:
    flags = list(ticket["flags"])
    if any(r.instruction for r in readings) and "instruction_attempt" not in flags:
        flags.append("instruction_attempt")
    return flags


def _noise(snapshot: Snapshot, fresh: list[Reading]) -> str | None:
    """The kind of noise that everything unread is (N1)."""
    kinds = [reading.noise for reading in fresh]
    if snapshot.issues and any(
        r.answers["identity_details"] > 0.2 or re.search(r"\d{4}", r.text) for r in fresh
    ):
        return None
    return kinds[-1] if all(kinds) else None


def _ground(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, fresh: list[Reading]
) -> list[Reading]:
    """The unread messages read again, with what the records say of the things they name."""
    playbook = parts.playbooks.of(AgentName.COORDINATOR)
    evidence = _evidence(parts, journal, thought, playbook, f"ground.{snapshot.generation}")
    since = snapshot.ticket["opened_at"] - timedelta(hours=parts.policy.technical.log_hours)
    world = World(
        evidence.records.get("services", []),
        [e for e in evidence.records.get("errors", []) if (moment(e["at"]) or since) >= since],
        [f for plan in evidence.records.get("plans", []) for f in plan["features"] or []],
        evidence.records.get("articles", []),
        evidence.records.get("charges", []),
    )
    grounded = []
    for reading in fresh:
        issues = ground(reading, world)
        best = max((i.confidence for i in issues), default=0.0)
        grounded.append(replace(reading, issues=issues, confidence=best))
    return grounded


def _matters(snapshot: Snapshot, fresh: list[Reading], thought: Thought) -> list[Matter]:
    """The issues that earlier runs stored, and those that the unread messages add."""
    matters = [
        Matter(
            i["kind"],
            i["slots"].get("clause", ""),
            i["confidence"],
            stored=i,
            settled=_is_settled(i),
        )
        for i in snapshot.issues
        if not i["slots"].get("follows")
    ]
    known = {FAMILY_OF.get(m.kind): m for m in matters}
    answers = _answers(fresh) if snapshot.issues else set()
    thought.take_back = "deny" in answers and not _added(fresh, known)
    for reading in fresh:
        for found in reading.issues:
            same = known.get(FAMILY_OF[found.kind])
            if same is None or (same.stored is None and same.clause != found.text):
                if snapshot.issues and answers & _PLAIN_ANSWERS and found.confidence < 0.8:
                    continue
                if (
                    snapshot.issues
                    and "identity_details" in answers
                    and FAMILY_OF[found.kind] in _DETAILS
                ):
                    continue
                matter = Matter(found.kind, found.text, found.confidence)
                matters.append(matter)
                known.setdefault(FAMILY_OF[found.kind], matter)
            elif same.settled:
                same.settled = False
                same.clause = found.text
    if "still_broken" in answers:
        for matter in matters:
            if FAMILY_OF.get(matter.kind) == "fault":
                matter.settled = False
    return matters


_PLAIN_ANSWERS = {"deny", "confirm", "solved", "still_broken"}

_DETAILS = ("contact", "profile", "status", "document")
"""Families that a message with details to verify is easily taken for."""


def _added(fresh: list[Reading], known: dict[str | None, Matter]) -> list[Found]:
    return [
        f for reading in fresh for f in reading.issues
        if FAMILY_OF[f.kind] not in known and f.confidence >= 0.8
    ]  # fmt: skip


def _is_settled(issue: Row) -> bool:
    return issue["state"] in (IssueState.RESOLVED, IssueState.ESCALATED)


def _answers(fresh: list[Reading]) -> set[str]:
    """The kinds of answers that the unread messages give, surest first per pair of opposites."""
    best: dict[str, float] = {}
    for reading in fresh:
        for kind, probability in reading.answers.items():
            best[kind] = max(best.get(kind, 0.0), probability)
    found = {kind for kind, probability in best.items() if probability >= 0.4}
    if any(FAMILY_OF[i.kind] == "fault" for reading in fresh for i in reading.issues):
        found.add("again")
    for one, other in (
        ("confirm", "deny"),
        ("still_broken", "solved"),
        ("confirm", "still_broken"),
    ):
        if {one, other} <= found:
            found.discard(one if best[one] < best[other] else other)
    return found


def _to_person(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, fresh: list[Reading]
) -> tuple[str, str] | None:
    """Whether the ticket goes to a person at once, by which rule and why (E1 to E5, I3)."""
    rules, identified = parts.policy.escalate, thought.identified
    triggers = {kind: words for reading in fresh for kind, words in reading.triggers.items()}
    dangers = sorted(set(triggers) - {"human_request"})
    if dangers:
        return "E2", f"{dangers[0].replace('_', ' ')}: {triggers[dangers[0]][:200]}"
    if "human_request" in triggers:
        return "E3", "the customer asks for a person"
    for reading in fresh:
        angry = reading.sentiment is Sentiment.ANGRY and reading.anger > rules.anger_over
        if angry and reading.urgency > rules.urgency_over:
            return "E1", f"angry ({reading.anger:.2f}) and urgent ({reading.urgency:.2f})"
    if not thought.matters:
        return "E4", "no support request is recognised"
    new = [m for m in thought.matters if m.stored is None]
    if not snapshot.issues and new and max(m.confidence for m in new) < rules.confidence_under:
        return "E4", f"triage is not sure enough ({max(m.confidence for m in new):.2f})"
    if identified.cannot and identified.identity is Identity.UNKNOWN:
        return "I3", "the customer cannot verify who they are"
    if (
        identified.tries >= parts.policy.identity.tries
        and identified.identity is not Identity.STRONG
    ):
        return "I3", f"{identified.tries} messages gave details that do not fit"
    customer = identified.customer
    if customer and not snapshot.issues:
        since = rules.repeat_days
        intents = {intent_of(m.kind) for m in thought.matters}
        window = snapshot.ticket["opened_at"] - timedelta(days=since)
        past = parts.reader.past_tickets(customer["id"])
        for intent in intents:
            count = sum(
                1 for p in past
                if p["intent"] == intent and window <= (moment(p["at"]) or window) <= snapshot.ticket["opened_at"]
            )  # fmt: skip
            earlier = earlier_tickets(parts.store, snapshot.ticket, customer["id"], since)
            count += sum(1 for t in earlier if intent in t["intents"])
            if count + 1 >= rules.repeat_tickets:
                return "E5", f"ticket {count + 1} on {intent} within {since} days"
    return None


def _same_complaint(parts: Parts, snapshot: Snapshot, thought: Thought) -> Row | None:
    """The open ticket of the customer that says the same already (N2)."""
    from agents.understanding.encoder import embed

    customer = thought.identified.customer
    for other in open_tickets_of(
        parts.store, snapshot.ticket, customer["id"] if customer else None
    ):
        there = take_snapshot(parts.store, other["id"])
        families = {FAMILY_OF.get(i["kind"]) for i in there.issues}
        mine = {FAMILY_OF.get(m.kind) for m in thought.matters}
        if not there.messages or not mine or not mine <= families:
            continue
        texts = [thought.readings[0].text[:600], there.messages[0]["body"][:600]]
        vectors = embed(texts)
        kinds = {i["kind"] for i in there.issues}
        alike = float(vectors[0] @ vectors[1])
        if alike >= (0.35 if {m.kind for m in thought.matters} <= kinds else 0.5):
            return other
    return None


def _context(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought
) -> dict[str, Any]:
    """The customer as the specialists see them: profile, six months of charges, recent activity."""
    customer = thought.identified.customer
    if customer is None:
        return {}
    now, reader, who = parts.store.clock.now(), parts.reader, customer["id"]
    scores = [r.sentiment_score for r in thought.readings[-5:]]

    def gather() -> dict[str, Any]:
        return {
            "profile": customer,
            "subscriptions": reader.subscriptions(who),
            "charges": reader.charges(who, now - _CONTEXT_MONTHS),
            "activity": reader.activity(who, now - _CONTEXT_ACTIVITY),
            "past_tickets": reader.past_tickets(who)[:10],
            "errors": reader.errors(who, now - _CONTEXT_ACTIVITY),
            "sentiment": round(sum(scores) / len(scores), 3),
        }

    found: dict[str, Any] = journal.step(
        f"context.{snapshot.generation}",
        AgentName.ACCOUNT.value,
        "context",
        gather,
        lambda c: {
            "customer": who, "tier": customer["tier"], "status": customer["status"],
            **{name: len(rows) for name, rows in c.items() if isinstance(rows, list)},
            "sentiment": c["sentiment"],
        },
    )  # fmt: skip
    return found


def _investigate(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, fresh: list[Reading]
) -> None:
    """Let the specialists find the cause of each open issue, several at the same time."""
    work = [m for m in thought.matters if not m.settled]
    if len(work) > 1:
        journal.note("subtasks", AgentName.COORDINATOR.value, {"issues": [m.kind for m in work]})
    answers = tuple(sorted(_answers(fresh))) if snapshot.issues else ()
    pending = (
        open_refunds(parts.store, thought.identified.customer["id"], snapshot.ticket["id"])
        if thought.identified.customer
        else frozenset()
    )
    said = " ".join(r.text for r in thought.readings)
    answer = " ".join(r.text for r in fresh) if snapshot.issues else ""

    def look(position: int, matter: Matter) -> None:
        _specialist(
            parts, journal, snapshot, thought, matter, position, answers, pending, said, answer
        )

    if len(work) > 1:
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="specialist") as pool:
            list(pool.map(look, range(len(work)), work))
    else:
        for position, matter in enumerate(work):
            look(position, matter)
    _join(journal, thought.matters)
    for matter in work:
        _tell(journal, matter)


@dataclass
class _Evidence:
    records: dict[str, list[Row]] = field(default_factory=dict)
    failed: str | None = None


def _evidence(
    parts: Parts, journal: Journal, thought: Thought, playbook: Playbook, step: str
) -> _Evidence:
    customer = thought.identified.customer
    box = ToolBox(
        playbook.agent, playbook.reads, parts.reader, journal, parts.store.clock.now(), parts.sleep
    )
    found = _Evidence()
    for tool in playbook.reads:
        try:
            found.records[tool] = box.call(
                f"{step}.{tool}", tool, customer["id"] if customer else None
            )
        except Retryable as problem:
            found.failed = f"{tool}: {problem}"
            break
    return found


def _specialist(
    parts: Parts,
    journal: Journal,
    snapshot: Snapshot,
    thought: Thought,
    matter: Matter,
    position: int,
    answers: tuple[str, ...],
    pending: frozenset[str],
    said: str,
    answer: str,
) -> None:
    """One specialist's look at one issue; a rule may refer it once to another."""
    kind = matter.kind
    for turn in range(2):
        playbook = parts.playbooks.by_kind[kind]
        matter.agent = playbook.agent
        step = f"look.{snapshot.generation}.{position}.{turn}.{playbook.agent}"
        evidence = _evidence(parts, journal, thought, playbook, step)
        if evidence.failed:
            matter.failed = evidence.failed
            return
        stored = matter.stored or {}
        case = Case(
            kind=kind,
            clause=matter.clause or said,
            text=said,
            wants_money=any(r.wants_money for r in thought.readings),
            at=snapshot.ticket["opened_at"],
            now=parts.store.clock.now(),
            policy=parts.policy,
            identity=thought.identified.identity,
            customer=thought.identified.customer,
            requester=snapshot.ticket["requester"],
            answers=answers,
            asked=stored.get("rule")
            if stored.get("state") == IssueState.AWAITING_CUSTOMER
            else None,
            answer=answer,
            records=evidence.records,
            open_refunds=pending,
            alone=len([m for m in thought.matters if not m.settled]) == 1,
        )
        finding = examine(playbook, case, parts.templates, thought.language)
        if finding is None:
            matter.waits_for_identity = True
            return
        if finding.refer is None:
            matter.finding = finding
            return
        kind = finding.refer


_EMPTY_HANDED = {"T4": 0.8, "P2": 0.85, "A1": 0.9, "I4": 0.9, "B8": 0.6, "B4": 0.6}
"""Rules that fire where the records show nothing, and how sure triage must be of the issue then."""


def _doubtful(matter: Matter) -> bool:
    finding = matter.finding
    if finding is None or finding.plan or matter.stored is not None:
        return False
    return matter.confidence < _EMPTY_HANDED.get(finding.rule, 0.0)


def _join(journal: Journal, matters: list[Matter]) -> None:
    """An issue that another one's rule has settled with is none of its own.

    Nor is one that triage was not sure of and for which the records show nothing, beside a surer one.
    """
    sure = [m for m in matters if m.finding is not None and not _doubtful(m)]
    for matter in matters:
        if sure and matter.finding is not None and _doubtful(matter):
            matter.follows = sure[0]
        claims = any(FAMILY_OF.get(m.kind) == "compensation" for m in matters)
        if (
            claims
            and matter.kind == "service_down"
            and matter.finding
            and matter.finding.rule == "T4"
        ):
            matter.follows = next(m for m in matters if FAMILY_OF.get(m.kind) == "compensation")
    for position, matter in enumerate(matters):
        if matter.finding is None or matter.follows is not None:
            continue
        for other in matters[:position]:
            if other.finding is None or other.follows is not None:
                continue
            mine = [(p.action, p.arguments) for p in matter.finding.plan]
            theirs = [(p.action, p.arguments) for p in other.finding.plan]
            same_rule = matter.finding.rule == other.finding.rule
            if (
                same_rule
                and mine == theirs
                and (mine or matter.finding.evidence == other.finding.evidence)
            ):
                if (
                    FAMILY_OF.get(matter.kind) == "question"
                    and matter.clause != other.clause
                    and not mine
                ):
                    continue
                matter.follows = other
                break


def _tell(journal: Journal, matter: Matter) -> None:
    agent = (matter.agent or AgentName.COORDINATOR).value
    if matter.waits_for_identity:
        journal.note("diagnosis", agent, {"issue": matter.kind, "rule": "I3", "cause": "The writer is not known.",
                                          "confidence": 1.0, "evidence": []})  # fmt: skip
        return
    if matter.failed:
        journal.note(
            "diagnosis", agent, {"issue": matter.kind, "error": matter.failed, "evidence": []}
        )
        return
    finding = matter.finding
    assert finding is not None
    journal.note(
        "diagnosis",
        agent,
        {
            "issue": matter.kind,
            "rule": finding.rule,
            "cause": finding.cause,
            "confidence": finding.confidence,
            "evidence": finding.evidence,
            **({"follows": matter.follows.kind} if matter.follows else {}),
        },
    )
    if matter.follows is None:
        journal.note(
            "plan",
            AgentName.RESOLUTION.value,
            {
                "issue": matter.kind,
                "actions": [p.action.value for p in finding.plan],
                "reply": finding.reply,
                "end": finding.end.value,
            },
        )


def intents_of(matters: list[Matter]) -> list[Intent]:
    """The set of intents over the ticket's issues, in their order."""
    found = [
        m.finding.intent if m.finding else Intent(m.stored["intent"]) if m.settled and m.stored else intent_of(m.kind)
        for m in matters
        if m.follows is None
    ]  # fmt: skip
    return list(dict.fromkeys(found)) or [Intent.ESCALATE]
