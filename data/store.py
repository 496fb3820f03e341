"""The one way to write: state and the event that tells of it commit together."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Engine, Insert, Table, insert, select, update
from sqlmodel import SQLModel

from data.clock import Clock, NewId, new_id
from data.columns import canonical, to_micros
from data.database import reading, writing
from data.errors import Fenced, IllegalChange, NotFound
from data.replay.marking import Marking, Remembered
from data.replay.record import NOW, RECORDED
from data.service_levels import ServiceLevels, due_changes
from data.states import check_action_change, check_ticket_change
from data.tables import (
    Action,
    Chain,
    Event,
    Handoff,
    Issue,
    Message,
    Payload,
    Run,
    Ticket,
)
from data.vocabulary import IMPORTED, ActionState, AgentName, Priority, TicketStatus
from data.words import keep_words

GENESIS = "0" * 64
"""The hash before a chain's first event."""


def table(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a model."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


TICKET, ACTION, EVENT = table(Ticket), table(Action), table(Event)
PAYLOAD, CHAIN, MESSAGE = table(Payload), table(Chain), table(Message)
_HEADS = select(CHAIN.c.id, CHAIN.c.position, CHAIN.c.hash)
_ADD_EVENTS, _ADD_PAYLOADS, _ADD_CHAINS = insert(EVENT), insert(PAYLOAD), insert(CHAIN)
_AT_ONCE = 500
"""Values in one list of a query."""
_STATED = frozenset({Ticket, Issue, Run, Action, Handoff})
"""What a ticket's recorded state is read from."""

_TIMED = frozenset({"status", "priority", "answered_at"})
"""Columns of a ticket by which it is due at another time."""


@cache
def _insert(model: type[SQLModel]) -> Insert:
    return insert(table(model))


@cache
def _defaults(model: type[SQLModel]) -> list[tuple[str, Any, Callable[[], Any] | None]]:
    """Each column with its default, or with what makes one."""
    found = []
    for column in table(model).columns:
        field = model.model_fields[column.name]
        default = None if field.is_required() else field.default
        found.append((column.name, default, cast(Callable[[], Any] | None, field.default_factory)))
    return found


def row_of(model: type[SQLModel], values: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row, defaults filled in; ten times cheaper than an object of the model."""
    return {
        name: values[name] if name in values else make() if make else default
        for name, default, make in _defaults(model)
    }


def new_payload(ids: NewId, body: str) -> tuple[dict[str, Any], str]:
    """A row that keeps raw text, and its salted digest."""
    salt = secrets.token_hex(8)
    return {"id": ids("p"), "salt": salt, "body": body}, payload_digest(salt, body)


@dataclass(frozen=True)
class NewEvent:
    """An event before it is appended; `data` must be free of personal data."""

    kind: str
    agent: str
    data: dict[str, Any]
    chain: str = ""
    run_id: str | None = None
    step: str | None = None
    payload: str | None = None
    """Raw text, kept beside the event."""
    at: datetime | None = None


def event_hash(before: str, row: dict[str, Any]) -> str:
    """SHA-256 of the hash before and the stored columns of an event `row` (`at` as datetime)."""
    parts = [row["chain"], row["position"], row["run_id"], row["step"], to_micros(row["at"])]
    parts += [row["agent"], row["kind"], row["data"], row["payload_digest"]]
    return hashlib.sha256((before + canonical(parts)).encode()).hexdigest()


def payload_digest(salt: str, body: str) -> str:
    """What stays of a payload when its text is erased."""
    return hashlib.sha256((salt + body).encode()).hexdigest()


class Transaction:
    """One write transaction; events are appended in order when it commits."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        ids: NewId,
        levels: ServiceLevels | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """Write through `connection`, which is in a transaction already."""
        self.connection, self.ids = connection, ids
        self.levels = levels or ServiceLevels()
        self.now = clock.now()
        self.marking = Marking(connection, remembered or Remembered())
        self._events: list[NewEvent] = []
        self._changed = False
        """Whether the state of a ticket may be another now."""
        self._moved: set[str] = set()
        """Tickets whose status changed, which has to be told."""

    def insert(self, model: type[SQLModel], **values: Any) -> None:
        """Add a row; the model's defaults fill what is not given."""
        self._changed = self._changed or model in _STATED
        self.connection.execute(_insert(model), row_of(model, values))

    def append(self, event: NewEvent) -> None:
        """Append `event` to its chain when this transaction commits."""
        self._events.append(event)

    def add_payload(self, body: str) -> tuple[str, str]:
        """Keep raw text; its id and salted digest."""
        row, digest = new_payload(self.ids, body)
        self.connection.execute(_ADD_PAYLOADS, row)
        return row["id"], digest

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """The ticket's columns as they are in this transaction; NotFound if there is none."""
        row = self.connection.execute(select(TICKET).where(TICKET.c.id == ticket_id)).first()
        if row is None:
            raise NotFound(f"no ticket {ticket_id!r}")
        return dict(row._mapping)

    def set_ticket(self, ticket_id: str, **changes: Any) -> None:
        """Change a ticket's columns, and with them by when it is due.

        IllegalChange where its state may not go there.
        """
        if not _TIMED.isdisjoint(changes):
            old = self.ticket(ticket_id)
            new = old | changes
            check_ticket_change(TicketStatus(old["status"]), TicketStatus(new["status"]))
            if old["status"] != new["status"]:
                self._moved.add(ticket_id)
            changes = due_changes(self.levels, old, new, self.now) | changes
        if "priority" in changes:
            changes["priority_rank"] = Priority(changes["priority"]).rank
        changes.setdefault("updated_at", self.now)
        self._changed = self._changed or not RECORDED.isdisjoint(changes)
        self.connection.execute(update(TICKET).where(TICKET.c.id == ticket_id).values(**changes))

    def action(self, action_id: str) -> dict[str, Any]:
        """The action's columns as they are in this transaction; NotFound if there is none."""
        row = self.connection.execute(select(ACTION).where(ACTION.c.id == action_id)).first()
        if row is None:
            raise NotFound(f"no action {action_id!r}")
        return dict(row._mapping)

    def set_action(
        self, action_id: str, state: ActionState, *, was: Sequence[ActionState], **changes: Any
    ) -> None:
        """Move an action from one of the states `was` to `state` by compare-and-set.

        IllegalChange if it is in none of them, or the vocabulary forbids the way.
        """
        for old in was:
            check_action_change(old, state)
        self._changed = True
        changed = self.connection.execute(
            update(ACTION)
            .where(ACTION.c.id == action_id, ACTION.c.state.in_([s.value for s in was]))
            .values(state=state.value, **changes)
        )
        if changed.rowcount != 1:
            found = self.action(action_id)["state"]
            raise IllegalChange(f"action {action_id} is {found}, not {' or '.join(was)}")

    def wake(self, ticket_id: str) -> None:
        """Have the agents look at the ticket again; never lost, however many ask at once.

        A recorded run of other agents stays as it was recorded.
        """
        self.connection.execute(
            update(TICKET)
            .where(TICKET.c.id == ticket_id, TICKET.c.channel != IMPORTED)
            .values(wake_seq=TICKET.c.wake_seq + 1, pending=True, updated_at=self.now)
        )

    def fence(self, ticket_id: str, epoch: int) -> None:
        """Raise the ticket's epoch by one; Fenced if it is no longer `epoch`."""
        raised = self.connection.execute(
            update(TICKET)
            .where(TICKET.c.id == ticket_id, TICKET.c.epoch == epoch)
            .values(epoch=epoch + 1)
        )
        if raised.rowcount != 1:
            raise Fenced(f"another worker has ticket {ticket_id}, or a person has taken it")

    def flush(self) -> None:
        """Write the appended events, chained by hash, and advance the heads of their chains.

        The last one of a ticket holds what the transaction changed in the ticket's state.
        """
        chains: dict[str, list[NewEvent]] = {}
        for event in self._events:
            chains.setdefault(event.chain, []).append(event)
        for ticket_id in sorted(self._moved - chains.keys()):
            chains[ticket_id] = [NewEvent("ticket.moved", AgentName.SYSTEM.value, {}, ticket_id)]
        self._events, self._moved = [], set()
        heads = self._heads(list(chains))
        rows: list[dict[str, Any]] = []
        payloads: list[dict[str, Any]] = []
        begun: list[dict[str, Any]] = []
        for chain, events in chains.items():
            before = heads[chain][1] if chain in heads else GENESIS
            start = heads[chain][0] if chain in heads else 0
            changed = self._changed or any(event.kind.startswith("run.") for event in events)
            now = self.marking.state_of(chain, start, before, changed=changed)
            if now:
                events[-1] = replace(events[-1], data={**events[-1].data, NOW: now})
            for position, event in enumerate(events, start + 1):
                row = self._row(chain, position, event, payloads)
                row["hash"] = before = event_hash(before, row)
                rows.append(row)
            head = {"id": chain, "position": start + len(events), "hash": before}
            self.marking.at(chain, start + len(events), before)
            if chain in heads:
                self._move(head, start)
            else:
                begun.append(head)
        for statement, added in (
            (_ADD_PAYLOADS, payloads), (_ADD_EVENTS, rows), (_ADD_CHAINS, begun),
        ):  # fmt: skip
            if added:
                self.connection.execute(statement, added)
        self.marking.write()

    def _heads(self, chains: list[str]) -> dict[str, tuple[int, str]]:
        """Position and hash of the last event of each chain that has begun."""
        found: dict[str, tuple[int, str]] = {}
        for first in range(0, len(chains), _AT_ONCE):
            some = CHAIN.c.id.in_(chains[first : first + _AT_ONCE])
            for row in self.connection.execute(_HEADS.where(some)):
                found[row.id] = (row.position, row.hash)
        return found

    def _row(
        self, chain: str, position: int, event: NewEvent, payloads: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The event's columns but its hash; its payload is added to `payloads`."""
        payload_id = digest = None
        if event.payload is not None:
            payload, digest = new_payload(self.ids, event.payload)
            payload_id = payload["id"]
            payloads.append(payload)
        return {
            "chain": chain,
            "position": position,
            "run_id": event.run_id,
            "step": event.step,
            "at": event.at or self.now,
            "agent": event.agent,
            "kind": event.kind,
            "data": canonical(event.data),
            "payload_id": payload_id,
            "payload_digest": digest,
        }

    def _move(self, head: dict[str, Any], start: int) -> None:
        """Advance the head of a chain; Fenced if it is no longer at `start`."""
        moved = self.connection.execute(
            update(CHAIN)
            .where(CHAIN.c.id == head["id"], CHAIN.c.position == start)
            .values(position=head["position"], hash=head["hash"])
        )
        if moved.rowcount != 1:
            raise Fenced(f"the log of {head['id'] or 'the workspace'} moved on meanwhile")


class Store:
    """Reads and writes one workspace."""

    def __init__(self, engine: Engine, clock: Clock, ids: NewId = new_id) -> None:
        """Work on `engine`, with the workspace's clock."""
        self.engine, self.clock, self.ids = engine, clock, ids
        self.levels = ServiceLevels()
        """By when tickets are due; whoever has read the policy sets what it says."""
        self._remembered = Remembered()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction whose changes and events commit together at the end of the block."""
        with writing(self.engine) as connection:
            transaction = Transaction(
                connection, self.clock, self.ids, self.levels, self._remembered
            )
            yield transaction
            transaction.flush()
            keep_words(connection)
        self._remembered.keep(transaction.marking.states)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for the length of the block."""
        with reading(self.engine) as connection:
            yield connection
