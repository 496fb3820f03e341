"""The approvals on the desk: the list, what stands under its cursor, marks, orders, narrowing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.widgets import Input

from agents.foresight import approved_by
from console.possible import Context
from console.screens.approval import Approval
from console.screens.deciding import Deciding
from console.screens.dialogs import Pick
from console.widgets.approvals import ApprovalList
from console.widgets.preview import text
from console.widgets.rowlist import RowList
from data.queries.rows import ActionRow
from data.queries.stakes import APPROVAL_ORDERS, in_order, known_order
from data.vocabulary import ActionState

if TYPE_CHECKING:
    from console.screens.desk import Desk

NOTHING = "Nothing needs approval."


class DeskApprovals(Deciding):
    """What needs approval; what is shown of it is what the next key decides."""

    @property
    def _here(self) -> "Desk":
        return cast("Desk", self)

    # What is shown.

    _stood: frozenset[str] = frozenset()
    """What stood under the cursor when it was last moved or drawn, also after it has gone."""
    _written: frozenset[str] = frozenset()
    """What was decided here while the cursor was where it is."""
    _after: tuple[str, ...] = ()
    """The rows that came after the one that is being decided, when that began."""
    _led_to: str | None = None
    """The row that the cursor went to by itself."""

    def show_approvals(self, actions: Sequence[ActionRow]) -> None:
        """Show what waits now; the cursor leaves only what was decided here."""
        approvals = self._here.approvals
        if not approvals.actions:
            approvals.forget()
        empty, marked = approvals.key is None, bool(approvals.marks)
        approvals.show_actions(actions, self.console.now())
        if marked and not approvals.marks:
            # The next press was meant for the marks, not for what is under the cursor.
            self.came_by_itself()
        if empty and approvals.key is not None:
            self._was_led_to(approvals.key)
        elif self._stood and self._stood <= self._written:
            keys = [*self._after, *approvals.following()]
            place = approvals.first_left(keys, self.console.session.operator)
            if place is not None:
                self._was_led_to(approvals.key_at(place))
                approvals.go(place)
        self._written = frozenset()
        self.follow_ticket()
        self.show_effect()
        self.refresh_keys()

    def follow_ticket(self) -> None:
        """The cursor goes to what waits of the ticket that is selected elsewhere on the desk."""
        desk = self._here
        if desk.pane == "approvals" or desk.ticket_id is None:
            return
        place = desk.approvals.place_of(desk.ticket_id)
        if place is not None and desk.approvals.key_at(place) != desk.approvals.key:
            self._was_led_to(desk.approvals.key_at(place))
            desk.approvals.go(place)

    def _was_led_to(self, key: str | None) -> None:
        self._led_to = key
        if self._here.pane == "approvals":
            self.came_by_itself()

    def begins(self) -> None:
        """A decision begins: what comes next is what came next on the screen."""
        self._after = tuple(self._here.approvals.following())

    def decided(self, ids: frozenset[str]) -> None:
        """The list is read again, and the cursor goes on from what was decided; in the queue, to
        the next ticket once nothing of this one waits for the person."""
        desk = self._here
        self._written |= ids
        if desk.pane == "queue" and desk.queue.key == desk.ticket_id:
            theirs = [a for a in desk.approvals.actions if a.ticket_id == desk.ticket_id]
            by = self.console.session.operator
            left = [a for a in theirs if a.id not in ids and by not in approved_by(a)]
            if not left and any(a.id in ids for a in theirs):
                desk.queue.action_move(1)
        desk.ask_approvals()

    def marks_end(self) -> None:
        """Nothing stays marked that the next key would decide in place of what is looked at."""
        self._here.approvals.marks.clear()
        self._here.approvals.refresh()
        self.came_by_itself()
        self.refresh_keys()

    @property
    def written(self) -> frozenset[str]:
        """What was decided here and may still be in the list."""
        return self._written

    def show_effect(self) -> None:
        """Show what stands under the cursor; never another in its place."""
        desk, now = self._here, self.console.now()
        approvals, preview = desk.approvals, desk.preview
        action, together, context = approvals.current, approvals.together, self.context()
        if together is not None:
            if not {a.id for a in together.actions} & {a.id for a in preview.together}:
                desk.query_one("#effect").scroll_home(animate=False)
            reasons = [context.not_to_approve(a) for a in together.actions]
            blocked = None if None in reasons else reasons[0]
            preview.show_several(together.actions, now, blocked)
            self._stood = frozenset(a.id for a in together.actions)
        elif action is not None:
            if preview.shown is None or preview.shown.id != action.id:
                desk.query_one("#effect").scroll_home(animate=False)
            preview.show_action(action, now, context.not_to_approve(action))
            self._stood = frozenset({action.id})
        elif approvals.gone and approvals.count:
            preview.show_gone("It no longer waits.")
        elif approvals.words and approvals.actions:
            preview.show_nothing(f"None of {len(approvals.actions)} fits; escape shows all.")
        else:
            preview.show_nothing(NOTHING)

    @on(RowList.Moved, "#approvals")
    def approvals_moved(self, event: RowList.Moved) -> None:
        """The preview, and the ticket in the middle, follow the cursor."""
        if event.key != self._led_to:
            self.was_moved_to()
            self._written = frozenset()
        self._led_to = None
        self.show_effect()
        if self._here.pane == "approvals":
            self.select_approved()
        self.refresh_keys()

    def select_approved(self) -> None:
        """Show the ticket of what is under the cursor; of several, that of the first."""
        row = self._here.approvals.row
        if row is not None:
            self._here.select((row.action or row.line.actions[0]).ticket_id)

    @on(RowList.Opened, "#approvals")
    def open_approval(self, event: RowList.Opened) -> None:
        """Enter opens the approval in full."""
        current = self._here.approvals.current
        if current is not None and current.id == event.key:
            self.app.push_screen(Approval(current))

    def open_waiting(self, context: Context) -> bool:
        """Open the ticket's approval instead of deciding what is not on the screen."""
        waiting = [a for a in context.actions if a.state is ActionState.PROPOSED]
        if context.waiting is None or not waiting:
            return False
        current = self._here.approvals.current
        under = [a for a in waiting if current is not None and a.id == current.id]
        self.app.push_screen(Approval((under or in_order(waiting, context.now))[0]))
        return True

    def do_mark(self) -> None:
        """Mark what is under the cursor."""
        self._here.approvals.toggle_mark()
        self.refresh_keys()

    # Orders and narrowing.

    @work(group="choose", exclusive=True)
    async def order_approvals(self) -> None:
        """Choose the order of the approvals."""
        approvals = self._here.approvals
        choices = [
            (name, text((f"{name:<10}", "bold"), told)) for name, told in APPROVAL_ORDERS.items()
        ]
        picked = await self.app.push_screen_wait(Pick("Order", choices, approvals.order))
        if picked is not None and picked != approvals.order:
            approvals.order = known_order(picked)
            approvals.put_in_order(self.console.now())
            approvals.reveal()
            self.refresh_keys()

    def narrow_approvals(self) -> None:
        """Write words that the approvals must hold."""
        self.add_class("-narrowing")
        self.set_focus(self.query_one("#approvals-words", Input))

    @on(Input.Changed, "#approvals-words")
    def narrowed(self, event: Input.Changed) -> None:
        """Show what holds the words; the cursor goes to the first if its own does not."""
        approvals = self._here.approvals
        approvals.words = event.value.strip()
        approvals.put_in_order(self.console.now())
        if approvals.gone:
            approvals.go(0)
        self.show_effect()
        self.refresh_keys()

    @on(Input.Submitted, "#approvals-words")
    def narrowed_enough(self) -> None:
        """Back to the rows."""
        self.set_class(bool(self._here.approvals.words), "-narrowing")
        self._here.show_pane("approvals")

    def leave_approvals(self) -> bool:
        """Take marks away, then the words; whether there was something to take away."""
        approvals = self._here.approvals
        if approvals.marks:
            approvals.marks.clear()
            approvals.refresh()
            self.refresh_keys()
            return True
        if self.has_class("-narrowing"):
            self.remove_class("-narrowing")
            self.query_one("#approvals-words", Input).value = ""
            self._here.show_pane("approvals")
            return True
        return False


def listed(approvals: ApprovalList) -> str:
    """How many wait, in what order, narrowed by what, for the frame of the list."""
    count = len(approvals.actions)
    if not count:
        return ""
    parts = [f"({len(approvals.listed)} of {count}" if approvals.words else f"({count}"]
    if approvals.marks:
        parts.append(f", {len(approvals.marks)} marked")
    return "".join(parts) + ")"


def order_told(approvals: ApprovalList) -> str:
    """In which order they are, for the frame of the list."""
    return APPROVAL_ORDERS[approvals.order].partition(":")[0] if approvals.actions else ""
