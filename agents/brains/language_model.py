"""A language model behind its process: tried again where that helps, its answers checked."""

import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from agents.brains.choice import ModelChoice, Served
from agents.brains.client import ClientGone, ModelProcess
from agents.brains.environment import cleaned, variables_of
from agents.brains.faults import CUT, Asked, delay, error_of, passes
from agents.brains.protocol import (
    Answer,
    BadAnswer,
    Call,
    Hears,
    ModelRefused,
    ModelUnavailable,
)
from agents.brains.shaping import answer_from, request_of
from agents.intake.records import storable

MICROS = 1_000_000
"""In a US dollar."""

_FORMATS = frozenset({"openai", "azure", "hosted_vllm", "lm_studio", "llamafile", "litellm_proxy"})
"""Providers whose servers take a response_format, whatever the model's name says."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class About:
    """What is known of a model without asking it."""

    tools: bool
    """Whether it has tool calls of its own."""
    schema: bool
    """Whether it takes a schema as response_format."""
    dollars_in: float
    dollars_out: float
    """For a token; 0 where no price is known."""


@dataclass(frozen=True)
class Patience:
    """Time and chance, passed in."""

    sleep: Callable[[float], object] = field(default=time.sleep)
    chance: Callable[[], float] = field(default=random.random)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


class LanguageModel:
    """Answers calls by the models of a choice; safe to use from several threads.

    Nothing is started before the first call.
    """

    def __init__(
        self,
        choice: ModelChoice,
        environment: Mapping[str, str] = os.environ,
        patience: Patience | None = None,
        process: ModelProcess | None = None,
    ) -> None:
        """Keys are taken from `environment` or the keyring when the process starts."""
        self.choice = choice
        self._environment = cache(partial(cleaned, choice.models, choice.key_variable, environment))
        self._process = process or ModelProcess(self._environment)
        self._closed = threading.Event()
        self._patience = patience or Patience(sleep=self._closed.wait)
        self._at_once = threading.BoundedSemaphore(choice.concurrency)
        self._about: dict[str, About] = {}

    def ask(self, call: Call, told: Callable[[str], None] | None = None) -> Answer:
        """See `Model.ask`."""
        try:
            return self._ask_in_order(call, told)
        finally:
            if isinstance(told, Hears):
                told.done()

    def _ask_in_order(self, call: Call, told: Callable[[str], None] | None) -> Answer:
        problems: list[ModelUnavailable | ModelRefused] = []
        took: Answer | None = None
        asked = self.choice.in_order(call.role)
        for served in asked:
            try:
                return self.ask_one(served, call, told, took)
            except (ModelUnavailable, ModelRefused) as problem:
                took = problem.answer or took
                problems.append(problem)
                if len(problems) < len(asked):
                    log.warning("%s; the next model is asked", problem)
        text = "; ".join(map(str, problems))
        gone = any(isinstance(problem, ModelUnavailable) for problem in problems)
        last = ModelUnavailable(text) if gone else ModelRefused(text)
        last.answer, last.why = took, "; ".join(dict.fromkeys(p.why for p in problems if p.why))
        raise last

    def about(self, served: Served) -> About:
        """What is known of a model; ModelRefused if no provider is known by its name."""
        known = self._about.get(served.model)
        if known is None:
            reply = self._request({"op": "about", "model": served.model}, served)
            if fault := reply.get("fault"):
                raise ModelRefused(
                    f"{fault['text']}; write PROVIDER/MODEL, such as openai/gpt-4o-mini"
                )
            told = reply["answer"]
            names = ("tools", "schema", "dollars_in", "dollars_out")
            known = self._about[served.model] = About(*(told[name] for name in names))
        return known

    def tokens(self, call: Call) -> int:
        """How many tokens the call's messages are, about."""
        served = self.choice.in_order(call.role)[0]
        message = {"op": "about", "model": served.model, "messages": list(call.messages)}
        return int(self._request(message, served).get("answer", {}).get("tokens", 0))

    def close(self) -> None:
        """End the model's process; nobody waits to ask again."""
        self._closed.set()
        self._process.close()

    def ask_one(
        self,
        served: Served,
        call: Call,
        told: Callable[[str], None] | None = None,
        before: Answer | None = None,
    ) -> Answer:
        """The answer of one model, with no other in its place; raises as `ask` does.

        What models asked `before` took is counted with it.
        """
        about = self.about(served)
        tools_by_schema = self.choice.tools == "schema" or (
            self.choice.tools == "auto" and not about.tools
        )
        schema_in_words = self.choice.answers == "prompt" or (
            self.choice.answers == "auto" and not about.schema and served.provider not in _FORMATS
        )
        request = request_of(
            call, tools_by_schema=tools_by_schema, schema_in_words=schema_in_words
        ) | {"model": served.model, "temperature": self.choice.temperature}
        if served.api_base:
            request["api_base"] = served.api_base
        if not self._asked(served).has_key and served.api_base:
            request["api_key"] = "none"  # a server of one's own that asks for none
        elif self.choice.key_variable:
            request["key_variable"] = self.choice.key_variable
        message = {"op": "ask", "stream": told is not None, "request": request}
        took = replace(before or Answer(""), text="", model=served.model)
        fault: dict[str, Any] = {}
        for attempt in range(self.choice.retries + 1):
            if attempt and told is not None:
                told("")
            try:
                with self._at_once:
                    reply = self._request(message, served, told)
            except ModelUnavailable as problem:
                problem.answer = took if took.tokens_in else None
                raise
            fault = reply.get("fault") or {"kind": CUT, "text": "", "status": None}
            if "answer" in reply:
                took = _added(took, reply["answer"])
                if reply["answer"]["finish"] != "cut":
                    return answer_from(call, reply["answer"], took, tools_by_schema=tools_by_schema)
            wait = self._wait(attempt, fault)
            if math.isinf(wait):
                break
            self._patience.sleep(wait)
        if fault["kind"] == CUT:
            raise BadAnswer(f"{served.model}: the answer was cut off on its way", took)
        error = error_of(fault, self._asked(served))
        error.answer = took if took.tokens_in else None
        raise error

    def _wait(self, attempt: int, fault: Mapping[str, Any]) -> float:
        if attempt >= self.choice.retries or not passes(fault):
            return math.inf
        return delay(attempt, fault, self._patience.now(), self._patience.chance())

    def _request(
        self, message: dict[str, Any], served: Served, told: Callable[[str], None] | None = None
    ) -> dict[str, Any]:
        try:
            return self._process.request(message, self.choice.timeout, told)
        except ClientGone as problem:
            raise ModelUnavailable(f"{served.model}: {problem}, twice") from None

    def _asked(self, served: Served) -> Asked:
        variable = self.choice.key_variable or (variables_of(served.model) or ("",))[0]
        has_key = variable in self._environment()
        return Asked(served.model, variable, has_key, served.api_base)


def _added(before: Answer, told: Mapping[str, Any]) -> Answer:
    """What the service told, with what attempts before it took."""
    return replace(
        before,
        text=storable(told["text"]),
        finish=told["finish"],
        tokens_in=before.tokens_in + told["tokens_in"],
        tokens_out=before.tokens_out + told["tokens_out"],
        cost_micros=before.cost_micros + round(told["dollars"] * MICROS),
        seconds=before.seconds + told["seconds"],
    )
