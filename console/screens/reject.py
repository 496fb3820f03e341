"""Rejecting: a reason is required, and the agents will read it."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from console.widgets.choices import Choices
from console.widgets.preview import lines, text

REASONS = (
    "The evidence does not support it",
    "Wrong amount",
    "Wrong customer or record",
    "Against our policy",
    "The wording is not right",
    "A person should handle this",
)


class Reject(ModalScreen[str | None]):
    """Pick a reason or write one; None if left."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("j", "step(1)", "Down", show=False),
        Binding("k", "step(-1)", "Up", show=False),
    ]

    def __init__(self, what: Sequence[Content]) -> None:
        """Of these actions, each a line."""
        super().__init__(classes="dialog")
        self.what = what

    def compose(self) -> ComposeResult:
        """What is rejected, the common reasons, a line to write another."""
        with Vertical(classes="dialog-box") as box:
            box.border_title = f"Reject {len(self.what)}" if len(self.what) > 1 else "Reject"
            box.border_subtitle = "enter rejects, tab to write, escape leaves"
            yield Static(lines(list(self.what)), markup=False, classes="dialog-what")
            yield Static("Why? The agents will read it.", markup=False)
            yield Choices([Content(why) for why in REASONS])
            yield Input(placeholder="another reason, in your words", id="reason", compact=True)
            yield Static("", id="reason-problem", markup=False, classes="problem")

    def on_mount(self) -> None:
        """Begin with the reasons."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def action_step(self, rows: int) -> None:
        """Move like everywhere."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if rows > 0 else options.action_cursor_up()

    @on(OptionList.OptionSelected)
    def picked(self, event: OptionList.OptionSelected) -> None:
        """A common reason."""
        self.dismiss(REASONS[event.option_index])

    @on(Input.Submitted)
    def written(self, event: Input.Submitted) -> None:
        """A written one, which must say something."""
        reason = event.value.strip()
        if reason:
            self.dismiss(reason)
            return
        self.query_one("#reason-problem", Static).update(
            text(("! a reason is required: write one, or pick one above", "$text-error"))
        )
