"""A second look by a language model, where one is set: it may lower a score, or fill a gap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import data
from agents.actions.views import view_of
from agents.brains.protocol import Call, Model
from agents.quality.dossier import Dossier
from agents.quality.found import Check
from agents.understanding.secrets import mask_secrets
from agents.understanding.visible import visible
from data.names import parts_of
from data.redaction import mask, mask_text
from data.vocabulary import AgentName, Author, QualityName

PROMPT = Path(data.__file__).parent / "prompts" / "quality.md"
_LONGEST = 4_000
"""Characters of one message that the model sees."""

_REASON = 300

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        name.value: {
            "type": "object",
            "properties": {
                "score": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
                "reason": {"type": "string"},
            },
            "required": ["score", "reason"],
            "additionalProperties": False,
        }
        for name in QualityName
    },
    "required": [name.value for name in QualityName],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Opinion:
    """What a judge says of a ticket."""

    checks: tuple[Check, ...]
    judge: str
    """The model that said so."""
    cost_micros: int = 0


class Judge(Protocol):
    """Looks at a ticket after the rules have."""

    def look(self, dossier: Dossier, found: Sequence[Check]) -> Opinion:
        """Its own scores. HandrailError (see `Model.ask`) where it cannot tell."""
        ...


class ModelJudge:
    """A judge that asks a language model, with redacted text only."""

    def __init__(self, model: Model, prompt: str | None = None) -> None:
        """Ask `model` by `prompt`; None: the packaged one."""
        self._model, self._prompt = model, prompt or packaged_prompt()

    def look(self, dossier: Dossier, found: Sequence[Check]) -> Opinion:
        """The model's scores; what it leaves out or gives as null is no data."""
        call = Call(
            role=AgentName.COORDINATOR.value,
            messages=(
                {"role": "system", "content": self._prompt},
                {"role": "user", "content": told(dossier, found)},
            ),
            schema=SCHEMA,
            schema_name="quality",
        )
        answer = self._model.ask(call)
        given = answer.value or {}
        checks = [_check(name, given.get(name.value), answer.model) for name in QualityName]
        return Opinion(tuple(c for c in checks if c is not None), answer.model, answer.cost_micros)


@cache
def packaged_prompt() -> str:
    """The prompt that comes with the program."""
    return PROMPT.read_text("utf-8")


def _check(name: QualityName, given: Any, model: str) -> Check | None:
    if not isinstance(given, dict) or not isinstance(given.get("score"), int | float):
        return None
    score = min(max(float(given["score"]), 0.0), 1.0)
    reason = " ".join(visible(str(given.get("reason") or "")).split())[:_REASON]
    return Check(name, round(score, 3), reason or "The model gives no reason.", (), model)


def told(dossier: Dossier, found: Sequence[Check]) -> str:
    """The ticket as the model sees it: no names, addresses, numbers or secrets."""
    names = parts_of(dossier.ticket["customer_name"])

    def hidden(text: str) -> str:
        return mask_text(mask_secrets(visible(text))[:_LONGEST], names, alone=True)

    lines = [f"Ended: {dossier.ticket['status']}", "", "# Said"]
    for message in dossier.messages:
        if message["author"] != Author.NOTE:
            lines += [f"[{message['author']}] {hidden(message['body'])}", ""]
    lines.append("# Actions")
    for action in dossier.actions:
        shown = mask(view_of(action["executed_arguments"] or action["arguments"]), names)
        lines.append(f"- {action['name']} {shown}: {action['state']}")
    lines += ["", "# Issues"]
    lines += [f"- {i['kind']}: {i['state']}, rule {i['rule']}" for i in dossier.issues]
    lines += ["", "# What rules found"]
    lines += [f"- {c.name}: {c.score} {hidden(c.reason)}" for c in found]
    return "\n".join(lines)


def joined(by_rule: Sequence[Check], by_model: Sequence[Check]) -> list[Check]:
    """The lower score of each: a model finds faults, and washes none away.

    Where rules have no data, the model's word stands.
    """
    opinions = {check.name: check for check in by_model}
    return [_lower(check, opinions.get(check.name)) for check in by_rule]


def _lower(ruled: Check, opinion: Check | None) -> Check:
    if opinion is None or opinion.score is None:
        return ruled
    if ruled.score is None or opinion.score < ruled.score:
        return replace(opinion, events=ruled.events)
    return ruled
