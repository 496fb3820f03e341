"""What deciding is on every screen that shows approvals."""

import asyncio
import time
from collections.abc import Sequence

from textual import work

from console.format import line
from console.possible import Context
from console.reads import in_words
from console.screens.commanding import CommandScreen
from console.screens.dialogs import Pick
from console.screens.reconcile import unknown_line
from data.queries.approvals import unknown_outcomes
from data.queries.rows import ActionRow

REST_SECONDS = 0.5
"""For so long what came under the cursor by itself, or was only just opened, cannot be decided: a
second press of a key that was meant for something else must not reach it."""


class Deciding(CommandScreen):
    """The commands that decide; each works on what the context of this moment holds."""

    _came = float("-inf")

    def came_by_itself(self) -> None:
        """Another approval has come under the cursor without the person's doing."""
        self._came = time.monotonic()
        self.set_timer(max(REST_SECONDS, 0.01), self.refresh_keys)

    def was_moved_to(self) -> None:
        """The person has moved the cursor: what is under it was chosen."""
        self._came = float("-inf")

    @property
    def rest(self) -> float:
        """Seconds for which what is shown cannot be decided yet."""
        return max(0.0, self._came + REST_SECONDS - time.monotonic())

    def _chosen(self, context: Context) -> list[ActionRow]:
        """What a decision of this moment is about: exactly what stands on the screen."""
        alone = (context.shown,) if context.shown is not None else ()
        return list(context.marked or context.together or alone)

    def open_waiting(self, context: Context) -> bool:
        """Open the ticket's approval instead of deciding what is not on the screen."""
        return False

    def begins(self) -> None:
        """A decision of what is on the screen begins."""

    def decided(self, ids: frozenset[str]) -> None:
        """These actions were decided at this console just now."""

    def marks_end(self) -> None:
        """A decision about what was marked has been taken, whatever became of each."""

    @work(group="decide")
    async def _decide(self, name: str, context: Context, chosen: Sequence[ActionRow]) -> None:
        decisions, stack = self.console.decisions, list(self.app.screen_stack)
        marked = bool(context.marked)
        match name:
            case "approve":
                ask = marked or bool(context.together)
                done = await decisions.approve(self, chosen, ask=ask, marked=marked)
                self.console.was_read(done or frozenset())
            case "reject":
                done = await decisions.reject(self, chosen, marked=marked)
            case _:
                done = await decisions.edit(self, chosen[0]) or None
        if marked and done is not None:
            self.marks_end()
        for screen in reversed(stack):
            if done and isinstance(screen, Deciding) and screen.standing:
                screen.decided(done)

    def _begin(self, name: str) -> None:
        context = self.context()
        chosen = self._chosen(context)
        if chosen:
            self.begins()
            self._decide(name, context, chosen)
        else:
            self.open_waiting(context)

    def do_approve(self) -> None:
        """Approve what is shown, or what is marked."""
        self._begin("approve")

    def do_reject(self) -> None:
        """Reject it."""
        self._begin("reject")

    def do_edit(self) -> None:
        """Approve it with changes."""
        self._begin("edit")

    def do_undo(self) -> None:
        """Take back what was done in the selected ticket."""
        context = self.context()
        self._undo(context.undoable, context.actions)

    @work(group="decide")
    async def _undo(self, done: Sequence[ActionRow], others: Sequence[ActionRow]) -> None:
        await self.console.decisions.undo(self, done, others)

    @work(group="decide")
    async def do_reconcile(self) -> None:
        """Settle an unknown outcome: of the selected ticket first, else of any."""
        context = self.context()
        try:
            found = await asyncio.to_thread(unknown_outcomes, self.console.session.store)
        except Exception as problem:  # said in place
            self.notify(line(in_words(problem)), severity="error", markup=False)
            return
        here = context.ticket.id if context.ticket else None
        unknown = [a for a in found if a.ticket_id == here] or found
        if not unknown:
            self.notify("Settle: every outcome is known", markup=False)
            return
        chosen = unknown[0].id
        if len(unknown) > 1:
            choices = [(a.id, unknown_line(a)) for a in unknown]
            picked = await self.app.push_screen_wait(Pick("Which unknown outcome?", choices))
            if picked is None:
                return
            chosen = picked
        action = next(a for a in unknown if a.id == chosen)
        await self.console.decisions.reconcile(self, action)
