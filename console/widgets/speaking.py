"""What the agents' model says at this moment: the last words of each answer under way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from textual.content import Content
from textual.widgets import Static

from console.format import line
from console.reads import Reading
from console.widgets.preview import lines, text
from data.queries.rows import RunRow
from data.queries.speaking import Speaking, speaking
from data.store import Store

LISTEN_SECONDS = 0.3
"""Between two looks while a run goes on; the words are written every quarter of a second."""

LONGEST = 400
"""Characters of the end of an answer that are shown."""


@dataclass(frozen=True)
class Heard:
    """What one look found."""

    ticket_id: str | None
    speakers: list[Speaking]


class SpeakingNow(Static):
    """Stands below the trace while a model speaks about the ticket, and takes no room otherwise.

    Words under way are no events, so it looks by itself, while a run of the ticket goes on.
    """

    def __init__(self, store: Store, shown: Callable[[list[Speaking]], list[Speaking]]) -> None:
        """Silent; `shown` takes away what this person may not see."""
        super().__init__("", id="speaking", markup=False)
        self.display = False
        self._store, self._shown = store, shown
        self._ticket_id: str | None = None

    def on_mount(self) -> None:
        """Get ready to listen."""
        self._words = Reading(self, "words", self._load, self._show, lambda problem: None)
        self._looks = self.set_interval(LISTEN_SECONDS, self._words.ask, pause=True)

    def listen(self, ticket_id: str | None, runs: list[RunRow]) -> None:
        """Listen to this ticket's agents for as long as one of these runs goes on."""
        if any(run.state == "running" for run in runs):
            self._ticket_id = ticket_id
            self._looks.resume()
            self._words.ask()
        else:
            self._ticket_id, self.display = None, False
            self._looks.pause()

    def _load(self) -> Heard:
        ticket_id = self._ticket_id
        if ticket_id is None:
            return Heard(None, [])
        return Heard(ticket_id, self._shown(speaking(self._store, ticket_id)))

    def _show(self, heard: Heard) -> None:
        if heard.ticket_id != self._ticket_id:
            return
        self.display = bool(heard.speakers)
        self.update(lines([_words_of(each) for each in heard.speakers]))


def _words_of(each: Speaking) -> Content:
    """Who speaks, and the end of what they have said."""
    said = in_words(each.text)
    said = line(said, len(said))
    end = said if len(said) <= LONGEST else f"… {said[-LONGEST:]}"
    return text(("◐ ", "bold"), (f"{line(each.agent)} says  ", "bold"), (end, "dim"))


def in_words(said: str) -> str:
    """An answer so far as a person reads it: of JSON, however little has come, its names and
    values; anything else as it is."""
    if said.lstrip()[:1] not in ("{", "["):
        return said
    try:
        return "; ".join(_told(from_json(said, allow_partial="trailing-strings")))
    except ValueError:
        return said


def _told(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _told(inner, key.replace("_", " "))
    elif isinstance(value, list):
        for inner in value:
            yield from _told(inner, name)
    elif value not in (None, ""):
        shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        yield f"{name}: {shown}" if name else str(shown)
