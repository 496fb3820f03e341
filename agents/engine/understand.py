"""What the customer wrote and who they are: triage, identity, and the issues of the ticket."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from agents.connectors.protocols import Row
from agents.engine.evidence import read_evidence, tool_box
from agents.engine.identity import Identified, Said, identify
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.snapshot import (
    Snapshot,
)
from agents.engine.thought import Matter, Thought
from agents.facts.case import moment
from agents.facts.technical import missing_features
from agents.understanding import signs
from agents.understanding.gratitude import without_thanks
from agents.understanding.grounding import GROUNDED, World, ground
from agents.understanding.kinds import FAMILY_OF, intent_of
from agents.understanding.reading import Found, Reading
from agents.understanding.screening import hides_orders
from agents.understanding.triage import priority_of, read_message, read_messages, route_of
from data.vocabulary import AgentName, Intent, IssueState


def triage_messages(parts: Parts, snapshot: Snapshot) -> list[Reading]:
    """One reading per message of the customer."""
    subject = snapshot.ticket["subject"]
    texts = [(subject if i == 0 else "", m["body"]) for i, m in enumerate(snapshot.messages)]
    return [
        replace(reading, instruction=reading.instruction or hides_orders(message["raw"] or ""))
        for reading, message in zip(
            read_messages(texts, own=parts.own_model()), snapshot.messages, strict=True
        )
    ]


def log_triage(journal: Journal, snapshot: Snapshot, readings: list[Reading]) -> None:
    """Record what triage says of the unread messages."""
    first = snapshot.ticket["read_count"]
    for position, reading in enumerate(readings[first:], first):
        _log_triage(journal, position, reading)


def _told_by_own(reading: Reading) -> dict[str, Any]:
    """What the log shows of the team's own model."""
    if reading.own is None:
        return {}
    own = reading.own
    return {"own": {"routes": own.routes, "issues": own.issues, "strange": own.strange}}


def skill_told(readings: list[Reading]) -> str | None:
    """Whose matter the last message is by the team's own model; None if it does not say."""
    own = readings[-1].own if readings else None
    if own is None or own.strange:
        return None
    intent = route_of(readings[-1])[0]
    return None if intent is Intent.ESCALATE else intent.value


def _log_triage(journal: Journal, position: int, reading: Reading) -> None:
    def view(_: object) -> dict[str, Any]:
        first = reading.issues[0].kind if reading.issues else ""
        told = route_of(reading) if reading.own else (intent_of(first), reading.confidence)
        return {
            "message": position + 1,
            "intent": told[0].value,
            **_told_by_own(reading),
            "issues": [{"kind": i.kind, "confidence": i.confidence} for i in reading.issues],
            "sentiment": reading.sentiment.value,
            "sentiment_score": reading.sentiment_score,
            "anger": reading.anger,
            "urgency": reading.urgency,
            "confidence": told[1],
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


ANSWERED = 0.4
"""From this probability on, a message counts as an answer to us."""


def identify_writer(
    parts: Parts, journal: Journal, snapshot: Snapshot, readings: list[Reading], *, asked: bool
) -> Identified:
    said = [
        Said(
            r.text or m["body"],
            m["raw"] or m["body"],
            r.answers["identity_details"],
            r.answers["cannot_verify"],
        )
        for r, m in zip(readings, snapshot.messages, strict=True)
    ]
    requester = snapshot.ticket["requester"]
    looked_up: dict[str, Row | None] = {}

    def by_email(email: str) -> Row | None:
        if email not in looked_up:
            looked_up[email] = journal.step(
                f"identify.{snapshot.generation}.{len(looked_up) + 1}",
                AgentName.ACCOUNT.value,
                "tool.called",
                lambda: parts.reader.customer_by_email(email),
                lambda found: {
                    "tool": "customer_by_email",
                    "input": {"email": email},
                    "rows": int(bool(found)),
                    "found": [found["id"]] if found else [],
                },
            )
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
            "cannot": identified.cannot,
        },
    )
    return identified


def language_to_answer(parts: Parts, readings: list[Reading], customer: Row | None) -> str:
    """The language to answer in: that of the words, or the customer's where they are too few."""
    spoken = readings[0].language
    if len(readings[0].text) < 25 and customer and customer["language"]:
        return str(customer["language"])
    return spoken if spoken != "und" else str((customer or {}).get("language") or "en")


def flags_of(ticket: Row, readings: list[Reading]) -> list[str]:
    flags = list(ticket["flags"])
    if any(r.instruction for r in readings) and "instruction_attempt" not in flags:
        flags.append("instruction_attempt")
    return flags


def beside_thanks(snapshot: Snapshot, reading: Reading) -> Reading:
    """A message of thanks, read by what it says beside where an answer of the customer is awaited:
    `Yes, thank you.` is a yes."""
    awaited = any(i["state"] == IssueState.AWAITING_CUSTOMER for i in snapshot.issues)
    rest = without_thanks(reading.text) if awaited and reading.noise == "thanks" else ""
    if not rest:
        return reading
    answers = read_message("", rest).answers
    said = max(answers[kind] for kind in ("confirm", "deny", "still_broken"))
    return replace(reading, noise=None, answers=answers) if said >= ANSWERED else reading


def noise_of(snapshot: Snapshot, fresh: list[Reading]) -> str | None:
    """The kind of noise that everything unread is (N1)."""
    kinds = [reading.noise for reading in fresh]
    if snapshot.issues and any(
        r.answers["identity_details"] > 0.2 or re.search(r"\d{4}", r.text) for r in fresh
    ):
        return None
    return kinds[-1] if all(kinds) else None


def ground_readings(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, fresh: list[Reading]
) -> list[Reading]:
    """The unread messages read again, with what the records say of the things they name."""
    playbook = parts.playbooks.of(AgentName.COORDINATOR)
    box = tool_box(parts, journal, playbook)
    evidence = read_evidence(box, thought, playbook, f"ground.{snapshot.generation}")
    since = snapshot.ticket["opened_at"] - timedelta(hours=parts.policy.technical.log_hours)
    world = World(
        evidence.records.get("services", []),
        [e for e in evidence.records.get("errors", []) if (moment(e["at"]) or since) >= since],
        [f for plan in evidence.records.get("plans", []) for f in plan["features"] or []],
        evidence.records.get("articles", []),
        evidence.records.get("charges", []),
        missing_features(
            evidence.records.get("subscriptions", []), evidence.records.get("plans", [])
        ),
    )
    grounded = []
    for reading in fresh:
        issues = ground(reading, world)
        best = max((i.confidence for i in issues), default=0.0)
        grounded.append(replace(reading, issues=issues, confidence=best))
    return grounded


def matters_of(
    snapshot: Snapshot, earlier: list[Reading], fresh: list[Reading], thought: Thought
) -> list[Matter]:
    """The issues that earlier runs stored, and those that the unread messages add.

    `earlier` are messages read before of a writer whose records are known only now: what they ask
    for is what the records show it to be.
    """
    matters = [
        Matter(
            i["kind"],
            i["slots"].get("clause", ""),
            i["confidence"],
            stored=i,
            first_read_as=i["slots"].get("first_read_as"),
            settled=_is_settled(i),
        )
        for i in snapshot.issues
        if not i["slots"].get("follows")
    ]
    shown = {found.text: found for reading in earlier for found in reading.issues}
    for matter in matters:
        found = shown.get(matter.clause)
        if found is None or matter.settled or found.confidence < GROUNDED:
            continue
        if found.kind != matter.kind:
            matter.first_read_as, matter.kind = matter.kind, found.kind
    known = {FAMILY_OF.get(m.kind): m for m in matters}
    answers = answers_in(snapshot, fresh)
    thought.take_back = "deny" in answers and not _added(fresh, known)
    for reading in fresh:
        for found in reading.issues:
            same = known.get(FAMILY_OF[found.kind])
            if same is None or (same.stored is None and same.clause != found.text):
                if snapshot.issues and answers & _PLAIN_ANSWERS and not _is_plain(found):
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
        if FAMILY_OF[f.kind] not in known and _is_plain(f)
    ]  # fmt: skip


def _is_plain(found: Found) -> bool:
    """Whether it is asked for plainly enough to stand beside an answer to us."""
    return found.confidence >= 0.8 or (
        FAMILY_OF[found.kind] == "question" and signs.asks_how(found.text)
    )


def _is_settled(issue: Row) -> bool:
    return issue["state"] in (IssueState.RESOLVED, IssueState.ESCALATED)


def answers_in(snapshot: Snapshot, fresh: list[Reading]) -> set[str]:
    """The kinds of answers that the unread messages `fresh` give to us; none to what we never
    asked, nor where nothing is unread and only a record has changed."""
    if not snapshot.issues or not snapshot.unread:
        return set()
    best: dict[str, float] = {}
    for reading in fresh:
        for kind, probability in reading.answers.items():
            best[kind] = max(best.get(kind, 0.0), probability)
    found = {kind for kind, probability in best.items() if probability >= ANSWERED}
    if any(FAMILY_OF[i.kind] == "fault" for reading in fresh for i in reading.issues):
        found.add("again")
    if any(signs.takes_back(reading.text) for reading in fresh):
        best["deny"] = 1.0
        found.add("deny")
    for one, other in (
        ("confirm", "deny"),
        ("still_broken", "solved"),
        ("confirm", "still_broken"),
    ):
        if {one, other} <= found:
            found.discard(one if best[one] < best[other] else other)
    return found
