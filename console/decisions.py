"""Taking decisions: asks where care is needed, and sends exactly what was on the screen."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.content import Content
from textual.screen import Screen

from console.format import label, line, money
from console.screens.dialogs import Confirm, Pick
from console.screens.edit import Edit
from console.screens.reject import Reject
from console.session import DecidedLike
from console.widgets.approvals import irreversible, needs_care
from console.widgets.preview import effect_of, lines, text
from console.writing import Writing
from data.queries.rows import ActionRow

def line_of(action: ActionRow) -> Content:
    """One action in a line of a list."""
    who = line(action.customer_name or action.requester or "unknown", 40)
    return text(
        "• ",
        (label(action.name), "bold"),
        f" {money(action.amount, action.currency)}".rstrip(),
        f" · {who} · {line(action.ticket_ref, 20)}",
        " · !! no undo" if irreversible(action) else "",
    )


class Decisions(Writing):
    """The decisions of one person at one console; `busy` holds the actions decided about."""

    def _begin(self, actions: Sequence[ActionRow]) -> list[ActionRow]:
        free = [action for action in actions if action.id not in self.busy]
        self.busy |= {action.id for action in free}
        self._changed()
        return free

    def _end(self, actions: Sequence[ActionRow]) -> None:
        self.busy -= {action.id for action in actions}
        self._changed()

    async def approve(self, screen: Screen[Any], shown: Sequence[ActionRow]) -> bool:
        """Approve what was shown; whether every one was taken."""
        actions = self._begin(shown)
        try:
            if not actions or not await self._sure(screen, actions):
                return False
            done: list[DecidedLike] = []

            def one(action: ActionRow) -> Callable[[], object]:
                return lambda: done.append(
                    self.session.service.approve(
                        action.id, by=self.session.operator, digest=action.digest
                    )
                )

            return await self._each(screen, actions, one, "Approved", done)
        finally:
            self._end(actions)

    async def reject(self, screen: Screen[Any], shown: Sequence[ActionRow]) -> bool:
        """Reject with a reason; whether every one was taken."""
        actions = self._begin(shown)
        try:
            reason = None
            if actions:
                reason = await screen.app.push_screen_wait(Reject([line_of(a) for a in actions]))
            if reason is None:
                return False
            said = reason

            def one(action: ActionRow) -> Callable[[], object]:
                return lambda: self.session.service.reject(
                    action.id, by=self.session.operator, reason=said
                )

            return await self._each(screen, actions, one, "Rejected", [])
        finally:
            self._end(actions)

    async def edit(self, screen: Screen[Any], shown: ActionRow) -> bool:
        """Approve with changes, in a form; whether it was taken."""
        actions = self._begin([shown])
        try:
            if not actions:
                return False

            async def submit(changes: dict[str, Any]) -> str | None:
                return await self._write(
                    lambda: self.session.service.edit(
                        shown.id, by=self.session.operator, changes=changes
                    )
                )

            form: Screen[Any] = Edit(shown, submit)
            taken = bool(await screen.app.push_screen_wait(form))
            if taken:
                screen.notify(f"Approved with changes: {label(shown.name)}", markup=False)
            return taken
        finally:
            self._end(actions)

    async def undo(self, screen: Screen[Any], done: Sequence[ActionRow]) -> bool:
        """Take back one of these, after a question; whether it was."""
        action: ActionRow | None = done[0]
        if len(done) > 1:
            choices = [(a.id, line_of(a)) for a in done]
            picked = await screen.app.push_screen_wait(Pick("Undo which?", choices))
            action = next((a for a in done if a.id == picked), None)
        if action is None or not self._begin([action]):
            return False
        chosen = action
        try:
            how = line(str((chosen.undo or {}).get("how") or ""))
            words = lines(
                [line_of(chosen), text(""), text(("Undoing: ", "bold"), how or "as recorded")]
            )
            if not await screen.app.push_screen_wait(Confirm("Undo this?", words, "Undo")):
                return False
            problem = await self._write(
                lambda: self.session.service.undo(chosen.id, by=self.session.operator)
            )
            self._say(screen, problem, f"Undo asked for: {label(chosen.name)}")
            return problem is None
        finally:
            self._end([chosen])

    async def retry(self, screen: Screen[Any], ticket_id: str, ref: str) -> None:
        """Have the agents look at a ticket again."""
        problem = await self._write(
            lambda: self.session.service.retry(ticket_id, by=self.session.operator)
        )
        self._say(screen, problem, f"The agents look at {line(ref, 40)} again")

    async def _sure(self, screen: Screen[Any], actions: Sequence[ActionRow]) -> bool:
        if len(actions) == 1 and not needs_care(actions[0]):
            return True
        now = self.session.store.clock.now()
        if len(actions) == 1:
            title, words = "Approve this?", effect_of(actions[0], now)
        else:
            title, words = f"Approve these {len(actions)}?", lines([line_of(a) for a in actions])
        question: Screen[Any] = Confirm(title, words, "Approve")
        return bool(await screen.app.push_screen_wait(question))

    async def _each(
        self,
        screen: Screen[Any],
        actions: Sequence[ActionRow],
        one: Callable[[ActionRow], Callable[[], object]],
        past: str,
        done: Sequence[DecidedLike],
    ) -> bool:
        problems = []
        for action in actions:
            problem = await self._write(one(action))
            if problem is not None:
                problems.append(f"{label(action.name)} ({line(action.ticket_ref, 20)}): {problem}")
        taken = len(actions) - len(problems)
        missing = sum(decided.people_missing > 0 for decided in done)
        if taken:
            what = label(actions[0].name) if len(actions) == 1 else f"{taken} actions"
            more = f"; another person is still needed for {missing}" if missing else ""
            screen.notify(f"{past}: {what}{more}", markup=False)
        for problem in problems[:5]:
            screen.notify(line(problem), severity="error", markup=False, timeout=10)
        return not problems
