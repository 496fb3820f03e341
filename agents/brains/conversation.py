"""A role's conversation with a model: asked, checked, told once what was wrong, else set aside."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from agents.brains.brain import Desk, SetAside
from agents.brains.protocol import Answer, BadAnswer, Call, Declined, ToolCall, ToolSpec

T = TypeVar("T")
Schema = dict[str, Any]

TRIES = 2
"""How often a model may answer in a form, or with a content, that does not do."""


TURNS = 12
"""How often one role may ask for tools and answer about one thing."""


class Wrong(Exception):
    """Why an answer does not do."""

    def __init__(self, why: str, detail: str = "") -> None:
        """`why` quotes nobody; `detail` is what the model is told more."""
        super().__init__(why)
        self.why, self.detail = why, detail

    @property
    def told(self) -> str:
        """The whole of it, for the model."""
        return f"{self.why}: {self.detail}" if self.detail else self.why


def object_of(**properties: Schema) -> Schema:
    """The schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(items: Schema) -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": items}


def one_of(names: list[str], *, or_none: bool = False) -> Schema:
    """The schema of one of some words."""
    if or_none:
        return {"type": ["string", "null"], "enum": [*names, None]}
    return {"type": "string", "enum": names}


TEXT: Schema = {"type": "string"}
SHARE: Schema = {"type": "number"}


def marked(desk: Desk, title: str, value: Any) -> str:
    """Data of a ticket for a user message: veiled, as JSON, between marks that it cannot hold."""
    text = json.dumps(desk.veil.hide(value), ensure_ascii=False, indent=1, default=str)
    text = text.replace("<", "\\u003c")
    return f"<{title} {desk.mark}>\n{text}\n</{title} {desk.mark}>"


def decide(
    desk: Desk,
    role: str,
    step: str,
    *,
    instructions: str,
    data: str,
    check: Callable[[Answer], T],
    schema: Schema | None = None,
    schema_name: str = "answer",
    tools: tuple[ToolSpec, ...] = (),
    use: Callable[[ToolCall], str] | None = None,
    max_tokens: int = 1_500,
) -> T:
    """What `check` makes of the model's answer; `use` answers its calls of tools in between.

    Raises SetAside if the answer does not do twice, or none is to be had, as where it refuses.
    """
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": instructions},
        {"role": "user", "content": data},
    ]
    wrongs = 0
    for turn in range(1, TURNS + 1):
        call = Call(role, tuple(messages), schema, schema_name, tools, max_tokens)
        try:
            answer = desk.ask(f"{step}.{turn}", call)
            if answer.tool_calls and use is not None:
                messages += _used(answer, use)
                continue
            return check(answer)
        except Declined as problem:
            raise SetAside(problem.why, str(problem)) from None
        except BadAnswer as problem:
            why = problem.why or "its answer has not the form"
            wrong, words = Wrong(why, str(problem)), problem.answer
        except Wrong as problem:
            wrong, words = problem, answer
        wrongs += 1
        if wrongs == TRIES:
            raise SetAside(wrong.why, wrong.detail)
        if words is not None and words.text:
            messages.append({"role": "assistant", "content": words.text})
        messages.append(
            {"role": "user", "content": f"This does not do. {wrong.told}. Answer again, corrected."}
        )
    raise SetAside("it went on reading and came to no answer")


def _used(answer: Answer, use: Callable[[ToolCall], str]) -> list[dict[str, Any]]:
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.raw or json.dumps(call.arguments)},
        }
        for call in answer.tool_calls
    ]
    said = {"role": "assistant", "content": answer.text or None, "tool_calls": calls}
    results = [
        {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": use(call)}
        for call in answer.tool_calls
    ]
    return [said, *results]


def object_in(answer: Answer) -> dict[str, Any]:
    """The object that was answered; Wrong if there is none."""
    if not isinstance(answer.value, dict):
        raise Wrong("its answer is no object")
    return answer.value


def field(value: dict[str, Any], name: str, kind: type[T]) -> T:
    """A field of an answer; Wrong if it is not there or of another type."""
    found = value.get(name)
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        found = float(found)
    if not isinstance(found, kind) or (kind is not bool and isinstance(found, bool)):
        raise Wrong(f"its {name} is not what it must be")
    return found


def share(value: dict[str, Any], name: str) -> float:
    """A field between 0 and 1."""
    found = field(value, name, float)
    if not 0 <= found <= 1:
        raise Wrong(f"its {name} is not between 0 and 1", str(found))
    return round(found, 3)


def chosen(value: dict[str, Any], name: str, among: list[str]) -> str:
    """A field that is one of some words."""
    found = value.get(name)
    if found not in among:
        raise Wrong(f"its {name} is none of those there are", f"there are {', '.join(among)}")
    return str(found)


def objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A field that is a list of objects."""
    found = field(value, name, list)
    if not all(isinstance(each, dict) for each in found):
        raise Wrong(f"its {name} are not objects")
    return found


def texts(value: dict[str, Any], name: str) -> list[str]:
    """A field that is a list of texts."""
    found = field(value, name, list)
    if not all(isinstance(each, str) for each in found):
        raise Wrong(f"its {name} are not texts")
    return found
