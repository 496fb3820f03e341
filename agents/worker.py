"""A worker, `python -P -m agents.worker DB`: advances tickets until it is told to stop.

Exit codes: 0 stopped or idle, 1 some tickets were given up, 2 the workspace or its rules cannot be
used (said in one line on standard error).
"""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from agents.brains.choice import HANDED_ON, handed_on
from agents.engine.advance import Engine
from agents.errors import OutOfReach, Retryable
from agents.quality.checking import Checker
from agents.quality.judge import ModelJudge
from agents.quality.sweep import sweep
from agents.reach import Reach, Voice
from agents.runtime.beside import Beside
from agents.runtime.protocol import NotNow
from agents.runtime.worker import run_worker
from agents.service import Service
from agents.stuck import give_up, problem_of
from agents.telemetry.export import NotInstalled, is_wanted, open_exporter
from agents.telemetry.tracing import Tracing
from agents.turns import tickets_in_turn
from agents.wiring import Places, dispatch_url, open_parts
from data.database import passes
from data.errors import HandrailError, WorkspaceUnusable
from data.feed import ChangeWatch
from data.queries.health import workers
from data.store import table
from data.tables import Worker
from data.workspace import Workspace, open_workspace

CONCURRENCY = 4
"""Tickets at a time, unless told otherwise."""

SILENT = timedelta(minutes=1)
"""A worker that was not heard of for so long is taken off the list by the next one."""

WORKER = table(Worker)
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass
class Worked:
    """What a worker did."""

    advanced: set[str] = field(default_factory=set)
    """Tickets that it looked at."""
    given_up: dict[str, str] = field(default_factory=dict)
    """Tickets that went to a person because the agents failed, with the problem."""


@dataclass(frozen=True)
class Order:
    """How to work."""

    concurrency: int = CONCURRENCY
    until_idle: bool = False
    parent: int | None = None
    """The process whose end ends this worker too; None: it lives by itself."""
    on_ready: Callable[[], None] = field(default=lambda: None)
    """Called once, when the rules are read and the worker is registered."""


def work(workspace: Workspace, places: Places, order: Order, stop: threading.Event) -> Worked:
    """Work on `workspace` until `stop` is set or, if the order says so, until nothing is pending.

    HandrailError if the workspace's rules or back office cannot be used.
    """
    # DBOS takes half a second to import, so that only who works imports it.
    from agents.runtime.dbos_runtime import DbosDispatcher

    worked, patiently = Worked(), Patience()
    with open_parts(workspace, places) as parts:
        engine, service = Engine(parts), Service(workspace, parts.policy)
        row = _registered(workspace, places.model.shown if places.model else "embedded")
        reach = Reach(lambda: parts.reader.record("plans", ""))
        tickets = Voice(log.warning, "tickets are worked on again")

        def held_up(problem: str, fault: Exception) -> Exception:
            """What passes by itself is no failure of the ticket that met it."""
            if order.until_idle:
                return fault
            reach.meet(problem)
            tickets.tell(reach.problem)
            return NotNow(problem)

        def advance(ticket_id: str) -> None:
            if stop.is_set():
                return
            worked.advanced.add(ticket_id)
            try:
                engine.advance(ticket_id)
            except OutOfReach as problem:
                raise held_up(str(problem), problem) from problem
            except Retryable:
                reach.doubt()
                raise
            except DBAPIError as problem:
                if not passes(problem):
                    raise
                told = f"the workspace cannot be used: {problem.orig}"
                raise held_up(told, problem) from problem
            reach.passed()

        def on_stuck(ticket_id: str, error: Exception) -> None:
            worked.given_up[ticket_id] = problem_of(error)
            try:
                give_up(parts, ticket_id, error)
            except (HandrailError, SQLAlchemyError):
                # Left pending: it is tried again, and whoever took it over meanwhile keeps it.
                log.warning("ticket %s could not be handed over", ticket_id, exc_info=True)

        def heartbeat(running: frozenset[str]) -> None:
            if order.parent is not None and os.getppid() != order.parent:
                stop.set()
            tickets.tell(reach.problem)
            patiently("beat", lambda: row.beat(len(running), reach.problem), None)

        def pending(limit: int) -> list[str]:
            if order.until_idle:
                return tickets_in_turn(workspace, limit)
            if reach.pausing:
                return []
            return patiently("look", lambda: tickets_in_turn(workspace, limit), [])

        judge = ModelJudge(parts.brain.model) if parts.brain else None
        checker = Checker(workspace, parts.policy, parts.writer.lookup, judge)
        beside = [Beside("quality", lambda rest: sweep(checker, rest))]
        tracing = _tracing(workspace)
        if tracing is not None:
            beside.append(Beside("traces", tracing.export))
        dispatcher = DbosDispatcher(
            advance, dispatch_url(workspace), worker_id=row.id, concurrency=order.concurrency
        )
        order.on_ready()
        reach.start()
        for thread in beside:
            thread.start()
        rests = False
        try:
            rests = run_worker(
                dispatcher,
                pending,
                _watch(workspace),
                heartbeat,
                live_workers=lambda: [w.id for w in workers(workspace) if w.alive],
                on_timer=lambda: patiently("wake", service.wake_due, None),
                on_stuck=on_stuck,
                stop=stop,
                until_idle=order.until_idle,
            )
        finally:
            reach.stop()
            for thread in beside:
                thread.stop()
            while rests and patiently("check", lambda: sweep(checker), False):
                pass
            if tracing is not None:
                while rests and patiently("trace", tracing.export, False):
                    pass
                tracing.close()
            patiently("end", row.end, None)
    return worked


def _tracing(workspace: Workspace) -> Tracing | None:
    """What exports runs where an endpoint is set; None otherwise, said in a line if it cannot."""
    if not is_wanted():
        return None
    try:
        return Tracing(workspace, open_exporter(program_version()))
    except NotInstalled as lacking:
        log.warning("%s", lacking)
        return None


class Registration:
    """The worker's row in the workspace: there from the beginning, marked when it ends."""

    def __init__(self, workspace: Workspace, brain: str) -> None:
        """Register this process, for whose tickets `brain` thinks."""
        self._workspace, self.id = workspace, workspace.ids("w")
        with workspace.write() as tx:
            # Who died without a word is not shown for ever; who lives says so by its next beat.
            silent = (WORKER.c.ended_at.is_(None), WORKER.c.heartbeat_at < tx.now - SILENT)
            tx.connection.execute(update(WORKER).where(*silent).values(ended_at=tx.now))
            tx.insert(
                Worker,
                id=self.id,
                pid=os.getpid(),
                host=socket.gethostname(),
                version=program_version(),
                started_at=tx.now,
                heartbeat_at=tx.now,
                brain=brain,
            )

    def beat(self, busy: int, problem: str | None = None) -> None:
        """Say that the worker lives, with so many tickets in hand, and what keeps it from work."""
        now = self._workspace.clock.now()
        self._set(heartbeat_at=now, busy=busy, ended_at=None, problem=problem)

    def end(self) -> None:
        """Say that it has ended."""
        self._set(ended_at=self._workspace.clock.now(), busy=0)

    def _set(self, **values: object) -> None:
        with self._workspace.write() as tx:
            tx.connection.execute(update(WORKER).where(WORKER.c.id == self.id).values(**values))


def program_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("handrail")
    except PackageNotFoundError:
        return "0"


class Patience:
    """Calls that may fail for a while: said once, and once that it has passed."""

    def __init__(self) -> None:
        """All is well."""
        self._voice = Voice(log.warning, "the workspace can be used again")
        self._failing: set[str] = set()

    def __call__(self, what: str, call: Callable[[], T], otherwise: T) -> T:
        """What `call`, known as `what`, gives; `otherwise` while the database is out of reach."""
        try:
            found = call()
        except OperationalError as problem:
            self._failing.add(what)
            self._voice.tell(f"the workspace cannot be used for now: {problem.orig}")
            return otherwise
        self._failing.discard(what)
        if not self._failing:
            self._voice.tell(None)
        return found


def _registered(workspace: Workspace, brain: str) -> "Registration":
    try:
        return Registration(workspace, brain)
    except OperationalError as problem:
        raise WorkspaceUnusable(f"the workspace cannot be written: {problem.orig}") from problem


def _watch(workspace: Workspace) -> Callable[[float], bool]:
    """The change feed, opened by the thread that asks first, to which it belongs."""
    opened: list[ChangeWatch] = []

    def watch(seconds: float) -> bool:
        if not opened:
            opened.append(ChangeWatch(workspace.engine))
        return opened[0].wait(seconds)

    return watch


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[list[int]]:
    """Set `stop` on SIGTERM, SIGHUP and ctrl+c; the list fills with the signals that came.

    A second ctrl+c ends the process at once; what it had in hand is found again.
    """
    came: list[int] = []

    def handle(number: int, _: object) -> None:
        if number == signal.SIGINT and signal.SIGINT in came:
            os._exit(130)
        came.append(number)
        stop.set()

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, handle) for number in wanted]
    try:
        yield came
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """The process entry; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -P -m agents.worker",
        description=__doc__,
        epilog=f"The language model that thinks stands, as JSON, in {HANDED_ON}.",
    )
    parser.add_argument("db", help="the workspace, a path or URL")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY)
    parser.add_argument("--until-idle", action="store_true")
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--playbooks", type=Path)
    parser.add_argument("--backoffice", type=Path)
    parser.add_argument("--parent", type=int, help="end when this process has ended")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    order = Order(max(1, given.concurrency), given.until_idle, given.parent)
    try:
        model = handed_on(os.environ)
        places = Places(given.policy, given.playbooks, given.backoffice, model)
        workspace = open_workspace(given.db, create=False)
        try:
            with stopped_by_signals(stop):
                worked = work(workspace, places, order, stop)
        finally:
            workspace.close()
    except HandrailError as problem:
        print(f"handrail worker: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    return 1 if worked.given_up else 0


if __name__ == "__main__":
    sys.exit(main())
