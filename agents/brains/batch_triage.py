"""Batch triage by a language model: rows side by side, within a budget, the embedded one beside."""

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import data
from agents.brains.protocol import (
    Answer,
    BadAnswer,
    Call,
    Declined,
    LimitReached,
    Model,
    ModelRefused,
    ModelUnavailable,
)
from agents.intake.batch import Classify, Stopped, Triaged
from agents.intake.people import person_in
from agents.intake.records import Incoming
from agents.privacy.presidio import free_names
from agents.privacy.veil import Veil
from agents.understanding.visible import visible
from data.vocabulary import AgentName, Intent, Priority, Sentiment

PROMPT = Path(data.__file__).parent / "prompts" / "triage_batch.md"

MOST_TOKENS = 300
"""Of an answer."""

LIKELY_TOKENS = 90
"""Of an answer, where its cost is to be told beforehand."""

TRIES = 2
"""How often the model may answer about one row."""

UNSURE_UNDER = 0.5

AWAY = 3
"""Rows in a row that find no model, at least as many as are asked at a time: then no other is."""

_MISFIT = "the model's answer did not fit"

LISTEN_SECONDS = 0.2
"""How long rows are waited for at a time."""

LAST_SECONDS = 5.0
"""After ctrl+c, how long calls that are under way are waited for; another ctrl+c leaves them."""

_URGENCY = {Priority.LOW: 0.1, Priority.NORMAL: 0.4, Priority.HIGH: 0.7, Priority.URGENT: 0.95}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": [intent.value for intent in Intent]},
        "issues": {"type": "array", "items": {"type": "string"}},
        "sentiment": {"type": "string", "enum": [mood.value for mood in Sentiment]},
        "priority": {"type": "string", "enum": [level.value for level in Priority]},
        "confidence": {"type": "number"},
        "escalate": {"type": "boolean"},
        "reason": {"type": "string"},
    },
    "required": [
        "intent", "issues", "sentiment", "priority", "confidence", "escalate", "reason",
    ],
    "additionalProperties": False,
}  # fmt: skip


@dataclass(frozen=True)
class ModelRow:
    """One row of batch triage, and what it took."""

    intent: str
    issues: list[str]
    sentiment: str
    urgency: float
    confidence: float
    priority: str
    language: str
    escalate: bool
    reason: str
    by_model: bool
    cost_micros: int = 0
    at_once: bool = False
    why: str = ""
    """Why the embedded triage stands in, where it does."""


@dataclass
class _Outcome:
    """What became of one row, and what its calls took."""

    row: ModelRow | None = None
    away: ModelUnavailable | None = None
    """Why the model could not be reached."""
    cost_micros: int = 0


@cache
def instructions() -> str:
    """What a model is told of the task."""
    return PROMPT.read_text(encoding="utf-8")


def call_for(record: Incoming) -> Call:
    """The call about one record, without personal data."""
    mark = secrets.token_hex(6)
    person = person_in(record.labels)
    veil = Veil(secrets.token_hex(8), person, sender=record.email, names_in=free_names())
    told = veil.hide({"subject": record.subject or "", "message": record.body or ""})
    # Nothing in the message can close the mark.
    text = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    messages = (
        {"role": "system", "content": instructions()},
        {"role": "user", "content": f"<message {mark}>\n{text}\n</message {mark}>"},
    )
    return Call(AgentName.TRIAGE.value, messages, SCHEMA, "triage", max_tokens=MOST_TOKENS)


class Pace:
    """Keeps calls and tokens below what a service takes in a minute; None: no limit."""

    def __init__(
        self,
        calls: int | None = None,
        tokens: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Nothing was asked yet."""
        self._ended = threading.Event()
        self._calls, self._tokens, self._clock = calls, tokens, clock
        self._sleep = sleep or self._ended.wait
        self._lock = threading.Lock()
        self._last: deque[list[float]] = deque()
        """When each call of the last minute began, and the tokens that it took."""

    def begin(self, likely: int) -> Callable[[int], None]:
        """Wait until a call of so many tokens may be made; tell what is given back what it took."""
        while True:
            with self._lock:
                wait = self._wait(likely)
                if wait <= 0 or self._ended.is_set():
                    made = [self._clock(), float(likely)]
                    self._last.append(made)
                    break
            self._sleep(wait)

        def took(tokens: int) -> None:
            with self._lock:
                made[1] = tokens

        return took

    def end(self) -> None:
        """Let nobody wait any more."""
        self._ended.set()

    def _wait(self, likely: int) -> float:
        now = self._clock()
        while self._last and self._last[0][0] <= now - 60:
            self._last.popleft()
        full = self._calls is not None and len(self._last) >= self._calls
        spent = sum(tokens for _, tokens in self._last)
        # One that is too large for a whole minute goes when nothing else does.
        if self._tokens is not None and self._last and spent + likely > self._tokens:
            full = True
        return self._last[0][0] + 60 - now if full else 0.0


class ModelTriage:
    """Classifies records by a model, in order; what it cannot do, the embedded triage does."""

    def __init__(
        self,
        model: Model,
        embedded: Classify,
        *,
        jobs: int,
        pace: Pace | None = None,
    ) -> None:
        """Ask `model`, which raises LimitReached where the budget ends, `jobs` rows at a time."""
        self._model, self._embedded = model, embedded
        self._jobs, self._pace = jobs, pace or Pace()
        self._ended: BaseException | None = None
        """What no row after it is asked for."""
        self._missed, self._answered = 0, False
        """Rows in a row that found no model, and whether any did find it."""

    def __call__(self, batch: list[Incoming]) -> Sequence[Triaged]:
        """A row for each record.

        Raises Stopped, with the rows before it, where the budget ends, the model refuses for good
        or is away (then after the last row that it answered), and on ctrl+c.
        """
        beside = self._embedded(batch)
        outcomes = self._ask_all(batch, beside)
        # Rows are begun in order, so what was not asked is at the end.
        found = list(takewhile(lambda one: one.row is not None or one.away is not None, outcomes))
        gone = [one.away for one in found if one.away is not None]
        if len(gone) == len(batch) and not self._answered and self._ended is None:
            self._ended = gone[0]
        if isinstance(self._ended, ModelUnavailable):
            while found and found[-1].away is not None:
                found.pop()
        done = [
            one.row or stood_in(row, _away(one.away), one.cost_micros)
            for one, row in zip(found, beside, strict=False)
        ]
        if len(done) < len(batch):
            assert self._ended is not None
            lost = sum(one.cost_micros for one in outcomes[len(done) :])
            raise Stopped(self._ended, done, lost)
        return done

    def _ask_all(self, batch: list[Incoming], beside: Sequence[Triaged]) -> list[_Outcome]:
        """What became of each row; nothing of one before which ctrl+c came."""
        pool, asked = ThreadPoolExecutor(self._jobs), list[Future[_Outcome]]()
        try:
            for record, row in zip(batch, beside, strict=True):
                asked.append(pool.submit(self._row, record, row))
            # A ctrl+c that falls just before a wait would be heard only at its end.
            while wait(asked, LISTEN_SECONDS).not_done:
                pass
        except KeyboardInterrupt as stop:
            self._ended = stop
            self._pace.end()
            pool.shutdown(wait=False, cancel_futures=True)
            with suppress(KeyboardInterrupt):
                wait([one for one in asked if not one.cancelled()], LAST_SECONDS)
        pool.shutdown(wait=False)
        return [one.result() if one.done() and not one.cancelled() else _Outcome() for one in asked]

    def _row(self, record: Incoming, beside: Triaged) -> _Outcome:
        """What became of one row; neither a row nor a fault if it is not to be asked."""
        call, outcome, why, declined = call_for(record), _Outcome(), "", False
        likely = sum(len(message["content"]) for message in call.messages) // 4 + LIKELY_TOKENS
        for _ in range(TRIES):
            took = self._pace.begin(likely)
            if self._ended is not None:
                return outcome
            try:
                answer = self._model.ask(call)
            except BadAnswer as problem:
                answer, why = problem.answer or Answer(""), problem.why or _MISFIT
                declined = isinstance(problem, Declined)
            except (LimitReached, ModelRefused, ModelUnavailable) as problem:
                spent: Answer | None = getattr(problem, "answer", None)
                outcome.cost_micros += spent.cost_micros if spent else 0
                if isinstance(problem, ModelUnavailable):
                    self._missed += 1
                    outcome.away = problem
                if outcome.away is None or self._missed >= max(AWAY, self._jobs):
                    self._ended = problem
                return outcome
            else:
                why = wrong_with(answer.value or {})
            self._missed, self._answered = 0, True
            took(answer.tokens_in + answer.tokens_out)
            outcome.cost_micros += answer.cost_micros
            if declined:
                break
            if not why:
                outcome.row = row_from(answer.value or {}, beside, outcome.cost_micros)
                return outcome
        outcome.row = stood_in(beside, why, outcome.cost_micros)
        return outcome


def _away(problem: ModelUnavailable | None) -> str:
    return (problem and problem.why) or "the model could not be reached"


def wrong_with(value: dict[str, Any]) -> str:
    """What of an answer cannot be used although it has the form; empty if all can."""
    return "" if 0 <= value["confidence"] <= 1 else "the model's confidence was no share"


def row_from(value: dict[str, Any], beside: Triaged, cost_micros: int) -> ModelRow:
    """The row that a model's answer makes, its words as they can be seen.

    The language is recognised without it, and what the embedded triage sends to a person at once
    goes to one, whatever the model says.
    """
    reason, unsure = shown_words(value["reason"], " ")[:200], value["confidence"] < UNSURE_UNDER
    escalate = value["escalate"] or unsure or value["intent"] == Intent.ESCALATE
    if escalate and not reason:
        reason = "confidence is low" if unsure else "the model sends it to a person"
    priority, urgency = Priority(value["priority"]), _URGENCY[Priority(value["priority"])]
    sentiment = value["sentiment"]
    if beside.at_once:
        reason = f"{beside.reason}; {reason}" if escalate else beside.reason
        escalate, sentiment = True, str(beside.sentiment)
        priority = max(priority, Priority(str(beside.priority)), key=lambda p: _URGENCY[p])
        urgency = max(urgency, beside.urgency)
    names = [shown_words(issue.lower(), "_")[:60] for issue in value["issues"][:10]]
    return ModelRow(
        intent=value["intent"],
        issues=[name for name in names if name],
        sentiment=sentiment,
        urgency=urgency,
        confidence=float(value["confidence"]),
        priority=priority.value,
        language=str(beside.language),
        escalate=escalate,
        reason=reason if escalate else "",
        by_model=True,
        cost_micros=cost_micros,
        at_once=beside.at_once,
    )


def shown_words(text: str, joined: str) -> str:
    """The words of a text as a person sees them, on one line; no table takes them for a formula or,
    where a space does not join them, for several entries."""
    seen = visible(text) if joined == " " else visible(text).replace(";", " ")
    return joined.join(seen.split()).lstrip("=+-@ _")


def stood_in(beside: Triaged, why: str, cost_micros: int = 0) -> ModelRow:
    """The embedded triage's row, which says why it stands there."""
    told = f"by the embedded triage, as {why}"
    return ModelRow(
        str(beside.intent), list(beside.issues), str(beside.sentiment), beside.urgency,
        beside.confidence, str(beside.priority), str(beside.language), beside.escalate,
        f"{beside.reason}; {told}" if beside.reason else told, by_model=False,
        cost_micros=cost_micros, why=why,
    )  # fmt: skip
