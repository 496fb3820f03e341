"""The app's process: one for each open page."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence

from console.format import line
from console.serving.packets import PRELUDE, read_packet, tell

QUIT_SECONDS = 4.0
"""How long an app may take to end when it is told to."""

TERMINATE_SECONDS = 2.0
"""And after SIGTERM, before it is killed."""

_NOISE_LINES = 50


class AppProcess:
    """A running app; whoever starts it must stop it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Use `start`."""
        self._process = process
        self._said: deque[str] = deque(maxlen=20)
        self._hearing = asyncio.create_task(self._hear())

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> "AppProcess":
        """Start it in a process group of its own: ctrl+c at the server does not reach it."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
        return cls(process)

    async def ready(self) -> bool:
        """Wait until it shows something; False if it ended before."""
        assert self._process.stdout is not None
        for _ in range(_NOISE_LINES):
            try:
                said = await self._process.stdout.readline()
            except ValueError:  # a line without an end
                return False
            if said == PRELUDE:
                return True
            if not said:
                return False
        return False

    async def read(self) -> tuple[bytes, bytes] | None:
        """Its next packet, as a kind and a payload; None when it has ended."""
        assert self._process.stdout is not None
        return await read_packet(self._process.stdout)

    async def send(self, packet: bytes) -> None:
        """Give it a packet; nothing happens if it has ended."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(packet)
            await self._process.stdin.drain()

    async def stop(self) -> int:
        """Have it end, by force if it does not in time; its exit code."""
        await self.send_within(tell("quit"), TERMINATE_SECONDS)
        for seconds, stronger in (
            (QUIT_SECONDS, signal.SIGTERM),
            (TERMINATE_SECONDS, signal.SIGKILL),
        ):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained(), seconds)
                break
            self._signal(stronger)
        code = await self._process.wait()
        await self._hearing
        return code

    async def send_within(self, packet: bytes, seconds: float) -> None:
        """Give it a packet, or give up: an app that hangs reads nothing."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.send(packet), seconds)

    def problem(self) -> str | None:
        """The last line that it said on standard error, without anything that is not text."""
        return line(self._said[-1]) if self._said else None

    async def _drained(self) -> None:
        """Read away what it still writes, else it could not end."""
        assert self._process.stdout is not None
        while await self._process.stdout.read(65536):
            pass
        await self._process.wait()

    async def _hear(self) -> None:
        assert self._process.stderr is not None
        while True:
            try:
                said = await self._process.stderr.readline()
            except ValueError:
                continue
            if not said:
                return
            if text := said.decode("utf-8", "replace").strip():
                self._said.append(text)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
