"""The course of one ticket by its log, and where in it a fork can go on."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from data.errors import NotFound
from data.store import EVENT, PAYLOAD, Store
from data.vocabulary import EMBEDDED, AgentName

_THOUGHTS = frozenset({"identity", "subtasks", "diagnosis", "plan"})
"""Kinds of events that are thinking though they are no recorded steps."""

_DECISIONS = frozenset({"action.approved", "action.rejected", "action.edited"})


@dataclass(frozen=True)
class Told:
    """One event of the ticket, with the text beside it."""

    position: int
    run_id: str | None
    step: str | None
    at: datetime
    agent: str
    kind: str
    data: dict[str, Any]
    payload: str | None

    @property
    def thought(self) -> bool:
        """Whether it belongs to the agents' thinking, which only reads."""
        if self.run_id is None:
            return False
        failed_to_read = self.kind == "tool.failed" and "action" not in self.data
        return self.step is not None or self.kind in _THOUGHTS or failed_to_read

    @property
    def decision(self) -> bool:
        """Whether a person decided an action by it."""
        return self.kind in _DECISIONS and self.agent == AgentName.OPERATOR


@dataclass(frozen=True)
class Pass:
    """One time that the agents thought a ticket through, from its first event to its last."""

    run_id: str
    first: int
    last: int
    kinds: tuple[str, ...]
    """The issues that were diagnosed."""
    again: bool
    """Whether it is not its run's first, since a record changed."""


@dataclass(frozen=True)
class Course:
    """Everything that the log tells of a ticket."""

    ticket_id: str
    events: list[Told]

    def until(self, base: int) -> list[Told]:
        """The events up to a position, included."""
        return self.events[:base]

    def after(self, base: int) -> list[Told]:
        """The events after a position."""
        return self.events[base:]

    def moment(self, base: int) -> datetime:
        """The time of a position: the latest of all events so far."""
        return max(event.at for event in self.until(base))

    def passes(self) -> list[Pass]:
        """The agents' passes of thinking, in order."""
        found: list[Pass] = []
        open_run: str | None = None
        for event in self.events:
            if event.run_id is None or event.agent == AgentName.OPERATOR:
                continue
            if not event.thought:
                open_run = None
                continue
            kinds = (str(event.data.get("issue")),) if event.kind == "diagnosis" else ()
            if open_run == event.run_id:
                last = found[-1]
                found[-1] = Pass(
                    last.run_id, last.first, event.position, last.kinds + kinds, last.again
                )
                continue
            open_run = event.run_id
            again = any(p.run_id == event.run_id for p in found)
            found.append(Pass(event.run_id, event.position, event.position, kinds, again))
        return found

    def complete(self, one: Pass, base: int) -> bool:
        """Whether what a pass came to was stored by then."""
        return any(
            e.run_id == one.run_id and not e.thought and one.last < e.position
            for e in self.until(base)
        )

    def base(self, step: int, *, before_decision: bool = False, thinks: str | None = None) -> int:
        """The position after which a fork at `step` goes on; NotFound for a step that is not there.

        What was committed together with the step belongs to it. `before_decision` goes back to
        before the step if it is a person's decision, so that another can be taken. If another
        brain `thinks` from there, a pass of thinking that was under way begins anew.
        """
        last = len(self.events)
        if not 1 <= step <= last:
            raise NotFound(
                f"there is no step {step} to fork from; the ticket has steps 1 to {last}"
            )
        here = self.events[step - 1]
        if before_decision and here.decision:
            return step - 1
        if here.thought:
            for one in self.passes():
                if one.first <= step <= one.last:
                    if one.again:
                        return self._before_stale(one)
                    if thinks not in (None, self._brain(one)):
                        return one.first - 1
            return step
        while step < last and self._same_commit(here, self.events[step]):
            step += 1
        return step

    def _brain(self, one: Pass) -> str:
        """What thought in a pass."""
        begun = (e for e in self.events if e.kind == "run.started" and e.run_id == one.run_id)
        return str(next((e.data.get("brain") for e in begun), None) or EMBEDDED)

    def _same_commit(self, one: Told, other: Told) -> bool:
        return other.at == one.at and not other.thought

    def _before_stale(self, one: Pass) -> int:
        """Before it was seen that a record had changed, which made the agents think again."""
        for event in reversed(self.until(one.first - 1)):
            if event.kind == "action.stale":
                return event.position - 1
        return one.first - 1


def read_course(store: Store, ticket_id: str) -> Course:
    """The ticket's log with the texts beside it."""
    names = ("position", "run_id", "step", "at", "agent", "kind", "data")
    query = (
        select(*[EVENT.c[name] for name in names], PAYLOAD.c.body)
        .outerjoin(PAYLOAD, PAYLOAD.c.id == EVENT.c.payload_id)
        .where(EVENT.c.chain == ticket_id)
        .order_by(EVENT.c.position)
    )
    with store.read() as connection:
        return Course(
            ticket_id,
            [Told(*row[:6], json.loads(row.data), row.body) for row in connection.execute(query)],
        )
