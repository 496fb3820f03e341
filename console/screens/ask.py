"""Asking for words: one line, or several."""

from collections.abc import Awaitable, Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from console.format import line
from console.widgets.preview import text

Submit = Callable[[str], Awaitable[str | None]]
"""Takes the words; gives the problem in words, or None when it is done."""


class Ask(ModalScreen[str | None]):
    """Stays, with the problem, until the words are taken; None if left."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("ctrl+s", "submit", "Take it", priority=True),
    ]

    def __init__(
        self,
        title: str,
        about: Content,
        *,
        yes: str,
        submit: Submit,
        lacks: str = "",
        hint: str = "",
        several: bool = False,
    ) -> None:
        """Ask for `title`; `yes` names what is done with the words.

        `lacks` is told where nothing was written; without it, nothing may be. `several` lets the
        words have lines.
        """
        super().__init__(classes="dialog")
        self.title, self.about, self.yes = title, about, yes
        self.submit, self.lacks, self.hint, self.several = submit, lacks, hint, several

    def compose(self) -> ComposeResult:
        """What it is about, where to write, and the two ways out."""
        with Vertical(classes="dialog-box") as box:
            box.border_title = Content(self.title or "")
            box.border_subtitle = "ctrl+s takes it, escape leaves"
            yield Static(self.about, markup=False, classes="ask-about")
            if self.several:
                yield TextArea("", id="ask-words", tab_behavior="focus")
            else:
                yield Input(placeholder=self.hint, id="ask-words", compact=True)
            yield Static("", id="ask-problem", markup=False, classes="problem")
            with Horizontal(classes="dialog-answers"):
                yield Button("Leave (esc)", id="leave", compact=True)
                yield Button(
                    Content(f"{self.yes} (ctrl+s)"), id="take", variant="primary", compact=True
                )

    def on_mount(self) -> None:
        """Begin to write."""
        self.query_one("#ask-words").focus()

    @property
    def words(self) -> str:
        """What was written."""
        found = self.query_one("#ask-words")
        return found.text if isinstance(found, TextArea) else getattr(found, "value", "")

    @on(Input.Submitted)
    def entered(self) -> None:
        """Enter takes one line."""
        self.action_submit()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Leave or take it."""
        if event.button.id == "leave":
            self.dismiss(None)
        else:
            self.action_submit()

    def action_submit(self) -> None:
        """Hand the words on."""
        self.run_worker(self._send(), group="ask", exclusive=True)

    async def _send(self) -> None:
        words = self.words.strip()
        problem = self.lacks if not words and self.lacks else await self.submit(words)
        if problem is None:
            self.dismiss(words)
        else:
            told = text((f"! {line(problem)}", "$text-error"))
            self.query_one("#ask-problem", Static).update(told)
