"""The search line of the queue: what can be written, and what is wrong with what was."""

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from console.widgets.preview import text
from data.queries.search import CHOICES, FIELDS, BadQuery, Search, parse_search

HINT = 'words, "a phrase", or ' + " ".join(f"{name}:" for name in FIELDS)


class FieldSuggester(Suggester):
    """Completes the names of fields and the values of those that have a closed set."""

    def __init__(self) -> None:
        """For every search."""
        super().__init__(use_cache=True, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The text with its last word completed, or None."""
        _, _, word = value.rpartition(" ")
        if not word:
            return None
        name, colon, begun = word.partition(":")
        if colon:
            begun = begun.rpartition(",")[2]
            choices = (c for c in CHOICES.get(name, ()) if begun and c.startswith(begun))
        else:
            choices = (f"{field}:" for field in FIELDS if field.startswith(name))
            begun = name
        found = next(choices, None)
        return value + found[len(begun) :] if found and found != begun else None


class SearchBar(Vertical):
    """A line to write in, and one that explains or complains."""

    @dataclass
    class Searched(Message):
        """The person wrote another search that can be understood."""

        search: Search
        text: str

    @dataclass
    class Left(Message):
        """The person is done with the search line."""

    BINDINGS = [("escape", "leave", "Leave")]

    def compose(self) -> ComposeResult:
        """The input and its help line."""
        yield Input(placeholder="search the queue", suggester=FieldSuggester(), id="search-input")
        yield Static(HINT, markup=False, id="search-help")

    @on(Input.Changed)
    def look(self, event: Input.Changed) -> None:
        """Search while writing; say what does not fit, and keep the last search meanwhile."""
        event.stop()
        told = self.query_one("#search-help", Static)
        try:
            search = parse_search(event.value)
        except BadQuery as problem:
            self.add_class("-bad")
            told.update(text(f"! {problem}"))
            return
        self.remove_class("-bad")
        told.update(text(HINT))
        word = event.value.rpartition(" ")[2]
        if 0 < len(word) < 3 or any(field.startswith(word) for field in FIELDS if word):
            return  # a word or field is being written; enter searches for it
        self.post_message(self.Searched(search, event.value.strip()))

    @on(Input.Submitted)
    def done(self, event: Input.Submitted) -> None:
        """Enter goes to what was found."""
        event.stop()
        if not self.has_class("-bad"):
            self.post_message(self.Searched(parse_search(event.value), event.value.strip()))
            self.post_message(self.Left())

    def action_leave(self) -> None:
        """Escape takes the search away."""
        self.query_one(Input).value = ""
        self.post_message(self.Left())
