"""The status line: how the workspace does, at a glance."""

from dataclasses import dataclass
from datetime import datetime

from textual import events
from textual.content import Content
from textual.widgets import Static

from console.format import STATUS, age, cost, line, money
from console.widgets.preview import text, tint
from data.queries.rows import Health
from data.vocabulary import TicketStatus

MANY = 10_000
"""Tickets that wait for the agents are counted so far, where they are counted all the time."""

_COUNTED = (
    TicketStatus.NEW, TicketStatus.WORKING,
    TicketStatus.AWAITING_CUSTOMER, TicketStatus.ESCALATED,
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """What the status line says besides the workspace's health."""

    problem: str | None = None
    """Why the workspace cannot be read or watched."""
    worker: str | None = None
    """What became of the worker that this console started."""
    start_key: str = "w"
    """How the key that starts one is written."""
    who: str | None = None
    """Who is signed in, and as what."""
    settle_key: str = "U"
    """How the key that settles an unknown outcome is written."""
    stop_key: str = "S"
    """How the key of the stop button is written."""


def parts_of(health: Health, standing: Standing, now: datetime) -> list[Content]:
    """The parts, most important first."""
    parts: list[Content] = []
    if standing.problem:
        parts.append(text((f"! {line(standing.problem)}", "bold $text-error")))
    if health.halts:
        held = "; ".join(line(halt, 60) for halt in health.halts)
        words = f" ■ STOPPED: {held} ({standing.stop_key} lets it go on) "
        parts.append(text((words, "bold reverse $text-error")))
    if health.unknown:
        many = "outcomes" if health.unknown > 1 else "outcome"
        words = f"? {health.unknown} {many} unknown: {standing.settle_key} settles it"
        parts.append(text((words, "bold $text-error")))
    if standing.who:
        parts.append(text((line(standing.who, 60), "bold")))
    alive = [worker for worker in health.workers if worker.alive]
    sick = [worker.problem for worker in alive if worker.problem]
    if sick:
        parts.append(text((f"! worker: {line(sick[0])}", "bold $text-error")))
    elif alive:
        busy = sum(worker.busy for worker in alive)
        words = f"● {len(alive)} worker{'s' if len(alive) > 1 else ''}"
        parts.append(text((words + (f", {busy} busy" if busy else ""), "$text-success")))
    else:
        told = standing.worker or f"no worker: {standing.start_key} starts one"
        parts.append(text((f"○ {line(told)}", "bold $text-warning")))
    if health.approvals:
        sums = ", ".join(money(n, c) for c, n in sorted(health.money_at_risk.items()) if n)
        need = "need" if health.approvals > 1 else "needs"
        tickets = health.by_status.get(TicketStatus.AWAITING_APPROVAL, 0)
        among = f" in {tickets} tickets" if tickets > 1 else ""
        waiting = f"◆ {health.approvals} {need} approval{among}"
        waiting += f", {sums} at stake" if sums else ""
        parts.append(text((waiting, "bold $text-warning")))
        if health.oldest_approval_at:
            parts.append(text(f"oldest waits {age(health.oldest_approval_at, now)}"))
    else:
        parts.append(text(("◇ nothing needs approval", "dim")))
    for status in _COUNTED:
        count = health.by_status.get(status, 0)
        if count:
            glyph, words, tone = STATUS[status]
            parts.append(text((f"{glyph} {count} {words}", tint(tone))))
    if health.waiting:
        more = "+" if health.waiting >= MANY else ""
        parts.append(text(f"{health.waiting:,}{more} queued for the agents"))
    if health.models:
        parts.append(text(f"model {line(', '.join(health.models))}"))
    if health.spend_today_micros or health.models:
        parts.append(text(f"spent today {cost(health.spend_today_micros)}"))
    return parts


class StatusBar(Static):
    """One or two lines; what does not fit is the least important."""

    def __init__(self) -> None:
        """Nothing known yet."""
        super().__init__("", id="status", markup=False)
        self.health: Health | None = None
        self.standing = Standing()
        self._now: datetime | None = None

    def show(self, health: Health | None, standing: Standing, now: datetime) -> None:
        """Say this."""
        self.health, self.standing, self._now = health or self.health, standing, now
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the new width."""
        self._draw()

    def _draw(self) -> None:
        if self.health is None or self._now is None:
            problem = self.standing.problem
            self.update(text((f"! {problem}", "bold $text-error")) if problem else "Opening …")
            return
        width, gap = max(20, self.size.width - 2), Content("  ")
        rows: list[Content] = [Content("")]
        for part in parts_of(self.health, self.standing, self._now):
            room = width - rows[-1].cell_length - (2 if rows[-1] else 0)
            if part.cell_length <= room:
                rows[-1] = rows[-1] + gap + part if rows[-1] else part
            elif not rows[-1]:
                rows[-1] = part.truncate(width, ellipsis=True)
            elif len(rows) < 2:
                rows.append(part.truncate(width, ellipsis=True))
        self.update(Content("\n").join(rows))
