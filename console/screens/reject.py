"""Rejecting: a reason is required, and the agents will read it."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from console.widgets.choices import Choices
from console.widgets.preview import lines, text

REASONS = (
    "Not enough evidence",
    "Wrong amount",
    "Wrong customer or record",
    "The customer must confirm it first",
    "Against our policy",
    "The wording is not right",
    "To be handled by a person",
)

LISTED = 6
"""Actions that the dialog shows at once."""


class Reject(ModalScreen[str | None]):
    """Pick a reason or write one; None if left. No reason is chosen beforehand."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("j", "step(1)", "Down", show=False),
        Binding("k", "step(-1)", "Up", show=False),
        Binding("enter", "take", "Reject", show=False, priority=True),
        Binding("pageup", "scroll_what(-4)", "Up", show=False, priority=True),
        Binding("pagedown", "scroll_what(4)", "Down", show=False, priority=True),
    ]

    def __init__(self, what: Sequence[Content], *, marked: bool = False) -> None:
        """Of these actions, each a line; `marked` says that they were marked."""
        super().__init__(classes="dialog")
        self.what, self.marked = what, marked

    def compose(self) -> ComposeResult:
        """What is rejected, the common reasons, a line to write another."""
        with Vertical(classes="dialog-box") as box:
            several = f"Reject {len(self.what)}" if len(self.what) > 1 else "Reject"
            box.border_title = f"Reject the {len(self.what)} marked" if self.marked else several
            many = ", pgdn lists more" if len(self.what) > LISTED else ""
            box.border_subtitle = f"↓ chooses, tab to write{many}, enter rejects, escape leaves"
            with VerticalScroll(classes="dialog-what", can_focus=False):
                yield Static(lines(list(self.what)), markup=False)
            yield Static("Why? The agents will read it.", markup=False)
            yield Choices([Content(why) for why in REASONS])
            yield Input(placeholder="another reason, in your words", id="reason", compact=True)
            yield Static("", id="reason-problem", markup=False, classes="problem")

    def on_mount(self) -> None:
        """Begin with the reasons, none of them chosen: a quick key must not record one."""
        self.query_one(OptionList).focus()

    def action_scroll_what(self, rows: int) -> None:
        """Scroll what is rejected, where it is long."""
        self.query_one(".dialog-what").scroll_relative(y=rows, animate=False)

    def action_step(self, rows: int) -> None:
        """Move like everywhere."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if rows > 0 else options.action_cursor_up()

    @on(OptionList.OptionSelected)
    def picked(self, event: OptionList.OptionSelected) -> None:
        """A common reason."""
        self.dismiss(REASONS[event.option_index])

    def action_take(self) -> None:
        """Reject for the reason that has the keys, chosen or written; there must be one."""
        options, written = self.query_one(OptionList), self.query_one("#reason", Input)
        reason = written.value.strip() if written.has_focus else ""
        if not written.has_focus and options.highlighted is not None:
            reason = REASONS[options.highlighted]
        if reason:
            self.dismiss(reason)
            return
        self.query_one("#reason-problem", Static).update(
            text(("! a reason is required: write one, or pick one above", "$text-error"))
        )
