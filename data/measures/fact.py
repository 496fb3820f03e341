"""What the measures know of one ticket, put together from its story and its rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from data.measures.story import Ending, Story
from data.vocabulary import ActionState

NONE = "none"
"""The value of a dimension for tickets that have none, such as those that nobody has read yet."""


class Result(StrEnum):
    """What became of something that the agents asked people."""

    WAITING = "waiting"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STALE = "stale"
    WITHDRAWN = "withdrawn"
    """Also what the policy refused after all."""


DECIDED = (Result.UNCHANGED, Result.CHANGED, Result.REJECTED)

_RESULTS = {
    ActionState.PROPOSED: Result.WAITING,
    ActionState.REJECTED: Result.REJECTED,
    ActionState.EXPIRED: Result.EXPIRED,
    ActionState.STALE: Result.STALE,
    ActionState.WITHDRAWN: Result.WITHDRAWN,
    ActionState.REFUSED: Result.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Approval:
    """One thing that the agents asked people."""

    asked_at: int
    intent: str
    agent: str
    result: str
    waited_ms: int | None
    """From asking to the decision; None where nobody decided."""
    undone: bool
    """Whether it was carried out and taken back."""

    def row(self) -> list[Any]:
        """As it is stored."""
        return [
            self.asked_at, self.intent, self.agent, self.result, self.waited_ms, int(self.undone),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """The columns of `ticket_fact`; times in microseconds since 1970."""

    ticket_id: str
    intent: str
    agent: str
    channel: str
    brain: str
    opened_at: int
    answered_at: int | None
    first_ended_at: int | None
    ended_at: int | None
    ending: str | None
    messages: int
    answers: int
    reopened: int
    escalated: bool
    assisted: bool
    agents_ms: int
    people_ms: int
    cost_micros: int
    score: int | None
    scored_at: int | None
    approvals: tuple[Approval, ...]
    verdict: str | None = None
    checked_at: int | None = None
    reviews: tuple[tuple[int, bool], ...] = ()
    """When people said something of a score, and whether they agreed."""

    def row(self) -> dict[str, Any]:
        """As it is stored."""
        values = {name: getattr(self, name) for name in self.__slots__}
        approvals = [approval.row() for approval in self.approvals]
        reviews = [[at, int(agreed)] for at, agreed in self.reviews]
        return values | {"approvals": approvals, "reviews": reviews}

    @classmethod
    def stored(cls, row: Mapping[str, Any]) -> "Fact":
        """The fact that `row` gave."""
        approvals = [(*each[:5], bool(each[5])) for each in row["approvals"]]
        reviews = tuple((at, bool(agreed)) for at, agreed in row["reviews"])
        made = tuple(Approval(*each) for each in approvals)
        return cls(**{**row, "approvals": made, "reviews": reviews})


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns of an action that the measures need; times in microseconds since 1970."""

    id: str
    intent: str | None
    """Of its issue."""
    agent: str
    state: str
    supersedes: str | None
    decided_by: str | None
    asked_at: int
    decided_at: int | None


@dataclass(frozen=True, slots=True)
class TicketRow:
    """The columns of a ticket that the measures need, with those of its runs and issues."""

    id: str
    intent: str | None
    agent: str | None
    channel: str
    brain: str | None
    opened_at: int
    merged: bool
    cost_micros: int
    score: int | None = None
    scored_at: int | None = None
    verdict: str | None = None
    checked_at: int | None = None
    reviews: tuple[tuple[int, bool], ...] = ()


def fact_of(ticket: TicketRow, story: Story, asked: Sequence[Asked]) -> Fact:
    """The fact of a ticket; `asked` are the actions by which its agents asked people."""
    return Fact(
        ticket_id=ticket.id,
        intent=ticket.intent or NONE,
        agent=ticket.agent or NONE,
        channel=ticket.channel or NONE,
        brain=ticket.brain or NONE,
        opened_at=ticket.opened_at,
        answered_at=story.answered_at,
        first_ended_at=story.first_ended_at,
        ended_at=story.ended_at,
        ending=story.ending and story.ending.value,
        messages=story.messages,
        answers=story.answers,
        reopened=story.reopened,
        escalated=story.escalated,
        assisted=story.assisted,
        agents_ms=story.agents_us // 1000,
        people_ms=story.people_us // 1000,
        cost_micros=ticket.cost_micros,
        score=ticket.score,
        scored_at=ticket.scored_at,
        approvals=tuple(_approvals(ticket, story.edited, asked)),
        verdict=ticket.verdict,
        checked_at=ticket.checked_at,
        reviews=ticket.reviews,
    )


def _approvals(ticket: TicketRow, edited: set[str], asked: Sequence[Asked]) -> Iterable[Approval]:
    """One for each request; the revision that an edit made belongs to the request it changed."""
    successors = {action.supersedes: action for action in asked if action.supersedes in edited}
    for action in asked:
        if action.supersedes in edited:
            continue
        last = action
        while last.id in edited and last.id in successors:
            last = successors[last.id]
        result = _result(action, edited)
        if result is None:
            continue
        waited = None
        if result in DECIDED and action.decided_at is not None:
            waited = max(0, action.decided_at - action.asked_at) // 1000
        yield Approval(
            asked_at=action.asked_at,
            intent=action.intent or ticket.intent or NONE,
            agent=action.agent,
            result=result.value,
            waited_ms=waited,
            undone=last.state == ActionState.UNDONE,
        )


def _result(action: Asked, edited: set[str]) -> Result | None:
    """What became of a request; None where no person was to decide after all."""
    if action.id in edited:
        return Result.CHANGED
    found = _RESULTS.get(ActionState(action.state))
    if found is None and action.decided_by in (None, "policy"):
        return None
    return found or Result.UNCHANGED


def is_request(fact: Fact) -> bool:
    """Whether the ticket asks for something, and goes on in no other one."""
    return fact.ending not in (Ending.NOISE, Ending.MERGED)
