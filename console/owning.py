"""Who has a ticket, asked and written; and how an operator's acts ask and write at all."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from textual.content import Content
from textual.screen import Screen

from console.format import line
from console.reads import in_words
from console.screens.ask import Ask
from console.screens.dialogs import Confirm, Pick
from console.widgets.preview import lines, text
from console.writing import Writing
from data.queries.operators import operators
from data.queries.rows import HandoffRow, TicketRow
from data.vocabulary import AGENTS_OWN, Role

Found = TypeVar("Found")


def named(ticket: TicketRow) -> Content:
    """A ticket in a line."""
    who = line(ticket.customer_name or ticket.requester or "unknown sender", 40)
    subject = line(ticket.subject, 60) or "(no subject)"
    return text((f"{line(ticket.ref, 40)}  ", "bold"), f"{subject} · {who}")


def ref_of(what: TicketRow | HandoffRow) -> str:
    """The ref of a ticket, or of the one that was handed over, fit for a line."""
    return line(what.ref if isinstance(what, TicketRow) else what.ticket_ref, 40)


class Owning(Writing):
    """Taking tickets, passing them on, handing them back; `busy` holds those it is done to."""

    @property
    def me(self) -> str:
        """Who acts."""
        return self.session.operator

    async def take(self, screen: Screen[Any], ticket: TicketRow) -> bool:
        """Take a ticket over, after a question if another person has it; whether it was."""
        other = ticket.owner not in (AGENTS_OWN, self.me)
        with self._alone(ticket.id) as free:
            if not free or (other and not await self._insist(screen, ticket, ticket.owner)):
                return False
            take = self.session.service.take
            problem = await self._write(lambda: take(ticket.id, by=self.me, force=other))
            self._say(screen, problem, f"{line(ticket.ref, 40)} is yours now")
            return problem is None

    async def accept(self, screen: Screen[Any], handoff: HandoffRow, owner: str) -> bool:
        """Accept what was handed to people, after a question if it is another's; whether it was."""
        theirs = next(
            (n for n in (owner, handoff.assigned_to) if n not in (AGENTS_OWN, None, self.me)), None
        )
        with self._alone(handoff.ticket_id) as free:
            if not free or (theirs and not await self._insist(screen, handoff, theirs)):
                return False
            accept, force = self.session.service.accept, theirs is not None
            problem = await self._write(lambda: accept(handoff.ticket_id, by=self.me, force=force))
            self._say(screen, problem, f"{ref_of(handoff)} is yours now")
            return problem is None

    async def _insist(self, screen: Screen[Any], what: TicketRow | HandoffRow, owner: str) -> bool:
        words = text(
            (ref_of(what), "bold"), f" is {line(owner, 40)}'s, who may be writing an answer."
        )
        question: Screen[Any] = Confirm("Take it from them?", words, "Take over")
        return bool(await screen.app.push_screen_wait(question))

    async def hand_back(self, screen: Screen[Any], ticket: TicketRow) -> bool:
        """Give it back to the agents, with a note if one is written; whether it was."""

        def back(words: str) -> object:
            return self.session.service.hand_back(ticket.id, by=self.me, note=words)

        about = lines(
            [named(ticket), text("The agents go on where they were, or look at it anew.")]
        )
        return await self._ask(
            screen, ticket, "Hand back to the agents", about, back, "Hand back",
            hint="a note for the next person; may be empty", done="The agents have it again",
        )  # fmt: skip

    async def assign(self, screen: Screen[Any], ticket: TicketRow) -> None:
        """Give it to an operator, picked from those who may act."""
        people = await self._look(screen, lambda: operators(self.session.store))
        if people is None:
            return
        able = [p for p in people if p.role.rank >= Role.OPERATOR.rank and p.name != ticket.owner]
        choices = [
            (
                person.name,
                text(
                    (f"{line(person.name, 40):<20}", "bold"),
                    f" {person.role}" + ("" if person.available else ", away"),
                    (f"  {', '.join(person.skills)}" if person.skills else "", "dim"),
                ),
            )
            for person in able
        ]
        if ticket.owner != AGENTS_OWN:
            choices.append((AGENTS_OWN, text((f"{'the agents':<20}", "bold"), " hands it back")))
        if not choices:
            screen.notify(
                "Assign: nobody else may act here; `handrail operators add` adds people",
                severity="warning", markup=False, timeout=6,
            )  # fmt: skip
            return
        to = await screen.app.push_screen_wait(Pick("Assign to", choices))
        if to is None:
            return
        assign, force = self.session.service.assign, ticket.owner not in (AGENTS_OWN, self.me)
        if force and not await self._insist(screen, ticket, ticket.owner):
            return
        with self._alone(ticket.id) as free:
            if free:
                problem = await self._write(
                    lambda: assign(ticket.id, to=to, by=self.me, force=force)
                )
                self._say(screen, problem, f"{line(to, 40)} has {ref_of(ticket)} now")

    async def turn(self, screen: Screen[Any]) -> None:
        """Say that one is away, or there again: the other of what is true now."""
        people = await self._look(screen, lambda: operators(self.session.store))
        if people is not None:
            there = any(person.name == self.me and person.available for person in people)
            await self.be_there(screen, not there)

    async def be_there(self, screen: Screen[Any], available: bool) -> None:
        """Say whether one can be handed tickets now."""
        change = self.session.service.set_availability
        problem = await self._write(lambda: change(self.me, available, by=self.me))
        done = "You can be handed tickets now" if available else "Nothing is handed to you now"
        self._say(screen, problem, done)

    async def _ask(
        self,
        screen: Screen[Any],
        ticket: TicketRow,
        title: str,
        about: Content,
        write: Callable[[str], object],
        yes: str,
        *,
        done: str,
        lacks: str = "",
        hint: str = "",
        several: bool = False,
    ) -> bool:
        """Ask for words and write them; whether they were."""

        async def submit(words: str) -> str | None:
            return await self._write(lambda: write(words))

        with self._alone(ticket.id) as free:
            if not free:
                return False
            dialog: Screen[Any] = Ask(
                title, about, yes=yes, submit=submit, lacks=lacks, hint=hint, several=several
            )
            taken = await screen.app.push_screen_wait(dialog) is not None
            if taken:
                screen.notify(done, markup=False)
            return taken

    @contextmanager
    def _alone(self, ticket_id: str) -> Iterator[bool]:
        """Whether nothing else is being done to the ticket here; for the length of the block."""
        free = ticket_id not in self.busy
        if free:
            self.busy.add(ticket_id)
            self._changed()
        try:
            yield free
        finally:
            if free:
                self.busy.discard(ticket_id)
                self._changed()

    async def _look(self, screen: Screen[Any], read: Callable[[], Found]) -> Found | None:
        """What a read finds; None, and the problem told, if it cannot be read."""
        try:
            return await asyncio.to_thread(read)
        except Exception as problem:  # told in place, never a traceback
            self._say(screen, in_words(problem), "")
            return None
