"""What is asked of a language model and what it answers, whoever serves it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from agents.errors import Refused, Retryable
from data.errors import HandrailError


class ModelUnavailable(Retryable):
    """The model cannot be reached or is overloaded, after retries and with every fallback."""

    answer: "Answer | None" = None
    """What attempts took that came to no whole answer, if they took anything."""
    why = ""
    """The same in a few words of ours, fit for a log; empty if nothing more is known."""


class ModelRefused(Refused):
    """The model's service said no for good: a wrong key, no such model, a request it forbids."""

    answer: "Answer | None" = None
    """What attempts took that came to no whole answer, if they took anything."""
    why = ""
    """The same in a few words of ours, fit for a log; empty if nothing more is known."""


class BadAnswer(HandrailError):
    """The model answered, but not in the form that was asked for; the call was charged."""

    def __init__(self, text: str, answer: "Answer | None" = None, why: str = "") -> None:
        """Say what was wrong with it; `answer` is what came, `why` says it in a few words of ours,
        fit for a log."""
        super().__init__(text)
        self.answer, self.why = answer, why


class Declined(BadAnswer):
    """The model refused to answer, or its provider filtered the answer; asked the same again, it
    would do so again."""


class LimitReached(HandrailError):
    """A run, or a batch, has used up its steps, tokens, money or time."""


@dataclass(frozen=True)
class ToolSpec:
    """A read tool as the model is told of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON schema of an object."""


@dataclass(frozen=True)
class ToolCall:
    """What the model wants to be read."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    """None if they were no JSON object."""
    raw: str = ""
    """The arguments as they came."""


@dataclass(frozen=True)
class Call:
    """One request to a model. Its texts hold no personal data: whoever builds it has hidden it."""

    role: str
    """The agent that asks (`AgentName`); a model may be set for each."""
    messages: tuple[dict[str, Any], ...]
    """In the chat-completions form."""
    schema: dict[str, Any] | None = None
    """The JSON schema that the answer must fit; None: free text."""
    schema_name: str = "answer"
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 1_000
    ticket: str = ""
    """The ticket that it is about, with which its answer is kept; empty: it is not kept."""


@dataclass(frozen=True)
class Answer:
    """What came back, and what it took."""

    text: str
    """The words, or the JSON text if a schema was given."""
    value: dict[str, Any] | None = None
    """The parsed object if a schema was given and no tool is called."""
    tool_calls: tuple[ToolCall, ...] = field(default=())
    finish: str = "stop"
    model: str = ""
    """The model that answered, which may be a fallback."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    """Millionths of a US dollar; 0 where the price is not known."""
    seconds: float = 0.0
    cached: bool = False
    """Whether it is the recorded answer to an identical call, which costs nothing."""


@runtime_checkable
class Hears(Protocol):
    """Hears words as they come, and that no more will."""

    def __call__(self, words: str) -> None:
        """The words that come next; an empty text says that they begin anew."""
        ...

    def done(self) -> None:
        """The answer is there, or will not come."""
        ...


class Model(Protocol):
    """Answers calls. Safe to use from several threads."""

    def ask(self, call: Call, told: Callable[[str], None] | None = None) -> Answer:
        """The answer; `told` hears the words as they come (an empty text: they begin anew), and,
        if it `Hears`, when there will be no more.

        Raises ModelUnavailable, ModelRefused, BadAnswer (a form that does not fit, an empty or cut
        answer; Declined for a refusal or a filter) or LimitReached.
        """
        ...

    def close(self) -> None:
        """Give back what serves it."""
        ...
