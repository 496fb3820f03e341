"""What happened in a demo, read from the workspace that it ran in."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from data.queries.health import health
from data.queries.rows import ActionRow, TicketDetail
from data.queries.tickets import ticket_detail
from data.store import Store
from data.vocabulary import DONE_ACTIONS, DecisionKind, Gate, TicketStatus

_HUMAN = {DecisionKind.APPROVE, DecisionKind.REJECT, DecisionKind.EDIT}


@dataclass(frozen=True)
class TicketEnd:
    """How one ticket ended."""

    id: str
    ref: str
    name: str
    """The demo's own name for it."""
    subject: str
    status: str
    rules: list[str]
    """The rules that handled its issues, or the one that ended it."""
    why: str
    seconds: float
    """Work of the agents on it; waiting for people is not counted."""


@dataclass
class DemoSummary:
    """The whole run in numbers."""

    tickets: list[TicketEnd] = field(default_factory=list)
    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(name, state) to how many."""
    money: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(name, state, currency) to minor units."""
    asked: int = 0
    """Actions that waited for a person."""
    decisions: Counter[str] = field(default_factory=Counter)
    """approve, edit or reject to how many decisions; an action for two people has two."""
    waiting: int = 0
    """Requests that nobody has decided."""
    escalations: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(skill, kind of hand-over) to how many."""
    merged: int = 0
    events: int = 0
    wall_seconds: float = 0.0
    finished: bool = True
    """Whether everything came to rest in the time that was given."""

    @property
    def by_status(self) -> Counter[str]:
        """Status to how many tickets."""
        return Counter(t.status for t in self.tickets)

    @property
    def by_rule(self) -> dict[str, Counter[str]]:
        """Rule to how many tickets it had a part in, by their status."""
        found: dict[str, Counter[str]] = {}
        for ticket in self.tickets:
            for rule in ticket.rules or ["-"]:
                found.setdefault(rule, Counter())[ticket.status] += 1
        return dict(sorted(found.items()))

    @property
    def closed(self) -> int:
        """Tickets closed without an answer, merged ones not counted."""
        return self.by_status[TicketStatus.CLOSED.value] - self.merged

    @property
    def seconds(self) -> tuple[float, float]:
        """Median and longest work on a ticket."""
        spent = [t.seconds for t in self.tickets] or [0.0]
        return median(spent), max(spent)


def summarise(
    store: Store, names: dict[str, str], seconds: dict[str, float], wall: float, *, finished: bool
) -> DemoSummary:
    """Count what became of the tickets; `names` maps ids to the demo's names, in order."""
    summary = DemoSummary(wall_seconds=wall, finished=finished)
    for ticket_id, name in names.items():
        detail = ticket_detail(store, ticket_id)
        outcome = detail.outcome or {}
        summary.tickets.append(
            TicketEnd(
                ticket_id, detail.ticket.ref, name, detail.ticket.subject,
                detail.ticket.status.value, _rules(detail), outcome.get("text", ""),
                seconds.get(ticket_id, 0.0),
            )
        )  # fmt: skip
        summary.merged += detail.merged_into is not None
        if detail.ticket.status is TicketStatus.ESCALATED and detail.escalation:
            summary.escalations[detail.escalation["skill"], detail.escalation["kind"]] += 1
        for action in detail.actions:
            _count(summary, action)
    summary.events = health(store).last_event
    return summary


def _rules(detail: TicketDetail) -> list[str]:
    rules = [issue.rule for issue in detail.issues if issue.rule]
    ended = (detail.outcome or {}).get("rule")
    if ended and ended not in rules:
        rules.append(ended)
    return list(dict.fromkeys(rules))


def _count(summary: DemoSummary, action: ActionRow) -> None:
    state = action.state.value
    summary.actions[action.name, state] += 1
    if action.amount and (action.state in DONE_ACTIONS or action.superseded_by is None):
        summary.money[action.name, state, action.currency or ""] += action.amount
    if action.gate in (Gate.ASK, Gate.ASK_TWO) and action.supersedes is None:
        summary.asked += 1
    if action.superseded_by is None:
        summary.waiting += state == "proposed"
        summary.decisions.update(d.kind for d in action.decisions if d.kind in _HUMAN)
