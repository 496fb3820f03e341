"""Leaving the console: at once while nothing would be lost by it, else at the second press."""

import time
from typing import TYPE_CHECKING

from console.format import line
from console.screens.desk import Desk

if TYPE_CHECKING:
    from console.app import Handrail

AGAIN_SECONDS = 6.0
"""Within so long, a second press leaves whatever is lost."""


class Leaving:
    """The question before leaving, which is asked once."""

    def __init__(self, app: "Handrail") -> None:
        """Nothing was asked."""
        self._app = app
        self._asked: tuple[str, float] = ("", 0.0)
        """What was asked, and when."""

    async def leave(self) -> None:
        """Leave, or say what that would lose."""
        app = self._app
        for ticket_id in app.desk_work.drafts.at_risk:
            await app.desk_work.drafts.keep(ticket_id)
        lost = self._lost()
        now, (asked, at) = time.monotonic(), self._asked
        if lost is None or (lost[0] == asked and now - at < AGAIN_SECONDS):
            app.exit()
            return
        self._asked = lost[0], now
        again = app.keys.shown("quit")
        told = f"{lost[0]}; {again} again leaves{lost[1]}"
        app.notify(told, severity="warning", markup=False, timeout=AGAIN_SECONDS)

    def _lost(self) -> tuple[str, str] | None:
        """What leaving now would lose, and what it does to that."""
        app = self._app
        refs = [line(ref, 40) for ref in app.desk_work.drafts.at_risk.values()]
        if refs:
            what = f"an answer to {refs[0]} is" if len(refs) == 1 else f"{len(refs)} answers are"
            return f"{what} not sent, and cannot be kept", " and drops it"
        if app.decisions.busy or app.desk_work.busy:
            return "what you decided is still being written", ""
        marked = sum(len(s.approvals.marks) for s in app.screen_stack if isinstance(s, Desk))
        if marked:
            what = "1 approval is" if marked == 1 else f"{marked} approvals are"
            return f"{what} marked and not decided", ""
        return None
