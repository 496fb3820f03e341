"""A child of the kill test: `killing.py SCENARIO FOLDER PAUSE EVERY`, one JSON line per kill point.

It plays the scenario undisturbed and counts the commits of both databases. Then, for each commit of
the back office and every so many of the workspace, a fork of this warmed-up process plays it from
the start and kills itself with SIGKILL right before that commit (and right after it where the next
one is in the other database, or there is none), and another fork goes on with what is on disk. Both
ends are compared.
"""

import gc
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

import data
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.schema import TABLES
from agents.connectors.embedded.world import fill
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.engine.advance import Engine
from agents.engine.parts import Parts
from agents.engine.writing import GuardedWriter
from agents.eval.run import Rules
from agents.eval.scenario import Scenario, load_scenario
from agents.service import NewTicket, Service
from data.clock import VirtualClock, new_id
from data.queries.approvals import pending_approvals
from data.queries.queue import pending_tickets
from data.queries.tickets import ticket_detail
from data.workspace import open_workspace
from tests.engine.plain import plain, plain_rows

SCENARIOS = Path(data.__file__).parent / "scenarios"
PEOPLE = ("priya", "sam")


class Commits:
    """Counts commits of both databases while the engine advances, and may end at one."""

    def __init__(self, kill_at: int = 0, *, after: bool = False) -> None:
        self.kill_at, self.after = kill_at, after
        self.seen: list[str] = []
        self.armed = False

    def before_commit(self, which: str) -> None:
        if not self.armed:
            return
        self.seen.append(which)
        if len(self.seen) == self.kill_at and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_commit(self) -> None:
        if self.armed and len(self.seen) == self.kill_at and self.after:
            os.kill(os.getpid(), signal.SIGKILL)


class Counted:
    """An SQLite connection whose COMMITs are counted."""

    def __init__(self, inner: sqlite3.Connection, commits: Commits) -> None:
        self._inner, self._commits = inner, commits

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql != "COMMIT":
            return self._inner.execute(sql, *parameters)
        self._commits.before_commit("back office")
        done = self._inner.execute(sql, *parameters)
        self._commits.after_commit()
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Slow:
    """A reader that takes its time, so that each recorded read is committed by itself."""

    def __init__(self, inner: EmbeddedReader, pause: float) -> None:
        self._inner, self._pause = inner, pause

    def __getattr__(self, name: str) -> Any:
        time.sleep(self._pause)
        return getattr(self._inner, name)


class Act:
    """The scenario's first ticket, its engine and its people, on the files of one folder."""

    def __init__(
        self, folder: Path, scenario: Scenario, rules: Rules, commits: Commits, pause: float
    ) -> None:
        self.commits = commits
        clock = VirtualClock(scenario.now)
        self.store = open_workspace(
            str(folder / "workspace.db"), clock=clock, ids=new_id, synchronous="OFF"
        )
        back_office = folder / "backoffice.db"
        self.reader = EmbeddedReader(back_office)
        self.writer = EmbeddedWriter(back_office, synchronous="OFF")
        self.writer._connection = Counted(self.writer._connection, commits)  # type: ignore[assignment]
        self._count_workspace()
        reader: Any = Slow(self.reader, pause) if pause else self.reader
        guarded = GuardedWriter(self.store, self.writer)
        parts = Parts(
            self.store, reader, guarded, rules.policy, rules.playbooks, rules.templates,
            sleep=lambda _: None,
        )  # fmt: skip
        self.engine, self.service = Engine(parts), Service(self.store, rules.policy)

    def _count_workspace(self) -> None:
        dialect = self.store.engine.dialect
        do_commit: Callable[[Any], None] = dialect.do_commit
        writes: list[bool] = [False]

        def began(connection: Connection) -> None:
            writes[0] = bool(connection.get_execution_options().get("writes"))

        def commit(dbapi_connection: Any) -> None:
            counted = writes[0]
            if counted:
                self.commits.before_commit("workspace")
            do_commit(dbapi_connection)
            if counted:
                self.commits.after_commit()

        event.listen(self.store.engine, "begin", began)
        dialect.do_commit = commit  # type: ignore[method-assign]

    def play(self) -> None:
        """Advance and decide until nothing moves any more."""
        for _ in range(100):
            pending = pending_tickets(self.store, 10)
            if pending:
                self.commits.armed = True
                self.engine.advance(pending[0])
                self.commits.armed = False
                continue
            requests = pending_approvals(self.store)
            if not requests:
                return
            approved = {d.operator for d in requests[0].decisions}
            person = next(p for p in PEOPLE if p not in approved)
            self.service.approve(requests[0].id, by=person)
        raise RuntimeError("does not come to rest")

    def end(self) -> dict[str, Any]:
        """What stands, without ids and times."""
        with self.store.read() as connection:
            ticket_id = str(connection.exec_driver_sql("SELECT id FROM ticket").scalar_one())
        detail = ticket_detail(self.store, ticket_id)
        ticket = detail.ticket
        found = {
            "status": ticket.status.value,
            "intents": ticket.intents,
            "outcome": detail.outcome,
            "escalation": detail.escalation,
            "messages": [[m.author, m.body] for m in detail.messages],
            "issues": [[i.kind, i.rule, i.state, i.cause] for i in detail.issues],
            "runs": [[r.number, r.state] for r in detail.runs],
            "handoffs": len(detail.handoffs),
            "actions": [
                [a.name, a.arguments, a.state.value, a.decided_by, a.problem]
                for a in detail.actions
            ],
            "back office": {name: plain_rows(self.reader.table(name)) for name in TABLES},
        }
        keys = [e["key"] for e in self.reader.table("effects")]
        assert len(keys) == len(set(keys))
        end: dict[str, Any] = plain(found)
        return end


def say(line: dict[str, Any]) -> None:
    """A line for the parent."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def in_fork(do: Callable[[], Any]) -> tuple[int, Any]:
    """Run `do` in a fork; how it ended (negative: the signal), and what it returned."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        code = 0
        try:
            said = json.dumps(do())
        except BaseException:
            said, code = json.dumps(traceback.format_exc()), 1
        with os.fdopen(write, "w") as out:
            out.write(said)
        os._exit(code)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    status = os.waitpid(pid, 0)[1]
    return os.waitstatus_to_exitcode(status), json.loads(said) if said else None


def main(name: str, folder: Path, pause: float, every: int) -> None:
    """Print a JSON line of the undisturbed run, then one for each kill point."""
    scenario, rules = load_scenario(SCENARIOS / f"{name}.yaml"), Rules.load()
    template = folder / "template"
    template.mkdir()
    fill(template / "backoffice.db", scenario.world(), synchronous="OFF")
    store = open_workspace(str(template / "workspace.db"), clock=VirtualClock(scenario.now))
    first = scenario.tickets[0]
    Service(store, rules.policy).ingest(
        NewTicket(first.ref, first.subject, first.body, first.email, first.channel, first.at)
    )
    store.close()

    def fresh(label: str) -> Path:
        place = folder / label
        shutil.copytree(template, place)
        return place

    def undisturbed() -> dict[str, Any]:
        commits = Commits()
        act = Act(fresh("undisturbed"), scenario, rules, commits, pause)
        act.play()
        return {"end": act.end(), "commits": commits.seen}

    undisturbed()  # Reads every model and template into memory, for all the forks.
    shutil.rmtree(folder / "undisturbed")
    gc.collect()
    gc.freeze()  # Forks share what is there; a collection would copy it.
    code, calm = in_fork(undisturbed)
    assert code == 0, calm
    commits: list[str] = calm["commits"]
    say({"commits": commits, "end": calm["end"]})
    # Recorded reads are committed by time, so that a run may have a commit more or less.
    chosen = [
        n for n, which in enumerate(commits, 1) if which == "back office" or not (n - 1) % every
    ]
    points = [(n, False) for n in chosen]
    points += [(n, True) for n in chosen if n == len(commits) or commits[n] != commits[n - 1]]
    for number, after in sorted(points):
        place = fresh(f"{number}{'after' if after else 'before'}")

        def killed(place: Path = place, number: int = number, after: bool = after) -> None:
            Act(place, scenario, rules, Commits(number, after=after), pause).play()

        def finished(place: Path = place) -> dict[str, Any]:
            act = Act(place, scenario, rules, Commits(), pause)
            act.play()
            return act.end()

        first_code, _ = in_fork(killed)
        code, end = in_fork(finished)
        shutil.rmtree(place)
        line = {
            "commit": number, "after": after, "in": commits[number - 1],
            "killed": first_code == -signal.SIGKILL, "code": code,
            "end": None if end == calm["end"] else end,
        }  # fmt: skip
        say(line)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
