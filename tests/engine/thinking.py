"""Desks on which a scripted model thinks, and models that go astray in one role."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agents.brains.brain import Brain
from agents.brains.llm import llm_brain
from agents.brains.protocol import Answer, BadAnswer, Call, ToolCall
from tests.honest_model import Choice, HonestModel

Twist = Callable[[Call, Answer, int], Answer]
"""What becomes of an honest answer to the n-th call of a role (from 1); it may raise."""


class Twisted(HonestModel):
    """Honest but in the roles whose answers are twisted."""

    def __init__(self, **twists: Twist) -> None:
        """Twist by role."""
        super().__init__()
        self._twists = twists
        self.of: dict[str, list[Call]] = {}

    def ask(self, call: Call, told: Any = None) -> Answer:
        """The honest answer, twisted."""
        asked = self.of.setdefault(call.role, [])
        asked.append(call)
        answer = super().ask(call, told)
        twist = self._twists.get(call.role)
        return twist(call, answer, len(asked)) if twist else answer


def brain_of(model: HonestModel, **limits: Any) -> Brain:
    """The llm brain on a model, with limits of one's own."""
    return llm_brain(model, Choice(limits=replace(Choice.limits, **limits)))


def changed(**fields: Any) -> Twist:
    """The finding, or whatever the role answers, with other fields."""

    def twist(call: Call, answer: Answer, turn: int) -> Answer:
        if answer.value is None:
            return answer
        value = {**answer.value, **fields}
        return replace(answer, value=value, text=json.dumps(value))

    return twist


def says(text: str) -> Twist:
    """Other words."""
    return lambda call, answer, turn: replace(answer, text=text)


def raises(problem: Exception) -> Twist:
    """Never an answer."""

    def twist(call: Call, answer: Answer, turn: int) -> Answer:
        raise problem

    return twist


def garbled(times: int) -> Twist:
    """No JSON in the first answers that are none of a tool call."""
    left = [times]

    def twist(call: Call, answer: Answer, turn: int) -> Answer:
        if answer.value is None or not left[0]:
            return answer
        left[0] -= 1
        raise BadAnswer("is not JSON: {oops", replace(answer, text="{oops", value=None))

    return twist


def reads(*names: str) -> Twist:
    """Asks for these tools beside its own, the first time."""

    def twist(call: Call, answer: Answer, turn: int) -> Answer:
        if not answer.tool_calls:
            return answer
        more = tuple(ToolCall(f"x{n}", name, {}) for n, name in enumerate(names))
        return replace(answer, tool_calls=(*more, *answer.tool_calls))

    return twist


def refund(charge: str, amount: int, currency: str) -> dict[str, Any]:
    """A refund as a billing specialist's plan holds it."""
    names = ("subscription", "channel", "subject", "body", "at", "topic")
    arguments: dict[str, Any] = dict.fromkeys(names)
    arguments |= {"charge": charge, "amount": amount, "currency": currency}
    return {"action": "process_refund", "arguments": arguments, "reason": "They want it back."}
