"""One approval, whole: what is known of the ticket on one side, the effect on the other."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.actions import bindings
from console.format import ACTION
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.screens.deciding import Deciding
from console.screens.stopping import held_in_words
from console.widgets.bars import KeyBar
from console.widgets.conversation import conversation_of
from console.widgets.findings import findings_of
from console.widgets.header import TicketHeader
from console.widgets.preview import Preview, lines, text, tint
from data.queries.approvals import find_action
from data.queries.health import halts_in_force
from data.queries.rows import ActionRow, HaltRow, TicketDetail
from data.queries.tickets import ticket_detail
from data.vocabulary import ActionState


@dataclass(frozen=True)
class Case:
    """The action with everything about its ticket."""

    action: ActionRow
    detail: TicketDetail
    halts: list[HaltRow]


class Approval(Deciding):
    """Context and effect side by side; a decision is taken on exactly what stands here."""

    CSS_PATH = "approval.tcss"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings("approve", "reject", "edit", "undo", "reconcile", "help", "quit"),
        Binding("down,j", "scroll_effect(1)", "Down", show=False),
        Binding("up,k", "scroll_effect(-1)", "Up", show=False),
        Binding("pagedown", "scroll_effect(10)", "Page down", show=False),
        Binding("pageup", "scroll_effect(-10)", "Page up", show=False),
    ]

    def __init__(self, action: ActionRow) -> None:
        """Open this action; what stands on the screen at first is what was in the list."""
        super().__init__()
        self.action = action
        self._case: Case | None = None
        self._reading = Reading(self, "approval", self._load, self._show, self._trouble)

    def compose(self) -> ComposeResult:
        """Header, the two sides, the keys."""
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield TicketHeader(id="approval-header")
        with Horizontal(id="approval-body"):
            with VerticalScroll(id="approval-context", classes="pane"):
                yield Static("", id="approval-words", markup=False)
            with VerticalScroll(id="approval-effect", classes="pane"):
                yield Preview(id="approval-preview")
        with Vertical(id="approval-foot"):
            yield Static("", id="approval-told", markup=False)
            yield KeyBar("approve", "reject", "edit", "undo", "stop", "help", "quit")

    def on_mount(self) -> None:
        """Show what is known at once; the context follows."""
        self.query_one("#approval-context").border_title = "Context"
        effect = self.query_one("#approval-effect")
        effect.border_title = "Effect"
        effect.focus()
        self._show_effect(self.action)
        self.came_by_itself()
        self.refresh_keys()
        self._reading.ask()

    def live(self, changed: Changed) -> None:
        """Look whether it still waits."""
        stops = any(event.kind.startswith("halt.") for event in changed.events)
        if not changed.events or stops or changed.touches(self.action.ticket_id):
            self._reading.ask()

    def _load(self) -> Case:
        store = self.console.session.store
        shown, action = self.console.shown, find_action(store, self.action.id)
        detail = ticket_detail(store, action.ticket_id)
        return Case(shown(action), shown(detail), halts_in_force(store))

    def _show(self, case: Case) -> None:
        now = self.console.now()
        self._case = case
        glyph, state, tone = ACTION[case.action.state]
        told: Content = text("")
        if case.halts:
            what = "; ".join(held_in_words(halt) for halt in case.halts)
            words = f" ■ STOPPED: {what}. What is approved waits until that is lifted. "
            told = text((words, "bold reverse $text-error"))
        if case.action.state is not ActionState.PROPOSED:
            by = f" by {case.action.decided_by}" if case.action.decided_by else ""
            words = f"{glyph} It no longer waits: {state}{by}. Escape leads back."
            told = text((words, f"bold {tint(tone)}"))
        self._show_effect(case.action)
        self.query_one("#approval-told", Static).update(told)
        self.query_one(TicketHeader).show(case.detail, now)
        words_of_ticket = [
            text(("Conversation", "bold underline")),
            conversation_of(case.detail, now),
            text(("Findings", "bold underline")),
            findings_of(case.detail, now),
        ]
        self.query_one("#approval-words", Static).update(lines(words_of_ticket))
        self.refresh_keys()

    def _show_effect(self, action: ActionRow) -> None:
        now, blocked = self.console.now(), None
        if action.state is ActionState.PROPOSED:
            blocked = self.context().not_to_approve(action)
        self.query_one(Preview).show_action(action, now, blocked)

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {problem}", "bold $text-error"))
            self.query_one("#approval-told", Static).update(told)

    def context(self) -> Context:
        """The action that stands on the screen."""
        shown = self.query_one(Preview).shown
        detail = self._case.detail if self._case else None
        return Context(
            now=self.console.now(),
            pane="approvals",
            ticket=detail.ticket if detail else None,
            actions=tuple(detail.actions) if detail else (),
            shown=shown,
            approvals=1,
            rest=self.rest,
            unknown=sum(a.state is ActionState.UNKNOWN for a in detail.actions) if detail else 0,
            workers=self.console.workers_alive,
            busy=frozenset(self.console.decisions.busy),
            role=self.console.role,
            person=self.console.session.person,
            policy=self.console.policy,
            key=self.console.keys.shown,
        )

    def action_scroll_effect(self, rows: int) -> None:
        """Scroll the side that has the focus."""
        side = self.focused or self.query_one("#approval-effect")
        side.scroll_relative(y=rows, animate=False)

    def decided(self, ids: frozenset[str]) -> None:
        """Back to the list."""
        if self.action.id in ids and self.is_current:
            self.app.pop_screen()
