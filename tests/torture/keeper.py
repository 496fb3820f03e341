"""Keeps workers and people at work on a crowd, kills them by a plan, and tells how it ended."""

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agents.engine.advance import Engine
from agents.runtime.dbos_runtime import MOST_RECOVERIES
from agents.turns import tickets_in_turn
from agents.wiring import Places, open_parts
from data.workspace import open_workspace
from tests.torture.crowd import BACK_OFFICE, LEASES, WORKSPACE, Crowd, Ends
from tests.torture.hindrances import Count, Kill, Ways, note_death, read_rules
from tests.torture.people import people_of
from tests.torture.processes import start_people, start_worker

WORKERS = 2
ACTS = "SELECT count(*) FROM action WHERE state = 'executing'"
LONGEST_LIFE = 4.0
"""A worker that was to die at a commit and finds no work dies after so many seconds of looking."""

REST_SECONDS = 120.0
"""By when a crowd must have come to rest once nobody is killed any more."""


@dataclass
class Plan:
    """The deaths of one run, drawn from a seed: the same seed draws the same ones."""

    seed: int
    kills: int
    commits: int = 60
    seconds: float = 1.2
    among: int = 8
    """For so many deaths of workers, the people's process dies once."""

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        self.workers = [Kill.drawn(rng, self.commits, self.seconds) for _ in range(self.kills)]
        count = self.kills // self.among
        self.people = [Kill.drawn(rng, 20, 4 * self.seconds) for _ in range(count)]


@dataclass
class Told:
    """How a run went."""

    ends: Ends
    deaths: list[str] = field(default_factory=list)
    """What each process that was killed was at."""
    moments: list[float] = field(default_factory=list)
    """How much of the record there was at each death of a worker, as a share of what it became."""
    in_acts: int = 0
    """At how many of them an action was being carried out."""
    seconds: float = 0.0


def undisturbed(folder: Path, crowd: Crowd) -> Ends:
    """The same crowd without any process: one thread, everybody in turn."""
    read_rules(folder)
    store = open_workspace(str(folder / WORKSPACE), create=False)
    with open_parts(store, Places()) as parts, people_of(folder, crowd.answers) as people:
        engine = Engine(parts)
        while True:
            pending = tickets_in_turn(store, 1)
            for ticket_id in pending:
                engine.advance(ticket_id)
            if not people.act() and not pending:
                break
    store.close()
    return Ends(folder)


@dataclass
class Life:
    """A process under way, and how it is to die."""

    kill: Kill | None
    commits: Count = field(default_factory=Count)
    forked_at: float = field(default_factory=time.monotonic)
    working_since: float | None = None

    def is_over(self) -> bool:
        """Whether it is to be killed now; what dies at a commit sees to that itself."""
        now, kill = time.monotonic(), self.kill
        if self.working_since is None and self.commits.value:
            self.working_since = now
        if kill is None:
            return False
        if kill.how == "start":
            return now - self.forked_at >= kill.seconds
        seconds = kill.seconds if kill.how == "work" else LONGEST_LIFE
        return self.working_since is not None and now - self.working_since >= seconds

    def __str__(self) -> str:
        if self.working_since is None:
            return f"{time.monotonic() - self.forked_at:.3f} s after it was started"
        return f"after {self.commits.value} commits, {time.monotonic() - self.working_since:.3f} s"


class Keeper:
    """The processes of one run."""

    def __init__(
        self,
        folder: Path,
        crowd: Crowd,
        plan: Plan,
        ways: Ways | None = None,
        start: Callable[[Ways], int] = start_worker,
    ) -> None:
        """Begin with nobody at work; `start` starts a worker."""
        self.folder, self.crowd, self._start = folder, crowd, start
        read_rules(folder)
        self.ways = ways or Ways(folder, "workers.log")
        self._to_die, self._people_to_die = list(plan.workers), list(plan.people)
        self._living: dict[int, Life] = {}
        self._people: dict[int, Life] = {}
        self._doomed: set[int] = set()
        self._seen: list[int] = []
        self._acts = 0
        self.codes: list[int] = []
        """How workers ended that nobody killed."""

    def run(self, while_running: Callable[["Keeper"], bool] = lambda _: True) -> Told:
        """Until everything is at rest; `while_running` says, again and again, if it may be."""
        began = time.monotonic()
        calm_since = began
        try:
            while True:
                self._reap()
                self._replace()
                if self._to_die:
                    calm_since = time.monotonic()
                if while_running(self) and self._at_rest():
                    break
                if time.monotonic() - calm_since > REST_SECONDS:
                    raise TimeoutError(f"does not come to rest: {self._standing()}")
                time.sleep(0.02)
        finally:
            self._end()
        taken = time.monotonic() - began
        last = max(self.events(), 1)
        deaths = self.folder / "deaths"
        words = deaths.read_text().splitlines() if deaths.exists() else []
        moments = [min(n / last, 1.0) for n in self._seen]
        return Told(Ends(self.folder), words, moments, self._acts, taken)

    @property
    def killed(self) -> int:
        """Workers killed so far."""
        return len(self._seen)

    def _replace(self) -> None:
        """Start whoever is missing, each with the death that is planned next."""
        while len(self._living) < WORKERS:
            life = Life(self._next() if self._to_die else None)
            ways = replace(self.ways, kill=life.kill, commits=life.commits)
            self._living[self._start(ways)] = life
        if not self._people:
            life = Life(self._people_to_die.pop(0) if self._people_to_die else None)
            ways = replace(self.ways, kill=life.kill, commits=life.commits, log="people.log")
            self._people[start_people(ways, self.crowd.answers)] = life

    def _next(self) -> Kill | None:
        """The next death of a worker; none while a ticket has lost so many that one more counts.

        After some deaths in a row of who had it, a ticket is given up: that is another test's.
        """
        if self._lease("coalesce(max(recovery_attempts), 0)", missing=0) > MOST_RECOVERIES - 2:
            return None
        return self._to_die.pop(0)

    def _reap(self) -> None:
        """Kill whose time has come, and take note of who is dead."""
        for pid, life in list(self._living.items()):
            if life.kill is None and self._to_die:
                life.kill = self._next()
            if life.is_over():
                self._kill(pid, f"worker {life}")
            if self._ended(pid):
                del self._living[pid]
                self._seen.append(self.events())
                self._acts += self._one(WORKSPACE, ACTS) > 0
        for pid, life in list(self._people.items()):
            if life.is_over():
                self._kill(pid, f"people {life}")
            if self._ended(pid):
                del self._people[pid]

    def _kill(self, pid: int, what: str) -> None:
        if pid not in self._doomed:
            self._doomed.add(pid)
            os.kill(pid, signal.SIGKILL)
            note_death(self.folder, what)

    def _ended(self, pid: int) -> bool:
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            return False
        code = os.waitstatus_to_exitcode(status)
        self._doomed.discard(pid)
        if code != -signal.SIGKILL:
            raise RuntimeError(f"a process ended by itself with {code}; see {self.folder}")
        return True

    def _end(self) -> None:
        """Stop whoever is left, and wait for them."""
        for pid in self._living:
            os.kill(pid, signal.SIGTERM)
        for pid in self._people:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        for pid in [*self._living, *self._people]:
            while not os.waitpid(pid, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.01)
        self._living, self._people = {}, {}

    def _one(self, name: str, query: str) -> Any:
        # Opened and closed at each look: no connection may be open when a process is forked.
        place = self.folder / name
        with closing(sqlite3.connect(place, timeout=20)) as database:
            return database.execute(query).fetchone()[0]

    def _lease(self, what: str, *, missing: int) -> int:
        """Something of the leases on tickets; `missing` while no worker has made their table."""
        there = "SELECT count(*) FROM sqlite_master WHERE name = 'workflow_status'"
        if not (self.folder / LEASES).exists() or not self._one(LEASES, there):
            return missing
        return int(self._one(LEASES, f"SELECT {what} FROM workflow_status"))

    def events(self) -> int:
        """How many events the record holds."""
        return int(self._one(WORKSPACE, "SELECT coalesce(max(id), 0) FROM event"))

    def _at_rest(self) -> bool:
        """Whether nothing is pending, nobody is asked and no ticket is held."""
        before = self.events()
        if self._one(WORKSPACE, "SELECT count(*) FROM ticket WHERE pending") > 0:
            return False
        if self._lease("count(*)", missing=1) > 0:
            return False
        with people_of(self.folder, self.crowd.answers) as people:
            # Somebody may have acted between the looks.
            return not people.todo() and self.events() == before

    def _standing(self) -> str:
        query = (
            "SELECT group_concat(ref || ' ' || status || ' ' || pending, ', ') FROM ticket"
            " WHERE pending OR status IN ('new', 'working', 'awaiting_approval')"
        )
        return str(self._one(WORKSPACE, query))


def copy_of(template: Path, folder: Path) -> Path:
    """A crowd that nobody has touched, in a folder of its own."""
    folder.mkdir()
    for name in (WORKSPACE, BACK_OFFICE, "policy.yaml"):
        shutil.copy(template / name, folder / name)
    return folder
