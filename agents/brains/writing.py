"""What a model writes: the answer to the customer, the summary for the person who takes over."""

import json
import re
from collections.abc import Mapping
from typing import Any

from agents.brains.brain import Desk, Told
from agents.brains.claims import unfounded
from agents.brains.conversation import (
    TEXT,
    Wrong,
    decide,
    list_of,
    marked,
    object_in,
    object_of,
    texts,
)
from agents.brains.protocol import Answer
from agents.understanding.secrets import MASK
from agents.understanding.visible import visible
from data.vocabulary import AgentName

_SHORTEST, _LONGEST = 20, 4_000
_GIVEN_BACK = frozenset({"email", "phone", "name", "person"})
"""Kinds of personal data that the words may hold, where the facts hold them."""
PARTS = ("needs", "tried", "missing", "next")
SUMMARY = object_of(**{part: list_of(TEXT) for part in PARTS})
_MOST_LINES, _LONGEST_LINE = 12, 600


def write_reply(desk: Desk, step: str, told: Told, instructions: str) -> str:
    """The answer, once nothing in it goes beyond the facts."""
    facts = _flat(told.facts) + "\n" + told.draft

    def check(answer: Answer) -> str:
        body = _bare(desk.veil.restore(visible(answer.text), _GIVEN_BACK))
        if not _SHORTEST <= len(body) <= _LONGEST:
            raise Wrong(f"it is not {_SHORTEST} to {_LONGEST} characters long")
        if desk.mark in body or MASK in body:
            raise Wrong("it holds marks, or placeholders that nobody may fill in")
        why = unfounded(body, facts, told.done, told.hidden_ids)
        if why is not None:
            raise Wrong(why)
        return body

    data = {"facts": told.facts, "draft": told.draft, "language": told.language}
    return decide(
        desk,
        AgentName.RESOLUTION.value,
        step,
        instructions=instructions,
        data=marked(desk, "facts", data),
        check=check,
    )


def write_summary(desk: Desk, step: str, told: Told, instructions: str) -> dict[str, list[str]]:
    """The summary, its lines short and its figures among the facts."""
    facts = _flat(told.facts)

    def check(answer: Answer) -> dict[str, list[str]]:
        value = object_in(answer)
        found: dict[str, list[str]] = {}
        for part in PARTS:
            lines = texts(value, part)
            lines = [visible(desk.veil.restore(line, _GIVEN_BACK)).strip() for line in lines]
            found[part] = [line for line in lines if line]
            if told.facts.get(part) and not found[part]:
                raise Wrong(f"it leaves out all that is said of {part}")
            if len(found[part]) > _MOST_LINES or any(len(x) > _LONGEST_LINE for x in found[part]):
                raise Wrong(f"its {part} are too long")
        if not found["needs"] or not found["next"]:
            raise Wrong("it lacks what the customer needs, or what to do next")
        why = unfounded("\n".join(line for part in PARTS for line in found[part]), facts, (), ())
        if why is not None:
            raise Wrong(why)
        return found

    return decide(
        desk,
        AgentName.ESCALATION.value,
        step,
        instructions=instructions,
        data=marked(desk, "facts", told.facts),
        schema=SUMMARY,
        schema_name="summary",
        check=check,
    )


def _flat(facts: Mapping[str, Any]) -> str:
    """Every text and number of the facts, a line each."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            for each in value.values():
                walk(each)
        elif isinstance(value, list | tuple):
            for each in value:
                walk(each)
        elif value is not None and not isinstance(value, bool):
            found.append(str(value))

    walk(json.loads(json.dumps(facts, default=str)))
    return "\n".join(found)


def _bare(text: str) -> str:
    """The words alone, without a fence or a subject line around them."""
    text = re.sub(r"^\s*```\w*\n(.*?)\n?```\s*$", r"\1", text, flags=re.DOTALL)
    return re.sub(r"\A\s*(?:subject|betreff)\s*:[^\n]*\n+", "", text, flags=re.IGNORECASE).strip()
