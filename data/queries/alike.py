"""Requests that ask for the same but on another record, so that they can be decided together."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.columns import canonical
from data.queries.rows import ActionRow
from data.queries.stakes import ApprovalOrder, in_order, rank_by

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?")
_OPEN = "·"
"""What stands for a record's name and for a time: these may differ among what is alike."""


@dataclass(frozen=True)
class Line:
    """One line of a list of approvals: an action, or several that are alike."""

    key: str
    """The action's id; of several, what they have in common."""
    actions: tuple[ActionRow, ...]
    grouped: bool = False
    """Whether it stands for several, even where only one of them is left."""


def likeness(action: ActionRow) -> str | None:
    """What it has in common with requests that are the same but for the record.

    That is the action, its effect, the money, the rule (or else the words of the reason), who has
    approved it and who must. None for what stands by itself: its effect is not worked out, it was
    asked for before and something has changed, the evidence does not bear it out, or it takes
    something back.
    """
    preview = action.preview or {}
    by_itself = preview.get("pending") or preview.get("changed") or preview.get("doubt")
    if by_itself or action.undoes:
        return None
    _, _, record = action.target.partition(":")
    names = {record, action.target}

    def masked(value: Any, more: Collection[str] = ()) -> Any:
        if isinstance(value, str):
            if value in names or value in more or _TIME.fullmatch(value):
                return _OPEN
            return value
        if isinstance(value, dict):
            return {name: masked(part, more) for name, part in value.items()}
        if isinstance(value, list):
            return [masked(part, more) for part in value]
        return value

    effect = [
        [change.get("table"), masked(change.get("fields") or {}, {str(change.get("id"))})]
        for change in preview.get("changes") or []
    ]
    undo = action.undo or {}
    common = [
        action.name, masked(action.arguments), effect, masked(preview.get("money") or []),
        preview.get("declared", False), action.rule or _TIME.sub(_OPEN, action.reason),
        action.amount, action.currency, action.risk, undo.get("possible"), undo.get("how"),
        action.people_needed, action.role_needed, action.proposed_by,
        action.problem,
        sorted([d.kind, d.operator] for d in action.decisions),
    ]  # fmt: skip
    return "alike:" + hashlib.sha256(canonical(common).encode()).hexdigest()[:16]


def lines_of(
    actions: Sequence[ActionRow],
    now: datetime,
    order: ApprovalOrder = "stake",
    kept: Collection[str] = (),
) -> list[Line]:
    """The lines of a list in this order; two or more that are alike are one line.

    A line whose key is in `kept` stays one of several while one of them is left.
    """
    together: dict[str, list[ActionRow]] = {}
    for action in actions:
        key = likeness(action) or action.id
        together.setdefault(key, []).append(action)
    lines: list[Line] = []
    for key, found in together.items():
        if key != found[0].id and (len(found) > 1 or key in kept):
            lines.append(Line(key, tuple(in_order(found, now, order)), grouped=True))
        else:
            lines += [Line(action.id, (action,)) for action in found]
    rank = rank_by(order, now)
    return sorted(lines, key=lambda line: rank(line.actions))
