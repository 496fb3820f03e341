"""Recorded runs of other agents: chat-completions messages with tool calls, one run a line."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from agents.intake.records import (
    MAX_RAW,
    MAX_RECORD,
    MAX_TEXT,
    Reject,
    Unreadable,
    not_json,
    storable,
    too_long,
)
from agents.intake.records import shown as quoted
from agents.intake.source import Text
from data.plain import canonical

LISTS = ("messages", "trajectory", "traj", "conversation", "history")
"""Names under which a run's messages are looked for, in this order."""

IDS = ("id", "run_id", "trajectory_id", "conversation_id", "task_id")
TIMES = ("at", "created_at", "timestamp", "created", "started_at", "time")
MODELS = ("model", "agent", "model_name")

ROLES = {
    "user": "customer", "human": "customer", "customer": "customer", "assistant": "agent",
    "ai": "agent", "agent": "agent", "tool": "tool", "function": "tool",
    "system": "rules", "developer": "rules",
}  # fmt: skip
"""Roles of messages, and what they are to us."""

_KINDS: dict[type, str] = {
    list: "a list", dict: "an object", str: "a text", bool: "true or false", int: "a number",
    float: "a number", type(None): "null",
}  # fmt: skip


@dataclass
class Call:
    """One call of a tool, with what it gave back as far as the run says."""

    tool: str
    arguments: Any
    """As recorded: an object, or the text where it was none."""
    id: str | None = None
    result: str | None = None
    answered: bool = False


@dataclass
class Said:
    """One message of a run."""

    author: Literal["customer", "agent"]
    text: str
    at: datetime | None = None


@dataclass
class RecordedRun:
    """A run as it was recorded, in order."""

    line: int
    id: str
    model: str | None
    at: datetime | None
    rules: list[str] = field(default_factory=list)
    """What the agent was told by its system."""
    steps: list[Said | Call] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    """What else the record holds."""

    @property
    def size(self) -> int:
        """About how many characters it holds."""
        said = sum(len(s.text) if isinstance(s, Said) else len(s.result or "") for s in self.steps)
        return said + sum(map(len, self.rules))


def read_runs(text: Text) -> Iterator[RecordedRun | Reject]:
    """The runs of a file with one a line; what cannot be read is told with line and reason."""
    while line := text.readline(MAX_RECORD):
        number = text.line
        if len(line) >= MAX_RECORD and not line.endswith("\n"):
            text.rest_of_line(MAX_RECORD)
            yield Reject(number, too_long(len(line)).replace("is", "is at least", 1))
            continue
        bare = line.strip()
        if not bare:
            continue
        try:
            value = json.loads(bare)
            # A list of runs on one line is what some programs write.
            for one in value if isinstance(value, list) and value else [value]:
                yield run_of(one, number)
        except Unreadable as problem:
            yield Reject(number, str(problem), bare[:MAX_RAW])
        except RecursionError:
            yield Reject(number, "not JSON that can be read: nested too deeply", bare[:MAX_RAW])
        except json.JSONDecodeError as problem:
            why = not_json(problem)
            yield Reject(number, why, bare[:MAX_RAW], malformed=True)
        except ValueError as problem:
            why = f"not JSON that can be read: {str(problem)[:80]}"
            yield Reject(number, why, bare[:MAX_RAW], malformed=True)


def run_of(value: object, line: int) -> RecordedRun:
    """The run that a record holds; Unreadable says what is wrong with it."""
    if not isinstance(value, dict):
        raise Unreadable(f"the record is {_kind(value)}, not an object with messages")
    name = next((name for name in LISTS if name in value), None)
    if name is None:
        held = ", ".join(quoted(key, 30) for key in list(value)[:5]) or "nothing"
        raise Unreadable(f"it has no messages; it holds {held}")
    messages = value[name]
    if not isinstance(messages, list):
        raise Unreadable(f"{name} is {_kind(messages)}, not a list")
    if not messages:
        raise Unreadable(f"{name} is empty")
    run = RecordedRun(
        line, _id(value, messages), _model(value), _time(_first(value, TIMES)),
        more={k: v for k, v in value.items() if k != name},
    )  # fmt: skip
    reader = _Reader(run)
    for position, message in enumerate(messages, 1):
        try:
            reader.read(message)
        except Unreadable as problem:
            raise Unreadable(f"message {position}: {problem}") from None
    if not run.steps:
        raise Unreadable("nobody says or does anything in it")
    return run


class _Reader:
    """Takes the messages of one run in order."""

    def __init__(self, run: RecordedRun) -> None:
        self.run = run
        self._open: list[Call] = []
        """Calls without an answer yet, oldest first."""

    def read(self, message: object) -> None:
        if not isinstance(message, dict):
            raise Unreadable(f"it is {_kind(message)}, not an object")
        role = message.get("role")
        author = ROLES.get(role.strip().lower()) if isinstance(role, str) else None
        if author is None:
            known = "user, assistant, tool, system"
            raise Unreadable(
                f"its role is {quoted(role) if isinstance(role, str) else _kind(role)}; "
                f"known are {known}"
            )
        if author == "tool":
            name, call_id = message.get("name"), message.get("tool_call_id")
            self._answer(_text(message.get("content")), call_id, name)
            return
        at, words = _time(_first(message, TIMES)), list[object]()
        for part in _parts(message.get("content")):
            kind = part.get("type") if isinstance(part, dict) else None
            if isinstance(part, dict) and kind in ("tool_use", "tool_result"):
                self._say(author, words, at)
                words = []
                if kind == "tool_use":
                    self._call(part.get("name"), part.get("input"), part.get("id"))
                else:
                    self._answer(_text(part.get("content")), part.get("tool_use_id"), None)
            else:
                words.append(part)
        self._say(author, words, at)
        if author == "agent":
            self._calls(message)

    def _say(self, author: str, words: list[object], at: datetime | None) -> None:
        text = _text(words)
        if not text.strip():
            return
        if author == "rules":
            self.run.rules.append(text)
        else:
            who: Literal["customer", "agent"] = "agent" if author == "agent" else "customer"
            self.run.steps.append(Said(who, text, at))

    def _calls(self, message: Mapping[str, Any]) -> None:
        calls = message.get("tool_calls") or []
        if not isinstance(calls, list):
            raise Unreadable(f"its tool_calls are {_kind(calls)}, not a list")
        if message.get("function_call"):
            calls = [*calls, {"function": message["function_call"]}]
        for call in calls:
            if not isinstance(call, dict):
                raise Unreadable(f"a tool call is {_kind(call)}, not an object")
            function = call.get("function", call)
            if not isinstance(function, dict):
                raise Unreadable(f"the function of a tool call is {_kind(function)}")
            self._call(function.get("name"), function.get("arguments"), call.get("id"))

    def _call(self, name: object, arguments: object, call_id: object) -> None:
        if not isinstance(name, str) or not name.strip():
            raise Unreadable("a tool call has no name")
        if isinstance(arguments, str):
            told = arguments
            try:
                arguments = json.loads(told) if told.strip() else {}
            except (ValueError, RecursionError):
                arguments = storable(told)
        call = Call(_short(name), arguments, str(call_id) if call_id is not None else None)
        self.run.steps.append(call)
        self._open.append(call)

    def _answer(self, result: str, call_id: object, name: object) -> None:
        """Give a result to its call: by id, by the tool's name, or to the first that waits."""
        found = next((c for c in self._open if call_id is not None and c.id == str(call_id)), None)
        if found is None:
            waiting = [c for c in self._open if call_id is None or c.id is None]
            named = [c for c in waiting if isinstance(name, str) and c.tool == _short(name)]
            found = next(iter(named or waiting), None)
        if found is None:
            tool = _short(name) if isinstance(name, str) and name.strip() else "unknown tool"
            found = Call(tool, {})
            self.run.steps.append(found)
        else:
            self._open.remove(found)
        found.result, found.answered = result, True


def _parts(content: object) -> list[object]:
    if content is None:
        return []
    return content if isinstance(content, list) else [content]


def _text(content: object) -> str:
    """The words of a content: a text, parts of one, or an object as JSON."""
    pieces = []
    for part in _parts(content):
        if isinstance(part, dict):
            told = part.get("text", part.get("refusal"))
            if isinstance(told, str):
                pieces.append(told)
            elif part.get("type") in ("image_url", "input_audio", "image", "file"):
                pieces.append(f"[{part['type'].replace('_url', '')}]")
            else:
                pieces.append(canonical(part))
        else:
            pieces.append(part if isinstance(part, str) else canonical(part))
    text = storable("\n".join(pieces))
    if len(text) > MAX_TEXT:
        raise Unreadable(too_long(len(text)))
    return text


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((value[name] for name in names if value.get(name) not in (None, "")), None)


def _id(value: Mapping[str, Any], messages: list[Any]) -> str:
    """The run's own id; else one made from what was said, so that it is known again."""
    found = _first(value, IDS)
    if isinstance(found, str | int) and not isinstance(found, bool):
        told = _short(str(found))
        if told:
            return told
    return "run-" + hashlib.sha256(canonical(messages).encode()).hexdigest()[:12]


def _model(value: Mapping[str, Any]) -> str | None:
    found = _first(value, MODELS)
    return _short(found) if isinstance(found, str) else None


def _time(found: object) -> datetime | None:
    """A time in ISO 8601 or in seconds since 1970; None where it is neither."""
    try:
        if isinstance(found, str):
            at = datetime.fromisoformat(found.strip())
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(found / 1000 if found > 1e11 else found, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _short(text: str) -> str:
    return " ".join(storable(text).split())[:100]


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "of another kind")
