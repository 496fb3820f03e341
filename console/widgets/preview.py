"""The effect of an action before it happens, as a diff; what a decision is taken on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static

from agents.foresight import still_needed
from console.format import ACTION, ago, label, left, line, moment, money, passage, sums
from data.queries.rows import ActionRow

_MONEY_FIELDS = {"amount", "refunded", "balance", "price", "credit"}


def tint(tone: str) -> str:
    """The style of a tone of the glyph tables."""
    return "dim" if tone == "muted" else f"$text-{tone}"


Part = Content | str | tuple[str, str | Style]


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
    rows = diff_of(preview.get("changes") or [], action.currency)
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


def diff_of(changes: Sequence[dict[str, Any]], currency: str | None) -> list[Content]:
    """Rows of the records with their fields, before and after."""
    rows: list[Content] = []
    for change in changes:
        where = f"{line(str(change.get('table', '')), 40)} {line(str(change.get('id', '')), 60)}"
        rows.append(text((where, "bold")))
        for name, pair in (change.get("fields") or {}).items():
            before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
            rows.append(
                text(
                    f"  {line(str(name), 40)}: ",
                    (f"- {value(before, name, currency)}", "$text-error"),
                    " → ",
                    (f"+ {value(after, name, currency)}", "$text-success"),
                )
            )
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
    if not undo and (action.preview or {}).get("pending"):
        return text(("whether it can be undone is not known yet", "dim"))
    if not undo.get("possible"):
        more = f": {how}" if how and how != "cannot be undone" else ""
        return text(("!! cannot be undone", "bold $text-error"), more)
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
    if action.undoes:
        rows.append(
            text(("↶ takes back what was done", "bold"), f" (action {line(action.undoes)})")
        )
    if preview.get("doubt"):
        rows.append(text((f"! {line(str(preview['doubt']))}", "bold $text-warning")))
    if preview.get("by"):
        rows.append(text(f"in the words of {line(str(preview['by']), 80)}"))
    needed = still_needed(action)
    if needed:
        rows.append(text((line(needed, 300), "bold")))
    if action.problem:
        rows.append(text((f"! {line(action.problem)}", "bold $text-error")))
    return rows


def _effect(action: ActionRow) -> list[Content]:
    """What it changes, with how surely that is known."""
    preview, rows = action.preview or {}, list[Content]()
    if preview.get("changed"):
        rows += [*_changed_since(preview["changed"], action.currency), text("")]
    title = "What will change"
    if preview.get("pending"):
        title = "What will change (a worker has still to work it out)"
    elif preview.get("declared"):
        title = "What will change (declared: the system cannot try it out)"
    rows.append(text((title, "bold underline")))
    return rows + (
        changes_of(action)
        or [
            text(f"  {line(name, 40)}: {value(found, name, action.currency)}")
            for name, found in action.arguments.items()
        ]
    )


def _why(action: ActionRow, now: datetime) -> Content:
    rule = f", rule {line(action.rule)}" if action.rule else ""
    who = line(action.proposed_by or action.agent, 40)
    asked = f" (asked by {who}{rule}, {ago(action.proposed_at, now)})"
    return text(("Why  ", "bold"), passage(action.reason), (asked, "dim"))


def _not_yours(blocked: str | None) -> list[Content]:
    """Why the person who looks cannot approve it."""
    return [text((f"⊘ You cannot approve it now: {line(blocked, 300)}", "bold $text-warning"))]


def effect_of(action: ActionRow, now: datetime, blocked: str | None = None) -> Content:
    """The whole preview: heading, diff, undo, reason; `blocked` is why it cannot be approved."""
    rows = heading_of(action, now)
    rows += _not_yours(blocked) if blocked else []
    rows += [text(""), *_effect(action), undo_of(action, now), text(""), _why(action, now)]
    return lines(rows)


def effect_of_several(
    actions: Sequence[ActionRow], now: datetime, blocked: str | None = None
) -> Content:
    """What several that are alike would do: each of them, and the effect of the first in full."""
    first = actions[0]
    title = f"{len(actions)} × {label(first.name)}  "
    rows = [text((title, "bold"), (sums((a.amount, a.currency) for a in actions), "bold"))]
    rows.append(text("the same but for the record; one question decides all of them"))
    rows += _not_yours(blocked) if blocked else []
    rows += [text(""), text(("Each of them", "bold underline"))]
    for action in actions:
        whom = line(action.customer_name or action.requester or "unknown", 40)
        rows.append(text(f"  • {whom} · {line(action.ticket_ref, 40)} · {line(action.target, 60)}"))
    rows += [text(""), text(("The first of them in full", "bold underline"))]
    rows += [*_effect(first), undo_of(first, now), text(""), _why(first, now)]
    return lines(rows)


class Preview(Static):
    """What is under the cursor in full; `shown` and `together` are exactly what stands there."""

    @dataclass
    class Stands(Message):
        """These actions stand here from now on, in so many words."""

        ids: tuple[str, ...]
        words: int

    def __init__(self, *, id: str) -> None:
        """Nothing yet."""
        super().__init__("", id=id, markup=False)
        self.shown: ActionRow | None = None
        """The one action that stands here."""
        self.together: tuple[ActionRow, ...] = ()
        """The actions of a line of several that stands here."""
        self._said: Content | None = None

    def _say(self, words: Content) -> None:
        """Draw it; nothing is drawn again where nothing changed."""
        said = self._said
        if said is None or said.plain != words.plain or said.spans != words.spans:
            self._said = words
            self.update(words)
            together = self.together or ((self.shown,) if self.shown is not None else ())
            ids = tuple(action.id for action in together)
            self.post_message(self.Stands(ids, len(words.plain.split())))

    def show_action(self, action: ActionRow, now: datetime, blocked: str | None = None) -> None:
        """Show this action; `blocked` is why the person who looks cannot approve it."""
        self.shown, self.together = action, ()
        self._say(effect_of(action, now, blocked))

    def show_several(
        self, actions: Sequence[ActionRow], now: datetime, blocked: str | None = None
    ) -> None:
        """Show what is alike together."""
        self.shown, self.together = None, tuple(actions)
        self._say(effect_of_several(actions, now, blocked))

    def show_gone(self, words: str) -> None:
        """Say that what stood here no longer waits; the cursor must move before a decision."""
        self.shown, self.together = None, ()
        self._say(text((words, "bold"), "\nMove to the next with j or k."))

    def show_nothing(self, words: str) -> None:
        """Say why there is nothing."""
        self.shown, self.together = None, ()
        self._say(text((words, "dim")))
