"""Whole tickets: ingest, triage, a verified refund with one approval, and the reply."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select

import agents.engine.understand
import agents.understanding.model
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.world import fill
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.engine.advance import Engine
from agents.engine.parts import Parts
from agents.engine.writing import GuardedWriter
from agents.eval.run import Rules
from agents.service import NewTicket, Service
from agents.understanding.features import ACCURATE, Features
from data.feed import ChangeWatch
from data.queries.approvals import pending_approvals
from data.queries.tickets import ticket_detail
from data.store import ACTION, TICKET
from data.workspace import Workspace, open_workspace
from tests.bench.tickets import NOW, Written, duplicates

ROOT = Path(__file__).resolve().parents[2]
PEER = ROOT / ".venv-bench" / "bin" / "python"


class Site:
    """A workspace with a back office in a folder, both at synchronous=FULL."""

    def __init__(self, folder: Path, tickets: int, seed: int) -> None:
        """Found it with so many customers."""
        world, self.written = duplicates(tickets, seed)
        self.place = folder / f"site-{seed}.db"
        self.back_office = folder / f"site-{seed}.backoffice.db"
        fill(self.back_office, world)
        self.workspace: Workspace = open_workspace(str(self.place), started=NOW)
        rules = Rules.load()
        self.reader, self.writer = (
            EmbeddedReader(self.back_office),
            EmbeddedWriter(self.back_office),
        )
        parts = Parts(
            self.workspace,
            self.reader,
            GuardedWriter(self.workspace, self.writer),
            rules.policy,
            rules.playbooks,
            rules.templates,
        )
        self.engine, self.service = Engine(parts), Service(self.workspace, rules.policy)

    def close(self) -> None:
        """Give up every file."""
        self.writer.close()
        self.reader.close()
        self.workspace.close()

    def whole(self, written: Written) -> None:
        """One ticket from its arrival to its end, in this thread."""
        ticket_id = self.service.ingest(
            NewTicket(None, written.subject, written.body, written.email)
        )
        self.engine.advance(ticket_id)
        for action in ticket_detail(self.workspace, ticket_id).actions:
            if action.state == "proposed":
                self.service.approve(action.id, by="bench")
        self.engine.advance(ticket_id)

    def verified(self) -> int:
        """Refunds that were carried out and read back, on tickets that ended with an answer."""
        with self.workspace.read() as connection:
            return int(
                connection.execute(
                    select(func.count())
                    .select_from(ACTION.join(TICKET, TICKET.c.id == ACTION.c.ticket_id))
                    .where(
                        ACTION.c.name == "process_refund",
                        ACTION.c.state == "verified",
                        TICKET.c.status == "resolved",
                        TICKET.c.answered_at.is_not(None),
                    )
                ).scalar_one()
            )


@contextmanager
def timers(site: Site) -> Iterator[dict[str, float]]:
    """Seconds spent behind each seam, none counted twice, and the number of commits."""
    spent: dict[str, float] = defaultdict(float)
    inside: list[list[float]] = []
    undo: list[Callable[[], None]] = []

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*args: Any, **kwargs: Any) -> Any:
            inside.append([0.0])
            start = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                took = time.perf_counter() - start
                spent[name] += took - inside.pop()[0]
                if inside:
                    inside[-1][0] += took

        return timing

    def wrap(owner: Any, attribute: str, name: str) -> None:
        inner = getattr(owner, attribute)
        own = attribute in vars(owner)
        setattr(owner, attribute, timed(name, inner))
        undo.append(lambda: setattr(owner, attribute, inner) if own else delattr(owner, attribute))

    wrap(Features, "embed", "encoder")
    wrap(agents.engine.understand, "read_messages", "triage beside the encoder")
    wrap(site.reader, "_rows", "back office: reads")
    for attribute in ("execute", "preview", "lookup"):
        wrap(site.writer, attribute, "back office: writes and previews")
    dialect = site.workspace.engine.dialect
    wrap(dialect, "do_commit", "store: commits")
    for attribute in ("do_execute", "do_executemany", "do_execute_no_params"):
        wrap(dialect, attribute, "store: statements")
    wrap(site.engine, "advance", "engine and SQLAlchemy, in Python")
    wrap(site.service, "ingest", "service: ingest and approve, in Python")
    wrap(site.service, "approve", "service: ingest and approve, in Python")

    def committed(connection: Any) -> None:
        if connection.get_execution_options().get("writes"):
            spent["#commits"] += 1

    event.listen(site.workspace.engine, "commit", committed)
    try:
        yield spent
    finally:
        event.remove(site.workspace.engine, "commit", committed)
        for restore in reversed(undo):
            restore()


def inline(folder: Path, tickets: int, seed: int) -> dict[str, float]:
    """Tickets per second by the engine in one thread; how many ended as they should."""
    site = Site(folder, tickets + 2, seed)
    try:
        for written in site.written[tickets:]:
            site.whole(written)
        ACCURATE.seen.clear()
        start, cpu = time.perf_counter(), time.process_time()
        for written in site.written[:tickets]:
            site.whole(written)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {"rate": tickets / wall, "cpu": cpu / tickets, "verified": site.verified() - 2}
    finally:
        site.close()


def split(folder: Path, tickets: int, seed: int) -> dict[str, float]:
    """Milliseconds per ticket behind each seam."""
    site = Site(folder, tickets + 1, seed)
    try:
        site.whole(site.written[-1])
        ACCURATE.seen.clear()
        with timers(site) as spent:
            start = time.perf_counter()
            for written in site.written[:tickets]:
                site.whole(written)
            wall = time.perf_counter() - start
        commits = spent.pop("#commits")
        rest = wall - sum(spent.values())
        parts = {name: seconds / tickets * 1000 for name, seconds in spent.items()}
        parts["the rest"] = rest / tickets * 1000
        return {**parts, "#commits": commits / tickets, "#total": wall / tickets * 1000}
    finally:
        site.close()


@contextmanager
def worker(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A live worker process on the site, ready when the block begins."""
    command = [sys.executable, "-P", "-m", "agents.worker", str(site.place)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        warm = site.service.ingest(
            NewTicket(None, "Charged twice", "Please refund it.", "nobody@example.net")
        )
        _until(site, lambda: _settled(site, [warm]) == 1, 60.0)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _settled(site: Site, ids: list[str]) -> int:
    with site.workspace.read() as connection:
        query = select(func.count()).where(
            TICKET.c.id.in_(ids),
            TICKET.c.pending.is_(False),
            TICKET.c.status.not_in(["new", "working"]),
        )
        return int(connection.execute(query).scalar_one())


def _until(site: Site, done: Callable[[], bool], seconds: float) -> None:
    watch = ChangeWatch(site.workspace.engine)
    deadline = time.monotonic() + seconds
    try:
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the worker does not come to an end; see its messages above")
            watch.wait(0.2)
    finally:
        watch.close()


def dispatched(folder: Path, tickets: int, seed: int) -> dict[str, Any]:
    """Tickets per second through a worker process, with approvals given as they are asked for.

    Then the time from an approval's commit to the verified effect, and the worker's CPU when idle.
    """
    site = Site(folder, tickets + 40, seed)
    try:
        with worker(site) as process:
            cpu, start = _cpu(process.pid), time.perf_counter()
            batch = [NewTicket(None, w.subject, w.body, w.email) for w in site.written[:tickets]]
            ids = [str(found) for found in site.service.ingest_many(batch)]

            def approve_what_waits() -> bool:
                for action in pending_approvals(site.workspace):
                    site.service.approve(action.id, by="bench")
                return _ended(site, ids) == tickets

            _until(site, approve_what_waits, 90.0)
            wall, cpu = time.perf_counter() - start, _cpu(process.pid) - cpu
            verified = site.verified()
            times = _approval_times(site, site.written[tickets:])
            time.sleep(1.0)
            before, begun = _cpu(process.pid), time.perf_counter()
            time.sleep(10.0)
            idle = (_cpu(process.pid) - before) / (time.perf_counter() - begun) * 100
        return {
            "rate": tickets / wall,
            "cpu": cpu / tickets,
            "verified": verified,
            "times": times,
            "idle": idle,
        }
    finally:
        site.close()


def _ended(site: Site, ids: list[str]) -> int:
    with site.workspace.read() as connection:
        query = select(func.count()).where(
            TICKET.c.id.in_(ids),
            TICKET.c.pending.is_(False),
            TICKET.c.status.in_(["resolved", "escalated", "closed"]),
        )
        return int(connection.execute(query).scalar_one())


def _approval_times(site: Site, written: list[Written]) -> list[float]:
    """Seconds from the commit of each approval to the commit of its verified effect."""
    batch = [NewTicket(None, w.subject, w.body, w.email) for w in written]
    ids = [str(found) for found in site.service.ingest_many(batch)]
    _until(site, lambda: _settled(site, ids) == len(ids), 60.0)
    times = []
    with site.workspace.engine.connect() as connection:
        state = select(ACTION.c.state)
        for action in pending_approvals(site.workspace):
            site.service.approve(action.id, by="bench")
            start = time.perf_counter()
            while time.perf_counter() - start < 5.0:
                found = connection.execute(state.where(ACTION.c.id == action.id)).scalar_one()
                connection.rollback()
                if found not in ("approved", "executing"):
                    break
                time.sleep(0.001)
            times.append(time.perf_counter() - start)
            _until(site, lambda: _settled(site, ids) == len(ids), 10.0)
    return times


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def langgraph(
    folder: Path, tickets: int, seed: int, *, durability: str, triage: bool
) -> dict[str, float]:
    """The same steps in LangGraph, in the environment of the peers."""
    written = duplicates(tickets, seed)[1]
    order = {
        "folder": str(folder),
        "synchronous": "FULL",
        "durability": durability,
        "triage": triage,
        "tickets": [[w.subject, w.body] for w in written],
    }
    command = [
        str(PEER),
        "-P",
        str(Path(__file__).with_name("peer_langgraph.py")),
        json.dumps(order),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr else "no word")
    said = json.loads(done.stdout.splitlines()[-1])
    return {"rate": said["flows"] / said["seconds"], "cpu": said["cpu"] / said["flows"]}
