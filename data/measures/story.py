"""What the log of one ticket says of its course: answers, ends, who was at work, for how long."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from data.vocabulary import AgentName, TicketStatus

LONGEST_STEP = 15 * 60 * 1_000_000
"""Microseconds; agents that say nothing for longer were not at work."""

MESSAGES = frozenset({"send_reply", "send_notification", "undo"})
"""Actions that bear no resolution out, although they are read back."""

TOLD = frozenset(
    {
        "run.ended", "triage", "action.verified", "action.undone", "action.edited",
        "ticket.closed", "ticket.taken", "ticket.assigned", "ticket.handed_back",
    }
)  # fmt: skip
"""Kinds of events whose data is read."""

_PEOPLE = frozenset(
    {
        "action.approved", "action.edited", "action.rejected", "action.reconciled",
        "ticket.taken", "ticket.assigned", "handoff.accepted", "ticket.resolved",
    }
)  # fmt: skip
"""Kinds of events by which a person had a part in how the ticket ended."""

_ENDED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
_WAITED = frozenset({"action.expired", "action.previewed"})
"""What agents tell while people are awaited."""


class Ending(StrEnum):
    """How a ticket ended."""

    VERIFIED = "verified"
    """Resolved, and borne out by an action that was read back."""
    CONFIRMED = "confirmed"
    """Resolved, and the customer said so."""
    UNCONFIRMED = "unconfirmed"
    """Resolved as agents or a person say; nothing bears it out yet."""
    SILENCE = "silence"
    """Closed by time; the customer said nothing more."""
    CLOSED = "closed"
    """Closed by a person without an answer."""
    NOISE = "noise"
    """It asked for nothing."""
    MERGED = "merged"
    """A duplicate that went on in another ticket."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a ticket's log; `data` is empty for kinds that are not in `TOLD`."""

    at: int
    """Microseconds since 1970."""
    agent: str
    kind: str
    run_id: str | None
    data: dict[str, Any]


@dataclass
class Story:
    """The course of one ticket so far; times in microseconds since 1970."""

    messages: int = 0
    """Written by the customer, but for those that ask and tell nothing."""
    answers: int = 0
    answered_at: int | None = None
    first_ended_at: int | None = None
    ended_at: int | None = None
    ending: Ending | None = None
    reopened: int = 0
    escalated: bool = False
    assisted: bool = False
    agents_us: int = 0
    people_us: int = 0
    edited: set[str] = field(default_factory=set)
    """Actions that a person changed and approved."""


class _Telling:
    """A story while the log is read, entry by entry."""

    def __init__(self) -> None:
        self.story = Story()
        self._last: Entry | None = None
        self._held: int | None = None
        """Since when a person has it in hand."""
        self._owned = False
        self._fresh: set[str] = set()
        """Actions that were read back since the ticket ended last."""
        self._borne: set[str] = set()
        """Actions that bear the end out."""
        self._nothing_asked: set[Any] = set()
        """Numbers of messages that are thanks, automatic answers and the like."""
        self._confirmed = self._closed = self._noise = self._silent = self._thanked = False

    def hear(self, entry: Entry) -> None:
        """Take in the next entry."""
        story, kind, data = self.story, entry.kind, entry.data
        self._work(entry)
        if kind in ("ticket.opened", "message.received"):
            story.messages += 1
            if self._owned and kind == "message.received":
                self._again()
        elif kind == "reply":
            story.answers += 1
            story.answered_at = story.answered_at or entry.at
            if entry.agent == AgentName.OPERATOR:
                self._let_go(entry.at)
                story.assisted = True
        elif kind == "triage":
            self._thanked = data.get("noise") == "thanks"
            if data.get("noise") and data.get("message") not in self._nothing_asked:
                self._nothing_asked.add(data.get("message"))
                story.messages = max(0, story.messages - 1)
        elif kind == "action.verified" and data.get("name") not in MESSAGES:
            self._fresh.add(str(data.get("action")))
        elif kind == "action.undone":
            self._fresh.discard(str(data.get("action")))
            self._borne.discard(str(data.get("action")))
        elif kind == "action.edited":
            story.edited.add(str(data.get("action")))
        elif kind == "run.parked":
            self._again()
        elif kind == "handoff":
            story.escalated = True
            self._again()
        elif kind in ("ticket.taken", "ticket.assigned", "handoff.accepted"):
            self._owned = True
            self._held = self._held or entry.at
            self._again()
        elif kind == "ticket.handed_back":
            self._owned = False
            self._let_go(entry.at)
        elif kind in ("run.ended", "ticket.resolved", "ticket.closed"):
            self._ended(entry)
        if kind in _PEOPLE:
            story.assisted = True

    def _work(self, entry: Entry) -> None:
        """Add the time since the agents' last step, if they were at work in between."""
        if entry.agent == AgentName.SYSTEM:
            return
        last, self._last = self._last, entry
        if last is None or AgentName.OPERATOR in (last.agent, entry.agent):
            return
        if last.run_id is None or last.run_id != entry.run_id:
            return
        if last.kind == "run.parked" or entry.kind in _WAITED:
            return
        gap = entry.at - last.at
        if 0 < gap <= LONGEST_STEP:
            self.story.agents_us += gap

    def _let_go(self, at: int) -> None:
        if self._held is not None:
            self.story.people_us += max(0, at - self._held)
            self._held = None

    def _ended(self, entry: Entry) -> None:
        kind, data = entry.kind, entry.data
        if kind == "run.ended":
            self._run_ended(entry)
        elif kind == "ticket.resolved":
            self._let_go(entry.at)
            self._again()
            self._end(entry.at)
        elif "after_days" in data:
            if self.story.ended_at is None:
                self._end(entry.at)
                self._borne.clear()
            self._silent = True
        else:
            self._let_go(entry.at)
            self._owned = False
            if self.story.ended_at is None:
                self._end(entry.at)
                self._closed = True
                self.story.assisted = True

    def _run_ended(self, entry: Entry) -> None:
        status = entry.data.get("status")
        code = (entry.data.get("outcome") or {}).get("code")
        ended = self.story.ended_at is not None
        if code == "noise":
            if not ended and status == TicketStatus.CLOSED:
                self._end(entry.at)
                self._noise = True
            elif status in _ENDED and (self._thanked or not ended) and not self._noise:
                if not ended:
                    self._end(entry.at)
                self._confirmed = True
            return
        self._again()
        if status in _ENDED:
            self._end(entry.at)

    def _end(self, at: int) -> None:
        story = self.story
        story.ended_at = at
        story.first_ended_at = story.first_ended_at or at
        self._borne, self._fresh = self._fresh, set()

    def _again(self) -> None:
        """The ticket goes on; if it had ended, it was reopened."""
        story = self.story
        if story.ended_at is None:
            return
        if self._noise:
            story.first_ended_at = None
        else:
            story.reopened += 1
        story.ended_at = None
        self._borne = set()
        self._confirmed = self._closed = self._noise = self._silent = False

    def finished(self, *, merged: bool) -> Story:
        """The story, with how it ended."""
        story = self.story
        if merged:
            story.ending = Ending.MERGED
        elif story.ended_at is not None:
            story.ending = self._ending()
        return story

    def _ending(self) -> Ending:
        if self._noise:
            return Ending.NOISE
        if self._closed:
            return Ending.CLOSED
        if self._borne:
            return Ending.VERIFIED
        if self._confirmed:
            return Ending.CONFIRMED
        return Ending.SILENCE if self._silent else Ending.UNCONFIRMED


def story_of(entries: Iterable[Entry], *, merged: bool = False) -> Story:
    """The course of a ticket from all entries of its log, in their order.

    `merged` says that it went on in another ticket.
    """
    telling = _Telling()
    for entry in entries:
        telling.hear(entry)
    return telling.finished(merged=merged)
