"""Intents on trial: how far each has come, and how its plans compare with what people did."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from agents.trials import Comparison, Trial, comparisons, trials, without_personal_data
from console import trying
from console.actions import bindings
from console.format import line
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.preview import lines, text
from console.widgets.rowlist import Piece, RowList, fit
from console.widgets.wholelist import WholeList
from data.vocabulary import Intent, Role

if TYPE_CHECKING:
    from console.screens.desk import Desk

MOST_TICKETS = 50
"""Of an intent that are shown; `handrail trials INTENT` lists all."""

REST_SECONDS = 1.0
"""Between two looks while much happens."""

_KEYS = ("help", "quit")


@dataclass(frozen=True)
class Found:
    """What one read found."""

    trials: list[Trial]
    wanted: str | None
    tickets: list[Comparison]
    """Of the intent under the cursor, newest first."""


class IntentList(WholeList[Trial]):
    """The intents with their modes."""

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__(id="intents")

    def key_of(self, row: Trial) -> str:
        """The intent."""
        return row.intent.value

    @property
    def first(self) -> int:
        """The first intent that is tried."""
        return next((at for at, row in enumerate(self.rows) if row.next_mode is not None), 0)

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """Intent and mode; below, what came of it."""
        trial = self.rows[index]
        glyph, mode, meaning = trying.MODES[trial.mode]
        name = f"{trial.intent:<10}"
        told = meaning
        if trial.next_mode is not None:
            told = f"{trial.tickets} planned, {trying.agreement(trial)}"
        tone = "muted" if trial.next_mode is None else "accent"
        rest = max(0, width - len(name))
        return [
            [(name, "strong"), (fit(f"{glyph} {mode}", rest), tone)],
            [(fit(f"  {told}", width), "muted")],
        ]


class Trials(CommandScreen):
    """The intents, and for the one under the cursor the plans beside what people did."""

    CSS_PATH = "trials.tcss"
    AUTO_FOCUS = "#intents"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
    ]

    def __init__(self, desk: "Desk") -> None:
        """Over the desk, which tickets are opened on."""
        super().__init__()
        self.desk = desk
        self.found: Found | None = None
        self._wanted: str | None = None
        self._reading = Reading(
            self, "trials", self._load, self._show, self._trouble, rest=REST_SECONDS
        )

    def compose(self) -> ComposeResult:
        """What this is, the intents, what came of one, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static(
            text(("Trials", "bold"), ("  the policy's `trials` say how far each intent is", "dim")),
            id="trials-head", markup=False,
        )  # fmt: skip
        with Horizontal(id="trials-body"):
            with Vertical(id="trials-left", classes="pane"):
                yield IntentList()
            with VerticalScroll(id="trials-known", classes="pane"):
                yield Static("", id="trials-words", markup=False)
        yield KeyBar(*_KEYS)

    def on_mount(self) -> None:
        """Read once, then as things change."""
        self.intents = self.query_one(IntentList)
        self.query_one("#trials-left").border_title = "Intents"
        self.refresh_keys()
        self._reading.ask()

    def live(self, changed: Changed) -> None:
        """Read again what may have changed."""
        self._reading.ask()

    @on(RowList.Moved, "#intents")
    def moved(self) -> None:
        """What came of it follows the cursor."""
        self._wanted = self.intents.key
        self._reading.ask(at_once=True)

    def _load(self) -> Found:
        session, wanted = self.console.session, self._wanted
        tickets = list[Comparison]()
        if wanted is not None:
            tickets = list(islice(comparisons(session.store, Intent(wanted)), MOST_TICKETS))
        if self.console.role is Role.VIEWER:
            tickets = [without_personal_data(one) for one in tickets]
        return Found(trials(session.store, session.service.policy), wanted, tickets)

    def _show(self, found: Found) -> None:
        self.found = found
        self.intents.show_rows(found.trials, self.console.now())
        current = self.intents.current
        if current is not None and found.wanted == current.intent:
            self.query_one("#trials-known").border_title = line(current.intent.value)
            self.query_one("#trials-words", Static).update(known_of(current, found.tickets))

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {line(problem)}", "bold $text-error"))
            self.query_one("#trials-head", Static).update(told)

    def context(self) -> Context:
        """Nothing of a ticket is here."""
        return Context(
            now=self.console.now(),
            pane="trials",
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )


def known_of(trial: Trial, tickets: list[Comparison]) -> Content:
    """What came of one intent's trial, and its newest tickets."""
    glyph, mode, meaning = trying.MODES[trial.mode]
    rows = [text((f"{glyph} {mode}", "bold"), f"  {meaning}")]
    if trial.next_mode is None:
        told = f"to try it first: `trials: {{{trial.intent}: shadow}}` in the policy"
        rows += [text(""), text((told, "dim"))]
    if trial.next_mode is not None:
        rows += [text(""), text(("Agreement  ", "bold"), trying.agreement(trial))]
        for verdict, count in trying.tally(trial):
            sign, words = trying.VERDICTS[verdict]
            rows.append(text(f"  {count:>5}  {sign} ", words))
        money = (
            f"{trying.moved(trial.planned) or 'none'} planned, "
            f"{trying.moved(trial.done) or 'none'} moved"
        )
        rows.append(text(("Money  ", "bold"), money))
        rows.append(text(("Next  ", "bold"), trying.following(trial)))
    if tickets:
        rows += [text(""), text(("Newest tickets on trial", "bold underline"))]
    for one in tickets:
        ref, subject = line(one.ticket.ref, 20), line(one.ticket.subject, 80)
        rows.append(text((trying.verdict(one), "bold"), f"  {ref}  {subject}"))
        rows.append(text(("    planned  ", "dim"), trying.steps(one.planned)))
        rows.append(text(("    done     ", "dim"), trying.steps(one.done)))
    return lines(rows)
