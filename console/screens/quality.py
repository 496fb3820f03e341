"""Quality: how well ended tickets were handled, and a person's word on each score."""

from dataclasses import dataclass, field, replace
from typing import Any

from textual import work
from textual.content import Content
from textual.screen import Screen

from console.possible import Context
from console.reviewing import QualityReviews
from console.scores import VERDICTS
from console.screens.browsing import Browsing
from console.widgets.preview import lines, text
from console.widgets.quality import QualityList, check_of
from data.queries.quality import Agreement, QualityPage, QualityRow, agreements, quality_page
from data.queries.rows import EventRow, TicketDetail
from data.queries.tickets import ticket_detail, ticket_events

SHOWN = 500
"""Checks that the list holds, what waits for a person first."""


@dataclass(frozen=True)
class Known:
    """What one read found."""

    page: QualityPage
    agreed: list[Agreement]
    detail: TicketDetail | None = None
    """The ticket under the cursor."""
    events: dict[int, EventRow] = field(default_factory=dict)
    """Its log, by position."""


class Quality(Browsing[QualityRow, Known]):
    """The checks, with the one under the cursor in full."""

    PANE = "quality"
    KEYS = ("quality-agree", "quality-correct", "help", "quit")
    LISTED, KNOWN = "Quality checks", "Scores"
    NOTHING = "Nothing was checked yet: a worker checks what ends."

    def on_mount(self) -> None:
        """Be ready for a person's word."""
        self.reviews = QualityReviews(self.console.session, self.refresh_keys)
        super().on_mount()

    def make_list(self) -> QualityList:
        """The checked tickets."""
        return QualityList()

    def load(self, wanted: str | None) -> Known:
        """A page of checks, and the log behind the one that is wanted."""
        store, shown = self.console.session.store, self.console.shown
        page, agreed = shown(quality_page(store, limit=SHOWN)), agreements(store)
        if wanted is None:
            return Known(page, agreed)
        events = {event.position: event for event in shown(ticket_events(store, wanted))}
        return Known(page, agreed, shown(ticket_detail(store, wanted)), events)

    def listed(self, found: Known) -> None:
        """Fill the list."""
        self.rows.show_rows(found.page.rows, self.console.now())

    def head(self, found: Known) -> Content:
        """How many came to what, how many wait, and how often people agree."""
        page = found.page
        told = [f"{page.verdicts[v]:,} {VERDICTS[v][1]}" for v in VERDICTS if page.verdicts.get(v)]
        tone = "bold $text-warning" if page.waiting else "bold"
        waits = "1 waits" if page.waiting == 1 else f"{page.waiting:,} wait"
        rows = [text((f"{waits} for a person  ", tone), ", ".join(told))]
        agreed = [
            f"{a.name} {a.agreed} of {a.reviewed}" for a in found.agreed if a.share is not None
        ]
        if agreed:
            rows.append(text((f"people agreed: {', '.join(agreed)}", "dim")))
        return lines(rows)

    def known(self, found: Known) -> Content | None:
        """The scores of the check under the cursor, with what they rest on."""
        current = self.rows.current
        if current is None:
            return text("")
        if found.detail is None or found.detail.ticket.id != current.ticket_id:
            return None
        names = {action.id: action.name for action in found.detail.actions}
        return check_of(current, found.events, names)

    def ticket_of(self, row: QualityRow) -> str:
        """The ticket that was checked."""
        return row.ticket_id

    def context(self) -> Context:
        """The ticket whose check is shown."""
        current = self.rows.current if self.standing and self.found else None
        detail = self.found.detail if self.found and current else None
        if detail is not None and current is not None and detail.ticket.id != current.ticket_id:
            detail = None
        return replace(super().context(), ticket=detail.ticket if detail else None)

    # What can be done.

    @work(group="review")
    async def do_quality_agree(self) -> None:
        """Agree with the scores that are shown."""
        current = self.rows.current
        if current is not None:
            screen: Screen[Any] = self
            await self.reviews.agree(screen, current)
            self._reading.ask()

    @work(group="review")
    async def do_quality_correct(self) -> None:
        """Say what a score should be."""
        current = self.rows.current
        if current is not None:
            screen: Screen[Any] = self
            await self.reviews.correct(screen, current)
            self._reading.ask()
