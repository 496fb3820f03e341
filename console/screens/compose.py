"""Writing an answer: what was said on one side, the words that go out on the other."""

import asyncio
from datetime import datetime

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static, TextArea

from console.desk_service import DraftLike
from console.format import LONGEST, clean, line
from console.live import Changed
from console.owning import named
from console.possible import Context
from console.reads import AGAIN_SECONDS, Reading, in_words
from console.screens.commanding import CommandScreen
from console.screens.dialogs import Confirm, Pick
from console.widgets.conversation import conversation_of
from console.widgets.header import TicketHeader
from console.widgets.preview import lines, text
from data.queries.awaiting import written
from data.queries.rows import TicketDetail
from data.queries.tickets import ticket_detail
from data.vocabulary import AGENTS_OWN

KEPT = "Kept: your answer to {ref}; {key} goes on with it, and emptied it is dropped"

KEEP_SECONDS = 1.0
"""After so long without another key, what is written is kept in the workspace."""


def recipient_of(detail: TicketDetail) -> str:
    """To whom an answer goes."""
    ticket = detail.ticket
    who = ticket.requester or ticket.customer_name or "the sender"
    return f"{line(who, 80)} by {line(detail.channel, 20)}"


def going_out(detail: TicketDetail, body: str, me: str, *, resolve: bool) -> Content:
    """What goes out, to whom, and what it means for the ticket."""
    rows = [
        text(("To    ", "bold"), recipient_of(detail)),
        text(("About ", "bold"), named(detail.ticket)),
    ]
    then = "it is resolved" if resolve else "the ticket awaits the customer"
    rows.append(text(("Then  ", "bold"), f"once it is out, {then}"))
    if detail.ticket.owner != me:
        had = "the agents" if detail.ticket.owner == AGENTS_OWN else line(detail.ticket.owner, 40)
        rows.append(text(("Taken ", "bold"), f"you take the ticket from {had}"))
    rows.append(text(""))
    rows += [text(("│ ", "dim"), each) for each in body.split("\n")]
    return lines(rows)


class Compose(CommandScreen):
    """An answer being written; it goes out only as it was shown, to whom it was shown."""

    CSS_PATH = "compose.tcss"
    AUTO_FOCUS = "#compose-text"
    BINDINGS = [
        Binding("escape", "leave", "Leave, and keep it", priority=True),
        Binding("ctrl+s,ctrl+enter", "send(False)", "Send", priority=True),
        Binding("ctrl+r", "send(True)", "Send and resolve", priority=True),
        Binding("ctrl+o", "macro", "Macro", priority=True),
    ]

    def __init__(self, detail: TicketDetail) -> None:
        """To this ticket's customer."""
        super().__init__()
        self.detail = detail
        self._begun = ""
        """The agents' words, as long as nobody changed them."""
        self._agents: DraftLike | None = None
        """Their draft, once it has been read."""
        self._assumes: tuple[str, ...] = ()
        self._open = False
        """Whether what was begun before has been read, and the answer has not gone out."""
        self._keeping: Timer | None = None
        self._reading = Reading(self, "compose", self._load, self._show, self._trouble)

    def compose(self) -> ComposeResult:
        """Ticket, what was said, the words, and the ways out."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield TicketHeader(id="compose-header")
        with Horizontal(id="compose-body"):
            with VerticalScroll(id="compose-said", classes="pane", can_focus=False):
                yield Static("", id="compose-conversation", markup=False)
            with Vertical(id="compose-answer", classes="pane"):
                yield TextArea("", id="compose-text", tab_behavior="focus")
        yield Static("", id="compose-told", markup=False)
        with Horizontal(id="compose-keys"):
            yield Button("Send (ctrl+s)", id="send", variant="warning", compact=True)
            yield Button("and resolve (ctrl+r)", id="resolve", variant="warning", compact=True)
            yield Button("Macro (ctrl+o)", id="macro", compact=True)
            yield Button("Keep (esc)", id="leave", compact=True)

    @property
    def standing(self) -> bool:
        """Whether its widgets are there."""
        return self.is_mounted and bool(self.query("#compose-text"))

    @property
    def body(self) -> str:
        """The words as they would go out."""
        return clean(self.query_one("#compose-text", TextArea).text).strip()

    def on_mount(self) -> None:
        """Begin with what was kept, else with the agents' draft."""
        self.query_one("#compose-said").border_title = "Conversation"
        answer = self.query_one("#compose-answer")
        answer.border_title = Content(f"Answer to {recipient_of(self.detail)}")
        self._show(self.detail)
        self._begin()

    @work(group="read-draft", exclusive=True)
    async def _begin(self) -> None:
        service, ticket_id = self.console.session.service, self.detail.ticket.id
        kept = await self._read_begun()
        if kept is None or not self.standing:
            return
        if kept:
            self._put(f"{kept}\n{self.body}" if self.body else kept)
        self._open = True
        try:
            draft = await asyncio.to_thread(service.draft, ticket_id)
        except Exception as problem:  # one can write without a draft
            self._trouble(in_words(problem))
            return
        if not self.standing:
            return
        self._begun, self._agents = clean(draft.body).strip(), draft
        if not self.body:
            self._assumes = draft.assumes
            self._put(self._begun)
            self._warn()

    async def _read_begun(self) -> str | None:
        """What is kept of this answer, empty if nothing is; None once nobody waits for it."""
        drafts, ticket_id = self.console.desk_work.drafts, self.detail.ticket.id
        while self.standing:
            try:
                return await asyncio.to_thread(drafts.read, ticket_id)
            except Exception as problem:  # what is there must not be written over: read again
                self._trouble(in_words(problem))
                await asyncio.sleep(AGAIN_SECONDS)
        return None

    def _put(self, words: str) -> None:
        area = self.query_one("#compose-text", TextArea)
        area.load_text(words)
        rows = words.split("\n")
        # Below the greeting, where one writes.
        area.move_cursor((rows.index("") + 1, 0) if "" in rows[:-1] else (len(rows) - 1, 0))

    def _warn(self) -> None:
        """Say what the agents' words take for done."""
        if self._assumes:
            untold = ", ".join(line(each, 80) for each in self._assumes)
            self._tell(f"! This draft tells of what is not done yet: {untold}", "$text-warning")

    def _tell(self, words: str, style: str = "$text-error") -> None:
        self.query_one("#compose-told", Static).update(text((words, f"bold {style}")))

    # What changes.

    def live(self, changed: Changed) -> None:
        """Show what the customer writes meanwhile."""
        if not changed.events or changed.touches(self.detail.ticket.id):
            self._reading.ask()

    def _load(self) -> TicketDetail:
        return ticket_detail(self.console.session.store, self.detail.ticket.id)

    def _show(self, detail: TicketDetail) -> None:
        more, first = written(detail) - written(self.detail), detail is self.detail
        now: datetime = self.console.now()
        self.detail = detail
        self.query_one(TicketHeader).show(detail, now)
        words = conversation_of(detail, now)
        self.query_one("#compose-conversation", Static).update(words)
        if first or more:
            self.query_one("#compose-said").scroll_end(animate=False)
        if more > 0:
            self._tell("◂ The customer has just written: read it before you answer")

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            self._tell(f"! {line(problem)}")

    def context(self) -> Context:
        """The ticket that is answered."""
        return Context(
            now=self.console.now(),
            pane="conversation",
            ticket=self.detail.ticket,
            actions=tuple(self.detail.actions),
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )

    # Keeping.

    @property
    def _worth(self) -> str:
        """What is to be kept: nothing of what the agents wrote, or nobody."""
        written = self.query_one("#compose-text", TextArea).text
        return written if self.body not in ("", self._begun) else ""

    @on(TextArea.Changed)
    def changed(self) -> None:
        """Keep it in the workspace when the keys rest, and here at once."""
        self._note()
        if self._keeping is not None:
            self._keeping.stop()
        self._keeping = self.set_timer(KEEP_SECONDS, self._keep)

    def _note(self) -> None:
        if self._open:
            ticket = self.detail.ticket
            self.console.desk_work.drafts.note(ticket.id, ticket.ref, self._worth)

    def _keep(self) -> None:
        if self._open:
            self.console.keep_answer(self.detail.ticket.id)

    # The ways out.

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """The buttons are the keys."""
        match event.button.id:
            case "send":
                self.action_send(False)
            case "resolve":
                self.action_send(True)
            case "macro":
                self.action_macro()
            case _:
                self.action_leave()

    def action_leave(self) -> None:
        """Leave; what was written is kept for this ticket."""
        if self._worth:
            ref, key = line(self.detail.ticket.ref, 40), self.console.keys.shown("answer")
            self.notify(KEPT.format(ref=ref, key=key), markup=False)
        self._note()
        self._keep()
        self.app.pop_screen()

    def action_send(self, resolve: bool) -> None:
        """Show what goes out, and send it."""
        body = self.body
        if not body:
            self._tell("! There is nothing to send: write the answer first")
        elif self._agents is not None and self._agents.says_nothing(body):
            self._tell("! It only greets and closes: write the answer between the two")
        elif len(body) > LONGEST:
            self._tell(
                f"! An answer has at most {LONGEST:,} characters; this one has {len(body):,}"
            )
        else:
            self._send(body, resolve)

    @work(group="send", exclusive=True)
    async def _send(self, body: str, resolve: bool) -> None:
        desk_work, detail = self.console.desk_work, self.detail
        title = "Send this and resolve?" if resolve else "Send this?"
        words = going_out(detail, body, desk_work.me, resolve=resolve)
        if self._assumes and body == self._begun:
            untold = ", ".join(line(each, 80) for each in self._assumes)
            warning = text((f"! It tells of what is not done yet: {untold}", "bold $text-warning"))
            words = lines([warning, words])
        question: Screen[bool] = Confirm(title, words, "Send")
        if not await self.app.push_screen_wait(question):
            return
        ticket = detail.ticket
        problem = await desk_work.send(ticket, body, resolve=resolve, seen=written(detail))
        if problem is not None:
            self._tell(f"! {line(problem)}")
            self._reading.ask()
            return
        self._open = False
        waits = "" if self.console.workers_alive else "; a worker sends it, and none is alive"
        self.app.notify(f"On its way: the answer to {recipient_of(detail)}{waits}", markup=False)
        if self.is_current:
            self.app.pop_screen()

    @work(group="macro", exclusive=True)
    async def action_macro(self) -> None:
        """Put a macro where the cursor is, with the ticket's fields filled in."""
        macros = self.console.macros
        if not macros:
            self._tell("! There are no macros: write them under [macros] in the settings file")
            return
        choices = [
            (name, text((f"{line(name, 30)}  ", "bold"), (line(body, 60), "dim")))
            for name, body in macros.items()
        ]
        picked = await self.app.push_screen_wait(Pick("Macro", choices))
        if picked is None:
            return
        session, ticket_id = self.console.session, self.detail.ticket.id
        try:
            words = await asyncio.to_thread(
                lambda: session.service.macro(ticket_id, picked, macros, by=session.operator)
            )
        except Exception as problem:  # told in place, never a traceback
            self._tell(f"! {line(in_words(problem))}")
            return
        area = self.query_one("#compose-text", TextArea)
        area.insert(clean(words))
        area.focus()
