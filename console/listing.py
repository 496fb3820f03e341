"""Actions in lines: of one question, told apart where they are alike."""

from collections import Counter
from collections.abc import Mapping, Sequence

from textual.content import Content

from agents.foresight import still_needed
from console.format import label, line, money, sums
from console.widgets.preview import lines, text
from data.queries.rows import ActionRow
from data.queries.stakes import irreversible


def named(action: ActionRow) -> str:
    """An action by what it does, for how much, and its ticket."""
    what = f"{label(action.name)} {money(action.amount, action.currency)}".strip()
    return f"{what} ({line(action.ticket_ref, 20)})"


def line_of(action: ActionRow, record: str = "") -> Content:
    """One action in a line of a list; `record` says which record, where that must be said."""
    who = line(action.customer_name or action.requester or "unknown", 40)
    return text(
        "• ",
        (label(action.name), "bold"),
        f" {money(action.amount, action.currency)}".rstrip(),
        f" · {who} · {line(action.ticket_ref, 20)}",
        f" · {record}" if record else "",
        " · !! no undo" if irreversible(action) else "",
        f" · {line(needed, 120)}" if (needed := still_needed(action)) else "",
    )


def lines_apart(actions: Sequence[ActionRow], dates: Mapping[str, str]) -> dict[str, Content]:
    """A line for each action by its id; those that would be alike name their records."""
    plain = {action.id: line_of(action) for action in actions}
    times = Counter(each.plain for each in plain.values())
    return {
        action.id: line_of(action, _record(action, dates.get(action.id)))
        if times[plain[action.id].plain] > 1
        else plain[action.id]
        for action in actions
    }


def _record(action: ActionRow, date: str | None) -> str:
    name = line(action.target.partition(":")[2] or action.target, 40)
    return f"{name} of {line(date, 10)}" if date else name


def several(
    actions: Sequence[ActionRow],
    left_out: Mapping[str, str | None],
    dates: Mapping[str, str] | None = None,
) -> Content:
    """The actions of one question, each in a line; below, those that are left out, and why."""
    told = lines_apart(actions, dates or {})
    chosen = [action for action in actions if left_out.get(action.id) is None]
    rows = [told[action.id] for action in chosen]
    together = sums((action.amount, action.currency) for action in chosen)
    if together:
        rows += [text(""), text(("Together  ", "bold"), (together, "bold $text-warning"))]
    rest = [action for action in actions if left_out.get(action.id) is not None]
    if rest:
        rows += [text(""), text(("Left out", "bold underline"))]
    for action in rest:
        rows += [told[action.id], text((f"    {line(left_out[action.id])}", "$text-warning"))]
    return lines(rows)
