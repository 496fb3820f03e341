"""From the log of one run to spans by the conventions for generative AI; no words, only figures.

Pure. What a span says comes from named fields alone, so that no text of anybody's can slip in.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

Value = str | int | float | bool
SYSTEM = "handrail"
_STEPS = ("triage", "identity", "context", "subtasks", "diagnosis", "plan", "handoff", "reply")
"""Kinds of events that are a step of an agent's."""

_ENDED = ("action.verified", "action.failed", "action.unknown")
_TOLD = ("rule", "confidence", "rows", "intent", "priority", "skill", "kind", "end", "language")
"""Fields of steps that hold figures and words of closed sets."""


@dataclass(frozen=True)
class Step:
    """One event of a run."""

    position: int
    at: datetime
    agent: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class RunRow:
    """The run that is told of."""

    id: str
    ticket_id: str
    number: int
    brain: str
    policy_version: str
    started_at: datetime
    tokens: int
    cost_micros: int


@dataclass(frozen=True)
class Span:
    """One span; the first of a trace has no parent."""

    id: int
    parent: int | None
    name: str
    start: datetime
    end: datetime
    attributes: dict[str, Value] = field(default_factory=dict)
    client: bool = False
    """Whether it calls another system."""
    failed: str | None = None
    """The kind of error."""


def trace_id(run_id: str) -> int:
    """The id of a run's trace, the same whenever it is exported."""
    return _number(run_id, 16)


def _number(text: str, octets: int) -> int:
    found = int.from_bytes(hashlib.sha256(text.encode()).digest()[:octets], "big")
    return found or 1


def spans_of(run: RunRow, steps: Sequence[Step], offset: timedelta = timedelta(0)) -> list[Span]:
    """The spans of a run, itself first; `offset` is how far the workspace's clock runs ahead."""
    root = _number(run.id, 8)
    found = [_root(run, steps, root)]
    begun: dict[str, Step] = {}
    for step in steps:
        span_id = _number(f"{run.id}:{step.position}", 8)
        if step.kind == "action.executing":
            begun[str(step.data.get("action"))] = step
        elif step.kind in _ENDED:
            start = begun.get(str(step.data.get("action")), step)
            found.append(_action(span_id, root, start, step))
        elif step.kind == "tool.called":
            found.append(_tool(span_id, root, step))
        elif step.kind == "model.called":
            found.append(_model(span_id, root, step))
        elif step.kind in _STEPS:
            found.append(_step(span_id, root, step))
    return [_moved(span, offset) for span in found]


def _root(run: RunRow, steps: Sequence[Step], span_id: int) -> Span:
    last = steps[-1] if steps else None
    calls = [s.data for s in steps if s.kind == "model.called"]
    outcome = (last.data.get("outcome") or {}) if last else {}
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": SYSTEM,
        "gen_ai.provider.name": SYSTEM,
        "gen_ai.conversation.id": run.ticket_id,
        "gen_ai.usage.input_tokens": sum(int(c.get("tokens_in") or 0) for c in calls),
        "gen_ai.usage.output_tokens": sum(int(c.get("tokens_out") or 0) for c in calls),
        "handrail.run.id": run.id,
        "handrail.run.number": run.number,
        "handrail.run.tokens": run.tokens,
        "handrail.run.cost_usd": run.cost_micros / 1e6,
        "handrail.brain": run.brain,
        "handrail.policy.version": run.policy_version,
    }
    status = str(last.data.get("status") or "failed") if last else "failed"
    attributes["handrail.status"] = status
    for name in ("code", "rule"):
        if outcome.get(name):
            attributes[f"handrail.outcome.{name}"] = str(outcome[name])
    failed = "run.failed" if last is None or last.kind == "run.failed" else None
    end = last.at if last else run.started_at
    return Span(span_id, None, f"invoke_agent {SYSTEM}", run.started_at, end, attributes,
                failed=failed)  # fmt: skip


def _tool(span_id: int, root: int, step: Step) -> Span:
    name = str(step.data.get("tool") or "tool")
    attributes = _of(step, "execute_tool") | {"gen_ai.tool.name": name}
    attributes["gen_ai.tool.type"] = "datastore"
    failed = "tool_error" if step.data.get("error") else None
    return Span(span_id, root, f"execute_tool {name}", *_times(step), attributes, failed=failed)


def _action(span_id: int, root: int, start: Step, end: Step) -> Span:
    name = str(end.data.get("name") or start.data.get("name") or "action")
    attributes = _of(end, "execute_tool") | {
        "gen_ai.tool.name": name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": str(end.data.get("action")),
        "handrail.action.state": end.kind.partition(".")[2],
    }
    failed = None if end.kind == "action.verified" else end.kind
    return Span(span_id, root, f"execute_tool {name}", start.at, end.at, attributes, client=True,
                failed=failed)  # fmt: skip


def _model(span_id: int, root: int, step: Step) -> Span:
    data, model = step.data, str(step.data.get("model") or "unknown")
    attributes = _of(step, "chat") | {
        "gen_ai.request.model": model,
        "gen_ai.response.model": model,
        "gen_ai.provider.name": model.partition("/")[0] if "/" in model else "_other",
        "gen_ai.usage.input_tokens": int(data.get("tokens_in") or 0),
        "gen_ai.usage.output_tokens": int(data.get("tokens_out") or 0),
        "handrail.cost_usd": int(data.get("cost_micros") or 0) / 1e6,
        "handrail.cached": bool(data.get("cached")),
    }
    failed = "model_error" if data.get("error") else None
    start, end = _times(step)
    return Span(span_id, root, f"chat {model}", start, end, attributes, client=True, failed=failed)


def _step(span_id: int, root: int, step: Step) -> Span:
    attributes = _of(step, "invoke_agent")
    for name in _TOLD:
        value = step.data.get(name)
        if isinstance(value, bool | int | float) or (isinstance(value, str) and _is_word(value)):
            attributes[f"handrail.{name}"] = value
    return Span(span_id, root, f"{step.kind} {step.agent}", *_times(step), attributes)


def _is_word(text: str) -> bool:
    """Whether a text is one word of a closed set, not a sentence."""
    return len(text) <= 40 and text.replace("_", "").replace("-", "").isalnum()


def _of(step: Step, operation: str) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.agent.name": step.agent,
        "handrail.event": step.position,
        "handrail.step": step.kind,
    }


def _times(step: Step) -> tuple[datetime, datetime]:
    """When a step began and ended; an event is told at its end."""
    took = step.data.get("model_ms", step.data.get("ms"))
    return step.at - timedelta(milliseconds=float(took or 0)), step.at


def _moved(span: Span, offset: timedelta) -> Span:
    """A span in real time, which never ends before it starts."""
    return replace(span, start=span.start - offset, end=max(span.start, span.end) - offset)
