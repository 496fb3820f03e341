"""The people of a crowd: who decides, who answers, who looks up what nobody knows.

What they do hangs on what they are asked, never on when.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path

from sqlalchemy import select

from agents.connectors.embedded.reader import EmbeddedReader
from agents.demo.feed import awaited_customers
from agents.errors import BadArguments, NotDecidable
from agents.policy.model import Policy, load_policy
from agents.service import Service
from data.columns import canonical
from data.errors import IllegalChange
from data.queries.approvals import pending_approvals, unknown_outcomes
from data.queries.rows import ActionRow
from data.queries.tickets import actions_where, ticket_detail
from data.store import ACTION, TICKET, Store
from data.vocabulary import ActionState, Author, TicketStatus
from data.workspace import open_workspace
from tests.torture.crowd import BACK_OFFICE, WORKSPACE

PEOPLE = ("priya", "sam")
LATE = (NotDecidable, IllegalChange, BadArguments)
"""Somebody, or the worker, was faster."""

_OF_THE_RUN = ("ticket", "action", "at", "body")
"""Arguments that differ from run to run."""


def chance(action: ActionRow, among: int) -> int:
    """A number below `among`, drawn from what the action would do."""
    said = {k: v for k, v in action.arguments.items() if k not in _OF_THE_RUN}
    return zlib.crc32(canonical([action.name, said]).encode()) % among


def ruling(action: ActionRow) -> str:
    """What the people say to a request: approve, reject or edit."""
    if action.name == "update_crm":
        new, old = action.arguments["changes"].get("email"), action.requester
        if new and old and new.rpartition("@")[2] != old.rpartition("@")[2]:
            return "reject"
    if action.name == "process_refund" and action.supersedes is None:
        if action.rule == "B4":
            return "edit"
        if chance(action, 6) == 0:
            return "reject"
    return "approve"


def takes_back(action: ActionRow) -> bool:
    """Whether they undo it once its ticket is resolved."""
    if action.undoes or not (action.undo or {}).get("possible"):
        return False
    return action.name == "issue_credit" or (
        action.name == "process_refund" and chance(action, 5) == 1
    )


class People:
    """Everybody who is not an agent; holds nothing in memory that a restart would lose."""

    def __init__(self, store: Store, folder: Path, answers: dict[str, list[str]]) -> None:
        """Work on the open workspace of a folder."""
        self.store, self.answers = store, answers
        self.service = Service(store, _policy(folder / "policy.yaml"))
        self._reader = EmbeddedReader(folder / BACK_OFFICE)

    def close(self) -> None:
        """Give up the back office."""
        self._reader.close()

    def act(self) -> int:
        """Do what there is to do now; how much that was."""
        todo = self.todo()
        for do in todo:
            with suppress(*LATE):
                do()
        return len(todo)

    def todo(self) -> list[Callable[[], object]]:
        """What there is to do now."""
        return [*self._decide(), *self._answer(), *self._look_up(), *self._take_back()]

    def _decide(self) -> list[Callable[[], object]]:
        unread = self._senders_unread()
        asked = pending_approvals(self.store)
        return [partial(self._decide_one, a) for a in asked if a.requester not in unread]

    def _senders_unread(self) -> set[str]:
        """Who has written a ticket that nobody has read: it may say more about the request."""
        query = select(TICKET.c.requester).where(TICKET.c.status == TicketStatus.NEW.value)
        with self.store.read() as connection:
            return {str(row.requester) for row in connection.execute(query)}

    def _decide_one(self, action: ActionRow) -> None:
        match ruling(action):
            case "reject":
                self.service.reject(action.id, by=PEOPLE[0], reason="the records say otherwise")
            case "edit":
                changes = {"amount": (action.amount or 0) // 2}
                self.service.edit(action.id, by=PEOPLE[0], changes=changes)
            case _:
                said = {d.operator for d in action.decisions}
                person = next(p for p in PEOPLE if p not in said)
                self.service.approve(action.id, by=person, digest=action.digest)

    def _answer(self) -> list[Callable[[], object]]:
        """Customers answer what they are asked; how many answers they gave is in the ticket."""
        query = select(TICKET.c.id, TICKET.c.ref).where(
            TICKET.c.ref.in_([ref for ref, said in self.answers.items() if said])
        )
        with self.store.read() as connection:
            refs = {row.id: row.ref for row in connection.execute(query)}
        found: list[Callable[[], object]] = []
        for ticket_id in awaited_customers(self.store, list(refs)):
            messages = ticket_detail(self.store, ticket_id).messages
            given = sum(m.author == Author.CUSTOMER.value for m in messages) - 1
            left = self.answers[refs[ticket_id]][given:]
            if left:
                found.append(partial(self.service.receive, ticket_id, left[0]))
        return found

    def _look_up(self) -> list[Callable[[], object]]:
        """Settle what nobody knows, by what stands in the back office."""
        unknown = unknown_outcomes(self.store)
        keys = {row["key"] for row in self._reader.table("effects")} if unknown else set()
        return [
            partial(
                self.service.reconcile, action.id, by=PEOPLE[1],
                happened=action.idempotency_key in keys, note="looked it up in the back office",
            )
            for action in unknown
        ]  # fmt: skip

    def _take_back(self) -> list[Callable[[], object]]:
        at_rest = select(TICKET.c.id).where(
            TICKET.c.status == TicketStatus.RESOLVED.value, TICKET.c.pending.is_(False)
        )
        begun = select(ACTION.c.undoes).where(ACTION.c.undoes.is_not(None))
        stands = (
            (ACTION.c.state == ActionState.VERIFIED.value)
            & ACTION.c.ticket_id.in_(at_rest.scalar_subquery())
            & ACTION.c.id.not_in(begun.scalar_subquery())
        )
        with self.store.read() as connection:
            found = actions_where(connection, stands, [ACTION.c.position])
        return [
            partial(self.service.undo, action.id, by=PEOPLE[0])
            for action in filter(takes_back, found)
        ]


@cache
def _policy(path: Path) -> Policy:
    return load_policy(path)


@contextmanager
def people_of(folder: Path, answers: dict[str, list[str]]) -> Iterator[People]:
    """The people of the crowd in `folder`, for the length of the block."""
    store = open_workspace(str(folder / WORKSPACE), create=False)
    people = People(store, folder, answers)
    try:
        yield people
    finally:
        people.close()
        store.close()
