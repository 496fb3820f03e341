"""Short questions over the screen: confirm, pick one, go to."""

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static

from console.actions import shown_key
from console.keymap import keys_of
from console.widgets.choices import Choices
from console.widgets.preview import lines, text


class Confirm(ModalScreen[bool]):
    """Shows what would happen; the safe answer has the focus."""

    BINDINGS = [
        Binding("escape,n", "answer(False)", "No"),
        Binding("y", "answer(True)", "Yes"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
        Binding("up,k", "scroll_words(-1)", "Up", show=False),
        Binding("down,j", "scroll_words(1)", "Down", show=False),
        Binding("pageup", "scroll_words(-10)", "Page up", show=False),
        Binding("pagedown", "scroll_words(10)", "Page down", show=False),
    ]

    def __init__(self, title: str, words: Content, yes: str) -> None:
        """Ask `title` about `words`; `yes` names what is done."""
        super().__init__(classes="dialog")
        self.title, self.words, self.yes = title, words, yes

    def compose(self) -> ComposeResult:
        """The question and its two answers."""
        with Vertical(classes="dialog-box") as box:
            box.border_title = Content(self.title or "")
            with VerticalScroll(classes="dialog-words", can_focus=False):
                yield Static(self.words, markup=False)
            with Horizontal(classes="dialog-answers"):
                yield Button("No (esc)", id="no", compact=True)
                yield Button(Content(f"{self.yes} (y)"), id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Rest on the safe answer."""
        self.query_one("#no").focus()

    def action_scroll_words(self, rows: int) -> None:
        """Scroll what is longer than the dialog."""
        self.query_one(".dialog-words").scroll_relative(y=rows, animate=False)

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer by key."""
        self.dismiss(answer)


class Pick(ModalScreen[str | None]):
    """One of several, by cursor or number; None if left."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("j", "step(1)", "Down", show=False),
        Binding("k", "step(-1)", "Up", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, Content]], now: str = "") -> None:
        """Choices are (value, words); `now` is the value that stands."""
        super().__init__(classes="dialog")
        self.title, self.choices, self.now = title, choices, now

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(classes="dialog-box") as box:
            box.border_title = Content(self.title or "")
            box.border_subtitle = "enter takes it, escape leaves"
            yield Choices([words for _, words in self.choices])

    def on_mount(self) -> None:
        """Begin on what stands."""
        options = self.query_one(OptionList)
        values = [value for value, _ in self.choices]
        options.highlighted = values.index(self.now) if self.now in values else 0

    def action_step(self, rows: int) -> None:
        """Move like everywhere."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if rows > 0 else options.action_cursor_up()

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        self.dismiss(self.choices[event.option_index][0])


class GoTo(ModalScreen[str | None]):
    """The places that a letter after `g` leads to."""

    def __init__(self) -> None:
        """With nothing chosen."""
        super().__init__()
        self._chosen = False

    def compose(self) -> ComposeResult:
        """The letters with their places, in as many lines as they need."""
        rows, room = [[text(("go to  ", "bold"))]], self.app.size.width - 9
        for letter, place in keys_of(self.app).places.items():
            told = text((f" {shown_key(letter)} ", "bold $text-accent"), f"{place.label}  ")
            if told.cell_length > room:
                rows.append([text(" " * 7)])
                room = self.app.size.width - 9
            rows[-1].append(told)
            room -= told.cell_length
        yield Static(lines([Content("").join(row) for row in rows]), markup=False)

    def on_key(self, event: events.Key) -> None:
        """The letter decides; any other key leaves."""
        event.stop()
        event.prevent_default()
        self.choose(event)

    def choose(self, event: events.Key) -> None:
        """Go where this key leads, as soon as this screen is there; later keys are not for it."""
        if self._chosen:
            self.app.post_message(events.Key(event.key, event.character))
            return
        self._chosen = True
        place = keys_of(self.app).places.get(event.key)

        def leave() -> None:
            self.dismiss(place.id if place else None)

        self.call_later(leave)


def listing(rows: Sequence[Content]) -> Content:
    """Rows of a confirmation."""
    return lines(list(rows))
