"""A call in the words of a model's service, and its answer in ours."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from agents.brains.faults import FILTERED
from agents.brains.model_client import LONG
from agents.brains.protocol import Answer, BadAnswer, Call, Declined, ToolCall
from agents.intake.records import storable

_FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*)\n\s*```\s*$", re.DOTALL)
_FREE = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
"""The schema of a free answer where tools are offered by a schema."""

MOST_VALUES, DEEPEST, LARGEST_NUMBER = 1_000, 20, 2**53
"""Values in all lists and objects of an answer, how many of those lie within each other, and the
largest number; no answer that is asked for comes near."""

MOST_CALLS = 32
"""Tools that are called at once."""


def request_of(call: Call, *, tools_by_schema: bool, schema_in_words: bool) -> dict[str, Any]:
    """What is asked, in the chat-completions form, without the model."""
    messages = [dict(message) for message in call.messages]
    asked: dict[str, Any] = {"max_tokens": call.max_tokens}
    schema = call.schema
    if call.tools and tools_by_schema:
        schema = either_of(call)
        messages = _as_words(messages)
        _instruct(messages, _tools_in_words(call))
    elif call.tools:
        asked["tools"] = [{"type": "function", "function": vars(tool)} for tool in call.tools]
        if schema is not None:
            # A service may take a format for one that forbids its tools.
            schema_in_words = True
    if schema is not None and schema_in_words:
        told = json.dumps(schema, ensure_ascii=False)
        _instruct(
            messages, f"The answer is one JSON object, alone, that fits this JSON schema: {told}"
        )
    elif schema is not None:
        asked["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": call.schema_name,
                "schema": schema,
                "strict": is_strict(schema),
            },
        }
    return {**asked, "messages": messages}


def either_of(call: Call) -> dict[str, Any]:
    """The schema of an answer that is the call of one tool, or the final answer."""
    forms = [
        {
            "type": "object",
            "properties": {"tool": {"const": tool.name}, "arguments": tool.parameters},
            "required": ["tool", "arguments"],
            "additionalProperties": False,
        }
        for tool in call.tools
    ]
    return {"anyOf": [*forms, call.schema or _FREE]}


def is_strict(schema: Any) -> bool:
    """Whether a service's strict mode takes the schema: each object closed, each field required."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if "properties" in schema and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema["properties"])
    ):
        return False
    return all(is_strict(part) for part in schema.values())


def _tools_in_words(call: Call) -> str:
    told = "\n".join(
        f"- {tool.name}: {tool.description} Arguments: {json.dumps(tool.parameters)}"
        for tool in call.tools
    )
    final = "the final answer" if call.schema else 'the final answer as {"text": …}'
    return (
        "You can read by these tools, one at a time:\n"
        f"{told}\n"
        'Answer with one JSON object: {"tool": NAME, "arguments": {…}} to read, '
        f"or {final} when you have read enough."
    )


def _as_words(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Earlier tool calls and what they gave, for a model that knows no such messages."""
    told, names = [], {}
    for message in messages:
        if message.get("tool_calls"):
            for each in message["tool_calls"]:
                name, given = each["function"]["name"], each["function"]["arguments"]
                names[each.get("id")] = name
                said = f'{{"tool": {json.dumps(name)}, "arguments": {given}}}'
                told.append({"role": "assistant", "content": said})
        elif message.get("role") == "tool":
            name = names.get(message.get("tool_call_id"), "the tool")
            told.append({"role": "user", "content": f"{name} gave:\n{message['content']}"})
        else:
            told.append(message)
    return told


def _instruct(messages: list[dict[str, Any]], words: str) -> None:
    """Add to what the system says, in place."""
    if messages and messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{words}"
    else:
        messages.insert(0, {"role": "system", "content": words})


def answer_from(
    call: Call, told: Mapping[str, Any], answer: Answer, *, tools_by_schema: bool
) -> Answer:
    """The answer that the client's plain data `told` holds; `answer` has what it took.

    BadAnswer if it has not the form that was asked for; it names the field.
    """

    def bad(text: str, why: str = "") -> BadAnswer:
        return BadAnswer(f"{answer.model}: {text}", answer, why)

    def declined(text: str) -> Declined:
        return Declined(f"{answer.model}: {text}", answer, text)

    if answer.finish == "content_filter":
        raise declined(f"the answer was {FILTERED}")
    if told.get("refusal") or answer.finish == "refusal":
        raise declined("the model refused to answer")
    if answer.finish == LONG:
        raise bad(f"the answer went on beyond {call.max_tokens} tokens and was given up")
    if answer.finish == "length":
        raise bad(f"the answer was cut off at {call.max_tokens} tokens")
    if calls := told.get("tool_calls"):
        if len(calls) > MOST_CALLS:
            raise bad(f"calls more than {MOST_CALLS} tools at once")
        answer = replace(answer, tool_calls=tuple(map(_tool_call, calls)))
    elif not answer.text.strip():
        raise bad("the answer is empty")
    elif call.schema is not None or (call.tools and tools_by_schema):
        try:
            value = _object(answer.text)
        except ValueError as fault:
            raise bad(f"the answer is no JSON object that will do: {fault}") from None
        if tools_by_schema and call.tools and _is_call(value, call.schema):
            arguments = json.dumps(value.get("arguments"), ensure_ascii=False)
            made = {"id": "call_0", "name": str(value["tool"]), "arguments": arguments}
            answer = replace(answer, tool_calls=(_tool_call(made),))
        elif problem := misfit(value, call.schema or _FREE):
            raise bad(problem)
        elif call.schema is None:
            answer = replace(answer, text=value["text"])
        else:
            answer = replace(answer, value=value)
    offered = [tool.name for tool in call.tools]
    for each in answer.tool_calls:
        if each.name not in offered:
            named = repr(each.name) if re.fullmatch(r"[\w.-]{1,60}", each.name) else "of no name"
            raise bad(
                f"calls a tool {each.name[:60]!r}; there are {', '.join(offered) or 'none'}",
                f"it calls a tool {named}, which is not there",
            )
    return answer


def _object(text: str) -> dict[str, Any]:
    """The JSON object that a text is, in a fence or not; ValueError if it is none, or one that
    cannot be kept."""
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"it is a {type(value).__name__}")
    _check_sound(value)
    return value


def _check_sound(value: dict[str, Any]) -> None:
    """ValueError for what no form forbids and no database, file or sum takes."""
    level: list[Any] = [value]
    values = depth = 0
    while level:
        values, depth = values + len(level), depth + 1
        if values > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                below += each
            elif isinstance(each, str) and storable(each) != each:
                raise ValueError("a text in it holds a character that is none")
            elif isinstance(each, int | float) and not abs(each) <= LARGEST_NUMBER:
                raise ValueError("a number in it is too large")
        level = below


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _is_call(value: dict[str, Any], schema: dict[str, Any] | None) -> bool:
    return "tool" in value and "tool" not in (schema or {}).get("properties", {})


def _tool_call(told: Mapping[str, Any]) -> ToolCall:
    raw = storable(told["arguments"])
    try:
        arguments = _object(raw or "{}")
    except ValueError:
        arguments = None
    return ToolCall(storable(told["id"]), storable(told["name"]), arguments, raw)


def misfit(value: Any, schema: dict[str, Any]) -> str | None:
    """What of `value` does not fit the schema, with the field's name; None if all fits.

    Quotes nothing of the value.
    """
    # A quarter of a second to import.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return None
    where = error.json_path.removeprefix("$").removeprefix(".") or "the answer"
    rule, wanted = str(error.validator), error.validator_value
    if rule == "required":
        return f"{where}: {', '.join(n for n in wanted if n not in error.instance)} is missing"
    if rule == "enum":
        return f"{where}: is none of {', '.join(map(str, wanted))}"
    if rule == "additionalProperties":
        return f"{where}: has a field that is not asked for"
    if rule == "type":
        return f"{where}: is no {wanted}"
    if rule in ("anyOf", "oneOf"):
        return f"{where}: fits none of the forms"
    return f"{where}: {rule} {wanted} is not kept"
