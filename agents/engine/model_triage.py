"""Triage where a model thinks: its reading of each unread message, beside what code alone tells."""

import re
from dataclasses import replace

from agents.brains.brain import Desk, Letter, Quoted, SetAside, Understood
from agents.engine.asking import Asking
from agents.engine.journal import Journal
from agents.engine.snapshot import Snapshot
from agents.policy.model import Policy
from agents.understanding.language import KNOWN
from agents.understanding.reading import Found, Reading
from data.vocabulary import AgentName, IssueState, Sentiment

_ANGRY = 0.75
"""The anger of a message that a model calls angry."""

_ENOUGH = 40
"""Characters from which on code tells one of its languages from another."""


def read_by_model(
    asking: Asking, desk: Desk, journal: Journal, snapshot: Snapshot, readings: list[Reading]
) -> list[Reading]:
    """The readings, those of this run's messages with what the model says of them.

    Code keeps what it is sure of by itself: noise, what sends a ticket to a person at once, answers
    to our questions, instructions to agents, secrets. The model may add a reason for a person.
    """
    merged = list(readings)
    asked_in_run = {name for name, _ in journal.recorded("model.triage.")}
    for position, reading in enumerate(readings):
        step = f"triage.{position + 1}"
        unread = position >= snapshot.ticket["read_count"]
        if not unread and f"model.{step}.1" not in asked_in_run:
            continue
        if reading.noise or reading.triggers:
            continue
        try:
            understood = asking.brain.read(desk, step, _letter(snapshot, position))
        except SetAside as aside:
            asking.set_aside(AgentName.TRIAGE.value, f"message {position + 1}", aside)
            continue
        merged[position] = merge(reading, understood, desk.policy)
    return merged


def _letter(snapshot: Snapshot, position: int) -> Letter:
    bodies = [message["body"] for message in snapshot.messages]
    awaited = [i["rule"] for i in snapshot.issues if i["state"] == IssueState.AWAITING_CUSTOMER]
    return Letter(
        snapshot.ticket["subject"] if position == 0 else "",
        bodies[position],
        tuple(bodies[:position][-4:]),
        awaited[0] if awaited and position else None,
    )


def merge(reading: Reading, said: Understood, policy: Policy) -> Reading:
    """What both say: the model's issues and mood, code's own certainties."""
    issues = [
        Found(q.kind, q.confidence, q.clause)
        for q in said.issues
        if not reading.instruction or _asked_for(reading, q)
    ]
    rules, mood = policy.escalate, reading
    at_once = reading.sentiment is Sentiment.ANGRY and reading.anger > rules.anger_over
    if not (at_once and reading.urgency > rules.urgency_over):
        angry = max(reading.anger, _ANGRY) if said.sentiment is Sentiment.ANGRY else reading.anger
        mood = replace(reading, sentiment=said.sentiment, anger=angry, urgency=said.urgency)
    return replace(
        mood,
        issues=issues,
        triggers={**{t.kind: t.clause for t in said.triggers}, **reading.triggers},
        confidence=max((i.confidence for i in issues), default=0.0),
        language=_language(reading, said.language),
        model=said.model or reading.model,
    )


def _language(reading: Reading, said: str) -> str:
    """The model's word for what code cannot tell: too few words, or a language that it does not
    know."""
    sure = len(reading.text) >= _ENOUGH and said in KNOWN
    return reading.language if said == "und" or (sure and reading.language != "und") else said


def _asked_for(reading: Reading, quote: Quoted) -> bool:
    """Whether a quote is of what the customer asks for, not of an instruction to the agents."""
    said = set(re.findall(r"[^\W_]+", reading.text.lower()))
    words = re.findall(r"[^\W_]+", quote.clause.lower())
    return bool(words) and sum(word in said for word in words) >= 0.8 * len(words)
