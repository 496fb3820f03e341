"""Signing in: name and passphrase, before anything of the workspace is shown."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from console.format import line
from console.reads import in_words
from console.widgets.preview import text

if TYPE_CHECKING:
    from agents.authority import Person
    from console.session import SessionLike


class SignIn(Screen[None]):
    """Stays, with the problem, until somebody is let in; escape leaves the console."""

    CSS_PATH = "sign_in.tcss"
    AUTO_FOCUS = None
    BINDINGS = [Binding("escape", "app.quit", "Leave")]

    @dataclass
    class SignedIn(Message):
        """Somebody was let in."""

        person: "Person"

    def __init__(self, session: "SessionLike", name: str = "") -> None:
        """To the workspace of `session`; `name` stands there already."""
        super().__init__()
        self.session, self._named = session, name
        self._checking = False

    def compose(self) -> ComposeResult:
        """Two lines to write in, and one for what is wrong."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        with Vertical(id="sign-in-box") as box:
            box.border_title = "Handrail: sign in"
            box.border_subtitle = "enter signs in, tab goes on, escape leaves"
            yield Static("name", markup=False, classes="sign-in-label")
            yield Input(self._named, id="sign-in-name", compact=True, select_on_focus=False)
            yield Static("passphrase", markup=False, classes="sign-in-label")
            yield Input(password=True, id="sign-in-passphrase", compact=True)
            yield Static("", id="sign-in-told", markup=False, classes="problem")

    def on_mount(self) -> None:
        """Begin with what is missing."""
        self.query_one("#sign-in-passphrase" if self._named else "#sign-in-name").focus()

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter goes on to the passphrase, and from there in."""
        name = self.query_one("#sign-in-name", Input).value.strip()
        passphrase = self.query_one("#sign-in-passphrase", Input)
        if not name:
            self.query_one("#sign-in-name").focus()
        elif not passphrase.value:
            passphrase.focus()
        elif not self._checking:
            self._checking = True
            self._tell("checking …")
            self.run_worker(self._check(name, passphrase.value), group="sign-in")

    async def _check(self, name: str, passphrase: str) -> None:
        try:
            person = await asyncio.to_thread(self.session.sign_in, name, passphrase)
        except Exception as problem:  # told in place, never a traceback
            self._tell(f"! {line(in_words(problem))}")
            field = self.query_one("#sign-in-passphrase", Input)
            field.clear()
            field.focus()
        else:
            self.post_message(self.SignedIn(person))
        finally:
            self._checking = False

    def _tell(self, words: str) -> None:
        told: Static = self.query_one("#sign-in-told", Static)
        told.update(text(words))
