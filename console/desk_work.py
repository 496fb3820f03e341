"""An operator's own work: asks for what is needed, and writes it through the service."""

import asyncio
from collections.abc import Sequence
from typing import Any

from textual.content import Content
from textual.screen import Screen

from agents.actions.catalogue import CATALOGUE
from console.correcting import Correcting
from console.drafts import Drafts
from console.format import PRIORITY, label, line, money
from console.owning import named, ref_of
from console.reads import in_words
from console.screens.ask import Ask
from console.screens.dialogs import Confirm, Pick
from console.screens.propose import Propose
from console.widgets.preview import lines, text
from data.queries.beside import open_beside
from data.queries.queue import find_ticket
from data.queries.rows import ActionRow, TicketDetail, TicketRow
from data.queries.tickets import ticket_detail
from data.vocabulary import ActionName, ActionState, Priority

ANOTHER = ""
"""Picked where the other ticket is not in the list."""

BY_HAND = tuple(n for n in CATALOGUE if n not in (ActionName.UNDO, ActionName.SEND_REPLY))
"""Actions that a person proposes in a form; an answer is written, an undo has its own key."""


def waiting(actions: Sequence[ActionRow]) -> list[Content]:
    """What of a ticket has not started, and is withdrawn when it ends."""
    states = (ActionState.PROPOSED, ActionState.APPROVED)
    return [
        text("• ", (label(a.name), "bold"), f" {money(a.amount, a.currency)}".rstrip())
        for a in actions
        if a.state in states and a.superseded_by is None
    ]


class DeskWork(Correcting):
    """What one person at one console does to tickets; `busy` holds those it is done to."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As any writing; with no answer begun."""
        super().__init__(*args, **options)
        self.drafts = Drafts(self.session, self._write)
        """Answers that were begun and not sent."""

    async def note(self, screen: Screen[Any], ticket: TicketRow) -> bool:
        """Write an internal note; whether it was written."""

        def write(words: str) -> None:
            self.session.service.note(ticket.id, words, by=self.me)

        about = lines([named(ticket), text("Neither the customer nor the agents read it.")])
        return await self._ask(
            screen, ticket, "Internal note", about, write, "Add the note",
            lacks="write what the next person should know", several=True, done="Noted",
        )  # fmt: skip

    async def end(
        self,
        screen: Screen[Any],
        ticket: TicketRow,
        actions: Sequence[ActionRow],
        *,
        resolve: bool,
    ) -> bool:
        """Close a ticket, or say that it is resolved, with a reason; whether it was."""
        service = self.session.service
        verb = service.resolve if resolve else service.close
        rows = [named(ticket), text("The customer gets no answer by this.")]
        dropped = waiting(actions)
        if dropped:
            rows += [text(("What waits is withdrawn:", "bold")), *dropped]
        what = "Resolve" if resolve else "Close"
        return await self._ask(
            screen, ticket, f"{what} this ticket", lines(rows),
            lambda words: verb(ticket.id, by=self.me, reason=words), what,
            lacks="say why", hint="why", done=f"{what}d: {line(ticket.ref, 40)}",
        )  # fmt: skip

    async def priority(self, screen: Screen[Any], ticket: TicketRow) -> None:
        """Set the priority."""
        choices = [
            (p.value, text((f"{PRIORITY[p]} ", "$text-error"), (p.value, "bold")))
            for p in sorted(Priority, key=lambda p: p.rank)
        ]
        picked = await screen.app.push_screen_wait(Pick("Priority", choices, ticket.priority.value))
        if picked is None or picked == ticket.priority:
            return
        change = self.session.service.set_priority
        problem = await self._write(lambda: change(ticket.id, Priority(picked), by=self.me))
        self._say(screen, problem, f"{ref_of(ticket)}: {picked} priority")

    async def merge(self, screen: Screen[Any], detail: TicketDetail) -> bool:
        """Merge it into another ticket, after showing both; whether it was."""
        ticket, store = detail.ticket, self.session.store
        beside = await self._look(screen, lambda: open_beside(store, detail))
        if beside is None:
            return False
        picked: str | None = ANOTHER
        if beside:
            choices = [(other.id, named(other)) for other in beside]
            choices.append((ANOTHER, text("another ticket, by its ref or id")))
            title = f"Merge {ref_of(ticket)} into"
            picked = await screen.app.push_screen_wait(Pick(title, choices))
        if picked == ANOTHER:
            picked = await self._find_other(screen, ticket)
        if picked is None:
            return False
        into = picked
        other = await self._look(screen, lambda: ticket_detail(store, into))
        if other is None:
            return False
        rows = [
            text(("This one is closed:   ", "bold"), named(ticket)),
            text(("Its words go into:    ", "bold"), named(other.ticket)),
            text("What the customer writes in it later goes there too."),
        ]
        dropped = waiting(detail.actions)
        if dropped:
            rows += [text(("What waits in it is withdrawn:", "bold")), *dropped]
        question: Screen[Any] = Confirm("Merge these two?", lines(rows), "Merge")
        if not await screen.app.push_screen_wait(question):
            return False
        with self._alone(ticket.id) as free:
            if not free:
                return False
            merge = self.session.service.merge
            problem = await self._write(lambda: merge(ticket.id, into=into, by=self.me))
            self._say(screen, problem, f"{ref_of(ticket)} was merged into {ref_of(other.ticket)}")
            return problem is None

    async def _find_other(self, screen: Screen[Any], ticket: TicketRow) -> str | None:
        """The id of a ticket that is written by its ref; None if left."""
        found: list[str] = []

        async def find(words: str) -> str | None:
            try:
                found.append(await asyncio.to_thread(find_ticket, self.session.store, words))
            except Exception as problem:  # told in the dialog
                return in_words(problem)
            return None

        dialog: Screen[Any] = Ask(
            f"Merge {ref_of(ticket)} into", named(ticket), yes="Take it", submit=find,
            lacks="write the other ticket's ref", hint="the ref or id of the ticket that stays",
        )  # fmt: skip
        return found[-1] if await screen.app.push_screen_wait(dialog) is not None else None

    async def propose(self, screen: Screen[Any], detail: TicketDetail) -> bool:
        """Propose an action, picked from the catalogue, in a form; whether it was."""
        choices = [
            (name.value, text((CATALOGUE[name].label, "bold"), f"  {CATALOGUE[name].risk} risk"))
            for name in BY_HAND
        ]
        picked = await screen.app.push_screen_wait(Pick("Propose", choices))
        if picked is None:
            return False
        name = ActionName(picked)

        async def submit(arguments: dict[str, Any], reason: str) -> str | None:
            return await self._write(
                lambda: self.session.service.propose(
                    detail.ticket.id, name, arguments, by=self.me, reason=reason
                )
            )

        form: Screen[Any] = Propose(name, detail, submit)
        proposed = bool(await screen.app.push_screen_wait(form))
        if proposed:
            screen.notify(
                f"Proposed: {label(name)}; it can be approved once its effect is worked out",
                markup=False,
            )
        return proposed

    async def send(self, ticket: TicketRow, body: str, *, resolve: bool, seen: int) -> str | None:
        """Send an answer that was shown whole, by who had `seen` so many messages of the customer;
        the problem in words, or None when it is on its way."""
        send = self.session.service.send
        async with self.drafts.alone:
            problem = await self._write(
                lambda: send(ticket.id, body, by=self.me, resolve=resolve, seen=seen)
            )
            if problem is None:
                self.drafts.sent(ticket.id)
        return problem
