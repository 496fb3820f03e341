"""A workspace with back office, engine and people on real files, from a packaged scenario."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

import data
from agents.brains.brain import Brain
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.schema import TABLES
from agents.connectors.embedded.world import alter, fill
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.connectors.protocols import Effect, Reader, Row, Writer
from agents.engine.advance import Engine
from agents.engine.parts import Parts
from agents.engine.writing import GuardedWriter
from agents.eval.run import Rules
from agents.eval.scenario import Scenario, load_scenario
from agents.policy.model import Policy
from agents.service import NewTicket, Service
from agents.stuck import give_up
from data.clock import CountingIds, VirtualClock
from data.queries.approvals import pending_approvals
from data.queries.queue import pending_tickets
from data.queries.rows import ActionRow, EventRow, TicketDetail
from data.queries.tickets import ticket_detail, ticket_events
from data.store import TICKET, table
from data.tables import Halt
from data.workspace import open_workspace

SCENARIOS = Path(data.__file__).parent / "scenarios"
PEOPLE = ("priya", "sam")
FAILURES_BEFORE_A_PERSON = 5
_RULES: list[Rules] = []


def rules() -> Rules:
    """The packaged rules, read once."""
    if not _RULES:
        _RULES.append(Rules.load())
    return _RULES[0]


class Desk:
    """One workspace: tickets arrive, the engine works, people decide, time passes."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        *,
        policy: Policy | None = None,
        reader: Callable[[Reader], Reader] = lambda r: r,
        writer: Callable[[Writer], Writer] = lambda w: w,
        brain: Brain | None = None,
    ) -> None:
        """Found it in `folder` with a scenario's world; doubles wrap reader and writer."""
        self.scenario: Scenario = load_scenario(SCENARIOS / f"{scenario}.yaml")
        self.back_office = folder / "backoffice.db"
        fill(self.back_office, self.scenario.world(), synchronous="OFF")
        self.clock = VirtualClock(min(t.at for t in self.scenario.tickets))
        self.store = open_workspace(
            str(folder / "workspace.db"), clock=self.clock, ids=CountingIds(), synchronous="OFF"
        )
        self.reader = EmbeddedReader(self.back_office)
        self.writer = EmbeddedWriter(self.back_office, synchronous="OFF")
        self.policy, self.brain = policy or rules().policy, brain
        self.wrapped = writer(self.writer)
        self.parts = self.parts_with(self.policy, reader=reader(self.reader), writer=self.wrapped)
        self.engine, self.service = Engine(self.parts), Service(self.store, self.policy)
        self.checked = True
        """Whether its tickets must replay to what was recorded of them."""

    def parts_with(
        self, policy: Policy, *, reader: Reader | None = None, writer: Writer | None = None
    ) -> Parts:
        """The parts of another engine on the same files."""
        return Parts(
            self.store, reader or self.reader,
            GuardedWriter(self.store, writer or self.writer), policy,
            rules().playbooks, rules().templates, sleep=lambda _: None, brain=self.brain,
        )  # fmt: skip

    def under(self, policy: Policy) -> None:
        """Go on under another policy, as a restarted worker would."""
        self.policy, self.parts = policy, self.parts_with(policy)
        self.engine, self.service = Engine(self.parts), Service(self.store, policy)

    def restart(self, brain: Brain | None) -> None:
        """Another engine takes over, with another brain."""
        self.brain = brain
        self.under(self.policy)

    def close(self) -> None:
        """Give up every file."""
        self.writer.close()
        self.reader.close()
        self.store.close()

    def arrive(self, ref: str = "T1", **changes: Any) -> str:
        """One of the scenario's tickets comes in; its id."""
        ticket = next(t for t in self.scenario.tickets if t.ref == ref)
        self.clock.advance_to(ticket.at)
        new = {
            "ref": ticket.ref, "subject": ticket.subject, "body": ticket.body,
            "email": ticket.email, "channel": ticket.channel, "at": ticket.at,
        }  # fmt: skip
        return self.service.ingest(NewTicket(**{**new, **changes}))

    def write(self, body: str, *, email: str | None, subject: str = "") -> str:
        """A ticket of any words comes in; its id."""
        return self.service.ingest(NewTicket(None, subject, body, email, at=self.clock.now()))

    def run(self) -> None:
        """Let the engine advance whatever is pending, until nothing is."""
        for _ in range(60):
            pending = pending_tickets(self.store, 50)
            if not pending:
                return
            for ticket_id in pending:
                self.engine.advance(ticket_id)
        raise AssertionError("tickets stay pending")

    def run_as_worker(self) -> int:
        """Like `run`, but failures end as a worker ends them; how many there were."""
        failures: dict[str, int] = {}
        for _ in range(60):
            pending = pending_tickets(self.store, 50)
            if not pending:
                return sum(failures.values())
            for ticket_id in pending:
                try:
                    self.engine.advance(ticket_id)
                except Exception as problem:
                    failures[ticket_id] = failures.get(ticket_id, 0) + 1
                    if failures[ticket_id] >= FAILURES_BEFORE_A_PERSON:
                        give_up(self.parts, ticket_id, problem)
        raise AssertionError("tickets stay pending")

    def waiting(self, name: str | None = None) -> list[ActionRow]:
        """Requests that wait for people."""
        return [a for a in pending_approvals(self.store) if name in (None, a.name)]

    def asked(self, name: str | None = None) -> ActionRow:
        """The only request that waits."""
        found = self.waiting(name)
        assert len(found) == 1, [(a.name, a.arguments) for a in found]
        return found[0]

    def approve_all(self) -> None:
        """Approve and work until nobody is asked any more."""
        self.run()
        for _ in range(40):
            requests = self.waiting()
            if not requests:
                return
            for person in PEOPLE[: max(requests[0].people_needed, 1)]:
                self.service.approve(requests[0].id, by=person)
            self.run()
        raise AssertionError("requests keep coming")

    def approve(self, action: ActionRow) -> None:
        """As many people as it needs approve it."""
        for person in PEOPLE[: max(action.people_needed, 1)]:
            self.service.approve(action.id, by=person)

    def pass_time(self, **by: float) -> None:
        """Move the clock on and wake what is due, as workers do."""
        self.clock.advance_to(self.clock.now() + timedelta(**by))
        self.service.wake_due()

    def alter(self, table_name: str, record: str, **fields: Any) -> None:
        """Another system changes a record."""
        alter(self.back_office, table_name, record, fields)

    def detail(self, ticket_id: str) -> TicketDetail:
        """Everything about a ticket."""
        return ticket_detail(self.store, ticket_id)

    def status(self, ticket_id: str) -> str:
        """Where the ticket stands."""
        return self.detail(ticket_id).ticket.status.value

    def actions(self, ticket_id: str, *names: str) -> list[ActionRow]:
        """The ticket's actions, all or those of some names."""
        return [a for a in self.detail(ticket_id).actions if not names or a.name in names]

    def states(self, ticket_id: str, *names: str) -> list[str]:
        """The states of these actions, in order."""
        return [a.state.value for a in self.actions(ticket_id, *names)]

    def replies(self, ticket_id: str) -> list[str]:
        """What the customer was answered."""
        return [m.body for m in self.detail(ticket_id).messages if m.author == "agent"]

    def sent(self) -> list[Row]:
        """Replies that the channel took."""
        return [n for n in self.reader.table("notifications") if n["channel"] == "ticket"]

    def events(self, ticket_id: str, *kinds: str) -> list[EventRow]:
        """The ticket's events, all or those of some kinds."""
        return [e for e in ticket_events(self.store, ticket_id) if not kinds or e.kind in kinds]

    def column(self, ticket_id: str, name: str) -> Any:
        """One column of the ticket."""
        with self.store.read() as connection:
            return connection.execute(
                select(TICKET.c[name]).where(TICKET.c.id == ticket_id)
            ).scalar_one()

    def rows(self) -> dict[str, list[Row]]:
        """Everything in the back office."""
        return {name: self.reader.table(name) for name in TABLES}

    def record(self, table_name: str, record: str) -> Row:
        """A row of the back office that must be there."""
        found = self.reader.record(table_name, record)
        assert found is not None
        return found

    def effects(self, *names: str) -> list[Row]:
        """What the back office carried out."""
        return [e for e in self.reader.table("effects") if not names or e["action"] in names]

    def halt(self, action: str | None = None, intent: str | None = None) -> None:
        """Press the stop button."""
        with self.store.write() as tx:
            tx.insert(Halt, id=tx.ids("s"), action=action, intent=intent, by="priya", at=tx.now)

    def lift(self, *tickets: str) -> None:
        """Let go again."""
        with self.store.write() as tx:
            tx.connection.execute(table(Halt).update().values(lifted_by="priya", lifted_at=tx.now))
            for ticket_id in tickets:
                tx.wake(ticket_id)

    @contextmanager
    def after_write(self, number: int, do: Callable[[], None]) -> Iterator[list[int]]:
        """Call `do` once, right after the `number`-th commit to the workspace from now on."""
        count = [0]
        busy = [False]

        def committed(connection: Any) -> None:
            if busy[0] or not connection.get_execution_options().get("writes"):
                return
            count[0] += 1
            if count[0] == number:
                connection.info["due"] = True

        def given_back(dbapi_connection: Any, record: Any) -> None:
            if record is not None and record.info.pop("due", False):
                busy[0] = True
                do()
                busy[0] = False

        event.listen(self.store.engine, "commit", committed)
        event.listen(self.store.engine, "checkin", given_back)
        try:
            yield count
        finally:
            event.remove(self.store.engine, "commit", committed)
            event.remove(self.store.engine, "checkin", given_back)

    @contextmanager
    def before_write(self, number: int, do: Callable[[], None]) -> Iterator[None]:
        """Call `do` once, right before the `number`-th write to the workspace begins.

        Whoever writes has read by then what they are going to write upon.
        """
        count, write = [0], self.store.write

        def counted() -> Any:
            count[0] += 1
            if count[0] == number:
                do()
            return write()

        self.store.write = counted  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.store.write = write  # type: ignore[method-assign]


class Faulty:
    """A writer in front of the real one that raises what it is told, before or after the work."""

    def __init__(self, inner: Writer) -> None:
        """Fail at nothing yet."""
        self.inner = inner
        self.before: dict[str, list[Exception | None]] = {}
        self.after: dict[str, list[Exception | None]] = {}
        self.calls: list[tuple[str, str]] = []
        self.on_call: Callable[[str], None] = lambda name: None

    def execute(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """Fail first, do it, or do it and fail."""
        self.calls.append((name, key))
        self.on_call(name)
        _raise(self.before.get(name))
        effect = self.inner.execute(name, arguments, key, now)
        _raise(self.after.get(name))
        return effect

    def preview(self, name: str, arguments: Row, key: str, now: datetime) -> Effect:
        """As the real one, unless told otherwise."""
        _raise(self.before.get("preview"))
        return self.inner.preview(name, arguments, key, now)

    def preview_undo(self, key: str, now: datetime) -> Effect:
        """As the real one."""
        return self.inner.preview_undo(key, now)

    def lookup(self, key: str) -> Effect | None:
        """As the real one, unless told otherwise."""
        _raise(self.before.get("lookup"))
        return self.inner.lookup(key)

    def undo(self, key: str, undo_key: str, now: datetime) -> Effect:
        """Fail first, undo it, or undo it and fail."""
        _raise(self.before.get("undo"))
        effect = self.inner.undo(key, undo_key, now)
        _raise(self.after.get("undo"))
        return effect


class Unreadable:
    """A reader in front of the real one whose named methods raise what they are told, in turn."""

    def __init__(self, inner: Reader, plan: dict[str, list[Exception | None]]) -> None:
        """Fail by `plan`: method to what each next call raises."""
        self._inner, self._plan = inner, plan
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            _raise(self._plan.get(name))
            return found(*args, **kwargs)

        return call


def _raise(plan: list[Exception | None] | None) -> None:
    problem = plan.pop(0) if plan else None
    if problem is not None:
        raise problem
