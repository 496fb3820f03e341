"""Two ways of a ticket in words, side by side, for the command line and the screen."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.forking.outcome import paired
from console.format import ACTION, STATUS, cost, label, line, money, passage
from data.queries.rows import ActionRow
from data.vocabulary import ActionName, TicketStatus

if TYPE_CHECKING:
    from agents.forking.fork import Forked


@dataclass(frozen=True)
class Compared:
    """One line of a comparison."""

    name: str
    original: str
    fork: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.original != self.fork


def compared(forked: "Forked") -> list[Compared]:
    """Everything by which the two ways are compared, in order."""
    one, other = forked.original, forked.fork
    rows = [
        Compared("status", _status(one.status), _status(other.status)),
        Compared("because", _because(one.outcome), _because(other.outcome)),
    ]
    rows += [
        Compared(label(each.name), _action(a), _action(b))
        for a, b in paired(one.actions, other.actions)
        if (each := a or b) is not None
    ]
    moved = sorted({*one.money, *other.money})
    rows.append(
        Compared("money", *(_sums({c: way.money.get(c, 0) for c in moved}) for way in (one, other)))
    )
    rows.append(Compared("reply", passage(one.reply) or "none", passage(other.reply) or "none"))
    rows.append(Compared("steps", f"{one.steps:,}", f"{other.steps:,}"))
    rows.append(Compared("cost", cost(one.cost_micros), cost(other.cost_micros)))
    rows.append(Compared("policy", line(one.policy, 20), line(other.policy, 20)))
    return rows


def told_changed(forked: "Forked") -> str:
    """What the fork does otherwise, in words."""
    if not forked.changed:
        return "with nothing changed"
    return "with " + ", ".join(f"{line(k)}={line(str(v))}" for k, v in forked.changed.items())


def told_left_out(forked: "Forked") -> list[str]:
    """What people did after the step and the fork did not do again, a line each."""
    return [
        "not done again: "
        + (f"step {each['step']}, " if each["step"] else "")
        + f"{line(each['kind'])} ({line(each['why'])})"
        for each in forked.not_repeated
    ]


def _status(status: str) -> str:
    glyph, words, _ = STATUS[TicketStatus(status)]
    return f"{glyph} {words}"


def _because(outcome: dict[str, object] | None) -> str:
    return line(str((outcome or {}).get("text") or "")) or "nothing said"


def _action(action: ActionRow | None) -> str:
    if action is None:
        return "not proposed"
    glyph, words, _ = ACTION[action.state]
    told = [f"{glyph} {words}"]
    if action.amount is not None:
        told.append(money(action.amount, action.currency))
    if action.name != ActionName.SEND_REPLY:
        told.append(line(action.target, 60))
    if action.decided_by:
        told.append(f"by {line(action.decided_by, 40)}")
    return ", ".join(told)


def _sums(moved: dict[str, int]) -> str:
    return ", ".join(money(amount, currency) for currency, amount in moved.items()) or "none"
