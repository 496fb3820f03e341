"""What waits for a person, most at stake first; what is alike stands in one line with a count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.binding import Binding

from agents.foresight import approved_by
from console.format import age, label, left, line, money, sums
from console.widgets.rowlist import Piece, RowList, fit
from data.queries.alike import Line, likeness, lines_of
from data.queries.rows import ActionRow
from data.queries.stakes import ApprovalOrder, irreversible


def needs_care(action: ActionRow) -> bool:
    """Whether approving it asks once more."""
    return irreversible(action) or action.risk == "high"


def fits(action: ActionRow, words: str) -> bool:
    """Whether each of the words is somewhere in what the action is, for whom, and from whom."""
    about = (
        action.name, label(action.name), action.agent, action.rule, action.risk, action.ticket_ref,
        action.subject, action.customer_name, action.requester, action.currency, action.target,
    )  # fmt: skip
    text = " ".join(line(part) for part in about if part).casefold()
    return all(word in text for word in words.casefold().split())


@dataclass(frozen=True)
class Row:
    """A row of the list: an action, or a line of several that are alike."""

    key: str
    line: Line
    action: ActionRow | None
    """None for the line of several."""

    @property
    def inside(self) -> bool:
        """Whether it is one of several, shown below their line."""
        return self.line.grouped and self.action is not None


def rows_of(lines: Sequence[Line], opened: set[str]) -> list[Row]:
    """The rows of these lines; those in `opened` are followed by what they hold."""
    rows: list[Row] = []
    for each in lines:
        if not each.grouped:
            rows.append(Row(each.key, each, each.actions[0]))
            continue
        rows.append(Row(each.key, each, None))
        if each.key in opened:
            rows += [Row(action.id, each, action) for action in each.actions]
    return rows


class ApprovalList(RowList):
    """Actions that wait for a decision; the cursor stays on its action whatever comes or goes."""

    BINDINGS = [
        Binding("right", "unfold(True)", "Show each", show=False),
        Binding("left", "unfold(False)", "In one line", show=False),
    ]

    def __init__(self) -> None:
        """An empty list."""
        super().__init__(id="approvals")
        self.actions: list[ActionRow] = []
        """All that wait, in the order in which they were asked for."""
        self.order: ApprovalOrder = "stake"
        self.words = ""
        """What the list is narrowed by."""
        self.opened: set[str] = set()
        """Lines of several whose actions are shown one by one."""
        self.rows: list[Row] = []
        self._places: dict[str, int] = {}
        """Where the row with a key is."""
        self.now: datetime | None = None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def key_at(self, index: int) -> str | None:
        """The action's id, or the key of the line."""
        return self.rows[index].key if 0 <= index < len(self.rows) else None

    @property
    def row(self) -> Row | None:
        """The row under the cursor, if it is still there."""
        place = self._places.get(self.key or "")
        return None if place is None else self.rows[place]

    @property
    def current(self) -> ActionRow | None:
        """The action under the cursor, if it still waits; None on a line of several."""
        return self.row.action if self.row else None

    @property
    def together(self) -> Line | None:
        """The line of several under the cursor."""
        return self.row.line if self.row and self.row.action is None else None

    @property
    def listed(self) -> list[ActionRow]:
        """What fits the words, in the order of the list."""
        found = {row.line.key: row.line for row in self.rows}
        return [action for each in found.values() for action in each.actions]

    @property
    def marked(self) -> list[ActionRow]:
        """The marked actions that still wait, in the order of the list."""
        listed = self.listed
        shown = {action.id for action in listed}
        rest = [action for action in self.actions if action.id not in shown]
        return [action for action in listed + rest if action.id in self.marks]

    def show_actions(self, actions: Sequence[ActionRow], now: datetime) -> None:
        """Show these; the cursor and its place on the screen stay with their action."""
        self.actions = list(actions)
        self.marks &= {action.id for action in actions}
        self.put_in_order(now)

    def forget(self) -> None:
        """Leave the row that is gone: nothing waited, so that what comes now may be gone to."""
        self.key, self.gone, self.cursor = None, False, 0

    def put_in_order(self, now: datetime) -> None:
        """Put the rows in order; the row under the cursor stays there."""
        self.now = now
        seen, before = self.cursor in self.shown, self.cursor
        fitting = [action for action in self.actions if fits(action, self.words)]
        under = next((action for action in fitting if action.id == self.key), None)
        alike = likeness(under) if under else None
        lines = lines_of(fitting, now, self.order, kept={self.key} if self.key else ())
        if alike in {each.key for each in lines if each.grouped}:
            # Others like it have come: what is under the cursor stays a row of its own.
            self.opened.add(str(alike))
        self.opened &= {each.key for each in lines}
        self._set_rows(lines)
        self.resize_rows()
        if self.key is None:
            if self.rows:
                self.go(0)
            return
        place = self._places.get(self.key)
        self.gone = place is None
        self.cursor = max(0, min(before, self.count - 1)) if place is None else place
        if place is not None and seen and place != before:
            shift = (place - before) * self.row_height
            self.scroll_to(y=max(0, self.scroll_offset.y + shift), animate=False)
            self.reveal()
        self.refresh()

    def place_of(self, ticket_id: str) -> int | None:
        """Where the first of a ticket's actions is, or would be once its line shows each of its
        own; None if nothing of it is listed. The cursor's own row comes first."""
        current = self.current
        if current is not None and current.ticket_id == ticket_id:
            return self.cursor
        for row in self.rows:
            asked = row.line.actions if row.action is None else (row.action,)
            found = next((a for a in asked if a.ticket_id == ticket_id), None)
            if found is None:
                continue
            if row.action is None and row.key not in self.opened:
                self.opened.add(row.key)
                self._set_rows(list({each.line.key: each.line for each in self.rows}.values()))
                self.resize_rows()
            return self._places[found.id]
        return None

    def following(self) -> list[str]:
        """The keys of the other rows, from the one below the cursor on and around."""
        at = self.cursor if self.gone else self.cursor + 1
        return [row.key for row in self.rows[at:] + self.rows[:at] if row.key != self.key]

    def first_left(self, keys: Sequence[str], by: str) -> int | None:
        """Where the first of these rows is now that waits for something from `by`."""
        for key in keys:
            place = self._places.get(key)
            if place is None:
                continue
            row = self.rows[place]
            asked = row.line.actions if row.action is None else (row.action,)
            if any(by not in approved_by(action) for action in asked):
                return place
        return None

    def action_open(self) -> None:
        """Open the action under the cursor; a line of several shows or hides what it holds."""
        if self.together is None:
            super().action_open()
        else:
            self.action_unfold(self.together.key not in self.opened)

    def action_unfold(self, each: bool) -> None:
        """Show what the line holds one by one, or in one line, at the wish of the person."""
        row = self.row
        if row is None or not row.line.grouped:
            return
        if each:
            self.opened.add(row.line.key)
        else:
            self.opened.discard(row.line.key)
        self._set_rows(list({found.line.key: found.line for found in self.rows}.values()))
        self.resize_rows()
        if not each:
            self.go(self._places[row.line.key])
        self.reveal()

    def _set_rows(self, lines: Sequence[Line]) -> None:
        self.rows = rows_of(lines, self.opened)
        self._places = {row.key: place for place, row in enumerate(self.rows)}

    def toggle_mark(self) -> None:
        """Mark what is under the cursor, or take its mark away, and go on to the next."""
        if self.together is None:
            super().toggle_mark()
            return
        ids = {action.id for action in self.together.actions}
        self.marks = self.marks - ids if ids <= self.marks else self.marks | ids
        self.refresh()
        if self.cursor + 1 < self.count:
            self.go(self.cursor + 1)

    def mark_of(self, key: str | None) -> str:
        """A line of several is marked if all of it is, and half marked if some is."""
        place = self._places.get(key or "")
        row = None if place is None else self.rows[place]
        if row is None or row.action is not None:
            return super().mark_of(key)
        marked = sum(action.id in self.marks for action in row.line.actions)
        return "✚" if marked == len(row.line.actions) else "∙" if marked else " "

    def tick(self, now: datetime) -> None:
        """Let the ages grow."""
        self.now = now
        self.refresh()

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """What for how much; below, for whom, how long it waits, and who is needed."""
        row = self.rows[index]
        if row.action is None:
            return self._draw_line(row.line, width)
        action, now = row.action, self.now or row.action.proposed_at
        inset = "  " if row.inside else ""
        sum_of_it = money(action.amount, action.currency)
        who = line(action.customer_name or action.requester or "unknown", 40)
        people = action.people_needed - len(approved_by(action))
        doubt = (action.preview or {}).get("doubt")
        notes = [line(str(doubt), 60)] if doubt else []
        notes.append(left(action.expires_at, now))
        notes += ["no undo"] if irreversible(action) else []
        if people > 1 or (action.decisions and people > 0):
            notes.append(f"{people} more needed")
        if action.role_needed:
            notes.append(f"needs a {line(action.role_needed, 20)}")
        notes.append(f"waits {age(action.proposed_at, now)}")
        room = width - len(sum_of_it) - 4 - len(inset)
        return [
            [
                (inset, ""),
                *_risk(action),
                (fit(label(action.name), room), "" if row.inside else "strong"),
                (f" {sum_of_it}", "warning"),
            ],
            [(fit(f"{inset}   {who} · " + " · ".join(notes), width), "muted")],
        ]

    def _draw_line(self, found: Line, width: int) -> list[list[Piece]]:
        """How many of what for how much together; below, whether it is open, and the oldest."""
        first = found.actions[0]
        oldest = min(found.actions, key=lambda action: action.proposed_at)
        together = sums((a.amount, a.currency) for a in found.actions)
        opened = "▾" if found.key in self.opened else "▸"
        title = f"{opened} {len(found.actions)} × {label(first.name)}"
        notes = ["all alike", "no undo" if irreversible(first) else ""]
        notes.append(f"oldest waits {age(oldest.proposed_at, self.now or oldest.proposed_at)}")
        room = width - len(together) - 4
        return [
            [*_risk(first), (fit(title, room), "strong"), (f" {together}", "warning")],
            [(fit("   " + " · ".join(note for note in notes if note), width), "muted")],
        ]


def _risk(action: ActionRow) -> list[Piece]:
    sign = {"high": "!!", "medium": "! "}.get(action.risk, "  ")
    return [(f"{sign} ", "error" if action.risk == "high" else "warning")]
