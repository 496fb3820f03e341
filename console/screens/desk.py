"""The desk: queue, the selected ticket, the agents' trace, and what needs approval."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.widgets import Input, Static

from console.actions import bindings
from console.keymap import ESCAPE_GOTO
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.screens.commanding import CommandScreen
from console.screens.desk_approvals import NOTHING, DeskApprovals, listed, order_told
from console.screens.desk_commands import DeskCommands
from console.screens.desk_hands import DeskHands
from console.screens.desk_search import DeskSearch
from console.widgets.approvals import ApprovalList
from console.widgets.bars import PANES, KeyBar, PaneTabs
from console.widgets.conversation import conversation_of
from console.widgets.findings import findings_of
from console.widgets.header import TicketHeader
from console.widgets.preview import Preview
from console.widgets.queue import QueueList
from console.widgets.rowlist import RowList
from console.widgets.search import SearchBar
from console.widgets.speaking import SpeakingNow
from console.widgets.status import MANY, StatusBar
from console.widgets.trace import TraceTree
from data.queries.approvals import pending_approvals
from data.queries.health import health
from data.queries.rows import EventRow, Health, TicketDetail
from data.queries.tickets import ticket_detail, ticket_events
from data.vocabulary import ActionState

AGES = timedelta(seconds=20)
"""After so long, the ages in the words about a ticket are written anew."""

REST_SECONDS = 0.04
"""After so long without another move, the ticket under the cursor is shown."""

WITHOUT_APPROVALS = frozenset(
    {
        "ticket.opened", "message.received", "note", "run.started", "triage", "identity",
        "tool.called", "diagnosis", "plan", "reply",
    }
)  # fmt: skip
"""Events after which the same approvals wait."""

TICK_SECONDS = 2.0
"""Between two looks at what changes by itself: ages, heartbeats."""

FRAMES = {
    "left": "queue",
    "conversation": "conversation",
    "findings": "findings",
    "trace-pane": "trace",
    "right": "approvals",
}
"""The frame around each pane."""

WELCOME = """This workspace holds no ticket yet.

  handrail ingest FILE   reads tickets from CSV, JSON, JSONL, EML, mbox
  handrail demo          opens a demo company with tickets arriving

Run one in another terminal: what arrives shows here by itself.
{help} tells the keys, {quit} leaves."""


@dataclass(frozen=True)
class Selected:
    """What one read of the selected ticket found."""

    ticket_id: str
    detail: TicketDetail
    events: list[EventRow]


class Desk(DeskApprovals, DeskCommands, DeskHands, DeskSearch, CommandScreen):
    """The home screen; every pane shows what the store holds and keeps its place."""

    AUTO_FOCUS = "#queue"
    BINDINGS = [
        *bindings(),
        Binding("tab", "pane(1)", "Next pane", show=False, priority=True),
        Binding("shift+tab", "pane(-1)", "Previous pane", show=False, priority=True),
        Binding("escape", "leave", "Leave", show=False),
        # Escape and a letter typed fast arrive as one key.
        Binding("alt+g", "leave_and_goto", "Go to", show=False, id=ESCAPE_GOTO),
        Binding("down,j", "scroll_pane(1)", "Down", show=False),
        Binding("up,k", "scroll_pane(-1)", "Up", show=False),
    ]

    def __init__(self) -> None:
        """With nothing read yet."""
        super().__init__()
        self.pane = "queue"
        self.ticket_id: str | None = None
        self.detail: TicketDetail | None = None
        self.health: Health | None = None
        self._aged_at: datetime | None = None
        self._bound_for: str | None = None
        """The ticket under the queue's cursor, while it is not shown yet."""

    def compose(self) -> ComposeResult:
        """Status, tabs, the panes, the keys."""
        session = self.console.session
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield StatusBar()
        yield PaneTabs(id="tabs")
        keys = self.console.keys
        welcome = WELCOME.format(help=keys.shown("help"), quit=keys.shown("quit"))
        yield Static(welcome, id="welcome", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="left", classes="pane"):
                yield SearchBar(id="search")
                yield Static("", id="queue-empty", markup=False)
                yield QueueList(session.store, session.operator, self.console.shown)
            with Vertical(id="middle"):
                yield TicketHeader(id="header")
                with VerticalScroll(id="conversation", classes="pane"):
                    yield Static("", id="conversation-words", markup=False)
                with VerticalScroll(id="findings", classes="pane"):
                    yield Static("", id="findings-words", markup=False)
                with Vertical(id="trace-pane", classes="pane"):
                    yield TraceTree()
                    yield SpeakingNow(session.store, self.console.shown)
            with Vertical(id="right", classes="pane"):
                yield Input(
                    placeholder="narrow by words",
                    id="approvals-words",
                    compact=True,
                )
                yield ApprovalList()
                with VerticalScroll(id="effect", can_focus=False):
                    yield Preview(id="preview")
        yield KeyBar()

    def on_mount(self) -> None:
        """Read everything once, then as it changes."""
        self.queue = self.query_one(QueueList)
        self.approvals = self.query_one(ApprovalList)
        self.preview = self.query_one(Preview)
        self.trace = self.query_one(TraceTree)
        for pane, place in FRAMES.items():
            self.query_one(f"#{pane}").border_title = PANES[place]

        def trouble(pane: str) -> Callable[[str | None], None]:
            return lambda problem: self.console.read_trouble(problem, pane)

        self._ticket = Reading(
            self, "ticket", self._load_ticket, self._show_ticket, trouble("ticket")
        )
        self._wanted: tuple[str | None, int] = (None, 0)
        store = self.console.session.store
        self._waiting = Reading(
            self,
            "approvals",
            lambda: self.console.shown(pending_approvals(store)),
            self.show_approvals,
            trouble("approvals"),
        )
        self._health = Reading(
            self,
            "health",
            lambda: health(store, most_waiting=MANY),
            self._show_health,
            trouble("health"),
            rest=0.25,
        )
        self.preview.show_nothing(NOTHING)
        self.add_class("side-middle", "talk-conversation")
        self.show_pane("queue")
        self._health.ask()
        self._waiting.ask()
        self.set_interval(TICK_SECONDS, self.tick)

    # What changes.

    def live(self, changed: Changed) -> None:
        """Read again what the change may have touched."""
        self._health.ask()
        if not changed.events:
            return
        self.queue.ask(at_once=False)
        if any(event.kind not in WITHOUT_APPROVALS for event in changed.events):
            self._waiting.ask()
        if changed.touches(self.ticket_id):
            self.ask_ticket()

    def tick(self) -> None:
        """Let ages grow, and look after workers that fell silent."""
        self.queue.tick()
        self.approvals.tick(self.console.now())
        self._show_ages()
        self._health.ask()

    def ask_approvals(self) -> None:
        """Read what waits again."""
        self._waiting.ask()

    def ask_ticket(self) -> None:
        """Read the selected ticket again."""
        self._wanted = (self.ticket_id, self.trace.last_event)
        self._ticket.ask()

    def select(self, ticket_id: str) -> None:
        """Show this ticket in the middle."""
        if ticket_id == self.ticket_id:
            return
        self.ticket_id, self.detail = ticket_id, None
        self.queue.point_at(ticket_id)
        self.follow_ticket()
        self.trace.show_ticket(ticket_id)
        self.query_one(SpeakingNow).listen(None, [])
        for name in ("conversation", "findings"):
            self.query_one(f"#{name}").scroll_home(animate=False)
        self.ask_ticket()

    def _load_ticket(self) -> Selected | None:
        ticket_id, after = self._wanted
        if ticket_id is None:
            return None
        store, shown = self.console.session.store, self.console.shown
        events = shown(ticket_events(store, ticket_id, after=after))
        return Selected(ticket_id, shown(ticket_detail(store, ticket_id)), events)

    def _show_ticket(self, found: Selected | None) -> None:
        if found is None or found.ticket_id != self.ticket_id:
            return
        self.detail, self._aged_at = found.detail, None
        self._show_ages()
        names = {action.id: action.name for action in found.detail.actions}
        self.trace.grow(found.ticket_id, found.events, found.detail.runs, names)
        self.query_one(SpeakingNow).listen(found.ticket_id, found.detail.runs)
        self.refresh_keys()

    def _show_ages(self) -> None:
        """What was read of the ticket, with its ages; by itself when a minute is over."""
        now, detail, aged = self.console.now(), self.detail, self._aged_at
        if detail is None or (aged is not None and now - aged < AGES):
            return
        self._aged_at = now
        self.query_one(TicketHeader).show(detail, now)
        self.query_one("#conversation-words", Static).update(conversation_of(detail, now))
        self.query_one("#findings-words", Static).update(findings_of(detail, now))

    def _show_health(self, found: Health) -> None:
        self.health = found
        self.console.watch_worker(found)
        self.show_status()
        self.set_class(not any(found.by_status.values()), "-empty")
        self.refresh_keys()

    def show_status(self) -> None:
        """Say how the workspace does."""
        now = self.console.now()
        self.query_one(StatusBar).show(self.health, self.console.standing, now)

    def open_ticket_by_id(self, ticket_id: str) -> None:
        """Show this ticket, wherever it is in the queue, with its conversation in front."""
        self.show_pane("conversation")
        self.select(ticket_id)

    # Panes.

    def show_pane(self, pane: str, *, focus: bool = True) -> None:
        """Bring a pane to the front and give it the keys."""
        self.arrive()
        self.pane = pane
        for name in PANES:
            self.set_class(name == pane, f"pane-{name}")
        if pane in ("conversation", "findings"):
            self.set_class(pane == "conversation", "talk-conversation")
            self.set_class(pane == "findings", "talk-findings")
        if pane != "queue":
            self.set_class(pane == "approvals", "side-approvals")
            self.set_class(pane != "approvals", "side-middle")
        if focus:
            self.query_one(f"#{pane}").focus()
        if pane == "approvals":
            self.select_approved()
        elif pane == "queue" and self.queue.key is not None:
            self.select(self.queue.key)
            self.queue.point_at(self.queue.key)
        self.refresh_keys()

    def action_pane(self, step: int) -> None:
        """On to the next pane, or back; in the search line, forward takes what is offered."""
        if step > 0 and self.query_one(SearchBar).accept():
            return
        names = list(PANES)
        self.show_pane(names[(names.index(self.pane) + step) % len(names)])

    def action_scroll_pane(self, rows: int) -> None:
        """Scroll the words of the pane that has the keys."""
        if self.focused is not None:
            self.focused.scroll_relative(y=rows, animate=False)

    def action_leave(self) -> None:
        """Take marks away, then the search; then back to the queue."""
        if self.pane == "approvals" and self.leave_approvals():
            return
        if self.has_class("-searching"):
            self.query_one(SearchBar).action_leave()
        else:
            self.show_pane("queue")

    def action_leave_and_goto(self) -> None:
        """Escape, then the key that waits for a letter."""
        self.action_leave()
        self.action_command("goto")

    @on(PaneTabs.Chosen)
    def tab_chosen(self, event: PaneTabs.Chosen) -> None:
        """A click on a tab."""
        self.show_pane(event.pane)

    @on(DescendantFocus)
    def focused_pane(self, event: DescendantFocus) -> None:
        """The pane follows the focus, so that a click counts as going there."""
        found = event.widget.id
        if found in PANES and found != self.pane:
            self.show_pane(found, focus=False)

    @on(RowList.Moved, "#queue")
    def queue_moved(self, event: RowList.Moved) -> None:
        """The selected ticket follows the queue's cursor."""
        if self.pane == "queue" or self.ticket_id is None:
            self._bound_for = event.key
            self.queue.point_at(None)
        else:
            self.queue.point_at(self.ticket_id)
        self._arrive_soon()

    @work(group="read-arrive", exclusive=True, exit_on_error=False)
    async def _arrive_soon(self) -> None:
        """Show the ticket when the cursor rests, so that rows move as fast as keys are pressed."""
        await asyncio.sleep(REST_SECONDS)
        self.arrive()
        self.refresh_keys()

    def arrive(self) -> None:
        """Show the ticket under the queue's cursor now, if it is not shown yet."""
        bound_for, self._bound_for = self._bound_for, None
        if self.pane == "queue":
            # A key may come before it is heard that the cursor has moved.
            bound_for = self.queue.key or bound_for
        if bound_for is not None:
            self.select(bound_for)

    @on(QueueList.Trouble)
    def queue_trouble(self, event: QueueList.Trouble) -> None:
        """Said in the status line."""
        self.console.read_trouble(event.problem, "queue")

    def context(self) -> Context:
        """What is on the desk now."""
        self.arrive()
        detail = self.detail
        # Until the ticket is read, what waits of it is known from the list.
        listed = [a for a in self.approvals.actions if a.ticket_id == self.ticket_id]
        actions = tuple(detail.actions) if detail else tuple(listed)
        waiting = [a for a in actions if a.state is ActionState.PROPOSED]
        here = self.pane == "approvals"
        return Context(
            now=self.console.now(),
            pane=self.pane,
            ticket=detail.ticket if detail else None,
            actions=actions,
            files=len(detail.attachments) if detail else 0,
            shown=self.preview.shown if here else None,
            together=self.preview.together if here else (),
            waiting=waiting[0] if waiting and not here else None,
            marked=tuple(self.approvals.marked) if here else (),
            approvals=len(self.approvals.actions),
            rest=self.rest if here else 0.0,
            unknown=self.health.unknown if self.health else 0,
            workers=self.console.workers_alive,
            busy=frozenset(self.console.decisions.busy) | self.written,
            role=self.console.role,
            person=self.console.session.person,
            policy=self.console.policy,
            key=self.console.keys.shown,
        )

    def refresh_keys(self) -> None:
        """Dim the keys that do nothing now; count on the tabs."""
        super().refresh_keys()
        if not self.standing:
            return
        count = listed(self.approvals)
        above = f"▲{self.queue.above} " if self.queue.above else ""
        more = "" if self.queue.exact else "+"
        tickets = f"({above}{self.queue.total:,}{more})" if self.queue.total else ""
        self.query_one(PaneTabs).show(self.pane, {"queue": tickets, "approvals": count})
        right = self.query_one("#right")
        right.border_title = f"{PANES['approvals']} {count}".strip()
        right.border_subtitle = order_told(self.approvals)
