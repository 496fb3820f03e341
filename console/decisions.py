"""Taking decisions: asks where care is needed, and sends exactly what was on the screen."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from textual.screen import Screen

from agents.foresight import not_to_approve
from agents.policy.model import Policy
from console.asking import Asking, beside_of
from console.format import label, line
from console.keymap import keys_of
from console.listing import lines_apart, named, several
from console.screens.dialogs import Confirm, Pick
from console.screens.edit import Edit, Form, edited
from console.screens.reconcile import Reconcile, after_reconciling
from console.screens.reject import Reject
from console.session import DecidedLike, SessionLike
from console.undoing import undo_choice, undo_question
from console.widgets.approvals import needs_care
from console.widgets.preview import effect_of
from console.writing import Writing
from data.errors import HandrailError
from data.queries.rows import ActionRow

NAMED = 3
"""Decisions that were not taken of which each is told with its reason."""


class Decisions(Writing):
    """The decisions of one person at one console; `busy` holds the actions decided about."""

    def __init__(
        self,
        session: SessionLike,
        changed: Callable[[], None],
        trouble: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        """As with everything that is written."""
        super().__init__(session, changed, trouble)
        self.policy: Policy | None = None
        """The policy in force, once it has been read."""

    def _begin(self, actions: Sequence[ActionRow]) -> list[ActionRow]:
        free = [action for action in actions if action.id not in self.busy]
        self.busy |= {action.id for action in free}
        self._changed()
        return free

    def _end(self, actions: Sequence[ActionRow]) -> None:
        self.busy -= {action.id for action in actions}
        self._changed()

    async def approve(
        self,
        screen: Screen[Any],
        shown: Sequence[ActionRow],
        *,
        ask: bool = False,
        marked: bool = False,
    ) -> frozenset[str] | None:
        """Approve what was shown; the ids of those that were taken, None if the person left it.

        Asks where care is needed, and always for several or with `ask`. Of several, those that
        the person cannot approve are named in the question and left out. `marked` says that they
        were marked, which need not be under the cursor.
        """
        actions = self._begin(shown)
        try:
            beside = await asyncio.to_thread(beside_of, self.session.store, actions)
            asking = Asking(beside, keys_of(screen.app).shown("stop"), ask=ask, marked=marked)
            chosen = await self._sure(screen, actions, asking) if actions else []
            if not chosen:
                return None
            done: list[DecidedLike] = []

            def one(action: ActionRow) -> Callable[[], object]:
                return lambda: done.append(
                    self.session.service.approve(
                        action.id, by=self.session.operator, digest=action.digest
                    )
                )

            return await self._each(screen, chosen, one, "Approved", done, asking.held)
        finally:
            self._end(actions)

    async def reject(
        self, screen: Screen[Any], shown: Sequence[ActionRow], *, marked: bool = False
    ) -> frozenset[str] | None:
        """Reject with a reason; the ids of those that were taken, None if the person left it."""
        actions = self._begin(shown)
        try:
            reason = None
            if actions:
                beside = await asyncio.to_thread(beside_of, self.session.store, actions)
                told = list(lines_apart(actions, beside.dates).values())
                reason = await screen.app.push_screen_wait(Reject(told, marked=marked))
            if reason is None:
                return None
            said = reason

            def one(action: ActionRow) -> Callable[[], object]:
                return lambda: self.session.service.reject(
                    action.id, by=self.session.operator, reason=said
                )

            return await self._each(screen, actions, one, "Rejected", [])
        finally:
            self._end(actions)

    async def edit(self, screen: Screen[Any], shown: ActionRow) -> frozenset[str]:
        """Approve with changes, in a form; its id if that was taken."""
        actions = self._begin([shown])
        try:
            if not actions:
                return frozenset()
            service, by = self.session.service, self.session.operator
            done: list[DecidedLike] = []

            async def submit(changes: dict[str, Any]) -> str | None:
                problem = await check(changes)
                if problem is not None:
                    return problem
                words = edited(shown, changes)
                question: Screen[Any] = Confirm("Approve with these changes?", words, "Approve")
                if not await screen.app.push_screen_wait(question):
                    return "not approved yet: go on, or leave"
                return await self._write(
                    lambda: done.append(service.edit(shown.id, by=by, changes=changes))
                )

            async def check(changes: dict[str, Any]) -> str | None:
                try:
                    await asyncio.to_thread(service.check_edit, shown.id, by=by, changes=changes)
                except HandrailError as problem:
                    return str(problem)
                except Exception:  # the database is busy: the service says it at the end
                    return None
                return None

            async def most() -> int | None:
                try:
                    return await asyncio.to_thread(service.most, shown.id, by=by)
                except Exception:  # a hint only
                    return None

            form: Screen[Any] = Edit(shown, Form(submit, check, most))
            taken = bool(await screen.app.push_screen_wait(form))
            if taken:
                missing = done and done[-1].people_missing > 0
                more = "; another person must approve it still" if missing else ""
                screen.notify(f"Approved with changes: {label(shown.name)}{more}", markup=False)
            return frozenset({shown.id} if taken else ())
        finally:
            self._end(actions)

    async def undo(
        self, screen: Screen[Any], done: Sequence[ActionRow], others: Sequence[ActionRow]
    ) -> bool:
        """Take back one of these, after a question; whether it was. `others` are the ticket's."""
        action: ActionRow | None = done[0]
        now = self.session.store.clock.now()
        if len(done) > 1:
            choices = [(a.id, undo_choice(a, now)) for a in done]
            picked = await screen.app.push_screen_wait(Pick("Undo which?", choices))
            action = next((a for a in done if a.id == picked), None)
        if action is None or not self._begin([action]):
            return False
        chosen = action
        try:
            words = undo_question(chosen, others, now)
            if not await screen.app.push_screen_wait(Confirm("Undo this?", words, "Undo")):
                return False
            asked: list[DecidedLike] = []
            problem = await self._write(
                lambda: asked.append(self.session.service.undo(chosen.id, by=self.session.operator))
            )
            missing = bool(asked) and asked[-1].people_missing > 0
            then = "another person must approve it" if missing else "a worker takes it back"
            self._say(screen, problem, f"Undo asked for: {label(chosen.name)}; {then}")
            return problem is None
        finally:
            self._end([chosen])

    async def reconcile(self, screen: Screen[Any], unknown: ActionRow) -> bool:
        """Say what became of an action whose outcome is unknown; whether that was recorded."""
        actions = self._begin([unknown])
        try:
            if not actions:
                return False
            done: list[DecidedLike] = []

            async def submit(happened: bool, note: str) -> str | None:
                return await self._write(
                    lambda: done.append(
                        self.session.service.reconcile(
                            unknown.id, by=self.session.operator, happened=happened, note=note
                        )
                    )
                )

            asking: Screen[Any] = Reconcile(unknown, self.session.store.clock.now(), submit)
            if not await screen.app.push_screen_wait(asking) or not done:
                return False
            screen.notify(after_reconciling(unknown, done[-1]), markup=False, timeout=10)
            return True
        finally:
            self._end(actions)

    async def retry(self, screen: Screen[Any], ticket_id: str, ref: str) -> None:
        """Have the agents look at a ticket again."""
        problem = await self._write(
            lambda: self.session.service.retry(ticket_id, by=self.session.operator)
        )
        self._say(screen, problem, f"The agents look at {line(ref, 40)} again")

    async def _sure(
        self, screen: Screen[Any], actions: Sequence[ActionRow], asking: Asking
    ) -> list[ActionRow]:
        """Those that are to be approved after all; none if the person says no."""
        now = self.session.store.clock.now()
        if len(actions) == 1:
            if not asking.ask and not needs_care(actions[0]):
                return list(actions)
            words, chosen = effect_of(actions[0], now), list(actions)
        else:
            person, policy = self.session.person, self.policy
            left_out = {a.id: not_to_approve(a, person, policy, now) for a in actions}
            chosen = [action for action in actions if left_out[action.id] is None]
            words = several(actions, left_out, asking.beside.dates)
        title = asking.title(len(chosen), len(actions))
        question: Screen[Any] = Confirm(title, asking.around(words), "Approve")
        return chosen if await screen.app.push_screen_wait(question) else []

    async def _each(
        self,
        screen: Screen[Any],
        actions: Sequence[ActionRow],
        one: Callable[[ActionRow], Callable[[], object]],
        past: str,
        done: Sequence[DecidedLike],
        held: str = "",
    ) -> frozenset[str]:
        """Write each by itself; the ids of those that were taken."""
        problems: list[str] = []
        taken: set[str] = set()
        for action in actions:
            problem = await self._write(one(action))
            if problem is None:
                taken.add(action.id)
            else:
                problems.append(f"{named(action)}: {problem}")
        missing = sum(decided.people_missing > 0 for decided in done)
        told: list[str] = []
        if taken:
            what = label(actions[0].name) if len(actions) == 1 else f"{len(taken)} actions"
            more = f"; another person is still needed for {missing}" if missing else ""
            more += f"; {held}" if held else ""
            told.append(f"{past}: {what}{more}")
        told += [line(problem) for problem in problems[:NAMED]]
        if len(problems) > NAMED:
            rest = len(problems) - NAMED
            told.append(f"{rest} more were not taken; they are still in the list")
        if problems:
            screen.notify("\n".join(told), severity="error", markup=False, timeout=10)
        elif told:
            screen.notify(told[0], markup=False)
        return frozenset(taken)
