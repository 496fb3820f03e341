"""The effect of an action before it happens, as a diff; what a decision is taken on."""

from datetime import datetime
from typing import Any

from textual.content import Content
from textual.widgets import Static

from console.format import ACTION, ago, label, left, line, moment, money, passage
from data.queries.rows import ActionRow

_MONEY_FIELDS = {"amount", "refunded", "balance", "price", "credit"}


def tint(tone: str) -> str:
    """The style of a tone of the glyph tables."""
    return "dim" if tone == "muted" else f"$text-{tone}"


Part = Content | str | tuple[str, str]


def value(found: Any, field: str = "", currency: str | None = None) -> str:
    """A stored value in words."""
    if found is None:
        return "nothing"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, int) and currency and field in _MONEY_FIELDS:
        return money(found, currency)
    if isinstance(found, list):
        return ", ".join(value(part) for part in found) or "none"
    if isinstance(found, dict):
        return ", ".join(f"{line(str(k), 60)} {value(v)}" for k, v in found.items()) or "none"
    return line(str(found), 500) or "(empty)"


def text(*parts: Part) -> Content:
    """Content of plain strings and (string, style) pairs; nothing in them is markup."""
    return Content.assemble(*parts)


def lines(rows: list[Content]) -> Content:
    """One piece of content of many lines."""
    return Content("\n").join(rows)


def changes_of(action: ActionRow) -> list[Content]:
    """Each row that changes with its fields, before and after; money; message."""
    preview: dict[str, Any] = action.preview or {}
    rows: list[Content] = []
    for change in preview.get("changes") or []:
        where = f"{line(str(change.get('table', '')), 40)} {line(str(change.get('id', '')), 60)}"
        rows.append(text((where, "bold")))
        for name, pair in (change.get("fields") or {}).items():
            before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
            rows.append(
                text(
                    f"  {line(str(name), 40)}: ",
                    (f"- {value(before, name, action.currency)}", "$text-error"),
                    " → ",
                    (f"+ {value(after, name, action.currency)}", "$text-success"),
                )
            )
    for sum_of_it in preview.get("money") or []:
        amount = money(sum_of_it.get("amount"), sum_of_it.get("currency"))
        rows.append(
            text("money  ", (amount, "bold $text-warning"), f" to {value(sum_of_it.get('to'))}")
        )
    message = preview.get("message")
    if message:
        rows.append(text(("message", "bold"), f" to {value(message.get('to'))}"))
        if message.get("subject"):
            rows.append(text(f"  subject: {line(str(message['subject']))}"))
        rows += [
            text(("  │ ", "dim"), part)
            for part in passage(str(message.get("body") or "")).split("\n")
        ]
    return rows


def _changed_since(changed: dict[str, Any], currency: str | None) -> list[Content]:
    """What was otherwise when it was first asked, side by side with what is so now."""
    rows = [text(("Changed since it was asked", "bold underline"))]
    for record, fields in changed.items():
        rows.append(text((line(str(record), 100), "bold")))
        for name, (then, now) in fields.items():
            rows.append(
                text(
                    f"  {line(str(name), 40)}: ",
                    (f"then {value(then, name, currency)}", "$text-warning"),
                    " │ ",
                    (f"now {value(now, name, currency)}", "$text-success"),
                )
            )
    return rows


def undo_of(action: ActionRow, now: datetime) -> Content:
    """Whether and until when it can be taken back."""
    undo = action.undo or {}
    how = line(str(undo.get("how") or ""))
    if not undo.get("possible"):
        return text(("!! cannot be undone", "bold $text-error"), f": {how}" if how else "")
    until = undo.get("until")
    words = "↶ can be undone"
    if isinstance(until, str):
        try:
            at = datetime.fromisoformat(until.replace("Z", "+00:00"))
            words += f" until {moment(at)} ({left(at, now)})"
        except ValueError:
            words += f" until {line(until, 40)}"
    return text((words, "$text-success"), f": {how}" if how else "")


def heading_of(action: ActionRow, now: datetime) -> list[Content]:
    """What, how much, for whom, how long it may wait, who has said what."""
    glyph, state, tone = ACTION[action.state]
    preview = action.preview or {}
    whom = preview.get("affects") or action.customer_name or action.requester or "unknown"
    sum_of_it = money(action.amount, action.currency)
    rows = [
        text((label(action.name), "bold"), "  ", (sum_of_it, "bold $text-warning")),
        text(f"for {value(whom)} · ticket {line(action.ticket_ref, 40)}"),
        text(
            (f"{glyph} {state}", tint(tone)),
            f" · {line(action.risk)} risk · {left(action.expires_at, now)}",
        ),
    ]
    if action.people_needed > 1 or action.decisions:
        said = ", ".join(f"{line(d.kind)} by {line(d.operator)}" for d in action.decisions)
        rows.append(text(f"{action.people_needed} people needed; {said or 'nobody yet'}"))
    if action.problem:
        rows.append(text((f"! {line(action.problem)}", "bold $text-error")))
    return rows


def effect_of(action: ActionRow, now: datetime) -> Content:
    """The whole preview: heading, diff, undo, reason."""
    rows = [*heading_of(action, now), text("")]
    preview = action.preview or {}
    if preview.get("changed"):
        rows += [*_changed_since(preview["changed"], action.currency), text("")]
    title = "What will change"
    if preview.get("pending"):
        title = "What will change (a worker has still to work it out)"
    elif preview.get("declared"):
        title = "What will change (declared: the system cannot try it out)"
    rows.append(text((title, "bold underline")))
    rows += changes_of(action) or [
        text(f"  {line(name, 40)}: {value(found, name, action.currency)}")
        for name, found in action.arguments.items()
    ]
    rows += [undo_of(action, now), text("")]
    rule = f", rule {line(action.rule)}" if action.rule else ""
    asked = f" (asked by {line(action.agent)}{rule}, {ago(action.proposed_at, now)})"
    rows.append(text(("Why  ", "bold"), passage(action.reason), (asked, "dim")))
    return lines(rows)


class Preview(Static):
    """One action in full; `shown` is exactly what stands on the screen."""

    def __init__(self, *, id: str) -> None:
        """Nothing yet."""
        super().__init__("", id=id, markup=False)
        self.shown: ActionRow | None = None

    def show_action(self, action: ActionRow, now: datetime) -> None:
        """Show this action."""
        self.shown = action
        self.update(effect_of(action, now))

    def show_gone(self, words: str) -> None:
        """Say that what stood here no longer waits; the cursor must move before a decision."""
        self.shown = None
        self.update(text((words, "bold"), "\nMove to the next with j or k."))

    def show_nothing(self, words: str) -> None:
        """Say why there is nothing."""
        self.shown = None
        self.update(text((words, "dim")))
