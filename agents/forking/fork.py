"""Going on from a step with something changed, and comparing how the ticket ends."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from agents.brains.brain import Brain
from agents.brains.llm import name_of
from agents.forking.course import Course, read_course
from agents.forking.outcome import Way, difference, way_of
from agents.forking.rows import read_rows
from agents.forking.script import Act, Script, Word, people_of, script_of
from agents.forking.shadow import Shadow, shadow_of
from agents.wiring import (
    AllRules,
    Found,
    Places,
    backoffice_of,
    brain_of,
    find_rules,
    rules_of,
)
from data.errors import HandrailError
from data.queries.approvals import pending_approvals
from data.queries.rows import ActionRow, EventRow
from data.queries.tickets import ticket_detail, ticket_events
from data.vocabulary import EMBEDDED, Role
from data.workspace import Workspace

WHAT_IF = ("what-if", "what-if, second person")
"""Who takes the changed decision in a fork."""

_TURNS = 400
"""Turns after which a fork that never comes to rest is given up."""

Settings = Callable[[ActionRow], dict[str, Any]]
"""The arguments that the person set, checked against those of an action."""


class NothingToChange(HandrailError):
    """A changed decision for which no request came."""


@dataclass(frozen=True)
class Changed:
    """What a fork does otherwise."""

    decide: str | None = None
    """approve or reject: the decision taken at the step, or next after it."""
    arguments: Settings | None = None
    """An edit in place of that decision."""
    named: dict[str, Any] = field(default_factory=dict)
    """What was changed, for the result: such as {"amount": "1000", "policy": "new.yaml"}."""

    @property
    def decides(self) -> bool:
        """Whether a decision is another."""
        return self.decide is not None or self.arguments is not None


@dataclass(frozen=True)
class Forked:
    """A ticket both ways."""

    ticket_id: str
    step: int
    base: int
    """After which step it goes on."""
    changed: dict[str, Any]
    original: Way
    fork: Way
    events: list[EventRow]
    """What the fork recorded, from the base on."""
    not_repeated: list[dict[str, Any]]
    """What was done by hand after the step and is not done again: {step, kind, why}."""

    @property
    def difference(self) -> dict[str, Any]:
        """What is otherwise in the fork; None where nothing is."""
        return difference(self.original, self.fork)

    def as_json(self) -> dict[str, Any]:
        """The document of `replay --fork --json`."""
        return {
            "ticket": self.ticket_id,
            "step": self.step,
            "from": self.base,
            "changed": self.changed,
            "original": self.original.as_json(),
            "fork": self.fork.as_json(),
            "difference": self.difference,
            "not_repeated": self.not_repeated,
        }


def fork(
    workspace: Workspace,
    ticket_id: str,
    step: int,
    changed: Changed,
    *,
    own: Places,
    places: Places | None = None,
    read_rules: Callable[[Found], AllRules] = rules_of,
    on_turn: Callable[[int], None] = lambda _: None,
) -> Forked:
    """Go on from `step` in a shadow copy, under the rules of `places` (None: the workspace's own).

    People decide as they did about the same actions, when they did; what nobody had decided waits.
    Nothing of the workspace or its back office is touched. NotFound for a step that is not there;
    HandrailError where the change finds nothing to change, or the log no longer tells enough.
    `on_turn(events)` is called while it goes on, with how many events the fork has.
    """
    course = read_course(workspace, ticket_id)
    there = places or own
    thinks = name_of(there.model) if there.model else EMBEDDED
    base = course.base(step, before_decision=changed.decides, thinks=thinks)
    if base < 1:
        raise HandrailError("before step 1 there is no ticket to fork")
    with workspace.read() as connection:
        now = read_rows(connection, ticket_id)
    people = people_of(now, course) | dict.fromkeys(WHAT_IF, Role.ADMIN)
    script = script_of(now, course, base)

    def rules_at(files: Places) -> AllRules:
        return read_rules(find_rules(workspace.folder, files))

    def brain_for(store: Workspace) -> Brain | None:
        prompts = find_rules(workspace.folder, there).prompts
        return brain_of(store, there.model, prompts) if there.model else None

    with shadow_of(
        workspace, backoffice_of(workspace, own), course, base, people,
        past_rules=lambda: rules_at(own), rules=rules_at(there), brain_for=brain_for,
    ) as shadow:  # fmt: skip
        playing = _Playing(shadow, course, script, changed, step)
        playing.play(on_turn)
        events = [e for e in ticket_events(shadow.store, ticket_id) if e.position > base]
        way = way_of(shadow.store, ticket_id)
        return Forked(
            ticket_id, step, base, changed.named, way_of(workspace, ticket_id),
            replace(way, policy=shadow.engine.parts.policy.version), events, script.not_repeated,
        )  # fmt: skip


class _Playing:
    """A fork under way."""

    def __init__(
        self, shadow: Shadow, course: Course, script: Script, changed: Changed, step: int
    ) -> None:
        self.shadow, self.script, self.changed = shadow, script, changed
        self.ticket_id = course.ticket_id
        self._acts = list(script.acts)
        self._horizon = course.moment(len(course.events))
        named = course.events[step - 1].data.get("action")
        self._named = named if isinstance(named, str) else None
        self._open = changed.decides
        self._rung: datetime | None = None

    def play(self, on_turn: Callable[[int], None]) -> None:
        """Let the agents work, people decide and time pass, until nothing moves any more."""
        for _ in range(_TURNS):
            self.shadow.engine.advance(self.ticket_id)
            on_turn(len(ticket_events(self.shadow.store, self.ticket_id)))
            ticket = self._column("pending")
            if ticket:
                continue
            if self._open and self._decide():
                continue
            if not self._next():
                break
        else:
            raise HandrailError("the fork does not come to rest; fork at a later step")
        if self._open:
            raise NothingToChange(
                f"no request waits for a decision after step {self.shadow.base}, "
                "so that there is none to change"
            )

    def _column(self, name: str) -> Any:
        from sqlalchemy import select

        from data.store import TICKET

        query = select(TICKET.c[name]).where(TICKET.c.id == self.ticket_id)
        with self.shadow.store.read() as connection:
            return connection.execute(query).scalar_one()

    def _waiting(self) -> list[ActionRow]:
        return [a for a in pending_approvals(self.shadow.store) if a.ticket_id == self.ticket_id]

    def _decide(self) -> bool:
        """Take the changed decision, if a request waits for it."""
        waiting = self._waiting()
        if not waiting:
            return False
        action = next((a for a in waiting if a.id == self._named), waiting[0])
        service, (first, second) = self.shadow.service, WHAT_IF
        self._open = False
        if self.changed.decide == "reject":
            service.reject(action.id, by=first, reason="rejected in a fork")
            return True
        if self.changed.arguments is not None:
            decided = service.edit(action.id, by=first, changes=self.changed.arguments(action))
        else:
            decided = service.approve(action.id, by=first)
        if decided.people_missing:
            service.approve(decided.action_id, by=second)
        return True

    def _next(self) -> bool:
        """What comes next from people, the customer or time; False if nothing does."""
        now = self.shadow.clock.now()
        due: list[tuple[datetime, int, Callable[[], None]]] = []
        if self._acts:
            act = self._acts[0]
            due.append((max(act.at, now), 0, lambda: self._do(act)))
        for action in self._waiting():
            word = self.script.next_word(action)
            if word is not None:
                due.append((max(word.at, now), 1, self._say(action, word)))
        timer = self._column("timer_at")
        if timer is not None and timer <= self._horizon and timer != self._rung:
            due.append((max(timer, now), 2, lambda: self._ring(timer)))
        if not due:
            return False
        at, _, do = min(due, key=lambda item: item[:2])
        self.shadow.clock.advance_to(at)
        do()
        self.shadow.service.wake_due()
        return True

    def _ring(self, timer: datetime) -> None:
        """Let a time that has come be noticed, once."""
        self._rung = timer

    def _do(self, act: Act) -> None:
        self._acts.pop(0)
        actions = ticket_detail(self.shadow.store, self.ticket_id).actions
        self.script.do(self.shadow.service, self.ticket_id, act, actions)

    def _say(self, action: ActionRow, word: Word) -> Callable[[], None]:
        return lambda: self.script.say(self.shadow.service, action, word)
