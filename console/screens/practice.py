"""The practice lane: actions that are not real, decided as approvals are, with the answer after."""

import asyncio
from datetime import datetime, timedelta

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from agents.practice.record import Practice, Shown
from console.actions import bindings
from console.format import line
from console.possible import Context
from console.practising import record_lines, result, verdict
from console.reads import in_words
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.conversation import conversation_of
from console.widgets.findings import findings_of
from console.widgets.header import header_of
from console.widgets.preview import Preview, lines, text
from data.queries.practice import practised

CASES = 10
"""Of a course that is begun here."""

_KEYS = ("approve", "reject", "help", "quit")


class PracticeLane(CommandScreen):
    """One case after the other; nothing that is decided here reaches a ticket."""

    CSS_PATH = "practice.tcss"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings(*_KEYS),
        Binding("enter", "go_on", "Next", show=False),
        Binding("down,j", "scroll_side(1)", "Down", show=False),
        Binding("up,k", "scroll_side(-1)", "Up", show=False),
        Binding("pagedown", "scroll_side(10)", "Page down", show=False),
        Binding("pageup", "scroll_side(-10)", "Page up", show=False),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
    ]

    def __init__(self) -> None:
        """Nothing is shown yet."""
        super().__init__()
        self.shown: Shown | None = None
        """The case that waits for an answer."""
        self._since: datetime | None = None
        self._answered = self._making = False

    def compose(self) -> ComposeResult:
        """Header, the two sides, what came of it, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static("", id="practice-head", markup=False)
        with Horizontal(id="practice-body"):
            with VerticalScroll(id="practice-context", classes="pane"):
                yield Static("", id="practice-words", markup=False)
            with VerticalScroll(id="practice-effect", classes="pane"):
                yield Preview(id="practice-preview")
        yield Static("", id="practice-told", markup=False)
        yield KeyBar(*_KEYS)

    def on_mount(self) -> None:
        """Show the first case, or the one that was left open."""
        self.lane = Practice(self.console.session.store, self.console.session.operator)
        self.query_one("#practice-context").border_title = "Context"
        effect = self.query_one("#practice-effect")
        effect.border_title = "Effect"
        effect.focus()
        self.refresh_keys()
        self._next(begin=True)

    @work(group="practice", exclusive=True, exit_on_error=False)
    async def _next(self, *, begin: bool) -> None:
        self.shown, self._answered, self._making = None, False, True
        self._tell(text(("A case is being made …", "dim")))
        self.refresh_keys()
        try:
            self._show(await asyncio.to_thread(self._made, begin=begin))
        except Exception as problem:  # said in place
            self._tell(text((f"! {line(in_words(problem))}", "bold $text-error")))
        finally:
            self._making = False
            self.refresh_keys()

    def _made(self, *, begin: bool) -> Shown | None:
        """In a thread beside the screen."""
        return self.lane.take_up() or (self.lane.begin(CASES) if begin else None)

    def _show(self, shown: Shown | None) -> None:
        if not self.standing:
            return
        if shown is None:
            self._over()
            return
        case, now = shown.case, shown.case.action.proposed_at
        head = text((f" Practice, case {case.number} of {case.of} ", "bold reverse"), "  not real")
        self.query_one("#practice-head", Static).update(
            lines([head, header_of(case.detail.ticket, case.detail, now)])
        )
        rows = [
            text(("Conversation", "bold underline")), conversation_of(case.detail, now),
            text(("Findings", "bold underline")), findings_of(case.detail, now),
        ]  # fmt: skip
        for title, records in record_lines(case):
            rows += [text(""), text((f"Records: {title.lower()}", "bold underline"))]
            rows += [text(f"  {record}") for record in records]
        self.query_one("#practice-words", Static).update(lines(rows))
        self.query_one(Preview).show_action(case.action, now)
        for side in ("#practice-context", "#practice-effect"):
            self.query_one(side).scroll_home(animate=False)
        keys = self.console.keys.shown
        self._tell(
            text(f"Is it right? {keys('approve')} approves, {keys('reject')} rejects it. ",
                 ("Nothing real is touched.", "dim"))
        )  # fmt: skip
        self.shown, self._since = shown, self.console.now()

    def _over(self) -> None:
        found = practised(self.console.session.store, self.console.session.operator)
        told = result(found[0]) if found else "no case was answered yet"
        self._answered = True
        self.query_one(Preview).show_nothing("The course is over.")
        self._tell(
            lines([text(("The course is over. ", "bold"), f"All your practice so far: {told}"),
                   text("enter begins another, escape leaves")])
        )  # fmt: skip

    def _tell(self, words: Content) -> None:
        self.query_one("#practice-told", Static).update(words)

    def context(self) -> Context:
        """The action that is practised on; the limits of roles are not practised."""
        waits = self.shown is not None and not self._answered
        return Context(
            now=self.shown.case.action.proposed_at if self.shown else self.console.now(),
            pane="practice",
            shown=self.shown.case.action if self.shown and waits else None,
            approvals=int(waits),
            workers=self.console.workers_alive,
            role=self.console.role,
            key=self.console.keys.shown,
        )

    # What can be done.

    def do_approve(self) -> None:
        """Say that it is right."""
        self._answer(approve=True)

    def do_reject(self) -> None:
        """Say that it is wrong."""
        self._answer(approve=False)

    def _answer(self, *, approve: bool) -> None:
        shown, since = self.shown, self._since
        if shown is None or since is None or self._answered:
            return
        self._answered = True
        self.refresh_keys()
        self._keep(shown, approve, self.console.now() - since)

    @work(group="practice", exclusive=True, exit_on_error=False)
    async def _keep(self, shown: Shown, approve: bool, took: timedelta) -> None:
        try:
            answer = await asyncio.to_thread(self.lane.answer, shown, approve=approve, took=took)
        except Exception as problem:  # said in place
            self._answered = False
            self._tell(text((f"! {line(in_words(problem))}", "bold $text-error")))
            return
        tone = "$text-success" if answer.correct else "$text-error"
        self._tell(
            lines([text((verdict(answer), f"bold {tone}")), text(line(answer.case.why, 1000)),
                   text(("enter goes on, escape leaves", "dim"))])
        )  # fmt: skip

    def action_go_on(self) -> None:
        """The next case, once this one is answered."""
        if self._answered and not self._making:
            self._next(begin=self.shown is None)

    def action_scroll_side(self, rows: int) -> None:
        """Scroll the side that has the focus."""
        side = self.focused or self.query_one("#practice-effect")
        side.scroll_relative(y=rows, animate=False)
