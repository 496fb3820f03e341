"""Telling of what came and needs a person: one note however many came at once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from console.format import label, line, money
from console.live import Changed
from data.queries.arrivals import KINDS, Arrival, arrivals
from data.store import Store

GATHER_SECONDS = 0.4
"""Before the first note: what comes meanwhile is part of it."""

GAP_SECONDS = 4.0
"""Between two notes, so that they do not cover the screen."""

Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True)
class Note:
    """One note of a few words."""

    text: str
    severity: Severity = "information"


def _sums(came: Sequence[Arrival]) -> str:
    sums: Counter[str] = Counter()
    for each in came:
        if each.amount and each.currency:
            sums[each.currency] += each.amount
    return ", ".join(money(amount, currency) for currency, amount in sorted(sums.items()))


def _what(each: Arrival) -> str:
    name = label(each.name or "")
    return f"{name} {money(each.amount, each.currency)}".strip()


def notes(came: Sequence[Arrival], where: str) -> list[Note]:
    """At most one note for each kind; `where` is how to get to the approvals, in words."""
    told: list[Note] = []
    approvals = [each for each in came if each.kind == "approval"]
    escalations = [each for each in came if each.kind == "escalation"]
    unknown = [each for each in came if each.kind == "unknown"]
    if len(approvals) == 1:
        ref = line(approvals[0].ticket_ref, 40)
        told.append(Note(f"◆ {_what(approvals[0])} needs approval · {ref} · {where}"))
    elif approvals:
        sums = _sums(approvals)
        at_stake = f", {sums} at stake" if sums else ""
        told.append(Note(f"◆ {len(approvals)} new approvals{at_stake} · {where}"))
    if len(escalations) == 1:
        ref = line(escalations[0].ticket_ref, 40)
        told.append(Note(f"▲ {ref} goes to a person", "warning"))
    elif escalations:
        told.append(Note(f"▲ {len(escalations)} tickets go to a person", "warning"))
    for each in came:
        if each.kind == "revoked":
            what = f"{label(each.name or '')} in {each.intent}"
            told.append(Note(f"▲ {what} asks again: its adopted rule is revoked", "warning"))
    if len(unknown) == 1:
        ref = line(unknown[0].ticket_ref, 40)
        what = f"? {_what(unknown[0])}: outcome unknown; look whether it was done · {ref}"
        told.append(Note(what, "error"))
    elif unknown:
        told.append(Note(f"? {len(unknown)} actions have an unknown outcome", "error"))
    return told


class Arrivals:
    """Gathers what the feed tells of, and tells of it in notes."""

    def __init__(
        self, store: Store, operator: str, tell: Callable[[list[Note]], None], where: str
    ) -> None:
        """`tell` gets the notes; what `operator` proposed by hand is not told to them."""
        self._store, self._operator, self._tell, self._where = store, operator, tell, where
        self._heard: list[int] = []
        self._telling = False

    def hear(self, changed: Changed) -> bool:
        """Note what was appended; whether `run` should be started now."""
        self._heard += [event.id for event in changed.events if event.kind in KINDS]
        if not self._heard or self._telling:
            return False
        self._telling = True
        return True

    async def run(self) -> None:
        """Tell of what came, until nothing more has; a failed read is tried again later."""
        try:
            await asyncio.sleep(GATHER_SECONDS)
            while self._heard:
                events, self._heard = self._heard, []
                try:
                    came = await asyncio.to_thread(arrivals, self._store, events)
                except Exception:  # the status line says why
                    self._heard = events + self._heard
                    await asyncio.sleep(GAP_SECONDS)
                    continue
                told = notes([a for a in came if a.by != self._operator], self._where)
                if told:
                    self._tell(told)
                    await asyncio.sleep(GAP_SECONDS)
        finally:
            self._telling = False
