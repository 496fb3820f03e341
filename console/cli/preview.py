"""An action's effect and its undo, in lines."""

from datetime import datetime
from typing import Any

from console.describe import shown
from console.format import left, line, money, passage
from data.queries.rows import ActionRow


def preview_lines(action: ActionRow) -> list[str]:
    """What the action changes: rows, money, words."""
    preview = action.preview or {}
    found = [f"! {line(str(preview['doubt']))}"] if preview.get("doubt") else []
    for change in preview.get("changes") or []:
        record = line(f"{change.get('table')} {change.get('id')}")
        fields = {
            line(field): tuple(values)
            if isinstance(values, list) and len(values) == 2
            else ("", values)
            for field, values in (change.get("fields") or {}).items()
        }
        if fields.get("id", ("", ""))[0] is None:
            new = ", ".join(
                f"{field} {_value(after)}" for field, (_, after) in fields.items() if field != "id"
            )
            found.append(f"adds {record}: {new}")
            continue
        found += [
            f"{record}: {field} {_value(before)} → {_value(after)}"
            for field, (before, after) in fields.items()
        ]
    for moved in preview.get("money") or []:
        to = f" to {line(str(moved['to']))}" if moved.get("to") else ""
        found.append(f"money: {money(moved.get('amount'), moved.get('currency'))}{to}")
    message = preview.get("message")
    if message:
        found.append(line(f"message to {message.get('to')}: {message.get('subject') or ''}"))
        found += [f"  {each}" for each in passage(str(message.get("body") or "")).splitlines()]
    if preview.get("pending"):
        found.append("(a worker has still to work the exact rows out)")
    elif preview.get("declared"):
        found.append("(declared by the system: it cannot try this out beforehand)")
    for record, fields in (preview.get("changed") or {}).items():
        for field, (then, now) in fields.items():
            was = f"{line(record)}: {line(field)} was {_value(then)}, is now {_value(now)}"
            found.append(f"changed since it was asked: {was}")
    return found


def _value(value: Any) -> str:
    return "nothing" if value in (None, "", []) else shown(value, 120)


def undo_line(action: ActionRow, now: datetime) -> str:
    """Whether, how and until when the action can be taken back."""
    undo = action.undo or {}
    if not undo.get("possible"):
        how = line(str(undo.get("how") or ""))
        return f"undo: not possible{f' ({how})' if how else ''}"
    until = f", {left(action.undo_until, now)}" if action.undo_until else ""
    return f"undo: {line(str(undo.get('how') or 'possible'))}{until}"
