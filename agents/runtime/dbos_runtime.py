"""Dispatch on DBOS: one ticket is advanced by one worker at a time, and outlives the worker.

The store's pending tickets are the queue; a row in DBOS's system database is the lease on a ticket.
It has the ticket's id, so a second start is refused while it is there, and it is removed once the
advance has returned. What a killed worker held is still there: any other worker has DBOS run it
again, through DBOS's internal queue, where exactly one claims it.

Work starts directly in the worker that saw the wake-up and not through a queue of DBOS. Measured
with dbos 3.4 on SQLite and two cores, dispatching an empty function to four threads:

    | start                | latency p50, p95 | dispatches/s | CPU each | idle, of one core |
    | -------------------- | ---------------- | ------------ | -------- | ----------------- |
    | queue, polled 0.02 s | 16 ms, 20 ms     | 127          | 4.4 ms   | 16.4 %            |
    | queue, polled 0.05 s | 47 ms, 51 ms     | 68           | 4.1 ms   | 7.0 %             |
    | queue, polled 1 s    | about a second   |              |          | 1.3 %             |
    | directly             | 2.0 ms, 2.6 ms   | 371          | 2.7 ms   | 0.9 %             |

The 0.9 % are DBOS's own threads. The queue wins nothing with several workers either: three of them,
with advances of 50 ms, do 134/s through it and 149/s directly, where those who come too late for a
ticket are refused. A whole worker, from the store's change to the start: 10 ms, 17 ms at the 95th
percentile, 1.8 % of a core when idle (looking for changes each 0.02 s; each 0.03 s: 32 ms, 1.5 %).

A worker that is thought dead but lives can still write to the store until its advance returns: the
store fences its writes. DBOS then discards its outcome, and the lease stays with its new holder.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from sqlite3 import Connection as SQLiteConnection

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowStatus, error
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from agents.reach import Voice
from agents.runtime.protocol import (
    Abandoned,
    Advance,
    HeldElsewhere,
    LiveWorkers,
    NotNow,
    Settled,
)
from data.database import passes

log = logging.getLogger(__name__)

APPLICATION_VERSION = "advance-1"
"""What a lease means. Constant over releases, since a newer worker has to resume an older one's."""

MOST_RECOVERIES = 5
"""So often is a ticket resumed after the death of its worker, in a row, before it is given up."""

WORKFLOW = "advance"
BUSY_MS = 30_000
NAP_SECONDS = 0.4
"""Between two looks of DBOS for messages, which we do not use; closing waits for one."""


class DbosDispatcher:
    """Advances tickets on threads of this process, under leases in a DBOS system database.

    DBOS is one per process, so this is too. One system database belongs to one workspace.
    """

    def __init__(
        self, advance: Advance, system_database: str, *, worker_id: str, concurrency: int
    ) -> None:
        """Dispatch to `advance`, at most `concurrency` tickets at a time.

        `system_database` is a URL, of SQLite or PostgreSQL. `worker_id` is new for each process.
        """
        self.worker_id = worker_id
        self._advance, self._concurrency = advance, concurrency
        self._url = make_url(system_database)
        self._engine: Engine | None = None
        self._settled: Callable[[Settled], None] = lambda _: None
        self._workflow: Callable[[str], str] = self._advance_once
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="advance")
        self._slots = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Condition()
        self._leading: set[str] = set()
        self._advancing: set[str] = set()
        self._faults: dict[str, Exception] = {}
        self._finished: set[str] = set()
        self._this_thread = threading.local()
        self._voice = Voice(log.warning, "the leases on tickets can be written again")

    def launch(self, settled: Callable[[Settled], None]) -> None:
        """Start DBOS and take up work."""
        self._settled = settled
        logger = logging.getLogger("dbos")
        logger.addFilter(_in_one_line)
        if not logger.handlers:
            # DBOS would add a handler to standard error; so it is left to the process's own.
            logger.addHandler(logging.NullHandler())
        config = DBOSConfig(
            name="handrail",
            application_version=APPLICATION_VERSION,
            executor_id=self.worker_id,
            log_level="WARNING",
            enable_otlp=False,
            notification_listener_polling_interval_sec=NAP_SECONDS,
            scheduler_polling_interval_sec=3600.0,
        )
        if self._url.get_backend_name() == "sqlite":
            self._engine = _sqlite_engine(self._url, self._concurrency)
            config["system_database_engine"] = self._engine
        else:
            config["system_database_url"] = self._url.render_as_string(hide_password=False)
        dbos = DBOS(config=config)
        # By default a worker claims all that dead ones held at once. What waits for a thread would
        # count as resumed each time such a worker dies, and be given up without a fault of its own.
        dbos._registry.get_internal_queue()._worker_concurrency = self._concurrency

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_RECOVERIES)
        def advance(ticket_id: str) -> str:
            return self._advance_once(ticket_id)

        self._workflow = advance
        DBOS.launch()

    def room(self) -> int:
        """How many more tickets may be started now."""
        return max(0, self._concurrency - len(self.running()))

    def running(self) -> frozenset[str]:
        """Tickets being advanced here: those started here and those taken over."""
        with self._lock:
            return frozenset(self._leading | self._advancing)

    def start(self, ticket_id: str) -> None:
        """Have a thread take the lease and advance the ticket."""
        with self._lock:
            if ticket_id in self._leading:
                return
            self._leading.add(ticket_id)
        self._threads.submit(self._lead, ticket_id)

    def tend(self, live_workers: LiveWorkers) -> None:
        """Resume what dead workers held, and remove the leases of what was resumed here.

        Left to the next time while the leases cannot be written.
        """
        try:
            self._tend(live_workers)
        except DBAPIError as problem:
            if not passes(problem):
                raise
            self._voice.tell(f"the leases on tickets cannot be written for now: {problem.orig}")
        else:
            self._voice.tell(None)

    def _tend(self, live_workers: LiveWorkers) -> None:
        with self._lock:
            finished = self._finished.copy()
        leases = DBOS.list_workflows(name=WORKFLOW, load_input=False, load_output=False)
        # Read after the leases: whoever held one of them had written a heartbeat before.
        living = {self.worker_id, *live_workers()}
        dead: set[str] = set()
        with self._lock:
            self._finished -= finished - {lease.workflow_id for lease in leases}
        for lease in leases:
            holder = lease.executor_id or ""
            if holder == self.worker_id:
                self._tidy(lease, finished)
            elif holder in living or lease.status == "ENQUEUED":
                continue
            elif lease.status == "PENDING":
                dead.add(holder)
            else:
                self._reopen(lease.workflow_id)
        if dead:
            # Internal to DBOS, but its `resume_workflow` would, of two workers who tend at the same
            # time, let the second take over from the first; this one compares the holder.
            DBOS._recover_pending_workflows(sorted(dead))

    def idle(self) -> bool:
        """Whether there is no lease."""
        return not DBOS.list_workflows(name=WORKFLOW, limit=1, load_input=False, load_output=False)

    def close(self) -> None:
        """Wait for running advances, then stop DBOS."""
        self._threads.shutdown()
        with self._lock:
            self._lock.wait_for(lambda: not self._advancing)
        DBOS.destroy(destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()

    def _lead(self, ticket_id: str) -> None:
        """Take the lease, advance, give the lease back, tell."""
        fault: Exception | None = None
        self._this_thread.leads = True
        try:
            with SetWorkflowID(ticket_id, workflow_id_reuse_policy="reject"):
                holder = self._workflow(ticket_id)
            if holder == self.worker_id:
                DBOS.delete_workflow(ticket_id)
                fault = self._faults.pop(ticket_id, None)
            else:
                fault = HeldElsewhere(ticket_id)
        except (error.DBOSWorkflowIDInUseError, error.DBOSNonExistentWorkflowError):
            fault = HeldElsewhere(ticket_id)
        except Exception as problem:
            # The lease could not be written: what the advance raises comes another way.
            fault = NotNow(str(problem)) if passes(problem) else problem
            with self._lock:
                self._finished.add(ticket_id)
        finally:
            with self._lock:
                self._leading.discard(ticket_id)
                self._settled(Settled(ticket_id, fault))

    def _advance_once(self, ticket_id: str) -> str:
        """The workflow: advance the ticket, keep what went wrong, name the worker.

        Runs on a thread of ours that leads, or on one of DBOS's for what is taken over.
        """
        with self._lock:
            if ticket_id in self._advancing:
                # Taken over from this very process, which was thought dead and is still at it.
                return self.worker_id
            self._advancing.add(ticket_id)
            self._faults.pop(ticket_id, None)
        fault: Exception | None = None
        try:
            with self._slots:
                self._advance(ticket_id)
        except Exception as problem:
            fault = problem
        finally:
            with self._lock:
                self._advancing.discard(ticket_id)
                if not getattr(self._this_thread, "leads", False):
                    self._finished.add(ticket_id)
                    self._settled(Settled(ticket_id, fault))
                elif fault:
                    self._faults[ticket_id] = fault
                self._lock.notify_all()
        return self.worker_id

    def _tidy(self, lease: WorkflowStatus, finished: set[str]) -> None:
        """Remove a lease of ours that no thread of ours will remove."""
        ticket_id = lease.workflow_id
        if lease.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
            DBOS.delete_workflow(ticket_id)
            why = f"{ticket_id} was resumed {MOST_RECOVERIES} times, and each time its worker died"
            self._settled(Settled(ticket_id, Abandoned(why)))
        elif ticket_id in finished and ticket_id not in self.running():
            DBOS.delete_workflow(ticket_id)
            with self._lock:
                self._finished.discard(ticket_id)

    def _reopen(self, ticket_id: str) -> None:
        """Run again what a worker had finished when it died, so that its lease is removed.

        Removing it here could remove the one that another worker has taken meanwhile.
        """
        try:
            DBOS.rewind_workflow(ticket_id)
        except error.DBOSException as problem:
            log.info("lease on %s: %s", ticket_id, problem)


def _in_one_line(record: logging.LogRecord) -> bool:
    """What DBOS logs of its troubles, without the way through its code."""
    fault = record.exc_info[1] if record.exc_info else None
    if fault is not None:
        words = str(fault).strip().splitlines() or [type(fault).__name__]
        record.msg, record.args = f"{record.getMessage()} {words[0]}", None
        record.exc_info = record.exc_text = None
    return True


def _sqlite_engine(url: URL, concurrency: int) -> Engine:
    """An engine as DBOS wants it (its own sets no WAL, and every commit waits for the disk).

    NORMAL may forget the last leases after a power cut; the store still knows what is pending.
    """
    engine = create_engine(url, pool_size=concurrency + 4)

    def prepare(connection: SQLiteConnection, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    event.listen(engine, "connect", prepare)
    return engine
