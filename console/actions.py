"""Every command of the console, once: bindings, key bar, palette and help are made from it."""

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

from console import possible
from console import possible_by_hand as by_hand
from console.possible import Reason, always, needs
from data.vocabulary import Role

Group = Literal["Decide", "Ticket", "Queue", "Go to", "Dashboard", "Replay", "Quality", "Console"]


@dataclass(frozen=True)
class Command:
    """One thing that a person can do, with the key for it."""

    id: str
    label: str
    tooltip: str
    key: str
    """The usual one; empty: only the palette has it."""
    group: Group
    unavailable: Reason = always
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


COMMANDS: tuple[Command, ...] = (
    Command(
        "approve",
        "Approve",
        "Approve what is shown, or all that is marked",
        "a",
        "Decide",
        needs(Role.OPERATOR, possible.approve),
    ),
    Command(
        "reject",
        "Reject",
        "Reject it with a reason that the agents read",
        "r",
        "Decide",
        needs(Role.OPERATOR, possible.decide),
    ),
    Command(
        "edit",
        "Edit",
        "Change its arguments and approve it so",
        "e",
        "Decide",
        needs(Role.OPERATOR, possible.edit),
    ),
    Command(
        "mark",
        "Mark",
        "Mark this approval, to decide several at once",
        "space",
        "Decide",
        possible.mark,
    ),
    Command(
        "undo",
        "Undo",
        "Take back what was done in the ticket",
        "u",
        "Ticket",
        needs(Role.OPERATOR, possible.undo),
    ),
    Command(
        "reconcile",
        "Settle",
        "Say what became of an action whose outcome is unknown",
        "U",
        "Ticket",
        needs(Role.OPERATOR, possible.reconcile),
        False,
    ),
    Command(
        "retry",
        "Look again",
        "Have the agents look at it again",
        "R",
        "Ticket",
        needs(Role.OPERATOR, possible.retry),
        False,
    ),
    Command(
        "take",
        "Take over",
        "Take the ticket from the agents; hand it back if it is yours",
        "t",
        "Ticket",
        needs(Role.OPERATOR, by_hand.ticket),
    ),
    Command(
        "answer",
        "Answer",
        "Write to the customer, from the agents' draft or a macro",
        "c",
        "Ticket",
        needs(Role.OPERATOR, by_hand.answer),
    ),
    Command(
        "save",
        "Save files",
        "Save the files that came with the ticket",
        "s",
        "Ticket",
        needs(Role.OPERATOR, by_hand.files),
        False,
    ),
    Command(
        "note",
        "Note",
        "Write an internal note",
        "n",
        "Ticket",
        needs(Role.OPERATOR, by_hand.ticket),
        False,
    ),
    Command(
        "propose",
        "Propose",
        "Propose an action; it waits for approval like the agents' own",
        "p",
        "Ticket",
        needs(Role.OPERATOR, by_hand.ticket),
        False,
    ),
    Command(
        "assign",
        "Assign",
        "Give the ticket to an operator",
        "A",
        "Ticket",
        needs(Role.OPERATOR, by_hand.ticket),
        False,
    ),
    Command(
        "priority",
        "Priority",
        "Set how urgent it is; the agents leave it so",
        "P",
        "Ticket",
        needs(Role.OPERATOR, by_hand.ticket),
        False,
    ),
    Command(
        "correct",
        "Correct triage",
        "Say what triage should have said; it stays, and `handrail train` learns from it",
        "T",
        "Ticket",
        needs(Role.OPERATOR, by_hand.ticket),
        False,
    ),
    Command(
        "merge",
        "Merge",
        "Put a duplicate's words into another ticket, and close it",
        "M",
        "Ticket",
        needs(Role.OPERATOR, by_hand.end),
        False,
    ),
    Command(
        "resolve",
        "Resolve",
        "Say that it is resolved, without an answer",
        "",
        "Ticket",
        needs(Role.OPERATOR, by_hand.resolve),
        False,
    ),
    Command(
        "close",
        "Close",
        "Close it without an answer",
        "",
        "Ticket",
        needs(Role.OPERATOR, by_hand.end),
        False,
    ),
    Command(
        "fork",
        "Fork",
        "Go on from a step of its past in a copy, with something changed",
        "F",
        "Ticket",
        possible.ticket,
        False,
    ),
    Command("search", "Search", "Find tickets, or narrow the approvals", "slash", "Queue"),
    Command("view", "View", "Choose which tickets the queue shows", "v", "Queue"),
    Command("order", "Order", "Sort the list another way", "o", "Queue", in_bar=False),
    Command("go-queue", "Queue", "To the tickets", "g q", "Go to", in_bar=False),
    Command(
        "go-conversation",
        "Conversation",
        "To what was said",
        "g c",
        "Go to",
        possible.ticket,
        False,
    ),
    Command("go-findings", "Findings", "To what was found", "g f", "Go to", possible.ticket, False),
    Command(
        "go-trace", "Trace", "To the agents' work by steps", "g t", "Go to", possible.ticket, False
    ),
    Command(
        "go-replay",
        "Replay",
        "To the ticket's past, step by step",
        "g p",
        "Go to",
        possible.ticket,
        False,
    ),
    Command("go-approvals", "Approvals", "To what waits for you", "g a", "Go to", always, False),
    Command(
        "go-escalations", "Escalations", "To what waits for people", "g e", "Go to", in_bar=False
    ),
    Command(
        "go-dashboard",
        "Dashboard",
        "To the measures and their targets",
        "g d",
        "Go to",
        in_bar=False,
    ),
    Command(
        "go-practice",
        "Practice",
        "Decide about right and wrong actions that are not real",
        "g l",
        "Go to",
        needs(Role.OPERATOR),
        in_bar=False,
    ),
    Command("go-trials", "Trials", "To the intents on trial", "g i", "Go to", in_bar=False),
    Command(
        "go-quality", "Quality", "To how well tickets were handled", "g y", "Go to", in_bar=False
    ),
    Command(
        "quality-agree",
        "Agree",
        "Agree with the scores of the check, all or one",
        "plus",
        "Quality",
        needs(Role.OPERATOR, possible.quality),
        False,
    ),
    Command(
        "quality-correct",
        "Correct",
        "Say what a score should be, and why",
        "minus",
        "Quality",
        needs(Role.OPERATOR, possible.quality),
        False,
    ),
    Command(
        "period",
        "Days",
        "Choose the days that the dashboard measures",
        "d",
        "Dashboard",
        possible.dashboard,
        False,
    ),
    Command(
        "part",
        "By",
        "Tell the measures apart by intent, agent, channel or model",
        "i",
        "Dashboard",
        possible.dashboard,
        False,
    ),
    Command("play", "Play", "Play the steps, or rest", "space", "Replay", possible.replay, False),
    Command(
        "speed", "Speed", "Play at 1, 4 or 16 times the pace", "s", "Replay", possible.replay, False
    ),
    Command("goto", "Go to", "Go to a pane: g, then its letter", "g", "Console"),
    Command(
        "worker", "Start worker", "Unless one is alive", "w", "Console", possible.worker, False
    ),
    Command(
        "copy",
        "Copy",
        "Copy a ref, an id, a reply, or what is selected",
        "y",
        "Console",
        in_bar=False,
    ),
    Command(
        "stop",
        "Stop",
        "The stop button: hold what the agents carry out, or let it go on",
        "S",
        "Console",
    ),
    Command(
        "availability",
        "Available or away",
        "Say whether you can be handed tickets now",
        "b",
        "Console",
        needs(Role.OPERATOR),
        False,
    ),
    Command("theme", "Theme", "Choose the colours", "", "Console", in_bar=False),
    Command("palette", "Commands", "Find a command by name", "ctrl+p", "Console", in_bar=False),
    Command("help", "Help", "The keys and what they do", "question_mark", "Console"),
    Command("quit", "Quit", "Leave the console", "q", "Console"),
)

BY_ID = {command.id: command for command in COMMANDS}


APP_WIDE = ("palette", "stop")
"""Commands whose keys the app itself holds, so that they work on every screen."""


def bindings(*ids: str) -> list[Binding]:
    """Bindings of these commands; of all that have a key of their own, if none is named."""
    named = ids or tuple(
        c.id
        for c in COMMANDS
        if c.key and c.group not in ("Go to", "Replay") and c.id not in APP_WIDE
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
    Moving("← →  h l", "in a replay: a step back, on; with shift ten"),
    Moving("escape", "leave; take marks and search away"),
)
