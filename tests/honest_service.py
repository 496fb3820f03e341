"""The honest model behind the chat-completions interface, as a service would ask it."""

import json
import re
from typing import Any

from agents.brains.protocol import Call, ToolSpec
from tests.honest_model import HonestModel
from tests.scripted_model import Asked, Reply

_ROLES = {
    "You read what customers write": "triage",
    "You coordinate the specialists": "coordinator",
    "You write the one answer": "resolution",
    "You hand a ticket": "escalation",
}
_TOOL = re.compile(r"You are the (\w+) specialist")


def call_of(asked: Asked) -> Call:
    """What the request asks, read from its messages alone."""
    messages = [dict(message) for message in asked["messages"]]
    instructions = messages[0]["content"]
    specialist = _TOOL.match(instructions)
    role = specialist[1] if specialist else next(r for w, r in _ROLES.items() if w in instructions)
    names = {
        each["id"]: each["function"]["name"]
        for message in messages
        for each in message.get("tool_calls") or []
    }
    for message in messages:
        if message["role"] == "tool":
            message["name"] = names[message["tool_call_id"]]
    tools = tuple(
        ToolSpec(t["function"]["name"], t["function"]["description"], t["function"]["parameters"])
        for t in asked.get("tools") or []
    )
    return Call(role, tuple(messages), _schema_of(asked), tools=tools)


def _schema_of(asked: Asked) -> dict[str, Any] | None:
    form = asked.get("response_format") or {}
    if "json_schema" in form:
        schema: dict[str, Any] = form["json_schema"]["schema"]
        return schema
    for message in asked["messages"]:
        _, said, told = str(message["content"]).partition("fits this JSON schema: ")
        if said:
            found: dict[str, Any] = json.JSONDecoder().raw_decode(told)[0]
            return found
    return None


class HonestService:
    """Answers requests as the honest model answers calls."""

    def __init__(self) -> None:
        """Asked nothing yet."""
        self.model = HonestModel()

    def __call__(self, asked: Asked) -> Reply:
        """The reply to one request."""
        answer = self.model.ask(call_of(asked))
        usage = (answer.tokens_in, answer.tokens_out)
        if answer.tool_calls:
            calls = tuple((c.name, json.dumps(c.arguments)) for c in answer.tool_calls)
            return Reply(tools=calls, usage=usage)
        return Reply(answer.text, usage=usage)
