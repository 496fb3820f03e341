"""Every command of the console, once: bindings, key bar, palette and help are made from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from textual.binding import Binding

from data.queries.rows import ActionRow, TicketRow
from data.vocabulary import DONE_ACTIONS, OPEN_ACTIONS, ActionState, Role

Group = Literal["Decide", "Ticket", "Queue", "Go to", "Console"]


@dataclass(frozen=True)
class Context:
    """What is on the screen now; by this a command knows whether it is possible."""

    now: datetime
    pane: str
    ticket: TicketRow | None = None
    actions: tuple[ActionRow, ...] = ()
    """Of the selected ticket."""
    shown: ActionRow | None = None
    """The approval that is shown in full and has the keys."""
    waiting: ActionRow | None = None
    """An approval of the selected ticket that would have to be opened first."""
    marked: tuple[ActionRow, ...] = ()
    approvals: int = 0
    workers: int = 0
    busy: frozenset[str] = field(default_factory=frozenset)
    """Actions whose decision is being written."""
    role: Role = Role.ADMIN
    """What the person may do."""
    key: Callable[[str], str] = field(default_factory=lambda: _usual_key)
    """How the key of a command is written now."""

    @property
    def undoable(self) -> list[ActionRow]:
        """What was done in this ticket and can still be taken back."""
        return [action for action in self.actions if can_undo(action, self.now) is None]


def can_undo(action: ActionRow, now: datetime) -> str | None:
    """Why this action cannot be undone now, or None."""
    if action.state not in DONE_ACTIONS:
        return f"it is {action.state.value}, not carried out"
    if not (action.undo or {}).get("possible", False):
        return "it cannot be undone"
    if action.undo_until is not None and action.undo_until <= now:
        return "the time to undo it is over"
    return None


Reason = Callable[[Context], str | None]


def _always(_: Context) -> str | None:
    return None


def needs(least: Role, reason: Reason = _always) -> Reason:
    """A reason that comes first for people of a lesser role."""

    def why(context: Context) -> str | None:
        if context.role.rank >= least.rank:
            return reason(context)
        if context.role is Role.VIEWER:
            return "a viewer may not decide"
        return f"only {'an' if least is Role.ADMIN else 'a'} {least} may"

    return why


def _decide(context: Context) -> str | None:
    if context.marked:
        return None
    if context.shown is None:
        if context.waiting is not None:
            return None
        if not context.approvals:
            return "nothing waits for a decision"
        if context.pane == "approvals":
            return "this one no longer waits: move to the next"
        return f"nothing in this ticket waits; others do: {context.key('go-approvals')}"
    if context.shown.id in context.busy:
        return "this decision is being written"
    if context.shown.state is not ActionState.PROPOSED:
        return f"it no longer waits: {context.shown.state.value}"
    return None


def _decide_one(context: Context) -> str | None:
    if len(context.marked) > 1:
        return "only one at a time: take the marks away with escape"
    return _decide(context)


def _undo(context: Context) -> str | None:
    if context.ticket is None:
        return "no ticket is selected"
    if context.undoable:
        return None
    done = [action for action in context.actions if action.state in DONE_ACTIONS]
    if not done:
        return "nothing was carried out in this ticket"
    return can_undo(done[-1], context.now)


def _retry(context: Context) -> str | None:
    if context.ticket is None:
        return "no ticket is selected"
    if any(action.state in OPEN_ACTIONS for action in context.actions):
        return "its actions wait or run: decide them first"
    return None


def _mark(context: Context) -> str | None:
    if context.pane == "approvals":
        return None
    return f"marks are for approvals: {context.key('go-approvals')}"


def _worker(context: Context) -> str | None:
    return "a worker is alive" if context.workers else None


def _ticket(context: Context) -> str | None:
    return None if context.ticket else "no ticket is selected"


@dataclass(frozen=True)
class Command:
    """One thing that a person can do, with the key for it."""

    id: str
    label: str
    tooltip: str
    key: str
    """The usual one; empty: only the palette has it."""
    group: Group
    unavailable: Reason = _always
    """Why it is not possible now, in words for a person."""
    in_bar: bool = True
    """Whether the key bar shows it where there is room."""

    @property
    def keys(self) -> str:
        """The usual key as it is written on the screen."""
        return shown_key(self.key)

    @property
    def binding(self) -> Binding:
        """The binding that calls it."""
        return Binding(
            self.key.replace("g ", ""), f"command('{self.id}')", self.label,
            show=False, tooltip=self.tooltip, id=self.id,
        )  # fmt: skip


KEY_NAMES = {
    "question_mark": "?", "slash": "/", "comma": ",", "full_stop": ".", "colon": ":",
    "semicolon": ";", "exclamation_mark": "!", "plus": "+", "minus": "-", "equals_sign": "=",
}  # fmt: skip
"""How keys are written whose names are long."""


def shown_key(key: str) -> str:
    """A key, as Textual names it, as it is written on the screen."""
    return KEY_NAMES.get(key, key)


def _usual_key(name: str) -> str:
    return BY_ID[name].keys


COMMANDS: tuple[Command, ...] = (
    Command(
        "approve",
        "Approve",
        "Approve what is shown, or all that is marked",
        "a",
        "Decide",
        needs(Role.OPERATOR, _decide),
    ),
    Command(
        "reject",
        "Reject",
        "Reject it with a reason that the agents read",
        "r",
        "Decide",
        needs(Role.OPERATOR, _decide),
    ),
    Command(
        "edit",
        "Edit",
        "Change its arguments and approve it so",
        "e",
        "Decide",
        needs(Role.OPERATOR, _decide_one),
    ),
    Command(
        "mark", "Mark", "Mark this approval, to decide several at once", "space", "Decide", _mark
    ),
    Command(
        "undo",
        "Undo",
        "Take back what was done in the ticket",
        "u",
        "Ticket",
        needs(Role.OPERATOR, _undo),
    ),
    Command(
        "retry",
        "Look again",
        "Have the agents look at it again",
        "R",
        "Ticket",
        needs(Role.OPERATOR, _retry),
        False,
    ),
    Command("search", "Search", "Find tickets by words and fields", "slash", "Queue"),
    Command("view", "View", "Choose which tickets the queue shows", "v", "Queue"),
    Command("order", "Order", "Sort the queue another way", "o", "Queue", in_bar=False),
    Command("go-queue", "Queue", "To the tickets", "g q", "Go to", in_bar=False),
    Command("go-conversation", "Conversation", "To what was said", "g c", "Go to", _ticket, False),
    Command("go-findings", "Findings", "To what was found", "g f", "Go to", _ticket, False),
    Command("go-trace", "Trace", "To the agents' work by steps", "g t", "Go to", _ticket, False),
    Command("go-approvals", "Approvals", "To what waits for you", "g a", "Go to", _always, False),
    Command("goto", "Go to", "Go to a pane: g, then its letter", "g", "Console"),
    Command("worker", "Start worker", "Unless one is alive", "w", "Console", _worker, False),
    Command(
        "copy",
        "Copy",
        "Copy a ref, an id, a reply, or what is selected",
        "y",
        "Console",
        in_bar=False,
    ),
    Command("theme", "Theme", "Choose the colours", "", "Console", in_bar=False),
    Command("palette", "Commands", "Find a command by name", "ctrl+p", "Console", in_bar=False),
    Command("help", "Help", "The keys and what they do", "question_mark", "Console"),
    Command("quit", "Quit", "Leave the console", "q", "Console"),
)

BY_ID = {command.id: command for command in COMMANDS}


def bindings(*ids: str) -> list[Binding]:
    """Bindings of these commands; of all that have a key of their own, if none is named."""
    named = ids or tuple(
        c.id for c in COMMANDS if c.key and c.group != "Go to" and c.id != "palette"
    )
    return [BY_ID[name].binding for name in named]


@dataclass(frozen=True)
class Moving:
    """A key that works inside panes, for the help screen."""

    keys: str
    label: str


MOVING = (
    Moving("↑ ↓  k j", "move"),
    Moving("pgup pgdn", "move by a page"),
    Moving("home end", "to the first, the last"),
    Moving("tab  shift+tab", "next, previous pane"),
    Moving("enter", "open what is under the cursor"),
    Moving("escape", "leave; take marks and search away"),
)
