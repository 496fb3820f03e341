"""Comparing the end of a scenario with what it expects."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.world import plain
from agents.eval.scenario import Expected, ExpectedTicket

_ONLY_WHERE_LISTED = ("send_notification", "send_reply")


@dataclass(frozen=True)
class Ended:
    """How a ticket ended."""

    status: str
    intents: list[str]
    escalated: bool
    reason: str
    actions: list[dict[str, Any]]
    """Executed actions, each {action, …arguments}."""
    proposed: list[str]
    """Names of every action ever proposed."""
    approvals: int
    reply: str
    """Every answer that the customer got, joined."""
    flags: list[str]
    priority: str

    def as_json(self) -> dict[str, Any]:
        """What `eval --json` shows of it."""
        return {
            "status": self.status,
            "intents": self.intents,
            "escalated": self.escalated,
            "reason": self.reason,
            "actions": self.actions,
            "approvals": self.approvals,
            "reply": self.reply,
            "flags": self.flags,
        }


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as expected."""

    path: str
    expected: Any
    found: Any

    def as_json(self) -> dict[str, Any]:
        """What `eval --json` shows of it."""
        return {"path": self.path, "expected": self.expected, "found": self.found}


def compare(
    expected: Expected, ended: dict[str, Ended], back_office: EmbeddedReader
) -> list[Mismatch]:
    """Everything that differs, in the order of the file."""
    found: list[Mismatch] = []
    for ref, wanted in expected.tickets.items():
        found += _ticket(f"tickets.{ref}", wanted, ended[ref])
    for table, rows in expected.backoffice.items():
        for row_id, fields in rows.items():
            row = back_office.record(table, row_id) or {}
            for field, value in fields.items():
                if not _same(plain(field, value), row.get(field)):
                    path = f"backoffice.{table}.{row_id}.{field}"
                    found.append(Mismatch(path, value, row.get(field)))
    return found


def _ticket(path: str, wanted: ExpectedTicket, ended: Ended) -> Iterator[Mismatch]:
    if wanted.status is not None and wanted.status != ended.status:
        yield Mismatch(f"{path}.status", wanted.status.value, ended.status)
    if wanted.intents is not None and set(wanted.intents) != set(ended.intents):
        yield Mismatch(f"{path}.intents", [i.value for i in wanted.intents], ended.intents)
    if wanted.escalated is not None and wanted.escalated != ended.escalated:
        yield Mismatch(f"{path}.escalated", wanted.escalated, ended.escalated)
    if wanted.actions is not None:
        yield from _actions(path, wanted.actions, ended.actions)
    for name in wanted.no_actions or []:
        if name in ended.proposed:
            yield Mismatch(f"{path}.no_actions", name.value, "was proposed")
    for text in wanted.reply_contains or []:
        if text.lower() not in ended.reply.lower():
            yield Mismatch(f"{path}.reply_contains", text, ended.reply)
    for text in wanted.reply_lacks or []:
        if text.lower() in ended.reply.lower():
            yield Mismatch(f"{path}.reply_lacks", text, ended.reply)
    if wanted.approvals is not None and wanted.approvals != ended.approvals:
        yield Mismatch(f"{path}.approvals", wanted.approvals, ended.approvals)
    if wanted.flags is not None and not set(wanted.flags) <= set(ended.flags):
        yield Mismatch(f"{path}.flags", wanted.flags, ended.flags)
    if wanted.priority is not None and wanted.priority != ended.priority:
        yield Mismatch(f"{path}.priority", wanted.priority, ended.priority)
    for text in wanted.reason_contains or []:
        if text.lower() not in ended.reason.lower():
            yield Mismatch(f"{path}.reason_contains", text, ended.reason)


def _actions(
    path: str, wanted: list[dict[str, Any]], done: list[dict[str, Any]]
) -> Iterator[Mismatch]:
    """A multiset: each expected one takes one that was done and fits the fields given."""
    listed = {action["action"] for action in wanted}
    left = [a for a in done if a["action"] not in _ONLY_WHERE_LISTED or a["action"] in listed]
    for action in sorted(wanted, key=len, reverse=True):
        match = next((a for a in left if _fits(action, a)), None)
        if match is None:
            yield Mismatch(f"{path}.actions", action, left)
        else:
            left.remove(match)
    for action in left:
        if action["action"] not in _ONLY_WHERE_LISTED:
            yield Mismatch(f"{path}.actions", "not executed", action)


def _fits(wanted: dict[str, Any], done: dict[str, Any]) -> bool:
    return all(_same(plain(name, value), done.get(name)) for name, value in wanted.items())


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_same(value, found.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return sorted(map(str, wanted)) == sorted(map(str, found))
    if wanted == found:
        return True
    try:
        return bool(
            isinstance(wanted, str)
            and isinstance(found, str)
            and "T" in wanted + found
            and datetime.fromisoformat(wanted) == datetime.fromisoformat(found)
        )
    except (ValueError, TypeError):
        return False
