"""One approval, whole: what is known of the ticket on one side, the effect on the other."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.actions import Context, bindings
from console.format import ACTION
from console.live import Changed
from console.reads import Reading
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.conversation import conversation_of
from console.widgets.findings import findings_of, header_of
from console.widgets.preview import Preview, lines, text, tint
from data.queries.approvals import find_action
from data.queries.rows import ActionRow, TicketDetail
from data.queries.tickets import ticket_detail
from data.vocabulary import ActionState


@dataclass(frozen=True)
class Case:
    """The action with everything about its ticket."""

    action: ActionRow
    detail: TicketDetail


class Approval(CommandScreen):
    """Context and effect side by side; a decision is taken on exactly what stands here."""

    CSS_PATH = "approval.tcss"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        *bindings("approve", "reject", "edit", "help", "quit"),
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
        yield Static("", id="approval-header", markup=False)
        with Horizontal(id="approval-body"):
            with VerticalScroll(id="approval-context", classes="pane"):
                yield Static("", id="approval-words", markup=False)
            with VerticalScroll(id="approval-effect", classes="pane"):
                yield Preview(id="approval-preview")
        with Vertical(id="approval-foot"):
            yield Static("", id="approval-told", markup=False)
            yield KeyBar("approve", "reject", "edit", "help", "quit")

    def on_mount(self) -> None:
        """Show what is known at once; the context follows."""
        self.query_one("#approval-context").border_title = "Context"
        effect = self.query_one("#approval-effect")
        effect.border_title = "Effect"
        effect.focus()
        self.query_one(Preview).show_action(self.action, self.console.now())
        self.refresh_keys()
        self._reading.ask()

    def live(self, changed: Changed) -> None:
        """Look whether it still waits."""
        if not changed.events or changed.touches(self.action.ticket_id):
            self._reading.ask()

    def _load(self) -> Case:
        store = self.console.session.store
        action = find_action(store, self.action.id)
        return Case(action, ticket_detail(store, action.ticket_id))

    def _show(self, case: Case) -> None:
        now = self.console.now()
        self._case = case
        preview = self.query_one(Preview)
        glyph, state, tone = ACTION[case.action.state]
        told: Content = text("")
        if case.action.state is not ActionState.PROPOSED:
            by = f" by {case.action.decided_by}" if case.action.decided_by else ""
            words = f"{glyph} It no longer waits: {state}{by}. Escape leads back."
            told = text((words, f"bold {tint(tone)}"))
        preview.show_action(case.action, now)
        self.query_one("#approval-told", Static).update(told)
        self.query_one("#approval-header", Static).update(
            header_of(case.detail.ticket, case.detail, now)
        )
        words_of_ticket = [
            text(("Conversation", "bold underline")),
            conversation_of(case.detail, now),
            text(("Findings", "bold underline")),
            findings_of(case.detail, now),
        ]
        self.query_one("#approval-words", Static).update(lines(words_of_ticket))
        self.refresh_keys()

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
            workers=self.console.workers_alive,
            busy=frozenset(self.console.decisions.busy),
            role=self.console.role,
            key=self.console.keys.shown,
        )

    def action_scroll_effect(self, rows: int) -> None:
        """Scroll the side that has the focus."""
        side = self.focused or self.query_one("#approval-effect")
        side.scroll_relative(y=rows, animate=False)

    def _decide(self, name: str) -> None:
        shown = self.query_one(Preview).shown
        if shown is not None:
            self.run_worker(self._decided(name, shown), group="decide", exclusive=False)

    async def _decided(self, name: str, shown: ActionRow) -> None:
        decisions = self.console.decisions
        match name:
            case "approve":
                taken = await decisions.approve(self, [shown])
            case "reject":
                taken = await decisions.reject(self, [shown])
            case _:
                taken = await decisions.edit(self, shown)
        if taken and self.is_current:
            self.app.pop_screen()

    def do_approve(self) -> None:
        """Approve what stands here."""
        self._decide("approve")

    def do_reject(self) -> None:
        """Reject it."""
        self._decide("reject")

    def do_edit(self) -> None:
        """Change it."""
        self._decide("edit")
