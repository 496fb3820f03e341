"""A ticket's past state in lines: what each part of it was, and what a step changed of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agents.authority import PASSPHRASE, SYSTEM_USER, TOKEN, WORD
from console.describe import shown
from console.format import ACTION, STATUS, cost, label, line, moment, money
from data.replay.past import Decided
from data.replay.record import State
from data.vocabulary import ActionState, TicketStatus

CHANGED = "»"
"""Stands before a line that the step changed."""

_PROVED = {
    WORD: "by their word alone",
    SYSTEM_USER: "as the computer's user",
    TOKEN: "by a token",
    PASSPHRASE: "by a passphrase",
}
"""How a person proved who they are, in words."""

Kind = Literal["heading", "line", "quiet"]


@dataclass(frozen=True)
class Told:
    """One line of a state."""

    text: str
    changed: bool = False
    kind: Kind = "line"


def state_lines(state: State, changed: State | None = None) -> list[Told]:
    """The state in lines, oldest first within each part; marked where `changed` touches them."""
    changes = changed or {}
    return [
        *_ticket(state, changes.get("ticket", {})),
        *_run(state["run"], changes.get("run", {})),
        *_issues(state["issues"], changes.get("issues", {})),
        *_actions(state["actions"], changes.get("actions", {})),
        *_handoffs(state["handoffs"], changes.get("handoffs", {})),
        *_messages(state.get("messages", {}), changes.get("messages", {})),
    ]


def _words(value: Any) -> str:
    return "–" if value in (None, "", [], {}) else shown(value)


def _status(value: Any) -> str:
    try:
        glyph, words, _ = STATUS[TicketStatus(value)]
    except ValueError:
        return line(str(value))
    return f"{glyph} {words}"


def _ticket(state: State, changed: Mapping[str, Any]) -> Iterator[Told]:
    ticket = state["ticket"]
    yield Told("Ticket", kind="heading")
    yield Told(f"status     {_status(ticket['status'])}", "status" in changed)
    for name in ("owner", "priority", "intents", "identity", "language", "sentiment", "flags"):
        if ticket.get(name) not in (None, "", []) or name in changed:
            yield Told(f"{name:<10} {_words(ticket.get(name))}", name in changed)
    for name in ("outcome", "escalation", "merged_into"):
        if ticket.get(name) or name in changed:
            spoken = name.replace("_", " ")
            yield Told(f"{spoken:<10} {_words(ticket.get(name))}", name in changed)


def _run(run: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[Told]:
    if not run:
        return
    told = f"run {run.get('number')}      {run.get('state')} · {line(str(run.get('brain')))}"
    if run.get("tokens"):
        told += f" · {run['tokens']:,} tokens · {cost(run.get('cost_micros') or 0)}"
    yield Told(told, bool(changed))


def _issues(issues: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[Told]:
    if not issues:
        return
    yield Told("Issues and evidence", kind="heading")
    for key, issue in issues.items():
        touched = key in changed
        what = line(str(issue.get("kind") or "issue")).replace("_", " ")
        rule = f" · rule {issue['rule']}" if issue.get("rule") else ""
        yield Told(f"{issue.get('state') or 'open'}: {what}{rule}", touched)
        if issue.get("cause"):
            yield Told(f"  {line(str(issue['cause']))}", "cause" in changed.get(key, {}))
        for reference in issue.get("evidence") or []:
            yield Told(
                f"  rests on {shown(reference)}", "evidence" in changed.get(key, {}), "quiet"
            )


def _actions(actions: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[Told]:
    if not actions:
        return
    yield Told("Actions", kind="heading")
    for key, action in actions.items():
        yield Told(_action(action), key in changed)
        touched = changed.get(key, {})
        if action.get("arguments"):
            yield Told(f"  {shown(action['arguments'])}", "arguments" in touched, "quiet")
        for decision in action.get("decisions", []):
            reason = f": {shown(decision['reason'])}" if decision.get("reason") else ""
            told = f"  {decision['kind']} by {line(str(decision['by']))}{reason}"
            yield Told(told, "decisions" in touched)
        if action.get("why"):
            yield Told(f"  {shown(action['why'])}", "why" in touched)
        for name in ("supersedes", "superseded_by", "undoes"):
            if action.get(name):
                told = f"  {name.replace('_', ' ')} {line(str(action[name]))}"
                yield Told(told, name in touched, "quiet")


def _action(action: Mapping[str, Any]) -> str:
    try:
        glyph, words, _ = ACTION[ActionState(action.get("state", ""))]
    except ValueError:
        glyph, words = "·", line(str(action.get("state")))
    told = f"{glyph} {label(str(action.get('name') or 'action'))} {words}"
    if action.get("amount") is not None:
        told += f" · {money(action['amount'], action.get('currency'))}"
    if action.get("gate"):
        told += f" · gate {line(str(action['gate'])).replace('_', ' ')}"
    if action.get("decided_by"):
        told += f" · by {line(str(action['decided_by']))}"
    return told


def _handoffs(handoffs: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[Told]:
    if not handoffs:
        return
    yield Told("Hand-overs", kind="heading")
    for key, handoff in handoffs.items():
        told = f"{shown(handoff.get('kind')).replace('_', ' ')} to {_words(handoff.get('skill'))}"
        if handoff.get("to"):
            told += f": {line(str(handoff['to']))}"
        accepted = handoff.get("accepted_by")
        told += f" · accepted by {line(str(accepted))}" if accepted else " · waits"
        yield Told(told, key in changed)


def _messages(messages: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[Told]:
    if not messages:
        return
    yield Told("Messages", kind="heading")
    for key, message in messages.items():
        name = f" ({line(str(message['name']))})" if message.get("name") else ""
        told = f"{key}. {line(str(message['author']))}{name}, {moment(message['at'])}"
        words = message.get("words")
        yield Told(told, key in changed)
        if words:
            yield Told(f"   {line(words)}", False, "quiet")


def decided_lines(decided: Decided) -> list[Told]:
    """What a person had before them when they decided, and how it was known who they are."""
    action = decided.action
    preview = action.preview or {}
    verb = {"approve": "approved", "reject": "rejected", "edit": "edited"}[decided.kind]
    role = f" as {decided.role}" if decided.role else ""
    how = f", signed in: {_PROVED.get(decided.signed_in_by or '', 'not recorded')}"
    lines = [
        Told("What was before the person who decided", kind="heading"),
        Told(f"{line(decided.by)} {verb} it{role}{how}"),
    ]
    if decided.reason:
        lines.append(Told(f"because: {shown(decided.reason)}"))
    lines.append(Told(f"{label(action.name)}: {line(action.reason)}"))
    lines += [Told(f"  {line(n)}: {shown(v)}") for n, v in decided.arguments.items()]
    lines += [
        Told(f"  moves {money(m.get('amount'), m.get('currency'))} to {_words(m.get('to'))}")
        for m in preview.get("money") or []
    ]
    for change in preview.get("changes") or []:
        for field, pair in (change.get("fields") or {}).items():
            where = f"{change.get('table')} {change.get('id')}"
            told = f"  {line(where)}: {line(str(field))} {_words(pair[0])} → {_words(pair[1])}"
            lines.append(Told(told))
    same = decided.digest == action.digest
    sign = "the digest of what was proposed" if same else "another digest than the proposal's"
    lines.append(Told(f"  digest {line(decided.digest)[:16]}…: {sign}", kind="quiet"))
    return lines
