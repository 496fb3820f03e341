"""Intents on trial: how far each has come, and how its plans compare with what people did."""

from dataclasses import dataclass
from itertools import islice

from textual.content import Content

from agents.trials import Comparison, Trial, comparisons, trials, without_personal_data
from console import trying
from console.cells import Piece, fit
from console.format import line
from console.screens.browsing import Browsing
from console.widgets.preview import lines, text
from console.widgets.wholelist import WholeList
from data.vocabulary import Intent, Role

MOST_TICKETS = 50
"""Of an intent that are shown; `handrail trials INTENT` lists all."""


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


class Trials(Browsing[Trial, Found]):
    """The intents, and for the one under the cursor the plans beside what people did."""

    PANE = "trials"
    KEYS = ("help", "quit")
    LISTED, KNOWN = "Intents", ""
    REST_SECONDS = 1.0

    def make_list(self) -> IntentList:
        """The intents."""
        return IntentList()

    def load(self, wanted: str | None) -> Found:
        """How far each intent is, and the newest tickets of the one that is wanted."""
        session, tickets = self.console.session, list[Comparison]()
        if wanted is not None:
            tickets = list(islice(comparisons(session.store, Intent(wanted)), MOST_TICKETS))
        if self.console.role is Role.VIEWER:
            tickets = [without_personal_data(one) for one in tickets]
        return Found(trials(session.store, session.service.policy), wanted, tickets)

    def listed(self, found: Found) -> None:
        """Fill the list."""
        self.rows.show_rows(found.trials, self.console.now())

    def head(self, found: Found) -> Content:
        """What this is."""
        told = "  the policy's `trials` say how far each intent is"
        return text(("Trials", "bold"), (told, "dim"))

    def known(self, found: Found) -> Content | None:
        """What came of the trial of the intent under the cursor."""
        current = self.rows.current
        if current is None or found.wanted != current.intent:
            return None
        self.query_one("#browse-known").border_title = line(current.intent.value)
        return known_of(current, found.tickets)


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
