"""A visit: one open page, its app, and what passes between the two."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from aiohttp import WSCloseCode, WSMsgType, web

from console.serving.packets import (
    DATA,
    META,
    Garbled,
    Input,
    Ping,
    for_browser,
    from_browser,
    size_of,
)
from console.serving.process import AppProcess

MESSAGE_BYTES = 1024 * 1024
"""The most that a browser may send at once; a long paste fits."""

HEARTBEAT_SECONDS = 15.0
"""A browser that does not answer for so long is gone."""

CLOSE_SECONDS = 2.0
"""How long a browser may take to agree that its websocket closes."""

PLACE_SECONDS = 3.0

_REASON_BYTES = 120


class Code(IntEnum):
    """Codes of ours for closing a websocket; a page shows the reason that comes with them."""

    LEFT = 4000
    IDLE = 4001
    FULL = 4002
    FAILED = 4003


@dataclass(frozen=True)
class End:
    """Why a visit ended."""

    code: int
    reason: str


LOST = End(WSCloseCode.GOING_AWAY, "the page was closed")
STOPPED = End(WSCloseCode.GOING_AWAY, "the server stopped")


@dataclass(frozen=True)
class Limits:
    """How much one server takes on."""

    visits: int = 8
    """Pages at the same time; each is a process."""
    idle_seconds: float = 30 * 60
    """How long a page may stay open without a key or a movement."""


class Visits:
    """All open pages of a server."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Callable[[int, int], Mapping[str, str]],
        limits: Limits,
        log: Callable[[str], None],
    ) -> None:
        """`command` starts an app, in the environment for a size in columns and rows."""
        self._command, self._environment = command, environment
        self._limits, self._log = limits, log
        self._numbers = itertools.count(1)
        self._stopping = asyncio.Event()
        self._open: set[int] = set()
        self._left = asyncio.Condition()

    @property
    def full(self) -> str | None:
        """Why no further page can be opened; None if one can."""
        if len(self._open) < self._limits.visits:
            return None
        places = self._limits.visits
        return f"every place is taken ({places}); close another page, then open this one again"

    async def wait_for_place(self) -> None:
        """Wait a moment if every place is taken: who opens a page anew has only just left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PLACE_SECONDS), self._left:
                await self._left.wait_for(lambda: self.full is None)

    def stop(self) -> None:
        """End every visit; each ends its process first."""
        self._stopping.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A page's websocket, until one side leaves."""
        socket = web.WebSocketResponse(
            timeout=CLOSE_SECONDS,
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=MESSAGE_BYTES,
            compress=False,
        )
        taken = self.full
        number = next(self._numbers)
        if taken is None:
            self._open.add(number)
        try:
            await socket.prepare(request)
            if taken is not None:
                await _close(socket, End(Code.FULL, taken))
            else:
                await self._visit(number, request, socket)
        finally:
            self._open.discard(number)
            async with self._left:
                self._left.notify_all()
        return socket

    async def _visit(
        self, number: int, request: web.Request, socket: web.WebSocketResponse
    ) -> None:
        began = time.monotonic()
        self._log(f"page {number} opened from {request.remote}")
        size = size_of(request.query.get("width"), request.query.get("height"))
        try:
            app = await AppProcess.start(self._command, self._environment(*size))
        except OSError as problem:
            self._log(f"page {number} could not be started: {problem.strerror or problem}")
            await _close(socket, End(Code.FAILED, "the console could not be started"))
            return
        end = LOST
        try:
            end = await self._until_one_ends(socket, app)
        finally:
            await app.stop()
            if end.code == Code.FAILED and (said := app.problem()):
                end = End(Code.FAILED, said)
            await _close(socket, end)
            seconds = round(time.monotonic() - began)
            self._log(f"page {number} closed after {seconds} s: {end.reason}")

    async def _until_one_ends(self, socket: web.WebSocketResponse, app: AppProcess) -> End:
        tasks = [
            asyncio.create_task(self._show(socket, app)),
            asyncio.create_task(self._listen(socket, app)),
            asyncio.create_task(self._told_to_stop()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(task.result() for task in tasks if task in done)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _show(self, socket: web.WebSocketResponse, app: AppProcess) -> End:
        """Pass on what the app draws."""
        if not await app.ready():
            return End(Code.FAILED, "the console did not start")
        while (packet := await app.read()) is not None:
            kind, payload = packet
            try:
                if kind == DATA:
                    await socket.send_bytes(payload)
                elif kind == META and payload == b'{"type": "exit"}':
                    return End(Code.LEFT, "you left")
                elif kind == META and (told := for_browser(payload)) is not None:
                    await socket.send_str(told)
            except ConnectionError:
                return LOST
        return End(Code.FAILED, "the console ended without a word")

    async def _listen(self, socket: web.WebSocketResponse, app: AppProcess) -> End:
        """Pass on what the person does, as long as something is done."""
        idle = self._limits.idle_seconds
        deadline = asyncio.get_running_loop().time() + idle
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await socket.receive()
            except TimeoutError:
                return End(Code.IDLE, f"nobody used it for {_spell(idle)}")
            if message.type != WSMsgType.TEXT:
                return LOST
            try:
                meant = from_browser(message.data)
            except Garbled as problem:
                return End(WSCloseCode.POLICY_VIOLATION, str(problem))
            match meant:
                case Input(packet, by_person):
                    if by_person:
                        deadline = asyncio.get_running_loop().time() + idle
                    await app.send(packet)
                case Ping(answer):
                    with contextlib.suppress(ConnectionError):
                        await socket.send_str(answer)

    async def _told_to_stop(self) -> End:
        await self._stopping.wait()
        return STOPPED


async def _close(socket: web.WebSocketResponse, end: End) -> None:
    reason = end.reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore").encode()
    with contextlib.suppress(ConnectionError, RuntimeError):
        await socket.close(code=end.code, message=reason)


def _spell(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
