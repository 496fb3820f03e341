"""What waits for a person, most at stake first; the one under the cursor is shown in full."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from console.format import age, label, left, line, money
from console.widgets.rowlist import Piece, RowList, fit
from data.queries.rows import ActionRow

_RISK = {"low": 1.0, "medium": 2.0, "high": 4.0}


def irreversible(action: ActionRow) -> bool:
    """Whether nothing can take it back once it is done."""
    return not (action.undo or {}).get("possible", False)


def needs_care(action: ActionRow) -> bool:
    """Whether approving it asks once more."""
    return irreversible(action) or action.risk == "high"


def stake(action: ActionRow, now: datetime) -> float:
    """How much is at stake: money, weighed by risk, by whether it can be undone, by time left.

    Minor units are taken alike in every currency: near enough for an order, without rates.
    """
    units = (action.amount or 0) / 100
    weight: float = (1 + units) * _RISK.get(action.risk, 2.0) * (2 if irreversible(action) else 1)
    if action.expires_at is None:
        return weight
    hours = (action.expires_at - now) / timedelta(hours=1)
    return weight * (4 if hours <= 1 else 2 if hours <= 4 else 1)


def by_stake(actions: Sequence[ActionRow], now: datetime) -> list[ActionRow]:
    """The most at stake first; the older first where it is equal."""
    return sorted(actions, key=lambda action: (-stake(action, now), action.proposed_at, action.id))


class ApprovalList(RowList):
    """Actions that wait for a decision; the cursor stays on its action whatever comes or goes."""

    def __init__(self) -> None:
        """An empty list."""
        super().__init__(id="approvals")
        self.actions: list[ActionRow] = []
        self.now: datetime | None = None

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self.actions)

    def key_at(self, index: int) -> str | None:
        """The action's id."""
        return self.actions[index].id if 0 <= index < len(self.actions) else None

    @property
    def current(self) -> ActionRow | None:
        """The action under the cursor, if it still waits."""
        return next((action for action in self.actions if action.id == self.key), None)

    @property
    def marked(self) -> list[ActionRow]:
        """The marked actions that still wait, in the order of the list."""
        return [action for action in self.actions if action.id in self.marks]

    def show_actions(self, actions: Sequence[ActionRow], now: datetime) -> None:
        """Show these; the cursor and its place on the screen stay with their action."""
        seen, before = self.cursor in self.shown, self.cursor
        self.now, self.actions = now, by_stake(actions, now)
        ids = {action.id: place for place, action in enumerate(self.actions)}
        self.marks &= set(ids)
        self.resize_rows()
        if self.key is None:
            if self.actions:
                self.go(0)
            return
        place = ids.get(self.key)
        self.gone = place is None
        self.cursor = max(0, min(before, self.count - 1)) if place is None else place
        if place is not None and seen and place != before:
            shift = (place - before) * self.row_height
            self.scroll_to(y=max(0, self.scroll_offset.y + shift), animate=False)
            self.reveal()
        self.refresh()

    def tick(self, now: datetime) -> None:
        """Let the ages grow."""
        self.now = now
        self.refresh()

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """What for how much; below, for whom, how long it waits, and who is needed."""
        action = self.actions[index]
        now = self.now or action.proposed_at
        sum_of_it = money(action.amount, action.currency)
        risk = {"high": "!!", "medium": "! "}.get(action.risk, "  ")
        who = line(action.customer_name or action.requester or "unknown", 40)
        people = action.people_needed - sum(d.kind != "reject" for d in action.decisions)
        notes = [left(action.expires_at, now)]
        notes += ["no undo"] if irreversible(action) else []
        if people > 1 or action.decisions:
            notes.append(f"{max(people, 1)} more needed")
        notes.append(f"waits {age(action.proposed_at, now)}")
        room = width - len(sum_of_it) - 4
        return [
            [
                (f"{risk} ", "error" if action.risk == "high" else "warning"),
                (fit(label(action.name), room), "strong"),
                (f" {sum_of_it}", "warning"),
            ],
            [(fit(f"   {who} · " + " · ".join(notes), width), "muted")],
        ]
