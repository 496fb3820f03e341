"""The question before something is taken back: what that changes, who must agree, until when."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from console.format import label, left, line, moment, money
from console.widgets.preview import diff_of, lines, text
from data.queries.rows import ActionRow
from data.vocabulary import DONE_ACTIONS, ActionName


def told_of(action: ActionRow, others: Sequence[ActionRow]) -> bool:
    """Whether the customer has had an answer since it was carried out."""
    return action.executed_at is not None and any(
        other.name == ActionName.SEND_REPLY
        and other.state in DONE_ACTIONS
        and other.executed_at is not None
        and other.executed_at >= action.executed_at
        for other in others
    )


def undo_choice(action: ActionRow, now: datetime) -> Content:
    """One thing that can be taken back, in the words of a list."""
    done = f" · done {moment(action.executed_at)}" if action.executed_at else ""
    return text(
        (label(action.name), "bold"),
        f" {money(action.amount, action.currency)}".rstrip(),
        f" · {line(action.target, 60)}{done} · {_until(action, now)}",
    )


def undo_question(action: ActionRow, others: Sequence[ActionRow], now: datetime) -> Content:
    """All that a person has to know before taking it back; `others` are the ticket's actions."""
    undo = action.undo or {}
    whom = (action.preview or {}).get("affects") or action.customer_name or "unknown"
    rows = [
        undo_choice(action, now),
        text(f"for {line(str(whom), 60)} · ticket {line(action.ticket_ref, 40)}"),
        text(""),
        text(("What undoing will change", "bold underline")),
    ]
    rows += diff_of(undo.get("changes") or [], action.currency) or [
        text(f"  {line(str(undo.get('how') or 'as recorded'))}"),
        text(("  the records are not known beforehand; a worker looks when it does it", "dim")),
    ]
    rows += [text(""), text(("Who must agree  ", "bold"), _who(action))]
    rows.append(text(("The customer    ", "bold"), _customer(action, others)))
    return lines(rows)


def _until(action: ActionRow, now: datetime) -> str:
    if action.undo_until is None:
        return "can be undone at any time"
    return f"can be undone until {moment(action.undo_until)} ({left(action.undo_until, now)})"


def _who(action: ActionRow) -> str:
    others = action.people_needed - 1
    if others <= 0:
        return "you alone; it begins at once"
    more = "another person" if others == 1 else f"{others} other people"
    return f"you and {more}, since it took {action.people_needed}; it waits until they approve"


def _customer(action: ActionRow, others: Sequence[ActionRow]) -> str:
    if told_of(action, others):
        return "was told of it; a message that corrects that will need approval afterwards"
    return "has had no answer since; nothing has to be corrected"
