"""Real processes: the whole way of a ticket, the worker, signals, pipes, foreign folders."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.bootstrap import open_session
from data.queries.health import workers
from data.workspace import open_workspace
from tests.cli.conftest import SCENARIOS, Program, command

CASE = SCENARIOS / "wrongful-cancellation.yaml"


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_from_arrival_to_a_verified_end(process: Program, tmp_path: Path):
    db = tmp_path / "desk.db"
    assert process("init", "--db", db, "--scenario", CASE).code == 0
    first = process("--db", db, "work", "--until-idle")
    assert first.code == 0
    assert first.err == ""
    assert "1 awaiting approval" in first.out
    listed = process("approvals", "--db", db, "--json").document["approvals"]
    ran = process("approve", *[a["id"] for a in listed], "--db", db, "--as", "eve")
    assert ran.code == 0
    assert "no worker is running" in ran.err
    assert process("work", "--until-idle", "--db", db, "--json").document["tickets"] == {
        "resolved": 1
    }
    shown = process("show", "T1", "--db", db, "--json").document
    assert shown["ticket"]["status"] == "resolved"
    assert "39.00" in shown["ticket"]["reply"]
    effects = process("backoffice", "effects", "--db", db, "--json").document["effects"]
    assert sum(e["action"] == "process_refund" for e in effects) == 2
    assert process("status", "--db", db).code == 0


@pytest.mark.slow
def test_a_folder_with_packages_of_the_same_names(process: Program, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    for name in ("data", "agents", "console"):
        (elsewhere / name).mkdir(parents=True)
        (elsewhere / name / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    ran = process("init", "--db", "desk.db", "--scenario", CASE, cwd=elsewhere)
    assert ran.code == 0, ran.err
    assert process("work", "--until-idle", "--db", "desk.db", cwd=elsewhere).code == 0
    session = open_session(str(elsewhere / "desk.db"))
    before = Path.cwd()
    os.chdir(elsewhere)
    try:
        worker = session.start_worker()
        wait_for(lambda: any(w.alive for w in workers(session.store)))
        worker.terminate()
        assert worker.wait(20) == 0
    finally:
        os.chdir(before)
        session.close()


@pytest.mark.slow
def test_a_worker_of_the_session(new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    session = open_session(str(db))
    try:
        worker = session.start_worker()
        try:
            wait_for(lambda: _status(db) == "awaiting_approval")
            (row,) = workers(session.store)
            assert (row.pid, row.alive) == (worker.pid, True)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
        assert workers(session.store) == []
    finally:
        session.close()


def test_a_worker_ends_with_the_process_that_started_it(new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    code = (
        "import sys, time; from console.bootstrap import open_session; "
        f"s = open_session({str(db)!r}); p = s.start_worker(); print(p.pid, flush=True); "
        "time.sleep(60)"
    )
    parent = subprocess.Popen([*command()[:2], "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    int(parent.stdout.readline())
    store = open_workspace(str(db), create=False)
    try:
        wait_for(lambda: any(w.alive for w in workers(store)))
        parent.kill()
        parent.wait()
        parent.stdout.close()
        wait_for(lambda: workers(store) == [])
    finally:
        store.close()


def _status(db: Path) -> str:
    with sqlite3.connect(db) as connection:
        found = connection.execute("SELECT status FROM ticket").fetchone()[0]
    connection.close()
    return str(found)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 0, marks=pytest.mark.slow)],
)
def test_work_stops_quietly(new: Callable[[str], Path], number: signal.Signals, code: int):
    db = new("wrongful-cancellation")
    running = subprocess.Popen(
        command("work", "--db", db), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: _status(db) == "awaiting_approval")
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == code
    assert "Traceback" not in err
    assert "1 awaiting approval" in out
    store = open_workspace(str(db), create=False)
    assert workers(store) == []
    store.close()


def test_ctrl_c_is_quiet_from_the_beginning(new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    begun = "from console.main import main; print('begun', flush=True); main()"
    for delay in (0.0, 0.1, 0.5):
        running = subprocess.Popen(
            [*command()[:3], begun, "tickets", "--db", str(db), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert (running.returncode, err) in ((130, ""), (0, ""))


def test_a_ctrl_c_that_python_drops_is_heard_all_the_same():
    program = (
        "import time, console.cli.program as program; from console.main import main\n"
        "class Dropping:\n"
        "    def __del__(self): raise KeyboardInterrupt\n"
        "def run(arguments): Dropping(); time.sleep(60)\n"
        "program.run = run\n"
        "main()"
    )
    ended = subprocess.run([*command()[:3], program], capture_output=True, check=False, timeout=50)
    assert (ended.returncode, ended.stderr) == (130, b"")


def test_a_reader_that_has_read_enough(new: Callable[[str], Path]):
    db = new("wrongful-cancellation")
    running = subprocess.Popen(
        command("backoffice", "--db", db, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(30) == 0
    assert err == b""


def test_a_full_disk_for_the_output(new: Callable[[str], Path]):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("tickets", "--db", new("wrongful-cancellation"), "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("handrail: ")
    assert ended.stderr.count("\n") == 1


def test_a_locale_without_unicode(new: Callable[[str], Path]):
    ended = subprocess.run(
        command("show", "T1", "--db", new("wrongful-cancellation")),
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert ended.returncode == 0, ended.stderr
    assert b"Plan cancelled by you" in ended.stdout


def test_eval(process: Program):
    ran = process("eval", CASE, "-k", "2", "--json")
    assert ran.code == 0, ran.out
    document = json.loads(ran.out)
    assert (document["passed"], document["failed"]) == (1, 0)
    assert set(document["baselines"]) == {"nothing", "approve_all"}
