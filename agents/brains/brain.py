"""What the engine asks of a brain other than the embedded one, role by role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.brains.protocol import Answer, Call, Model
from agents.connectors.protocols import Row
from agents.facts.case import Case
from agents.playbooks.evaluate import Finding
from agents.playbooks.model import Playbook
from agents.policy.model import Policy
from data.vocabulary import Sentiment


class SetAside(Exception):
    """What a model said, or did not say, cannot be used: the embedded brain's result stands."""

    def __init__(self, why: str, detail: str = "") -> None:
        """`why` quotes nobody and may be logged; `detail` may hold the model's words."""
        super().__init__(why)
        self.why, self.detail = why, detail


class Limits(Protocol):
    """What one run may take of a model."""

    @property
    def steps(self) -> int:
        """Calls."""
        ...

    @property
    def tokens(self) -> int:
        """Read and written."""
        ...

    @property
    def dollars(self) -> float:
        """US dollars."""
        ...

    @property
    def seconds(self) -> float:
        """Time spent in calls."""
        ...


class Veil(Protocol):
    """Hides personal data from a model behind placeholders that are stable within a ticket."""

    def hide(self, value: Any) -> Any:
        """A JSON value without personal data."""
        ...

    def restore(self, value: Any, also: frozenset[str] = frozenset()) -> Any:
        """A JSON value with the customer's name and address filled in again, and what is of a kind
        in `also`; every other placeholder becomes a neutral word."""
        ...


@dataclass(frozen=True)
class Desk:
    """What a role of a brain works with in one run: the recorded way to the model, and the veil."""

    ask: Callable[[str, Call], Answer]
    """The answer to a call under the name of its step. Raises SetAside where there is none for this
    run any more, and BadAnswer."""
    veil: Veil
    policy: Policy
    mark: str
    """What data of the ticket is delimited with; its customer cannot know it."""


@dataclass(frozen=True)
class Letter:
    """A message of the customer to be read."""

    subject: str
    body: str
    earlier: tuple[str, ...] = ()
    """The customer's messages before it."""
    awaited: str | None = None
    """The rule under which the customer was asked something before."""


@dataclass(frozen=True)
class Quoted:
    """A request, or a reason for a person, with the customer's words for it."""

    kind: str
    clause: str
    confidence: float = 1.0


@dataclass(frozen=True)
class Understood:
    """What a model says of a message, its quotes found in the message."""

    issues: tuple[Quoted, ...]
    triggers: tuple[Quoted, ...]
    sentiment: Sentiment
    urgency: float
    language: str
    model: str = ""


@dataclass(frozen=True)
class Matters:
    """One issue for a specialist: the case, its procedure, and how to read for it."""

    case: Case
    playbook: Playbook
    embedded: Finding
    """What the embedded brain found on the same evidence."""
    read: Callable[[str], list[Row]]
    """The rows of a read tool; NotAllowed if the role has not got it."""
    others: tuple[tuple[str, str], ...] = ()
    """(kind, words) of the ticket's other issues."""
    language: str = "en"
    may_refer: bool = True


@dataclass(frozen=True)
class Diagnosed:
    """What a model found about an issue, checked against what it read."""

    finding: Finding
    agrees: bool
    """Whether the procedure comes to the same rule and actions on the same evidence."""
    model: str = ""


@dataclass(frozen=True)
class Told:
    """What a reply or summary is written from."""

    facts: Mapping[str, Any]
    """What was found, done and not done, in plain values."""
    draft: str = ""
    """The same in the words of the templates; empty where they have none."""
    language: str = "en"
    hidden_ids: frozenset[str] = field(default_factory=frozenset)
    """References of records that a customer is not told."""
    done: frozenset[str] = field(default_factory=frozenset)
    """Names of the actions that were carried out."""


class Brain(Protocol):
    """A model in every role. Each method raises SetAside where the embedded result must stand."""

    name: str
    """As a run shows it, such as `llm:openai/gpt-4o-mini`."""
    model: Model
    limits: Limits

    def read(self, desk: Desk, step: str, letter: Letter) -> Understood:
        """Triage of one message."""
        ...

    def diagnose(self, desk: Desk, step: str, matter: Matters) -> Diagnosed:
        """A specialist's finding about one issue, after reading what it wants to."""
        ...

    def join(self, desk: Desk, step: str, issues: list[Row]) -> dict[int, int]:
        """Which issues are no matter of their own: position to that of the issue they belong to."""
        ...

    def reply(self, desk: Desk, step: str, told: Told) -> str:
        """The one answer to the customer."""
        ...

    def summarise(self, desk: Desk, step: str, told: Told) -> dict[str, list[str]]:
        """What the person who takes over must know: {needs, tried, missing, next}."""
        ...
