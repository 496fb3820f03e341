"""The stop button: what is stopped, by whom, since when; stopping, and letting it go on."""

import asyncio
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from console.format import ago, label, line, moment
from console.reads import in_words, not_written
from console.screens.dialogs import Pick
from console.widgets.preview import lines, text
from data.queries.health import halts_in_force
from data.queries.rows import HaltRow
from data.vocabulary import ActionName, Intent, Role

if TYPE_CHECKING:
    from console.app import Handrail

EVERYTHING, ONE_ACTION, ONE_INTENT = "everything", "action", "intent"
STOPS = {
    EVERYTHING: "■ Stop everything",
    ONE_ACTION: "■ Stop one action …",
    ONE_INTENT: "■ Stop one intent …",
}


def held_in_words(halt: HaltRow) -> str:
    """What a stop holds, in the words of the screen."""
    return held(halt.action, halt.intent)


def held(action: str | None, intent: str | None) -> str:
    """The same of an action's and an intent's name."""
    what = label(action) if action else "everything"
    return what + (f" in {line(intent, 40)}" if intent else "")


class Stopping(ModalScreen[None]):
    """Small and always in reach: one press of a key stops everything, or lets it go on."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("j", "step(1)", "Down", show=False),
        Binding("k", "step(-1)", "Up", show=False),
    ]

    def __init__(self) -> None:
        """With what is stopped now yet to be read."""
        super().__init__(classes="dialog")
        self.halts: list[HaltRow] = []
        self._moved = False
        """Whether the cursor is where the person, or the first look, has put it."""

    @property
    def console(self) -> "Handrail":
        """The app, with the session that it was given."""
        app: Any = self.app
        found: Handrail = app
        return found

    def compose(self) -> ComposeResult:
        """What is stopped, what can be done, how it went."""
        with Vertical(classes="dialog-box") as box:
            box.border_title = "Stop button"
            box.border_subtitle = "enter does it, escape leaves"
            yield Static("", id="stop-now", markup=False, classes="dialog-what")
            yield OptionList(*self._options(), markup=False, compact=True)
            note = "What has started goes on to its end; nothing else begins, in any worker."
            yield Static(note, markup=False, classes="edit-name")
            yield Static("", id="stop-told", markup=False)

    def on_mount(self) -> None:
        """Read what is stopped."""
        self._read()
        self.query_one(OptionList).focus()

    def action_step(self, rows: int) -> None:
        """Move like everywhere."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if rows > 0 else options.action_cursor_up()

    def _options(self) -> list[Option]:
        lift = self._not_to_lift()
        rows = [Option(Content(words), id=what) for what, words in STOPS.items()]
        for halt in self.halts:
            words = f"▶ Let go on: {held_in_words(halt)}" + (f" ({lift})" if lift else "")
            rows.append(Option(Content(words), id=f"lift-{halt.id}"))
        return rows

    def _not_to_lift(self) -> str | None:
        return None if self.console.role.rank >= Role.SUPERVISOR.rank else "only a supervisor may"

    @work(group="read-stops", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(halts_in_force, self.console.session.store)
        except Exception as problem:  # said in place
            self._tell(in_words(problem))
            return
        self.halts = found
        self._show()

    def _show(self) -> None:
        now = self.console.now()
        rows = [text(("Nothing is stopped.", "bold"))]
        if self.halts:
            rows = [text(("■ STOPPED", "bold $text-error reverse"))]
        for halt in self.halts:
            since = f"by {line(halt.by, 40)}, since {moment(halt.at)} ({ago(halt.at, now)})"
            rows.append(text((f"  {held_in_words(halt)}", "bold"), f" · {since}"))
        self.query_one("#stop-now", Static).update(lines(rows))
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        if not self._moved:
            self._moved, at = True, at or self._first()
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = min(at, options.option_count - 1)

    def _first(self) -> int:
        """Where the cursor is at first: on what lets everything go on, if everything is stopped."""
        whole = [at for at, h in enumerate(self.halts) if h.action is None and h.intent is None]
        return len(STOPS) + whole[0] if whole else 0

    def _tell(self, problem: str) -> None:
        told = text((f"! {line(problem)}", "bold $text-error"))
        self.query_one("#stop-told", Static).update(told)

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Stop, or let go on."""
        self._do(str(event.option_id))

    @work(group="stop")
    async def _do(self, what: str) -> None:
        if what.startswith("lift-"):
            await self._lift(what.removeprefix("lift-"))
        elif what == EVERYTHING:
            await self._stop()
        elif what == ONE_ACTION:
            names = [(name.value, Content(label(name))) for name in ActionName]
            picked = await self.app.push_screen_wait(Pick("Stop which action?", names))
            if picked is not None:
                await self._stop(action=ActionName(picked))
        else:
            intents = [(intent.value, Content(intent.value)) for intent in Intent]
            picked = await self.app.push_screen_wait(Pick("Stop which intent?", intents))
            if picked is not None:
                await self._stop(intent=Intent(picked))

    async def _stop(self, action: ActionName | None = None, intent: Intent | None = None) -> None:
        if self.console.role.rank < Role.OPERATOR.rank:
            self._tell("a viewer may not stop the agents")
            return
        service, by = self.console.session.service, self.console.session.operator
        problem = await self._write(lambda: service.stop(by=by, action=action, intent=intent))
        key = self.console.keys.shown("stop")
        self._end(problem, f"■ Stopped: {held(action, intent)}; {key} lets it go on")

    async def _lift(self, halt: str) -> None:
        reason = self._not_to_lift()
        if reason is not None:
            self._tell(reason)
            return
        service, by = self.console.session.service, self.console.session.operator
        what = next((held_in_words(h) for h in self.halts if h.id == halt), "")
        problem = await self._write(lambda: service.go(by=by, halt=halt))
        self._end(problem, f"▶ It goes on: {what}")

    def _end(self, problem: str | None, done: str) -> None:
        """Close once it is done; else say why not, with what is stopped now."""
        if problem is None:
            self.app.notify(done, markup=False)
            self.dismiss(None)
        else:
            self._tell(problem)
            self._read()

    async def _write(self, call: Any) -> str | None:
        try:
            await asyncio.to_thread(call)
        except Exception as problem:  # said in place, never a traceback
            return not_written(problem)
        return None
