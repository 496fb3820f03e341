"""The state of a ticket after each step of its log, from the events alone; pure.

What a commit changed in the recorded state stands in its last event (`record.NOW`), and is taken as
it is. Between those, and in logs that were written before commits told it, each event is taken by
what its kind means. What only events tell, such as arguments and reasons, is kept beside it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from data.replay.record import BEFORE, FLAT, NOW, State, apply, copied
from data.vocabulary import (
    AGENTS_OWN,
    ENDED_TICKETS,
    ActionState,
    AgentName,
    Author,
    Gate,
    IssueState,
    RunState,
    TicketStatus,
)

Data = dict[str, Any]

_RESTS = ENDED_TICKETS | {TicketStatus.AWAITING_CUSTOMER}
_BECOMES = {
    f"action.{state}": state
    for state in (
        ActionState.EXECUTING, ActionState.EXECUTED, ActionState.VERIFIED, ActionState.FAILED,
        ActionState.UNKNOWN, ActionState.STALE, ActionState.EXPIRED, ActionState.WITHDRAWN,
        ActionState.REFUSED, ActionState.UNDONE,
    )
}  # fmt: skip
"""Kinds of events that say which state an action is in from then on."""

_SUCCEEDED = (
    "name", "arguments", "agent", "rule", "amount", "currency", "gate", "people_needed",
    "role_needed", "issue", "undoes", "proposed_by", "reason",
)  # fmt: skip
"""What a new revision of an action has from the one that it supersedes."""


class Told(Protocol):
    """An event, as far as a fold reads it."""

    @property
    def position(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def agent(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def data(self) -> Data: ...


class Fold:
    """A ticket's state while its log is read, event by event.

    `state` has the sections of `data.replay.record`, with more in them than is recorded: an issue's
    `cause`, an action's `arguments`, `reason`, `why`, `result` and `decisions`; and `messages`,
    their positions as text to {author, at, name}.
    """

    def __init__(self) -> None:
        """Begin before the first event."""
        self.state: State = {**copied(BEFORE), "messages": {}}
        self.position = 0
        self.known: State | None = None
        """The recorded state as commits told it; None while none has."""
        self._ref: str | None = None
        self._touched: set[str] = set()
        """Actions that events told of since a commit last told the state."""

    def hear(self, event: Told) -> None:
        """Take in the next event."""
        self.position = event.position
        now = event.data.get(NOW)
        take = _KINDS.get(event.kind)
        if take is not None:
            take(self, event, event.data)
        elif event.kind in _BECOMES:
            self._becomes(event, event.data)
        if now:
            self._settle(now)

    def copy(self) -> "Fold":
        """A fold that goes on from here by itself."""
        other = Fold()
        other.state, other.position, other._ref = copied(self.state), self.position, self._ref
        other._touched = set(self._touched)
        other.known = None if self.known is None else copied(self.known)
        return other

    def _settle(self, now: State) -> None:
        """Take the recorded state as the commit left it."""
        whole = self.known is None
        self.known = copied(BEFORE) if self.known is None else self.known
        apply(self.known, now)
        for section, entries in self.known.items():
            into = self.state[section]
            if section in FLAT:
                into.update(entries)
                continue
            if section == "issues":
                self.state[section] = _with_causes(entries, into)
                continue
            # Of a ticket with many actions only those are looked at that may differ.
            some = section == "actions" and not whole
            keys = self._touched | now.get(section, {}).keys() if some else {*into, *entries}
            for key in keys:
                if key in entries:
                    into.setdefault(key, {}).update(entries[key])
                else:
                    into.pop(key, None)
        self._touched.clear()

    # What the kinds mean. Where commits tell the recorded state, these only go before them.

    def _opened(self, event: Told, data: Data) -> None:
        self._ref = data.get("ref")
        self.state["ticket"]["messages"] = 0
        if data.get("message") is not None:
            self._message(event, Author.CUSTOMER)

    def _received(self, event: Told, data: Data) -> None:
        ticket = self.state["ticket"]
        self._message(event, Author.CUSTOMER)
        if ticket["owner"] != AGENTS_OWN and ticket["status"] in _RESTS:
            ticket["status"] = TicketStatus.WORKING.value

    def _replied(self, event: Told, data: Data) -> None:
        by_hand = event.agent == AgentName.OPERATOR
        self._message(event, Author.OPERATOR if by_hand else Author.AGENT)

    def _noted(self, event: Told, data: Data) -> None:
        self._message(event, Author.NOTE, data.get("by"))

    def _message(self, event: Told, author: Author, name: str | None = None) -> None:
        messages, ticket = self.state["messages"], self.state["ticket"]
        place = len(messages) + 1
        messages[str(place)] = {"author": author.value, "at": event.at, "name": name}
        ticket["messages"] = max(place, ticket["messages"])

    def _merged(self, event: Told, data: Data) -> None:
        ticket = self.state["ticket"]
        if data.get("from") == self._ref and self._ref is not None:
            ticket["status"] = TicketStatus.CLOSED.value
            rule = None if data.get("by") else "N2"
            ticket["outcome"] = {"code": "merged", "rule": rule}
            self._run(RunState.ENDED)
            return
        self._message(event, Author.NOTE, f"merged from {data.get('from')}")

    def _triaged(self, event: Told, data: Data) -> None:
        if self.known is not None:
            return
        ticket = self.state["ticket"]
        for name in ("priority", "sentiment", "language"):
            ticket[name] = data.get(name, ticket[name])
        if not self.state["issues"]:
            ticket["intents"] = [data["intent"]] if data.get("intent") else []
        ticket["flags"] = list(dict.fromkeys([*ticket["flags"], *data.get("flags", [])]))

    def _identified(self, event: Told, data: Data) -> None:
        if self.known is None:
            self.state["ticket"]["identity"] = data.get("identity", "unknown")

    def _diagnosed(self, event: Told, data: Data) -> None:
        issues = self.state["issues"]
        issue = next((i for i in issues.values() if i.get("kind") == data.get("issue")), None)
        if issue is None:
            issue = issues.setdefault(str(len(issues)), {})
            issue |= {"kind": data.get("issue"), "state": IssueState.OPEN.value}
        issue |= {"agent": event.agent, "cause": data.get("cause")}
        issue |= {name: data[name] for name in ("rule", "evidence", "confidence") if name in data}

    def _run_started(self, event: Told, data: Data) -> None:
        self.state["run"] = {
            "number": data.get("run", 1), "state": RunState.RUNNING.value,
            "brain": data.get("brain", "embedded"), "policy": data.get("policy", ""),
            "tokens": 0, "cost_micros": 0,
        }  # fmt: skip
        if self.known is None:
            self.state["ticket"]["status"] = TicketStatus.WORKING.value

    def _run_parked(self, event: Told, data: Data) -> None:
        self._run(RunState.PARKED)
        self.state["ticket"]["status"] = TicketStatus.AWAITING_APPROVAL.value

    def _run_ended(self, event: Told, data: Data) -> None:
        ticket = self.state["ticket"]
        self._run(RunState.ENDED)
        ticket["status"] = data.get("status", ticket["status"])
        if isinstance(data.get("outcome"), dict):
            ticket["outcome"] = dict(data["outcome"])
        if ticket["status"] in ENDED_TICKETS:
            ticket["escalation"] = None

    def _run_failed(self, event: Told, data: Data) -> None:
        self._run(RunState.FAILED)
        self.state["ticket"]["status"] = TicketStatus.ESCALATED.value

    def _run(self, state: RunState) -> None:
        if self.state["run"]:
            self.state["run"]["state"] = state.value

    def _handed_over(self, event: Told, data: Data) -> None:
        handoffs = self.state["handoffs"]
        told = {name: data.get(name) for name in ("skill", "to", "kind")}
        handoffs[str(len(handoffs) + 1)] = {**told, "accepted_by": None}
        self.state["ticket"] |= {"escalation": told, "status": TicketStatus.ESCALATED.value}

    def _passed_on(self, event: Told, data: Data) -> None:
        told = {name: data.get(name) for name in ("skill", "to", "kind")}
        self.state["ticket"]["escalation"] = told
        for newest in [*self.state["handoffs"].values()][-1:]:
            newest.update(told)

    def _accepted(self, event: Told, data: Data) -> None:
        self._accept(data.get("by"))

    def _accept(self, by: Any) -> None:
        for handoff in self.state["handoffs"].values():
            handoff["accepted_by"] = handoff.get("accepted_by") or by

    def _given(self, event: Told, data: Data) -> None:
        ticket = self.state["ticket"]
        ticket |= {"owner": data.get("to", data.get("by")), "escalation": None}
        self._accept(ticket["owner"])
        if ticket["status"] != TicketStatus.AWAITING_CUSTOMER:
            waits = any(a.get("state") == "proposed" for a in self.state["actions"].values())
            status = TicketStatus.AWAITING_APPROVAL if waits else TicketStatus.WORKING
            ticket["status"] = status.value

    def _handed_back(self, event: Told, data: Data) -> None:
        self.state["ticket"]["owner"] = AGENTS_OWN

    def _ended(self, event: Told, data: Data) -> None:
        ticket = self.state["ticket"]
        ticket |= {"status": event.kind.removeprefix("ticket."), "escalation": None}
        self._run(RunState.ENDED)
        if "after_days" not in data:
            ticket["outcome"] = {"code": data.get("outcome", "withdrawn"), "rule": None}
            self._accept(data.get("by"))
        if event.kind == "ticket.closed":
            ticket["owner"] = AGENTS_OWN

    def _priority_set(self, event: Told, data: Data) -> None:
        self.state["ticket"]["priority"] = data.get("to")

    def _proposed(self, event: Told, data: Data) -> None:
        again = data.get("again")
        action = self._action(data, like=again)
        auto = data.get("gate") == Gate.AUTO
        action["state"] = (ActionState.APPROVED if auto else ActionState.PROPOSED).value
        action |= {"supersedes": again, "proposed_at": event.at}
        if auto:
            action["decided_by"] = "policy"
        if data.get("by"):
            action["proposed_by"] = data["by"]
        if again in self.state["actions"]:
            self._action({"action": again})["superseded_by"] = data["action"]

    def _approved(self, event: Told, data: Data) -> None:
        action = self._action(data)
        self._decided(event, data, "approve")
        if not data.get("people_missing"):
            action |= {"state": ActionState.APPROVED.value, "decided_by": data.get("by")}

    def _rejected(self, event: Told, data: Data) -> None:
        self._decided(event, data, "reject")
        self._action(data).update(state=ActionState.REJECTED.value, decided_by=data.get("by"))

    def _edited(self, event: Told, data: Data) -> None:
        new_id, by = data.get("successor"), data.get("by")
        old = self._action({**data, "arguments": None})
        self._decided(event, {**data, "arguments": None}, "edit")
        old |= {"state": ActionState.WITHDRAWN.value, "superseded_by": new_id, "decided_by": by}
        new = self._action(
            {"action": new_id, "arguments": data.get("arguments")}, like=data["action"]
        )
        new |= {"state": ActionState.APPROVED.value, "decided_by": by, "proposed_at": event.at}
        new |= {"supersedes": data["action"], "decisions": old["decisions"]}

    def _decided(self, event: Told, data: Data, kind: str) -> None:
        decision = {"by": data.get("by"), "kind": kind, "at": event.at}
        decision["reason"] = data.get("reason")
        action = self._action(data)
        action["decisions"] = [*action.get("decisions", []), decision]

    def _becomes(self, event: Told, data: Data) -> None:
        action = self._action(data)
        if "state" not in action and event.kind == "action.executing":
            # Only what the policy lets go alone starts without having been proposed.
            action["decided_by"] = "policy"
        action["state"] = _BECOMES[event.kind].value
        if "why" in data:
            action["why"] = data["why"]
        if "result" in data:
            action["result"] = data["result"]
        if data.get("changed"):
            action["changed"] = data["changed"]

    def _capped(self, event: Told, data: Data) -> None:
        action = self._action(data)
        action |= {"state": ActionState.PROPOSED.value, "decided_by": None, "why": data.get("why")}

    def _reconciled(self, event: Told, data: Data) -> None:
        action = self._action(data)
        state = ActionState.EXECUTED if data.get("happened") else ActionState.FAILED
        action |= {"state": state.value, "why": data.get("note")}

    def _undo_asked(self, event: Told, data: Data) -> None:
        undo = self._action({"action": data.get("undo"), "name": "undo"})
        undo.setdefault("state", ActionState.APPROVED.value)
        undo |= {"undoes": data.get("action"), "proposed_by": data.get("by")}

    def _action(self, data: Data, like: str | None = None) -> dict[str, Any]:
        """The action that an event is about, with what the event says of it."""
        actions = self.state["actions"]
        self._touched.add(str(data.get("action")))
        action: dict[str, Any] = actions.setdefault(str(data.get("action")), {})
        old = actions.get(like, {}) if like else {}
        for name in _SUCCEEDED:
            if data.get(name) is not None:
                action[name] = data[name]
            elif name not in action and old.get(name) is not None:
                action[name] = old[name]
        return action


_KINDS: dict[str, Callable[[Fold, Told, Data], None]] = {
    "ticket.opened": Fold._opened,
    "message.received": Fold._received,
    "reply": Fold._replied,
    "note": Fold._noted,
    "ticket.merged": Fold._merged,
    "triage": Fold._triaged,
    "identity": Fold._identified,
    "diagnosis": Fold._diagnosed,
    "run.started": Fold._run_started,
    "run.parked": Fold._run_parked,
    "run.ended": Fold._run_ended,
    "run.failed": Fold._run_failed,
    "handoff": Fold._handed_over,
    "handoff.passed_on": Fold._passed_on,
    "handoff.accepted": Fold._accepted,
    "ticket.taken": Fold._given,
    "ticket.assigned": Fold._given,
    "ticket.handed_back": Fold._handed_back,
    "ticket.closed": Fold._ended,
    "ticket.resolved": Fold._ended,
    "ticket.priority_set": Fold._priority_set,
    "action.proposed": Fold._proposed,
    "action.approved": Fold._approved,
    "action.rejected": Fold._rejected,
    "action.edited": Fold._edited,
    "action.capped": Fold._capped,
    "action.reconciled": Fold._reconciled,
    "action.undo_requested": Fold._undo_asked,
}


def _with_causes(entries: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The recorded issues with what was told of them; that is known by their kind alone."""
    found = {}
    for key, entry in entries.items():
        alike = [i for i in told.values() if i.get("kind") == entry.get("kind")]
        same = told.get(key) if told.get(key) in alike else next(iter(alike), None)
        found[key] = {**(same or {}), **entry}
    return found


@dataclass(frozen=True)
class Step:
    """One event, and the state that it leaves the ticket in."""

    event: Told
    state: State
    """Shared with the fold: copy what is to outlast the next step."""


def steps(events: Iterable[Told]) -> Iterator[Step]:
    """Each event with the state after it, oldest first."""
    fold = Fold()
    for event in events:
        fold.hear(event)
        yield Step(event, fold.state)


def state_after(events: Iterable[Told]) -> State:
    """The state after the last of `events`, which begin with the ticket's first."""
    fold = Fold()
    for event in events:
        fold.hear(event)
    return fold.state
