"""The dispatch runtime on real files: one at a time, nothing lost, whatever dies."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from agents.runtime.backoff import Backoff
from agents.runtime.dbos_runtime import DbosDispatcher
from agents.runtime.inline import InlineDispatcher
from agents.runtime.protocol import Abandoned, Advance, Dispatcher, LiveWorkers
from agents.runtime.worker import run_worker

ROOT = Path(__file__).parents[2]
SCHEMA = """
CREATE TABLE ticket (
    id TEXT PRIMARY KEY, wake_seq INTEGER DEFAULT 1, read_seq INTEGER DEFAULT 0,
    busy INTEGER DEFAULT 0, overlaps INTEGER DEFAULT 0, advances INTEGER DEFAULT 0
);
CREATE TABLE worker (id TEXT PRIMARY KEY, pid INTEGER);
"""


class Tickets:
    """A store of the least that a worker needs: wake-ups, heartbeats, and a check for overlaps."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "store.sqlite"
        self.system_database = f"sqlite:///{folder / 'dbos.sqlite'}"
        self._local = threading.local()

    @property
    def db(self) -> sqlite3.Connection:
        if not hasattr(self._local, "db"):
            self._local.db = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            self._local.db.execute("PRAGMA journal_mode=WAL")
            self._local.db.execute("PRAGMA synchronous=NORMAL")
        return self._local.db

    def create(self, *ticket_ids: str) -> "Tickets":
        self.db.executescript(SCHEMA)
        self.db.executemany("INSERT INTO ticket (id) VALUES (?)", [(t,) for t in ticket_ids])
        return self

    def one(self, query: str, *parameters: object):
        return self.db.execute(query, parameters).fetchone()[0]

    def column(self, name: str) -> dict[str, int]:
        return dict(self.db.execute(f"SELECT id, {name} FROM ticket"))

    def wake(self, ticket_id: str):
        self.db.execute("UPDATE ticket SET wake_seq = wake_seq + 1 WHERE id = ?", (ticket_id,))

    def pending(self, most: int) -> list[str]:
        query = "SELECT id FROM ticket WHERE wake_seq > read_seq ORDER BY rowid LIMIT ?"
        return [row[0] for row in self.db.execute(query, (most,))]

    def watch(self, seconds: float) -> bool:
        before, deadline = self._version(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(0.005)
            if self._version() != before:
                return True
        return False

    def _version(self) -> int:
        return self.one("PRAGMA data_version")

    def enter(self, ticket_id: str) -> int:
        """The wake-up now being read; counts an overlap if the ticket is being advanced."""
        return self.one(
            "UPDATE ticket SET busy = busy + 1, overlaps = overlaps + (busy > 0) WHERE id = ?"
            " RETURNING wake_seq",
            ticket_id,
        )

    def leave(self, ticket_id: str, seen: int):
        self.db.execute(
            "UPDATE ticket SET busy = busy - 1, read_seq = ?, advances = advances + 1 WHERE id = ?",
            (seen, ticket_id),
        )

    def advance(self, ticket_id: str):
        seen = self.enter(ticket_id)
        time.sleep(0.002)
        self.leave(ticket_id, seen)

    def beat(self, worker_id: str):
        self.db.execute("INSERT OR REPLACE INTO worker VALUES (?, ?)", (worker_id, os.getpid()))

    def live_workers(self) -> list[str]:
        return [w for w, pid in self.db.execute("SELECT id, pid FROM worker") if alive(pid)]

    def leases(self) -> int:
        with closing(sqlite3.connect(self.folder / "dbos.sqlite")) as system:
            return system.execute("SELECT count(*) FROM workflow_status").fetchone()[0]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: Callable[[], object], seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def work(
    tickets: Tickets,
    dispatcher: Dispatcher,
    *,
    worker_id: str = "here",
    heartbeat: Callable[[frozenset[str]], None] | None = None,
    live_workers: LiveWorkers | None = None,
    on_stuck: Callable[[str, Exception], None] = lambda *_: None,
    on_timer: Callable[[], float | None] = lambda: None,
    stop: threading.Event | None = None,
    until_idle: bool = True,
    speed: int = 1,
):
    """A worker here; with `speed`, its clock runs so much faster, and it looks at it often."""
    start = time.monotonic()

    def tick(seconds: float) -> bool:
        time.sleep(0.01)
        return True

    run_worker(
        dispatcher,
        tickets.pending,
        tickets.watch if speed == 1 else tick,
        heartbeat or (lambda running: tickets.beat(worker_id)),
        live_workers=live_workers or tickets.live_workers,
        on_timer=on_timer,
        on_stuck=on_stuck,
        stop=stop or threading.Event(),
        until_idle=until_idle,
        clock=lambda: start + speed * (time.monotonic() - start),
    )


def dbos(tickets: Tickets, advance: Advance, worker_id: str = "here") -> DbosDispatcher:
    return DbosDispatcher(advance, tickets.system_database, worker_id=worker_id, concurrency=4)


@contextmanager
def worker_process(tickets: Tickets, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that works on the tickets; `arguments` as `main` below takes them."""
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, str(tickets.folder), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def main(folder: str, worker_id: str, how: str):
    """A worker process: `how` its advances end is at once, or not before a file is there."""
    tickets, stop = Tickets(Path(folder)), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def advance(ticket_id: str):
        if how == "held":
            tickets.enter(ticket_id)
            wait_for((tickets.folder / "release").exists, 60)
        else:
            tickets.advance(ticket_id)

    work(
        tickets,
        dbos(tickets, advance, worker_id),
        worker_id=worker_id,
        stop=stop,
        until_idle=False,
    )


def test_until_idle_ends_when_all_is_read_and_leaves_nothing_held(tmp_path: Path):
    tickets = Tickets(tmp_path).create(*(f"t{n}" for n in range(12)))
    work(tickets, dbos(tickets, tickets.advance))
    assert tickets.pending(99) == []
    assert tickets.one("SELECT sum(advances) FROM ticket") == 12
    assert tickets.leases() == 0


@pytest.mark.parametrize("others", [0, 2])
def test_a_hammer_of_wakes_loses_none_and_never_overlaps(tmp_path: Path, others: int):
    names = [f"t{n}" for n in range(20)]
    tickets, stop = Tickets(tmp_path).create(*names), threading.Event()

    def hammer():
        for n in range(500):
            tickets.wake(names[n * 7 % 20])
        wait_for(lambda: not tickets.pending(1))
        stop.set()

    with ExitStack() as processes:
        for n in range(others):
            processes.enter_context(worker_process(tickets, f"other-{n}", "at once"))
        wait_for(lambda: tickets.one("SELECT count(*) FROM worker") == others)
        hammering = threading.Thread(target=hammer)
        hammering.start()
        work(tickets, dbos(tickets, tickets.advance), stop=stop, until_idle=False)
        hammering.join()
    assert tickets.pending(99) == []
    assert tickets.one("SELECT sum(wake_seq) FROM ticket") == 520
    assert tickets.one("SELECT sum(overlaps) FROM ticket") == 0


def test_a_wake_up_during_the_advance_is_followed_by_another_at_once(tmp_path: Path):
    tickets = Tickets(tmp_path).create("t")
    ends: list[float] = []

    def advance(ticket_id: str):
        seen = tickets.enter(ticket_id)
        if len(ends) < 20:
            tickets.wake(ticket_id)
        tickets.leave(ticket_id, seen)
        ends.append(time.monotonic())

    work(tickets, dbos(tickets, advance))
    assert len(ends) == 21
    assert ends[-1] - ends[0] < 5, "each wake-up waited for the sweep of the next second"


def test_no_more_tickets_are_advanced_at_a_time_than_there_are_slots(tmp_path: Path):
    tickets = Tickets(tmp_path).create(*(f"t{n}" for n in range(8)))
    together, most = threading.Barrier(4), []

    def advance(ticket_id: str):
        seen = tickets.enter(ticket_id)
        together.wait(5)
        most.append(tickets.one("SELECT sum(busy) FROM ticket"))
        together.wait(5)
        tickets.leave(ticket_id, seen)

    work(tickets, dbos(tickets, advance))
    assert set(most) == {4}


def test_what_a_killed_worker_held_is_resumed_by_another(tmp_path: Path):
    tickets = Tickets(tmp_path).create("in the middle", "after the end", "once too often")
    with worker_process(tickets, "victim", "held") as victim:
        wait_for(lambda: tickets.one("SELECT sum(busy) FROM ticket") == 3)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    # As if their wake-ups had been read: now the leases alone tell of them.
    tickets.db.execute("UPDATE ticket SET busy = 0, read_seq = wake_seq")
    with closing(sqlite3.connect(tmp_path / "dbos.sqlite", isolation_level=None)) as system:
        change = "UPDATE workflow_status SET {} WHERE workflow_uuid = ?"
        system.execute(change.format("status = 'SUCCESS'"), ("after the end",))
        system.execute(change.format("recovery_attempts = 99"), ("once too often",))
    stuck: list[tuple[str, type[Exception]]] = []

    work(
        tickets,
        dbos(tickets, tickets.advance),
        on_stuck=lambda ticket_id, error: stuck.append((ticket_id, type(error))),
        speed=4,
    )

    assert stuck == [("once too often", Abandoned)]
    assert tickets.column("advances") == {"in the middle": 1, "after the end": 1, stuck[0][0]: 0}
    assert tickets.leases() == 0


def test_no_more_of_dead_workers_is_resumed_at_a_time_than_there_are_slots(tmp_path: Path):
    """What only waits would count as resumed each time such a worker dies, and be given up."""
    tickets = Tickets(tmp_path).create(*(f"t{n}" for n in range(12)))
    for number in range(3):
        with worker_process(tickets, f"victim-{number}", "held") as victim:
            held = 4 * (number + 1)
            wait_for(lambda: tickets.one("SELECT sum(busy) FROM ticket") == held)  # noqa: B023
            victim.send_signal(signal.SIGKILL)
            victim.wait()
    tickets.db.execute("UPDATE ticket SET busy = 0, read_seq = wake_seq")
    claimed: list[int] = []

    def advance(ticket_id: str):
        with closing(sqlite3.connect(tmp_path / "dbos.sqlite")) as system:
            query = "SELECT count(*) FROM workflow_status WHERE executor_id = 'here'"
            claimed.append(system.execute(f"{query} AND status = 'PENDING'").fetchone()[0])
        time.sleep(0.05)
        tickets.advance(ticket_id)

    work(tickets, dbos(tickets, advance), speed=4)
    assert tickets.column("advances") == dict.fromkeys(tickets.column("advances"), 1)
    assert max(claimed) == 4
    assert tickets.leases() == 0


def test_work_of_a_living_worker_is_left_alone_and_waited_for(tmp_path: Path):
    tickets = Tickets(tmp_path).create("t")
    with worker_process(tickets, "other", "held"):
        wait_for(lambda: tickets.one("SELECT sum(busy) FROM ticket") == 1)
        stop, beats = threading.Event(), []

        def live_workers() -> list[str]:
            beats.append(tickets.live_workers())
            if len(beats) == 5:
                stop.set()
            return beats[-1]

        work(
            tickets,
            dbos(tickets, tickets.advance),
            live_workers=live_workers,
            stop=stop,
            speed=20,
        )
    assert len(beats) == 5, "ended although another worker was still at it"
    assert tickets.one("SELECT overlaps + advances FROM ticket") == 0


def test_a_worker_thought_dead_gives_way_to_its_successor(tmp_path: Path):
    tickets = Tickets(tmp_path).create("t")
    resumed, release = threading.Event(), tmp_path / "release"

    def advance(ticket_id: str):
        seen = tickets.enter(ticket_id)
        resumed.set()
        wait_for(lambda: other.poll() is not None or release.exists())
        tickets.leave(ticket_id, seen)

    def end_the_other():
        resumed.wait(10)
        other.send_signal(signal.SIGTERM)
        release.touch()

    with worker_process(tickets, "other", "held") as other:
        wait_for(lambda: tickets.one("SELECT sum(busy) FROM ticket") == 1)
        ending = threading.Thread(target=end_the_other)
        ending.start()
        work(tickets, dbos(tickets, advance), live_workers=list, speed=4)
        ending.join()
        assert other.wait(5) == 0
    assert tickets.column("advances") == {"t": 1}
    assert tickets.leases() == 0


def test_a_failing_ticket_blocks_no_other_and_is_reported(tmp_path: Path):
    tickets = Tickets(tmp_path).create("bad", *(f"t{n}" for n in range(9)))
    tries: list[int] = []
    stuck: list[tuple[str, str]] = []

    def advance(ticket_id: str):
        if ticket_id == "bad":
            tries.append(tickets.one("SELECT sum(advances) FROM ticket"))
            raise ValueError("no good")
        tickets.advance(ticket_id)

    work(
        tickets,
        dbos(tickets, advance),
        on_stuck=lambda ticket_id, error: stuck.append((ticket_id, repr(error))),
        speed=4,
    )
    assert stuck == [("bad", "ValueError('no good')")]
    assert len(tries) == 5
    assert tries[-1] == 9, "the others did not go on meanwhile"
    assert tickets.pending(99) == ["bad"]
    assert tickets.one("SELECT sum(advances) FROM ticket") == 9


def test_a_signal_ends_a_worker_after_its_current_step_and_quietly(tmp_path: Path):
    tickets = Tickets(tmp_path).create("t")
    with worker_process(tickets, "other", "held") as process:
        wait_for(lambda: tickets.one("SELECT sum(busy) FROM ticket") == 1)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        (tmp_path / "release").touch()
        step_over = time.monotonic()
        assert process.communicate() == (b"", b"")
        assert process.returncode == 0
        assert time.monotonic() - step_over < 4
    assert tickets.leases() == 0


def test_heartbeats_go_on_while_the_last_advance_returns(tmp_path: Path):
    tickets, stop = Tickets(tmp_path).create("t"), threading.Event()
    beats: list[frozenset[str]] = []

    def advance(ticket_id: str):
        stop.set()
        after = len(beats) + 1
        wait_for(lambda: len(beats) >= after)

    work(tickets, dbos(tickets, advance), heartbeat=beats.append, stop=stop, speed=20)
    assert beats[0] == frozenset()
    assert beats[-1] == {"t"}


def test_timers_are_called_when_they_asked_for_it(tmp_path: Path):
    tickets, stop = Tickets(tmp_path).create(), threading.Event()
    calls: list[float] = []

    def on_timer() -> float:
        calls.append(time.monotonic())
        if len(calls) == 4:
            stop.set()
        return 0.05

    work(tickets, InlineDispatcher(tickets.advance), on_timer=on_timer, stop=stop, until_idle=False)
    assert 0.15 <= calls[-1] - calls[0] < 2.9


def test_inline_drains_in_order_and_lets_faults_through(tmp_path: Path):
    tickets = Tickets(tmp_path).create("a", "b", "c")
    seen: list[str] = []

    def advance(ticket_id: str):
        seen.append(ticket_id)
        if len(seen) == 2:
            tickets.wake("a")
        if len(seen) == 4:
            raise ValueError(ticket_id)
        tickets.advance(ticket_id)

    with pytest.raises(ValueError, match="c"):
        InlineDispatcher(advance).drain(tickets.pending)
    assert seen == ["a", "b", "a", "c"]
    assert InlineDispatcher(tickets.advance).drain(tickets.pending) == 1
    assert tickets.pending(9) == []


def test_inline_refuses_an_advance_that_never_reads_the_wake_up(tmp_path: Path):
    tickets = Tickets(tmp_path).create("a")
    with pytest.raises(RuntimeError, match="ticket a is still pending"):
        InlineDispatcher(lambda _: None).drain(tickets.pending)


def test_backoff_doubles_up_to_half_a_minute():
    backoff = Backoff()
    waits = []
    for _ in range(10):
        backoff.failed("t", 100.0)
        waits.append(backoff.next_due() - 100.0)
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])
    assert backoff.waiting(129.0) == {"t"}
    assert not backoff.waiting(130.0)
    backoff.succeeded("t")
    assert not backoff.stuck("t")


if __name__ == "__main__":
    main(*sys.argv[1:])
