"""What a run of thinking comes to: the issues of a ticket and what was found about each."""

from dataclasses import dataclass, field
from typing import Any

from agents.connectors.protocols import Row
from agents.engine.identity import Identified
from agents.facts.case import Case
from agents.playbooks.evaluate import Finding
from agents.understanding.kinds import intent_of
from agents.understanding.reading import Reading
from data.vocabulary import AgentName, Intent, Sentiment


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
    case: Case | None = None
    """What the finding was made of."""
    procedure: Finding | None = None
    """What the playbook comes to on the same evidence, where a model found something else."""
    failed: str | None = None
    """The tool that kept failing, with what it said."""
    waits_for_identity: bool = False
    first_read_as: str | None = None
    """The kind that it was taken for before the records were known."""
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


def intents_of(matters: list[Matter]) -> list[Intent]:
    """The set of intents over the ticket's issues, in their order."""
    found = [
        m.finding.intent
        if m.finding
        else Intent(m.stored["intent"])
        if m.settled and m.stored
        else intent_of(m.kind)
        for m in matters
        if m.follows is None
    ]
    return list(dict.fromkeys(found)) or [Intent.ESCALATE]
