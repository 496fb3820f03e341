"""What triage says of a message."""

from dataclasses import dataclass, field

from data.vocabulary import Sentiment


@dataclass(frozen=True)
class Found:
    """One thing that a message asks for."""

    kind: str
    confidence: float
    text: str
    """The clause that says so."""


@dataclass(frozen=True)
class Heard:
    """One clause, and how likely it asks for each family of requests."""

    text: str
    families: dict[str, float]
    kinds: dict[str, str]
    """Family to the kind within it that fits best."""


@dataclass(frozen=True)
class Own:
    """What a team's own model says of a message."""

    version: str
    routes: dict[str, float]
    """How likely it goes to each intent, the likeliest first."""
    issues: dict[str, float]
    """The likeliest of the team's own issues; none if it never named any."""
    beside: list[str]
    """Issues that single clauses of it are surely of."""
    strange: bool
    """Whether it is unlike the tickets that the model was fitted on."""


@dataclass(frozen=True)
class Reading:
    """What one message says."""

    issues: list[Found]
    triggers: dict[str, str]
    """Kind to the words that pulled it."""
    noise: str | None
    """The kind of noise that the whole message is, or None."""
    answers: dict[str, float]
    """Kind of answer to its probability."""
    instruction: bool
    """Whether it holds an instruction to the agents."""
    sentiment: Sentiment
    sentiment_score: float
    anger: float
    urgency: float
    confidence: float
    language: str
    wants_money: bool
    text: str
    """Its own words, plain."""
    model: str = ""
    heard: list[Heard] = field(default_factory=list)
    """Its clauses, without the subject and without instructions to agents."""
    routes: dict[str, float] = field(default_factory=dict)
    """How likely the whole of it goes to each intent in any company, or is `outside` of support."""
    own: Own | None = None
    """What the team's own model says of it, where there is one."""


@dataclass(frozen=True)
class TriageRow:
    """One row of batch triage."""

    intent: str
    issues: list[str]
    sentiment: str
    urgency: float
    confidence: float
    priority: str
    language: str
    escalate: bool
    reason: str
    at_once: bool = False
    """Whether the words leave no doubt that a person is needed, whoever reads them."""
