"""Events of the log in words: a line for each, and what stands behind it."""

import re
from collections.abc import Mapping
from typing import Any

from console.format import cost, label, line, money
from data.queries.rows import EventRow
from data.replay.record import NOW
from data.vocabulary import EMBEDDED

_QUIET = {"ms", "model_ms", "tokens", "cost_micros", "error", "tool", "problem", NOW}
_PAST = {
    "action.proposed": ("◆", "proposes"),
    "action.approved": ("✓", "approved"),
    "action.rejected": ("✗", "rejected"),
    "action.edited": ("✎", "edited"),
    "action.refused": ("⊘", "refused by policy"),
    "action.withdrawn": ("×", "withdrawn"),
    "action.expired": ("×", "expired"),
    "action.stale": ("≠", "stale"),
    "action.executing": ("◐", "executing"),
    "action.executed": ("●", "executed"),
    "action.verified": ("✓", "verified"),
    "action.failed": ("!", "failed"),
    "action.unknown": ("?", "outcome unknown"),
    "action.undone": ("↶", "undone"),
}
_VERSION = re.compile(r"((?:own|packaged)-[0-9a-z]{1,6}).*")
_BAD = {"action.failed", "action.unknown", "run.failed", "model.set_aside"}


def failed(event: EventRow) -> bool:
    """Whether something went wrong in this step."""
    return event.kind in _BAD or bool(event.data.get("error"))


def _first(data: Mapping[str, Any], *names: str) -> str:
    for name in names:
        if data.get(name) not in (None, "", [], {}):
            return shown(data[name])
    return ""


def shown(found: Any, longest: int = 300) -> str:
    """Any JSON value on one line."""
    if isinstance(found, dict):
        return line(", ".join(f"{k}: {shown(v)}" for k, v in found.items()), longest)
    if isinstance(found, list):
        return line(", ".join(shown(v) for v in found), longest)
    return line(str(found), longest)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _percent(found: Any) -> str:
    return f"{found:.0%} sure" if isinstance(found, int | float) else ""


def headline(event: EventRow, names: Mapping[str, str]) -> str:
    """What happened, in a line that begins with a glyph; `names` of the ticket's actions by id."""
    data, kind = event.data, event.kind
    if kind in _PAST:
        glyph, past = _PAST[kind]
        action = str(data.get("action") or "")
        name = label(names.get(action) or str(data.get("name") or action or "action"))
        sum_of_it = money(data["amount"], data.get("currency")) if data.get("amount") else ""
        by = f"by {line(str(data['by']))}" if data.get("by") else ""
        return f"{glyph} {past}: " + _joined(name, sum_of_it, by, _first(data, "problem", "why"))
    match kind:
        case "tool.called":
            words = f"{'!' if data.get('error') else '▸'} {_first(data, 'tool') or 'tool'}"
            return _joined(words, _first(data, "error"), _rows(data))
        case "model.called":
            reads = f"asks for {_first(data, 'reads')}" if data.get("reads") else "answers"
            words = f"{'!' if data.get('error') else '▸'} model: "
            said = _first(data, "error") or ("answers as recorded" if data.get("cached") else reads)
            return words + _joined(said, _first(data, "model"))
        case "model.set_aside":
            return "! model set aside: " + _joined(_first(data, "what"), _first(data, "why"))
        case "triage":
            return "▸ triage: " + _joined(
                _first(data, "intent", "issues"), _first(data, "sentiment"),
                _first(data, "priority"), _percent(data.get("confidence")),
            )  # fmt: skip
        case "identity":
            return "▸ identity: " + _joined(_first(data, "identity"), _first(data, "why"))
        case "diagnosis":
            rule = f"rule {_first(data, 'rule')}" if data.get("rule") else ""
            return "▸ diagnosis: " + _joined(
                _first(data, "cause") or _first(data, "issue"),
                rule,
                _percent(data.get("confidence")),
            )
        case "plan":
            doubt = f"not borne out by the evidence: {_first(data, 'not_borne_out')}"
            planned = _first(data, "actions", "end") or "nothing to do"
            return "▸ plan: " + _joined(planned, doubt if data.get("not_borne_out") else "")
        case "handoff":
            return "▲ hand-over: " + _joined(
                _first(data, "kind"), _first(data, "skill", "to"), _first(data, "reason")
            )
        case "reply":
            length = f"{data['characters']:,} characters" if data.get("characters") else ""
            return "▸ reply: " + _joined(_first(data, "body") or length, _first(data, "language"))
        case "run.started":
            brain = _first(data, "brain")
            return "▸ run started" + (f" · {brain}" if brain not in ("", EMBEDDED) else "")
        case "run.parked":
            awaited = _first(data, "awaiting") or "something"
            return "◇ parked: " + (
                "needs approval" if awaited == "approval" else f"awaits {awaited}"
            )
        case "run.ended":
            return "✓ ended: " + _joined(_first(data, "status"), _first(data, "outcome"))
        case "run.failed":
            return "! failed: " + _first(data, "problem", "error")
        case "ticket.taken" | "ticket.assigned" | "ticket.handed_back" | "handoff.accepted":
            return "▸ " + _passed(kind, data)
        case "ticket.priority_set":
            return f"▸ priority {_first(data, 'to')}, was {_first(data, 'from')}{_by(data)}"
        case "ticket.corrected":
            told = ", ".join(f"{n} {line(str(v), 60)}" for n, v in data.get("to", {}).items())
            return f"▸ triage corrected: {told}{_by(data)}"
        case "ticket.merged":
            return f"▸ {_first(data, 'from')} merged into {_first(data, 'into')}{_by(data)}"
        case "ticket.moved":
            return "▸ now " + _first(data.get(NOW, {}).get("ticket", {}), "status").replace(
                "_", " "
            )
        case "quality.checked":
            return f"▸ quality: {_first(data, 'verdict')} {_first(data, 'overall')}".rstrip()
        case "quality.reviewed":
            found = "agreed" if data.get("agreed") else f"should be {_first(data, 'score')}"
            return f"▸ quality: {_first(data, 'check')} {found}{_by(data)}"
        case "note":
            return "▪ internal note" + _by(data)
        case "ticket.opened":
            return "○ ticket opened"
        case "message.received":
            return "◂ message received"
        case _:
            return "▸ " + _joined(
                line(kind).replace(".", " "), _first(data, "text", "body", "problem")
            )


def _passed(kind: str, data: Mapping[str, Any]) -> str:
    """Who has the ticket now, and who had it."""
    had = _first(data, "from")
    match kind:
        case "ticket.taken":
            return f"taken{_by(data)} from {had}"
        case "ticket.assigned":
            return f"given to {_first(data, 'to')}{_by(data)}, was {had}'s"
        case "ticket.handed_back":
            return f"handed back to the agents{_by(data)}"
    return f"hand-over accepted{_by(data)}"


def _by(data: Mapping[str, Any]) -> str:
    return f" by {line(str(data['by']), 60)}" if data.get("by") else ""


def _rows(data: Mapping[str, Any]) -> str:
    rows = data.get("rows")
    if isinstance(rows, int):
        return f"{rows} row{'' if rows == 1 else 's'}"
    return ""


def measures(event: EventRow) -> str:
    """Time, tokens and cost of a step, as far as they are known."""
    data, parts = event.data, []
    took = data.get("model_ms", data.get("ms"))
    if isinstance(took, int | float):
        parts.append(f"{took:,.0f} ms")
    if data.get("tokens"):
        parts.append(f"{shown(data['tokens'])} tokens")
    if isinstance(data.get("cost_micros"), int) and data["cost_micros"]:
        parts.append(cost(data["cost_micros"]))
    return " · ".join(parts)


def told(event: EventRow, names: Mapping[str, str]) -> str:
    """The headline with what the step took and, of triage, which model answered; of one that was
    fitted here the beginning of its version."""
    model = _first(event.data, "model") if event.kind == "triage" else ""
    took = _joined(measures(event), _VERSION.sub(r"\1", model))
    return headline(event, names) + (f"  ({took})" if took else "")


def details(event: EventRow) -> list[tuple[str, str]]:
    """The fields behind the headline: name and value, each on one line."""
    found = [(line(k, 40), shown(v, 2_000)) for k, v in event.data.items() if k not in _QUIET]
    if event.data.get("error"):
        found.insert(0, ("error", shown(event.data["error"], 2_000)))
    if event.data.get("problem"):
        found.insert(0, ("problem", shown(event.data["problem"], 2_000)))
    return [("at", event.at.strftime("%H:%M:%S.%f")[:-3]), *found]
