"""A real browser without a window, driven over its debugging websocket."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyte

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
    "--window-size=1280,800",
)
START_SECONDS = 60
PATIENCE_SECONDS = 60


def find_browser() -> str | None:
    """The browser's program, if one is installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab, and what a person would see in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.requested: list[str] = []
        """Every address that the page asked for."""
        self.complaints: list[str] = []
        """What the browser wrote to its console as an error."""
        self.screen = pyte.Screen(80, 24)
        """What the terminal in the page was told to show, followed by a second terminal."""
        self._stream = pyte.ByteStream(self.screen)
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Call a method of the debugging protocol; what it gives."""
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self._socket.send_json({"id": number, "method": method, "params": given})
        found = await asyncio.wait_for(answer, PATIENCE_SECONDS)
        assert "error" not in found, found
        return dict(found["result"])

    async def open(self, address: str) -> None:
        """Go to an address."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=address)

    async def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def press(self, key: str, **more: Any) -> None:
        """Press a key, by its name in a browser (`Enter`) or its character."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowDown": 40}
        code = codes.get(key, ord(key.upper()) if len(key) == 1 and key.isalnum() else 0)
        about = {"key": key, "windowsVirtualKeyCode": code, **more}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    async def write(self, text: str) -> None:
        """Press the keys of a text one by one."""
        for key in text:
            await self.press(key)

    def shown(self) -> str:
        """The text on the terminal's screen."""
        return "\n".join(self.screen.display)

    def line_of(self, text: str) -> int:
        """The number of the first line with a text; -1 if there is none."""
        return next((at for at, line in enumerate(self.screen.display) if text in line), -1)

    def line_of_cursor(self) -> int:
        """The number of the line that the cursor, shown or not, stands in."""
        return int(self.screen.cursor.y)

    async def until(self, holds: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until it holds; fails with what is on the screen."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not in time; on the screen:\n{self.shown()}"
            await asyncio.sleep(0.05)

    async def until_shown(self, text: str) -> None:
        """Wait until a text is on the terminal's screen."""
        await self.until(lambda: text in self.shown())

    async def until_asked(self, expression: str, wanted: Any) -> None:
        """Wait until an expression in the page has a value."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := await self.ask(expression)) != wanted:
            assert time.monotonic() < deadline, f"{expression} is {found!r}"
            await asyncio.sleep(0.05)

    async def picture(self) -> bytes:
        """A PNG of the page."""
        shot = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    async def close(self) -> None:
        """Stop listening."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            else:
                self._note(told["method"], told["params"])

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requested.append(told["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requested.append(told["url"])
            self.screen.reset()
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(told["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif method == "Network.webSocketFrameSent":
            self._follow_size(told["response"]["payloadData"])
        elif method == "Network.webSocketFrameReceived" and told["response"]["opcode"] == 2:
            self._stream.feed(base64.b64decode(told["response"]["payloadData"]))

    def _follow_size(self, sent: str) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError, IndexError):
            kind, size = json.loads(sent)[:2]
            if kind == "resize":
                self.screen.resize(size["height"], size["width"])


@asynccontextmanager
async def browsing(program: str, folder: Path) -> AsyncIterator[Page]:
    """A browser with a profile of its own in `folder`, and its one page; ended in any case."""
    running = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with aiohttp.ClientSession() as http:
            port = await _port_of(running, folder / "DevToolsActivePort")
            async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = await answer.json(content_type=None)
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            socket = await http.ws_connect(address, max_msg_size=0)
            page = Page(socket)
            try:
                yield page
            finally:
                await page.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


async def _port_of(running: "subprocess.Popen[bytes]", told: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not (told.exists() and told.read_text().strip()):
        assert running.poll() is None, f"the browser ended at once (code {running.returncode})"
        assert time.monotonic() < deadline, "the browser did not start"
        await asyncio.sleep(0.05)
    return int(told.read_text().splitlines()[0])
