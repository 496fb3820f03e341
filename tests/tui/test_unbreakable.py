"""What goes wrong around the console is said where one looks, and is over when it is over."""

import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, update
from textual.widgets import Input, Static

from console.app import Handrail
from console.screens.desk import Desk
from data.queries.approvals import find_action
from data.store import table
from data.tables import Worker
from tests.tui.company import add_refund_ticket
from tests.tui.driving import console, opened, press, settle, until
from tests.tui.rows import NOW
from tests.tui.world import TestSession, make_session

WORKER = table(Worker)


@dataclass
class WithWorkers(TestSession):
    """Starts what a test names, and can be asked for its last words."""

    __test__ = False

    command: tuple[str, ...] = ("sleep", "60")
    begun: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start_worker(self) -> "subprocess.Popen[bytes]":
        self.begun.append(subprocess.Popen(self.command))
        return self.begun[-1]

    def last_words(self) -> str:
        return "policy.yaml:3: rules: is no field here"

    def close(self) -> None:
        for process in self.begun:
            process.kill()
            process.wait()
        super().close()


@pytest.fixture
def with_workers(tmp_path: Path):
    plain = make_session(tmp_path, filled=False)
    made = WithWorkers(plain.store, plain.service)
    yield made
    made.close()


def impatient(session: TestSession, milliseconds: int = 200) -> None:
    """Have writers give up soon."""

    def shorten(connection: sqlite3.Connection, *_: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={milliseconds}")

    event.listen(session.store.engine, "checkout", shorten)


def status(app: Handrail) -> str:
    """The first line of the desk, whatever stands before it."""
    desk = next(screen for screen in app.screen_stack if isinstance(screen, Desk))
    return str(desk.query_one("#status", Static).content)


async def approve(pilot: Any) -> None:
    """Approve what is shown, and say yes where that is asked."""
    await press(pilot, "a")
    if not isinstance(pilot.app.screen, Desk):
        await pilot.press("y")


async def an_approval(pilot: Any, desk: Desk) -> str:
    """Go to what waits; the id of what is shown there."""
    await press(pilot, "g", "a")
    await settle(pilot)
    assert desk.preview.shown is not None
    return desk.preview.shown.id


async def test_a_worker_that_is_killed_is_started_again(
    with_workers: WithWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.app.AGAIN_SECONDS", 0.5)
    app = console(with_workers, worker=True)
    async with app.run_test(size=(120, 36)) as pilot:
        for times in range(1, 5):
            begun = partial(lambda n: len(with_workers.begun) == n, times)
            await until(pilot, begun)
            with_workers.begun[-1].kill()
            with_workers.begun[-1].wait()
            if times < 4:
                await until(pilot, lambda: "signal 9): another is started" in status(app))
        await until(
            pilot, lambda: "killed time and again (signal 9): w starts another" in status(app)
        )
        await press(pilot, "w")
        await until(pilot, lambda: len(with_workers.begun) == 5)
    app.stop_worker()
    assert with_workers.begun[-1].wait(5) == -signal.SIGTERM


async def test_a_worker_that_cannot_work_says_why(with_workers: WithWorkers) -> None:
    with_workers.command = ("sh", "-c", "exit 2")
    app = console(with_workers, worker=True)
    async with app.run_test(size=(120, 36)) as pilot:
        told = "the worker ended: policy.yaml:3: rules: is no field here: w starts another"
        await until(pilot, lambda: told in status(app))
        assert len(with_workers.begun) == 1


async def test_a_worker_that_falls_silent_is_told(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert "● 1 worker" in status(app)
        session.store.clock.advance_to(NOW + timedelta(minutes=1))  # type: ignore[attr-defined]
        await until(pilot, lambda: "○ no worker: w starts one" in status(app))
        assert "○ No worker is heard of any more" in app.told
        beat(session, None)
        await until(pilot, lambda: "● 1 worker" in status(app))


def beat(session: TestSession, problem: str | None) -> None:
    with session.store.write() as tx:
        values = {"heartbeat_at": tx.now, "problem": problem}
        tx.connection.execute(update(WORKER).values(**values))


async def test_a_back_office_out_of_reach_is_said_until_it_answers(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        beat(session, "the back office cannot be read (plans): gone; tickets wait until it answers")
        await until(pilot, lambda: "! worker: the back office cannot be read" in status(app))
        beat(session, None)
        await until(pilot, lambda: "● 1 worker" in status(app))


async def test_a_lock_of_another_program(session: TestSession, tmp_path: Path) -> None:
    impatient(session)
    app = console(session)
    other = sqlite3.connect(tmp_path / "w.db", isolation_level=None, check_same_thread=False)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        wanted = await an_approval(pilot, desk)
        other.execute("BEGIN IMMEDIATE")
        await approve(pilot)
        await until(pilot, lambda: app.told)
        assert "not written: another program holds the database" in app.told[0]
        assert "another program holds the database" in status(app)
        # Nothing is frozen meanwhile: what can be read is read.
        await press(pilot, "j", "k", "question_mark", "escape")
        assert find_action(session.store, wanted).state == "proposed"
        other.execute("ROLLBACK")
        await approve(pilot)
        await until(pilot, lambda: find_action(session.store, wanted).state == "approved")
        await until(pilot, lambda: "another program" not in status(app))
    other.close()


async def test_a_decision_that_takes_long_is_said_while_it_does(
    session: TestSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.writing.SLOW_SECONDS", 0.05)
    app = console(session)
    other = sqlite3.connect(tmp_path / "w.db", isolation_level=None, check_same_thread=False)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        wanted = await an_approval(pilot, desk)
        other.execute("BEGIN IMMEDIATE")
        await approve(pilot)
        await until(pilot, lambda: "writing … another program holds the database" in status(app))
        other.execute("ROLLBACK")
        await until(pilot, lambda: find_action(session.store, wanted).state == "approved")
        await until(pilot, lambda: "writing" not in status(app))
    other.close()


class Full:
    """A disk on which the workspace cannot grow, until it is freed."""

    def __init__(self, session: TestSession) -> None:
        self.pages: int | None = None
        event.listen(session.store.engine, "begin", self._limit)

    def _limit(self, connection: Connection) -> None:
        pages = self.pages if self.pages is not None else 2**30
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar()


async def test_a_full_disk(session: TestSession) -> None:
    full = Full(session)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        wanted = await an_approval(pilot, desk)
        full.pages = 1

        async def reject() -> None:
            await press(pilot, "r")
            # Long enough that the file must grow for it.
            app.screen.query_one(Input).value = "no " * 10_000
            app.screen.query_one(Input).focus()
            await press(pilot, "enter")

        await reject()
        await until(pilot, lambda: app.told)
        assert "not written: the disk is full; free some space, then try again" in app.told[0]
        assert "the disk is full" in status(app)
        assert find_action(session.store, wanted).state == "proposed"
        full.pages = None
        if not isinstance(app.screen, Desk):
            await press(pilot, "escape")
        await reject()
        await until(pilot, lambda: find_action(session.store, wanted).state == "rejected")
        await until(pilot, lambda: "the disk is full" not in status(app))


async def test_a_disk_that_fills_up_is_told_before_it_is_full(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.app.DISK_SECONDS", 0.1)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        with monkeypatch.context() as low:
            low.setattr("console.disk.LOW_DISK", 2**80)
            await until(pilot, lambda: "free some space" in status(app))
        await until(pilot, lambda: "free some space" not in status(app))


async def test_what_cannot_be_read_is_said_and_read_again_by_itself(session: TestSession) -> None:
    app = console(session)

    def ddl(statement: str) -> None:
        with session.store.write() as tx:
            tx.connection.exec_driver_sql(statement)

    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        ddl("ALTER TABLE handoff RENAME TO handoff_moved")
        await pilot.press("j")
        deadline = time.monotonic() + 5
        while "the workspace cannot be read" not in status(app):
            assert time.monotonic() < deadline
            await pilot.pause(0.05)
        # Other panes that can be read do not take the words away, and the keys work.
        await pilot.pause(0.3)
        assert "the workspace cannot be read" in status(app)
        await pilot.press("g", "q")
        ddl("ALTER TABLE handoff_moved RENAME TO handoff")
        await until(pilot, lambda: "cannot be read" not in status(app))
        assert desk.detail is not None
        with session.store.write() as t:
            add_refund_ticket(t, "T-9", id="a_9")
        await until(pilot, lambda: "◆ 5 " in status(app))
