"""Settling an unknown outcome: what was sent, what to look for, and what was found."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from agents.actions.catalogue import CATALOGUE
from console.format import ago, label, line, moment, money
from console.session import DecidedLike
from console.widgets.preview import lines, text, value
from data.queries.rows import ActionRow
from data.vocabulary import ActionName

Submit = Callable[[bool, str], Awaitable[str | None]]
"""Writes what was found (whether it happened, the note); gives the problem, or None."""


def case_of(action: ActionRow, now: datetime) -> Content:
    """All that helps to find out whether it happened."""
    sent = action.executed_arguments or action.arguments
    rows = [
        text(
            (label(action.name), "bold"),
            (f"  {money(action.amount, action.currency)}", "bold $text-warning"),
        ),
        text(
            f"for {line(action.customer_name or action.requester or 'unknown', 60)}"
            f" · ticket {line(action.ticket_ref, 40)}"
        ),
        text((f"? nobody knows whether it happened: {line(action.problem)}", "bold $text-error")),
        text(""),
        text(("Look for      ", "bold"), CATALOGUE[ActionName(action.name)].trace),
    ]
    parts = [
        f"{line(name, 40)} {value(found, name, action.currency)}" for name, found in sent.items()
    ]
    at = action.started_at
    when = f"{moment(at)} ({ago(at, now)})" if at else "the time is not recorded"
    rows.append(text(("What was sent ", "bold"), " · ".join(parts)))
    rows.append(text(("Under the key ", "bold"), line(action.idempotency_key, 100)))
    rows.append(text(("At            ", "bold"), when))
    return lines(rows)


def unknown_line(action: ActionRow) -> Content:
    """An action in a line of a list."""
    at = f" · sent {moment(action.started_at)}" if action.started_at else ""
    return text(
        (f"? {label(action.name)}", "bold"),
        f" {money(action.amount, action.currency)}".rstrip(),
        f" · {line(action.target, 60)} · {line(action.ticket_ref, 40)}{at}",
    )


def after_reconciling(action: ActionRow, done: DecidedLike) -> str:
    """What follows from what was found, in a sentence."""
    name = label(action.name)
    if done.state == "executed":
        return f"{name}: recorded as done; the agents go on from there"
    if done.action_id != action.id:
        return f"{name}: recorded as not done; it is asked for again and needs approval"
    return f"{name}: recorded as not done; what it was to take back still stands"


class Reconcile(ModalScreen[bool]):
    """Says what is known, and takes what was found with a note; False if left."""

    BINDINGS = [
        Binding("escape", "dismiss(False)", "Leave"),
        Binding("pageup", "scroll_case(-5)", "Up", show=False),
        Binding("pagedown", "scroll_case(5)", "Down", show=False),
    ]

    def __init__(self, action: ActionRow, now: datetime, submit: Submit) -> None:
        """Of this action; `submit` writes what was found."""
        super().__init__(classes="dialog")
        self.action, self.now, self.submit = action, now, submit

    def compose(self) -> ComposeResult:
        """The case, the note, the two answers."""
        with Vertical(classes="dialog-box") as box:
            box.border_title = "Did it happen?"
            box.border_subtitle = "look in the other system first; escape leaves it open"
            with VerticalScroll(classes="dialog-words -half", can_focus=False):
                yield Static(case_of(self.action, self.now), markup=False)
            yield Static("What did you find, and where?", markup=False, classes="edit-name")
            yield Input(
                placeholder="such as: refund re_81 of 09:12 is there", id="note", compact=True
            )
            yield Static("", id="reconcile-problem", markup=False, classes="problem")
            with Horizontal(classes="dialog-answers"):
                yield Button("Leave (esc)", id="leave", compact=True)
                yield Button("It did not happen", id="not", variant="warning", compact=True)
                yield Button("It happened", id="happened", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Begin with the note, which is needed."""
        self.query_one(Input).focus()

    def action_scroll_case(self, rows: int) -> None:
        """Scroll what is longer than the dialog."""
        self.query_one(".dialog-words").scroll_relative(y=rows, animate=False)

    @on(Input.Submitted)
    def on_entered(self) -> None:
        """Enter goes on to the answers."""
        self.focus_next()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Leave, or write what was found."""
        if event.button.id == "leave":
            self.dismiss(False)
        else:
            self.run_worker(self._send(event.button.id == "happened"), group="write")

    async def _send(self, happened: bool) -> None:
        note, told = (
            self.query_one(Input).value.strip(),
            self.query_one("#reconcile-problem", Static),
        )
        if not note:
            told.update("! a note is needed: what you found, and where")
            self.query_one(Input).focus()
            return
        problem = await self.submit(happened, note)
        if problem is None:
            self.dismiss(True)
        else:
            told.update(text(f"! {line(problem)}"))
