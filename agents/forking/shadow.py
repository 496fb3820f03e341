"""A shadow of a workspace: one ticket and its world as they were, in files of their own.

Everything that a fork can read or write comes from here: a workspace and a back office in a
temporary folder, which are gone when the block ends. The originals are only read.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, func, insert, or_, select

from agents.authority import TOKEN
from agents.brains.brain import Brain
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.connectors.protocols import Change
from agents.engine.advance import Engine
from agents.engine.parts import Parts
from agents.engine.revisions import follow
from agents.engine.starting import COUNTED
from agents.forking.backoffice import Done, copy_back_office, effects_since, second_of, take_back
from agents.forking.course import Course, read_course
from agents.forking.observed import restore_seen, seen_in
from agents.forking.rows import UNDERSTOOD, Row, TicketRows, read_rows, rows_at
from agents.forking.understanding import OPEN_STATES, issues_at, understand_again
from agents.service import Service
from agents.wiring import AllRules, parts_of
from data.clock import VirtualClock
from data.queries.adopted import ADOPTED
from data.queries.tickets import DECISION, HANDOFF, ISSUE, RUN
from data.store import (
    ACTION,
    CHAIN,
    EVENT,
    MESSAGE,
    PAYLOAD,
    TICKET,
    Transaction,
    row_of,
    table,
)
from data.tables import Action, Operator, Run, Ticket
from data.vocabulary import EMBEDDED, ActionState, Role, RunState
from data.workspace import Workspace, open_workspace

OPERATOR = table(Operator)
_AT_ONCE = 500
"""Values in one list of a query."""

OTHERS = 40
"""Other tickets of the customer that are taken along, the newest ones."""

_ELSEWHERE = "t_elsewhere"
"""The ticket of the shadow that holds what the caps of the day count of other tickets."""


@dataclass(frozen=True)
class Shadow:
    """What a fork works with."""

    store: Workspace
    clock: VirtualClock
    engine: Engine
    service: Service
    base: int
    """The position in the log after which it goes on."""


class _NewIds:
    """Ids that no original has, the same in each fork at the same step."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_fork{self._count:04d}"


@contextmanager
def shadow_of(
    workspace: Workspace, back_office: Path, course: Course, base: int,
    people: dict[str, Role | None], *, past_rules: Callable[[], AllRules], rules: AllRules,
    brain_for: Callable[[Workspace], Brain | None] = lambda _: None,
) -> Iterator[Shadow]:  # fmt: skip
    """The ticket of `course` as it was at `base`, to go on under `rules`.

    `back_office` is the workspace's, to be copied. `past_rules` are those by which the agents had
    thought so far, read where that is needed. `people` may act besides the operators. `brain_for`
    makes the brain that keeps its answers in the shadow; None: the embedded one.

    NotRestorable where the log no longer tells what was understood then; OutOfReach if the back
    office is not there to be copied.
    """
    with tempfile.TemporaryDirectory(prefix="handrail-fork-") as name:
        folder, at = Path(name), course.moment(base)
        world = folder / "fork.backoffice.db"
        copy_back_office(back_office, world)
        undone = _rebuild(workspace, world, course, at)
        clock = VirtualClock(at)
        place = folder / "fork.db"
        place.write_bytes(_empty_workspace())
        store = open_workspace(
            str(place), create=False, clock=clock, ids=_NewIds(), synchronous="OFF"
        )
        reader = EmbeddedReader(world)
        writer = EmbeddedWriter(world, synchronous="OFF")
        brain = brain_for(store)
        try:
            parts = parts_of(workspace, store, reader, writer, rules, brain)
            parts = replace(parts, sleep=lambda _: None)

            def past() -> Parts:
                return parts_of(workspace, store, reader, writer, past_rules())

            thinks = brain.name if brain else EMBEDDED
            _Filling(workspace, course, base, undone, thinks).fill(store, past, people)
            store.clock = clock
            service = Service(store, parts.policy, signed_in_by=TOKEN)
            yield Shadow(store, clock, Engine(parts), service, base)
        finally:
            if brain is not None:
                brain.model.close()
            writer.close()
            reader.close()
            store.close()


@cache
def _empty_workspace() -> bytes:
    """A workspace with nothing in it; made once, since that takes longer than a fork."""
    with tempfile.TemporaryDirectory(prefix="handrail-fork-") as name:
        place, whole = Path(name) / "empty.db", Path(name) / "whole.db"
        open_workspace(str(place), synchronous="OFF").close()
        with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(whole)) as copy:
            source.backup(copy)
        return whole.read_bytes()


def _rebuild(workspace: Workspace, world: Path, course: Course, at: datetime) -> list[Done]:
    """Bring the copy of the back office to how it was at a moment; the effects taken back.

    What was done through the workspace is taken back by its effects; what other systems changed is
    restored as far as the ticket's own log saw it.
    """
    seen = seen_in(course)
    since = min([at, *(each.at for each in seen)])
    done = effects_since(world, second_of(since))
    times = _times(workspace, done)
    later = [effect for effect in done if times[effect.key] > at]
    take_back(world, later)
    changes = [(times[effect.key], change) for effect in done for change in effect.changes]
    restore_seen(world, seen, at, changes)
    return later


def _times(workspace: Workspace, done: list[Done]) -> dict[str, datetime]:
    """When each effect was recorded, by its key; to the second where no action tells."""
    found: dict[str, datetime] = {}
    own = {effect.key.removesuffix(":compensation") for effect in done}
    keys = sorted(own)
    when = func.coalesce(ACTION.c.executed_at, ACTION.c.started_at)
    with workspace.read() as connection:
        for first in range(0, len(keys), _AT_ONCE):
            query = select(ACTION.c.idempotency_key, when).where(
                ACTION.c.idempotency_key.in_(keys[first : first + _AT_ONCE])
            )
            found |= {key: time for key, time in connection.execute(query) if time is not None}
    return {
        effect.key: found.get(
            effect.key.removesuffix(":compensation"), datetime.fromisoformat(effect.at)
        )
        for effect in done
    }


class _Filling:
    """Filling an empty shadow with a ticket and its world as they were."""

    def __init__(
        self, workspace: Workspace, course: Course, base: int, undone: list[Done], thinks: str
    ) -> None:
        self.thinks = thinks
        self.workspace, self.course, self.base, self.undone = workspace, course, base, undone
        self.at = course.moment(base)

    def fill(
        self, store: Workspace, past: Callable[[], Parts], people: dict[str, Role | None]
    ) -> None:
        """Copy into `store` what was there; `past` is what the agents worked with then."""
        with self.workspace.read() as connection:
            now = read_rows(connection, self.course.ticket_id)
            rows = rows_at(now, self.course, self.base)
            self._think_on(rows)
            others = self._others(connection, now.ticket)
            with store.write() as tx:
                self._people(connection, tx, people)
                self._adopted(connection, tx)
                self._copy_log(connection, tx)
                for other in others:
                    _insert(tx, other)
                known = {self.course.ticket_id, *(other.ticket["id"] for other in others)}
                self._capped(connection, tx, known)
                _insert(tx, _without_work(rows))
        if not rows.understood:
            understand_again(past(), now, self.course, self.base)
            with store.read() as connection:
                rows = _understood(rows, read_rows(connection, self.course.ticket_id))
        rows.issues = issues_at(rows, self.course, self.base)
        rows.actions = self._as_read_then(rows.actions)
        with store.write() as tx:
            _finish(tx, rows)

    def _think_on(self, rows: TicketRows) -> None:
        """A run of which nothing was thought yet goes on with the fork's brain."""
        run = rows.runs[-1] if rows.runs else None
        begun = [p for p in self.course.passes() if run and p.run_id == run["id"]]
        if (
            run
            and run["state"] == RunState.RUNNING
            and not any(p.first <= self.base for p in begun)
        ):
            run["brain"] = self.thinks

    def _people(
        self, connection: Connection, tx: Transaction, people: dict[str, Role | None]
    ) -> None:
        """The operators of then, without what proves who they are, and those who act here."""
        query = select(OPERATOR).where(OPERATOR.c.added_at <= self.at)
        rows = {row["name"]: dict(row) for row in connection.execute(query).mappings()}
        for row in rows.values():
            gone = row["removed_at"]
            row |= {
                "passphrase_hash": None, "invitation_hash": None, "locked_until": None,
                "removed_at": gone if gone is not None and gone <= self.at else None,
            }  # fmt: skip
        for name, role in people.items():
            new = {"name": name, "role": Role.ADMIN.value, "added_at": self.at}
            row = rows.setdefault(name, row_of(Operator, new))
            row |= {"role": role.value if role else row["role"], "removed_at": None}
        tx.connection.execute(insert(OPERATOR), list(rows.values()))

    def _adopted(self, connection: Connection, tx: Transaction) -> None:
        """The rules that were adopted then."""
        query = select(ADOPTED).where(
            ADOPTED.c.adopted_at <= self.at,
            or_(ADOPTED.c.revoked_at.is_(None), ADOPTED.c.revoked_at > self.at),
        )
        rows = [dict(row) for row in connection.execute(query).mappings()]
        kept = {"revoked_at": None, "revoked_by": None, "revoked_why": None, "revoked_for": None}
        if rows:
            tx.connection.execute(insert(ADOPTED), [row | kept for row in rows])

    def _copy_log(self, connection: Connection, tx: Transaction) -> None:
        """The ticket's events so far, with the texts beside them."""
        within = (EVENT.c.chain == self.course.ticket_id) & (EVENT.c.position <= self.base)
        texts = select(PAYLOAD).join(EVENT, EVENT.c.payload_id == PAYLOAD.c.id).where(within)
        events = select(EVENT).where(within).order_by(EVENT.c.position)
        rows = [dict(row) for row in connection.execute(events).mappings()]
        payloads = [dict(row) for row in connection.execute(texts).mappings()]
        if payloads:
            tx.connection.execute(insert(PAYLOAD), payloads)
        tx.connection.execute(insert(EVENT), rows)
        head = {"id": self.course.ticket_id, "position": self.base, "hash": rows[-1]["hash"]}
        tx.connection.execute(insert(CHAIN), [head])

    def _others(self, connection: Connection, ticket: Row) -> list[TicketRows]:
        """Other tickets of the customer as they were then; triage and rules look at them."""
        whose = [TICKET.c.requester == ticket["requester"]] if ticket["requester"] else []
        if ticket["customer_id"]:
            whose.append(TICKET.c.customer_id == ticket["customer_id"])
        if not whose:
            return []
        query = (
            select(TICKET.c.id)
            .where(or_(*whose), TICKET.c.id != ticket["id"], TICKET.c.opened_at <= self.at)
            .order_by(TICKET.c.opened_at.desc())
            .limit(OTHERS)
        )
        found = []
        for ticket_id in connection.execute(query).scalars().all():
            course, now = read_course(self.workspace, ticket_id), read_rows(connection, ticket_id)
            base = sum(event.at <= self.at for event in course.events)
            if base:
                found.append(_then(now, course, base))
        return found

    def _capped(self, connection: Connection, tx: Transaction, known: set[str]) -> None:
        """What other tickets had done that day, as the caps count it."""
        today = self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        query = select(ACTION).where(
            ACTION.c.started_at >= today, ACTION.c.started_at <= self.at,
            ACTION.c.state.in_([*COUNTED, ActionState.UNDONE.value]),
        )  # fmt: skip
        rows = [
            dict(row) for row in connection.execute(query).mappings()
            if row["ticket_id"] not in known
        ]  # fmt: skip
        if not rows:
            return
        then = {"opened_at": today, "updated_at": today, "pending": False}
        tx.insert(Ticket, id=_ELSEWHERE, ref=_ELSEWHERE, **then)
        tx.insert(Run, id=_ELSEWHERE, ticket_id=_ELSEWHERE, number=1, state="ended",
                  started_at=today)  # fmt: skip
        kept = ("id", "name", "amount", "currency", "started_at", "proposed_at")
        tx.connection.execute(
            insert(ACTION),
            [
                row_of(
                    Action,
                    {name: row[name] for name in kept} | {
                        "ticket_id": _ELSEWHERE, "run_id": _ELSEWHERE, "position": place,
                        "arguments": {}, "digest": "", "target": "", "agent": "", "gate": "auto",
                        "reason": "", "state": ActionState.VERIFIED.value,
                        "idempotency_key": f"{_ELSEWHERE}:{row['id']}",
                    },
                )
                for place, row in enumerate(rows)
            ],
        )  # fmt: skip

    def _as_read_then(self, actions: list[Row]) -> list[Row]:
        """The actions with the records that they rested on then.

        What the ticket's own actions changed since, which the records had followed, is turned
        back.
        """
        own = {action["idempotency_key"] for action in actions}
        found = [dict(action) for action in actions]
        for effect in reversed(self.undone):
            if effect.key not in own:
                continue
            back = [Change(c.table, c.id, c.after, c.before) for c in reversed(effect.changes)]
            for action in found:
                if action["state"] in OPEN_STATES and action["idempotency_key"] != effect.key:
                    records = follow(action["records"], action["arguments"], back)
                    action["records"] = records or action["records"]
        return found


def _then(now: TicketRows, course: Course, base: int) -> TicketRows:
    """Another ticket as it was, with what is known of its issues now."""
    rows = rows_at(now, course, base)
    if not rows.understood:
        rows.issues = [dict(issue) for issue in now.issues]
        rows.ticket |= {name: now.ticket[name] for name in UNDERSTOOD}
    rows.issues = issues_at(rows, course, base)
    rows.ticket |= {"pending": False, "timer_at": None}
    return rows


def _understood(rows: TicketRows, stored: TicketRows) -> TicketRows:
    """The rows with what was understood anew."""
    rows.issues = stored.issues
    rows.ticket |= {name: stored.ticket[name] for name in UNDERSTOOD}
    return rows


def _insert(tx: Transaction, rows: TicketRows) -> None:
    """Add a ticket with all that belongs to it."""
    tx.connection.execute(insert(TICKET), [{**rows.ticket, "seq": None}])
    for source, found in (
        (PAYLOAD, rows.payloads), (MESSAGE, rows.messages), (ISSUE, rows.issues), (RUN, rows.runs),
        (ACTION, rows.actions), (DECISION, rows.decisions), (HANDOFF, rows.handoffs),
    ):  # fmt: skip
        if found:
            tx.connection.execute(insert(source), found)


def _without_work(rows: TicketRows) -> TicketRows:
    """The ticket before what is stored of the agents' work, which may have to be restored."""
    return replace(rows, issues=[], actions=[], decisions=[])


def _finish(tx: Transaction, rows: TicketRows) -> None:
    """Store the agents' work, and have the ticket looked at."""
    ticket_id = rows.ticket["id"]
    tx.connection.execute(ISSUE.delete().where(ISSUE.c.ticket_id == ticket_id))
    values = {**rows.ticket, "wake_seq": 1, "read_seq": 0, "pending": True}
    values = {name: value for name, value in values.items() if name not in ("id", "seq")}
    tx.connection.execute(TICKET.update().where(TICKET.c.id == ticket_id).values(**values))
    for source, found in ((ISSUE, rows.issues), (ACTION, rows.actions), (DECISION, rows.decisions)):
        if found:
            tx.connection.execute(insert(source), found)
