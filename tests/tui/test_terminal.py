"""The console driven by keys in a real pseudo-terminal."""

import base64
import contextlib
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.queries.approvals import find_action
from data.vocabulary import ActionState
from data.workspace import Workspace, open_workspace
from tests.tui.company import fill
from tests.tui.pty_terminal import PtyTerminal, handrail, python
from tests.tui.rows import NOW, add_event, add_ticket

Start = Callable[..., PtyTerminal]

ALL_APPROVALS = ("a_refund", "a_credit", "a_reply", "a_reset")

FAULTY = """
from console.screens.desk_commands import DeskCommands
def fault(self):
    customer = "words of Ada Okafor"
    raise KeyError(customer)
DeskCommands.do_order = fault
from console.main import main
main()
"""


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled workspace, made once; whoever uses it takes a copy."""
    path = tmp_path_factory.mktemp("company") / "w.db"
    store = open_workspace(str(path), started=NOW, synchronous="OFF")
    fill(store)
    with store.write() as tx:
        tx.connection.exec_driver_sql("UPDATE worker SET ended_at = heartbeat_at")
    store.close()
    return path


@pytest.fixture
def db(company: Path, tmp_path: Path) -> Path:
    """A workspace of the test's own."""
    copy = tmp_path / "w.db"
    for file in company.parent.glob("w.db*"):
        shutil.copy(file, tmp_path / file.name)
    return copy


@pytest.fixture
def start(db: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the console on the workspace, without a worker, and ends it after the test."""
    begun: list[PtyTerminal] = []

    def begin(*arguments: object, program: str | None = None, **options: object) -> PtyTerminal:
        given = ("--db", db, "--no-worker", *arguments)
        command = python(program, *given) if program else handrail(*given)
        begun.append(PtyTerminal(command, tmp_path, **options))  # type: ignore[arg-type]
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.close()


def store_count(store: Workspace) -> int:
    """How many tickets were streamed in."""
    with store.read() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM ticket WHERE ref LIKE 'S-%'")
        return int(found.scalar_one())


def opened(path: Path) -> Workspace:
    return open_workspace(str(path), create=False, synchronous="OFF")


def test_a_round_by_keys(start: Start, db: Path, tmp_path: Path) -> None:
    terminal = start()
    terminal.until("▸Queue (5)")
    letter = tmp_path / "one.csv"
    letter.write_text("id,subject,body\nZ-9,Copy of an invoice,Where is my invoice?\n")
    subprocess.run(handrail("ingest", letter, "--db", db), check=True, capture_output=True)
    terminal.until("▸Queue (6)")
    terminal.until("Z-9")

    terminal.press("?")
    terminal.until("─ Help ─", "Moving")
    terminal.press("escape")
    terminal.until_gone("─ Help ─")

    terminal.press("/status:escalated law")
    terminal.until("Queue (1)")
    terminal.press("enter")
    terminal.until("T-4", lambda shown: "Z-9" not in shown)
    terminal.press("escape", "escape")
    terminal.until("Queue (6)")

    terminal.press("ga")
    terminal.until("▸Approvals (4)")
    terminal.press("ga")  # not taken for an approval, however quick
    terminal.press("gq", "ga")
    terminal.until("▸Approvals (4)")
    terminal.press("a")
    terminal.until("Approved: ")
    terminal.until("▸Approvals (3)")
    store = opened(db)
    try:
        states = [find_action(store, name).state for name in ALL_APPROVALS]
        assert states.count(ActionState.APPROVED) == 1
    finally:
        store.close()
    terminal.press("q")
    assert terminal.ended() == 0
    assert terminal.is_sane()


def test_sizes_change_while_tickets_stream_in(start: Start, db: Path) -> None:
    terminal = start(columns=120, lines=36)
    terminal.until("Queue (5)")
    stop = threading.Event()
    store = opened(db)

    def stream() -> None:
        n = 0
        while not stop.wait(0.02):
            with store.write() as tx:
                add_ticket(tx, f"S-{n}", f"Streamed {n}", "Hello", minutes=0)
            n += 1

    streaming = threading.Thread(target=stream)
    streaming.start()
    try:
        for columns, lines, seen in (
            (80, 24, "▸Queue"), (160, 48, "─ Conversation ─"), (20, 5, "Needs 60×16"),
            (100, 30, "▸Queue"), (80, 24, "▸Queue"),
        ):  # fmt: skip
            terminal.resize(columns, lines)
            terminal.until(seen)
            terminal.press("j")
        terminal.until(lambda shown: "Streamed" in shown and "q Quit" in shown)
    finally:
        stop.set()
        streaming.join()
        total = 5 + store_count(store)
        store.close()
    terminal.until(f"{total:,})")
    terminal.press("q")
    assert terminal.ended() == 0
    assert terminal.is_sane()


def test_ctrl_c_asks_first_and_then_leaves(start: Start) -> None:
    terminal = start()
    terminal.until("▸Queue (5)")
    terminal.press("?")
    terminal.until("─ Help ─")
    terminal.press("ctrl+c")
    terminal.until("Press ctrl+c again to leave")
    assert terminal.process.poll() is None
    terminal.press("ctrl+c")
    assert terminal.ended() == 0
    assert terminal.is_sane()
    assert re.sub(r"\x1b\[\S*?[a-zA-Z]", "", terminal.after_screen()).strip() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(start: Start, number: int) -> None:
    terminal = start()
    terminal.until("▸Queue (5)")
    terminal.signal(number)
    assert terminal.ended() == 128 + number
    assert terminal.is_sane()


def test_a_fault_leaves_one_line_and_a_report(start: Start, tmp_path: Path) -> None:
    terminal = start(program=FAULTY)
    terminal.until("▸Queue (5)")
    terminal.press("o")
    assert terminal.ended() == 2
    assert terminal.is_sane()
    (report,) = (tmp_path / "home" / "handrail" / "reports").iterdir()
    told = terminal.after_screen()
    assert "handrail: the console met a fault of the program (KeyError); a report lies at" in told
    assert "Traceback" not in told
    assert "words of Ada" not in terminal.written
    words = report.read_text()
    assert "in fault" in words
    assert "words of Ada" not in words
    assert "TERM=xterm-256color" in words
    assert "console.app: console started" in words


def test_copying_and_notifications_reach_the_terminal(
    start: Start, db: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[arrivals]\nbell = true\ndesktop = true\n[keys]\ncopy = "f2"\n')
    terminal = start(HANDRAIL_SETTINGS=str(settings))
    terminal.until("▸Queue (5)")
    # The rows are drawn before a ticket is read; until then there is nothing to copy.
    for _ in range(30):
        terminal.press("f2")
        with contextlib.suppress(AssertionError):
            terminal.until("ref of the ticket", seconds=2)
            break
    terminal.until("ref of the ticket")
    terminal.press("enter")
    terminal.until("Copied the ref of the ticket")
    (copied,) = re.findall(r"\x1b]52;c;([^\x07]*)\x07", terminal.written)
    assert base64.b64decode(copied).decode() in {f"T-{n}" for n in range(1, 7)}
    store = opened(db)
    with store.write() as tx:
        ticket = add_ticket(tx, "L-1", "New", "Hello", status="escalated", minutes=0)
        add_event(tx, ticket, "handoff", "escalation", {"skill": "billing"})
    store.close()
    terminal.until("▲ L-1 goes to a person")
    terminal.until(lambda _: "\x1b]9;Handrail: ▲ L-1 goes to a person\x07" in terminal.written)
    assert re.search(r"(?<!person)\x07", terminal.written.replace(copied + "\x07", ""))


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "vt220"}])
def test_without_colours_everything_is_there(start: Start, environment: dict[str, str]) -> None:
    terminal = start(**environment)
    terminal.until("▸Queue (5)", "▌", "◆ 4 need approval", "○ no worker", "▲ escalated")
    terminal.press("v")
    terminal.until(lambda shown: re.search(r"▸ +\d* *open", shown))
    terminal.press("escape")
    terminal.until_gone("─ View ─")
    colours = re.findall(r"\x1b\[[0-9;]*[34]8;2;(\d+);(\d+);(\d+)", terminal.written)
    assert all(red == green == blue for red, green, blue in colours)
    assert not colours or environment == {"NO_COLOR": "1"}
    terminal.press("q")
    assert terminal.ended() == 0


def test_what_is_waited_for_at_the_start_is_said(start: Start, db: Path) -> None:
    lock = db.with_name("w.db.opening")
    lock.touch()
    terminal = start()
    terminal.until("which another program holds or upgrades")
    lock.unlink()
    terminal.until("▸Queue (5)")


def test_mistakes_in_the_settings_end_it_and_can_be_read(start: Start, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[keys]\napprove = "r"\n')
    terminal = start(HANDRAIL_SETTINGS=str(settings))
    assert terminal.ended() == 2
    assert "'r' is the key of two commands, 'approve' and 'reject'" in terminal.written.replace(
        "\r\n", ""
    )
    assert terminal.written.rfind("\x1b[?1049l") < terminal.written.rfind("approve")
