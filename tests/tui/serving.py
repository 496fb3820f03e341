"""`handrail serve` as a process of its own, and what belongs to it."""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pyte

from agents.operators import Operators
from console.bootstrap import system_user
from data.queries.approvals import find_action
from data.vocabulary import Role
from data.workspace import open_workspace
from tests.operators_support import CHEAP
from tests.tui.company import fill
from tests.tui.rows import make_store

Client = aiohttp.ClientSession
NAME, PASSPHRASE = "maya", "correct horse battery"
START_SECONDS = 60
STOP_SECONDS = 40


def make_workspace(folder: Path) -> Path:
    """A filled workspace with one supervisor who has a passphrase; its file."""
    store = make_store(folder)
    try:
        fill(store)
        people = Operators(store, CHEAP)
        people.add(NAME, Role.ADMIN, by=system_user(), passphrase=PASSPHRASE)
        return Path(str(store.url.database))
    finally:
        store.close()


@dataclass
class Served:
    """A server that runs."""

    process: "subprocess.Popen[str]"
    address: str
    """What it printed: where it is, with the token."""
    log: Path

    @property
    def origin(self) -> str:
        """Where it is."""
        return self.address.partition("/?")[0]

    @property
    def token(self) -> str:
        """What lets in."""
        return self.address.partition("token=")[2]

    def children(self) -> list[int]:
        """The processes that it has started and that still run."""
        return children_of(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS)


@contextmanager
def serving(
    db: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve a workspace on a free port, without a worker; ended in any case."""
    log = db.parent / "serve.log"
    code = "from console.main import main; main()"
    with log.open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, "serve", "--db", str(db), "--no-worker", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            env={**os.environ, **(environment or {}), "HOME": str(db.parent)},
        )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        address = process.stdout.readline().strip() if ready else ""
        assert address.startswith("http://"), log.read_text()
        yield Served(process, address, log)
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=STOP_SECONDS)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def children_of(parent: int) -> list[int]:
    """The processes whose parent it is, as the system lists them, without those that have ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, its_parent = status.read_text().rpartition(")")[2].split()[:2]
            if int(its_parent) == parent and state != "Z":
                found.append(int(status.parent.name))
    return found


def runs(process: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(processes: list[int], seconds: float = STOP_SECONDS) -> bool:
    """Wait until all of them have ended; False if they do not in time."""
    deadline = time.monotonic() + seconds
    while any(runs(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def token_of(db: Path) -> str:
    """A token with which a command of that person would ask nothing."""
    store = open_workspace(str(db), create=False)
    try:
        people = Operators(store, CHEAP)
        return people.give_token(people.sign_in(NAME, PASSPHRASE))
    finally:
        store.close()


def decision_of(db: Path, action: str) -> tuple[str, str | None]:
    """The state of an action, and who decided, read from the workspace."""
    store = open_workspace(str(db), create=False)
    try:
        found = find_action(store, action)
        return found.state.value, found.decided_by
    finally:
        store.close()


async def let_in(client: Client, server: Served) -> None:
    """Open the address that was printed, as a browser does."""
    async with client.get(server.address) as answer:
        assert answer.status == 200
        assert str(answer.url) == f"{server.origin}/"


async def shown(socket: aiohttp.ClientWebSocketResponse, text: str) -> str:
    """What a page of 100 by 30 shows, once a text is there; fails if it does not come."""
    screen = pyte.Screen(100, 30)
    stream = pyte.ByteStream(screen)
    async with asyncio.timeout(60):
        while text not in (seen := "\n".join(screen.display)):
            stream.feed(await socket.receive_bytes())
    return seen


async def opened(client: Client, server: Served) -> aiohttp.ClientWebSocketResponse:
    """A page's websocket, once its app begins to draw."""
    await let_in(client, server)
    socket = await client.ws_connect(
        f"{server.origin}/ws?width=100&height=30", origin=server.origin
    )
    await asyncio.wait_for(socket.receive_bytes(), 60)
    return socket


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Wait until the server closes it; with which code."""
    async with asyncio.timeout(60):
        async for _ in socket:
            pass
    return socket.close_code
