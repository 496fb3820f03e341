"""What people and the customer did after a step, to be done again in a fork where it still fits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agents.errors import BadArguments, NotAllowed, NotDecidable
from agents.forking.course import Course
from agents.forking.rows import Row, TicketRows
from agents.service import Service
from data.errors import HandrailError
from data.queries.rows import ActionRow
from data.vocabulary import AGENTS_OWN, AgentName, Author, DecisionKind, Role

_REPEATED = frozenset(
    {"message.received", "ticket.taken", "ticket.assigned", "ticket.handed_back",
     "action.undo_requested"}
)  # fmt: skip
"""Events that somebody from outside brought about, and that are done again."""

_BY_DECIDING = frozenset({"action.approved", "action.rejected", "action.edited"})
"""Events that come of decisions, which are done again by what they were about."""

_COME_ALONG = frozenset({"action.proposed", "action.withdrawn", "handoff.accepted"})
"""Events that come of an act that has an event of its own."""


@dataclass(frozen=True)
class Act:
    """Something that came from outside at a moment."""

    at: datetime
    position: int
    kind: str
    data: dict[str, Any]
    body: str | None = None
    """What the customer wrote."""


@dataclass(frozen=True)
class Word:
    """What one person said about one action."""

    id: str
    kind: DecisionKind
    by: str
    at: datetime
    reason: str
    changes: dict[str, Any]
    """Of an edit: the arguments that it set."""


@dataclass
class Script:
    """The acts after a step, and every decision that was ever taken about the ticket's actions."""

    acts: list[Act]
    words: dict[str, list[Word]]
    """By the id of the action, and by its name and digest."""
    not_repeated: list[dict[str, Any]]
    """What was done by hand after the step and is not done again: {step, kind, why}."""
    _said: set[tuple[str, str]] = field(default_factory=set)

    def next_word(self, action: ActionRow) -> Word | None:
        """What somebody said about this action, or the very same one, and has not said here."""
        known = self.words.get(action.id) or self.words.get(_same(action.name, action.digest)) or []
        return next((word for word in known if (action.id, word.id) not in self._said), None)

    def say(self, service: Service, action: ActionRow, word: Word) -> None:
        """Decide as that person did; what does not fit here is noted."""
        self._said.add((action.id, word.id))
        try:
            if word.kind is DecisionKind.REJECT:
                service.reject(action.id, by=word.by, reason=word.reason)
            elif word.kind is DecisionKind.EDIT:
                service.edit(action.id, by=word.by, changes=word.changes)
            else:
                service.approve(action.id, by=word.by)
        except (NotDecidable, NotAllowed, BadArguments) as problem:
            self.leave_out(None, f"{word.kind} of {action.name} by {word.by}", str(problem))

    def do(self, service: Service, ticket_id: str, act: Act, actions: list[ActionRow]) -> None:
        """Do an act again; what does not fit here is noted."""
        by = str(act.data.get("by"))
        try:
            if act.kind == "message.received":
                service.receive(ticket_id, act.body or "", at=act.at)
            elif act.kind == "ticket.taken":
                service.take(ticket_id, by=by, force=True)
            elif act.kind == "ticket.assigned":
                service.assign(ticket_id, to=str(act.data.get("to")), by=by, force=True)
            elif act.kind == "ticket.handed_back":
                service.hand_back(ticket_id, by=by, force=True)
            elif any(action.id == act.data.get("action") for action in actions):
                service.undo(str(act.data.get("action")), by=by)
            else:
                self.leave_out(act.position, act.kind, "that action is not there")
        except (NotDecidable, NotAllowed) as problem:
            self.leave_out(act.position, act.kind, str(problem))

    def leave_out(self, position: int | None, kind: str, why: str) -> None:
        """Note what is not done again."""
        self.not_repeated.append({"step": position, "kind": kind, "why": why})


def script_of(now: TicketRows, course: Course, base: int) -> Script:
    """What came from outside after `base`, and the decisions about the ticket's actions."""
    script = Script([], _words(now), [])
    came = sum(e.kind in ("ticket.opened", "message.received") for e in course.until(base))
    raw = {payload["id"]: payload["body"] for payload in now.payloads}
    bodies = [raw.get(m["payload_id"]) for m in now.messages if m["author"] == Author.CUSTOMER]
    for event in course.after(base):
        if event.kind in _REPEATED:
            body = None
            if event.kind == "message.received":
                body = bodies[came] if came < len(bodies) else None
                came += 1
                if body is None:
                    raise HandrailError(
                        f"what the customer wrote at step {event.position} was erased, "
                        "so that the ticket cannot go on without it"
                    )
            script.acts.append(Act(event.at, event.position, event.kind, event.data, body))
        elif event.agent == AgentName.OPERATOR and event.kind not in _BY_DECIDING | _COME_ALONG:
            script.leave_out(event.position, event.kind, "done by hand then")
    return script


def people_of(now: TicketRows, course: Course) -> dict[str, Role | None]:
    """Everybody who did something about the ticket, in the role in which they decided last.

    None: they decided nothing, and what they were is for the operators to say.
    """
    people: dict[str, Role | None] = {
        str(event.data[name]): None
        for event in course.events if event.agent == AgentName.OPERATOR
        for name in ("by", "to") if event.data.get(name)
    }  # fmt: skip
    for decision in now.decisions:
        if decision["kind"] != DecisionKind.AUTO:
            people[decision["operator"]] = Role(decision["role"] or Role.ADMIN)
    people.pop(AGENTS_OWN, None)
    return people


def _words(now: TicketRows) -> dict[str, list[Word]]:
    actions = {action["id"]: action for action in now.actions}
    found: dict[str, list[Word]] = {}
    for row in now.decisions:
        action = actions[row["action_id"]]
        if row["kind"] == DecisionKind.AUTO or action["proposed_by"]:
            continue
        edited = row["kind"] == DecisionKind.EDIT
        if edited and action["superseded_by"] not in actions:
            # The successor's own mark that its editor approves it.
            continue
        changes = _changes(action, actions[action["superseded_by"]]) if edited else {}
        word = Word(
            row["id"], DecisionKind(row["kind"]), row["operator"], row["at"],
            row["reason"] or action["decision_reason"] or "", changes,
        )  # fmt: skip
        for key in (action["id"], _same(action["name"], action["digest"])):
            found.setdefault(key, []).append(word)
    return found


def _changes(old: Row, new: Row) -> dict[str, Any]:
    return {k: v for k, v in new["arguments"].items() if old["arguments"].get(k) != v}


def _same(name: str, digest: str) -> str:
    return f"{name} {digest}"
