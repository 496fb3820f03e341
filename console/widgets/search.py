"""The search line of the queue: what can be written, what can follow, what is wrong with it."""

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from console.format import line
from console.reads import Reading
from console.widgets.preview import lines, text
from data.queries.completing import Begun, Choice, begun, choices, found_values
from data.queries.search import FIELDS, BadQuery, Search, parse_search
from data.vocabulary import Role

HINT = 'words, "a phrase", -without, or ' + " ".join(f"{name}:" for name in FIELDS)
_WHOLE = frozenset(FIELDS) - {"customer", "requester", "ref"}
"""Fields of which the beginning of a value finds nothing."""

KEYS = "↓ ↑ choose, tab takes it, enter searches"


class FieldSuggester(Suggester):
    """Completes the names of fields and the values of those that have a closed set."""

    def __init__(self) -> None:
        """For every search."""
        super().__init__(use_cache=True, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The text with its last word completed, or None."""
        if not begun(value).word:
            return None
        way = next(iter(choices(value)), None)
        return way.text.rstrip() if way and way.text.startswith(value) else None


class SearchBar(Vertical):
    """A line to write in, and one that explains or complains, with what can follow."""

    DEFAULT_CSS = """
    SearchBar #search-choices { display: none; height: auto; max-height: 8; padding: 0 1; }
    SearchBar:focus-within #search-choices.-some { display: block; }
    """

    @dataclass
    class Searched(Message):
        """The person wrote another search that can be understood."""

        search: Search
        text: str

    @dataclass
    class Left(Message):
        """The person is done with the search line."""

    BINDINGS = [
        ("escape", "leave", "Leave"),
        ("down", "choose(1)", "Next choice"),
        ("up", "choose(-1)", "Previous choice"),
    ]

    def __init__(self, **options: Any) -> None:
        """An empty line."""
        super().__init__(**options)
        self.choices: list[Choice] = []
        """What can follow."""
        self.chosen = -1
        """Which of them the arrows are on; -1: none."""
        self._found: tuple[str, str, list[str]] = ("", "", [])
        self._finding = Reading(self, "values", self._find, self._show_found, lambda _: None)

    def compose(self) -> ComposeResult:
        """The input, what can follow, and the help line."""
        yield Input(placeholder="search the queue", suggester=FieldSuggester(), id="search-input")
        yield Static("", markup=False, id="search-choices")
        yield Static(HINT, markup=False, id="search-help")

    @property
    def value(self) -> str:
        """What is written."""
        return self.query_one("#search-input", Input).value

    # Searching.

    @on(Input.Changed)
    def look(self, event: Input.Changed) -> None:
        """Search while writing; say what does not fit, and keep the last search meanwhile."""
        event.stop()
        self.chosen = -1
        what = begun(event.value)
        if what.field:
            self._finding.ask()
        self._offer()
        try:
            search = parse_search(event.value)
        except BadQuery as problem:
            # A value or a phrase is being written.
            if not (what.field and self.choices) and event.value.count('"') % 2 == 0:
                self._complain(problem)
            return
        self._complain(None)
        if _unfinished(what) or (self.choices and what.field in _WHOLE):
            return
        self.post_message(self.Searched(search, event.value.strip()))

    @on(Input.Submitted)
    def done(self, event: Input.Submitted) -> None:
        """Enter takes what the arrows are on, else goes to what was found."""
        event.stop()
        if self.chosen >= 0 and self.accept():
            return
        try:
            search = parse_search(event.value)
        except BadQuery as problem:
            self._complain(problem)
            return
        self._complain(None)
        self.post_message(self.Searched(search, event.value.strip()))
        self.post_message(self.Left())

    def _complain(self, problem: BadQuery | None) -> None:
        self.set_class(problem is not None, "-bad")
        told = self.query_one("#search-help", Static)
        told.update(text(f"! {line(str(problem))}") if problem else text(self._help()))

    def _help(self) -> str:
        return KEYS if self.choices else HINT

    def action_leave(self) -> None:
        """Escape takes the choices away, then the search."""
        if self.chosen >= 0:
            self.chosen = -1
            self._draw()
            return
        self.query_one(Input).value = ""
        self.post_message(self.Left())

    # Completing.

    def accept(self) -> bool:
        """Take the choice that the arrows are on, or the first; whether there was one to take."""
        written = self.query_one("#search-input", Input)
        if not (written.has_focus and self.choices):
            return False
        written.value = self.choices[max(0, self.chosen)].text
        written.cursor_position = len(written.value)
        return True

    def action_choose(self, step: int) -> None:
        """The next choice, or the one before; from the first, back to what is written."""
        if self.choices:
            self.chosen = max(-1, min(self.chosen + step, len(self.choices) - 1))
            self._draw()

    def _find(self) -> tuple[str, str, list[str]]:
        what = begun(self.value)
        app: Any = self.app
        word = what.word.lstrip('"')
        if what.field in ("customer", "requester") and app.role.rank < Role.OPERATOR.rank:
            return what.field, word, []
        return what.field, word, found_values(app.session.store, what.field, word)

    def _show_found(self, found: tuple[str, str, list[str]]) -> None:
        self._found = found
        self._offer()

    def _offer(self) -> None:
        """Offer what can follow, with the values that were found so far."""
        field, _, values = self._found
        written = self.value
        self.choices = choices(written, values if field == begun(written).field else ())
        self.chosen = min(self.chosen, len(self.choices) - 1)
        self._draw()
        if not self.has_class("-bad"):
            self.query_one("#search-help", Static).update(text(self._help()))

    def _draw(self) -> None:
        shown = self.query_one("#search-choices", Static)
        shown.set_class(bool(self.choices), "-some")
        shown.update(lines([self._row(at, choice) for at, choice in enumerate(self.choices)]))

    def _row(self, at: int, choice: Choice) -> Content:
        name = line(choice.shown, 40)
        lead = ("▸ ", "bold $text-accent") if at == self.chosen else "  "
        return text(lead, (f"{name:<20}", "bold" if at == self.chosen else ""),
                    (line(choice.about, 60), "dim"))  # fmt: skip


def _unfinished(what: Begun) -> bool:
    """Whether a word or field is still being written, so that enter is to search for it."""
    word = what.word.lower()
    if not word or what.field:
        return False
    return len(word) < 3 or any(field.startswith(word) for field in FIELDS)
