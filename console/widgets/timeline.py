"""A ticket's steps as a list whose cursor is the step that is shown, and as a line to jump on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.describe import failed, headline
from console.widgets.preview import text
from console.widgets.rowlist import Piece, RowList, fit
from data.queries.rows import EventRow

SIGNS = {
    "message.received": "◂",
    "action.proposed": "◆",
    "action.approved": "✓",
    "action.rejected": "✗",
    "action.edited": "✎",
    "action.undone": "↶",
    "action.failed": "!",
    "action.unknown": "?",
    "run.failed": "!",
    "handoff": "▲",
    "ticket.taken": "▸",
}
"""Kinds of steps that the line shows, with their signs."""


class Timeline(RowList):
    """The steps, one a line; those on the screen are asked for, the rest is not read."""

    @dataclass
    class Missing(Message):
        """Steps that have not been read are to be shown."""

        first: int

    def __init__(self) -> None:
        """No steps yet."""
        super().__init__(id="timeline")
        self.length = 0
        self.names: Mapping[str, str] = {}
        """The ticket's actions by id."""
        self._steps: dict[int, EventRow] = {}
        self._asked: int | None = None

    @property
    def count(self) -> int:
        """How many steps there are."""
        return self.length

    @property
    def row_height(self) -> int:
        """One line a step."""
        return 1

    def key_at(self, index: int) -> str | None:
        """The step's number."""
        return str(index + 1) if 0 <= index < self.length else None

    def step(self, position: int) -> EventRow | None:
        """A step, if it has been read."""
        return self._steps.get(position)

    def grow(self, length: int, found: list[EventRow]) -> None:
        """There are so many steps; these have been read."""
        grown, self.length = length != self.length, length
        self._steps |= {event.position: event for event in found}
        self._asked = None
        if grown:
            self.resize_rows()
        else:
            self.refresh()

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """Its number, its time, who, and what happened."""
        event = self._steps.get(index + 1)
        number = f"{index + 1:>5} "
        if event is None:
            if self._asked is None:
                self._asked = index + 1
                self.post_message(self.Missing(index + 1))
            return [[(fit(f"{number} …", width), "muted")]]
        when = f"{event.at:%H:%M:%S} " if width >= 40 else ""
        who = f"{event.agent:<11} " if width >= 60 else ""
        left = width - len(number) - len(when) - len(who)
        tone = "error" if failed(event) else ""
        told = fit(headline(event, self.names), max(1, left))
        return [[(number, "muted"), (when, "muted"), (who, "secondary"), (told, tone)]]


class Scrubber(Static):
    """The whole log on one line, with what people and the world did; a click goes there."""

    @dataclass
    class Jumped(Message):
        """The person clicked on a step."""

        position: int

    def __init__(self) -> None:
        """Of no steps yet."""
        super().__init__("", id="scrubber", markup=False)
        self.length, self.position = 0, 0
        self.landmarks: list[tuple[int, str]] = []

    def show(self, position: int, length: int, landmarks: list[tuple[int, str]]) -> None:
        """The step `position` of `length`; `landmarks` are (position, kind)."""
        self.position, self.length, self.landmarks = position, length, landmarks
        self.update(self._drawn())

    def on_resize(self) -> None:
        """As wide as there is room."""
        self.update(self._drawn())

    def _place(self, position: int, room: int) -> int:
        return 0 if self.length < 2 else round((position - 1) * (room - 1) / (self.length - 1))

    def _drawn(self) -> Content:
        room = max(10, self.content_size.width)
        if not self.length:
            return text("")
        cells = ["─"] * room
        for position, kind in self.landmarks:
            cells[self._place(position, room)] = SIGNS[kind]
        here = self._place(self.position, room)
        before, after = "".join(cells[:here]), "".join(cells[here + 1 :])
        return text((before, "$text-accent"), ("█", "bold"), (after, "dim"))

    def on_click(self, event: events.Click) -> None:
        """Go to the step that lies there."""
        inside, room = event.get_content_offset(self), max(10, self.content_size.width)
        if inside is not None and self.length:
            position = 1 + round(inside.x * (self.length - 1) / max(1, room - 1))
            self.post_message(self.Jumped(min(position, self.length)))


def gap(one: datetime, other: datetime, speed: int) -> float:
    """Seconds that playing rests between two steps: the real ones over the speed, within bounds."""
    return min(max((other - one).total_seconds() / speed, 0.03), 2.0 / speed)
