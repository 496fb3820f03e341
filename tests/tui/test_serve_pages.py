"""The console in a browser: what a page starts, and that nothing of it is left."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.tui.serving import (
    NAME,
    Client,
    Served,
    closed,
    gone,
    make_workspace,
    opened,
    serving,
    shown,
    token_of,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the list of processes from /proc"),
]

SECRET = "sk-not-for-pages"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests that leave it as it is."""
    db = make_workspace(tmp_path_factory.mktemp("served"))
    with serving(db) as server:
        yield server


@pytest.fixture
async def stranger() -> AsyncIterator[Client]:
    """Somebody without the token."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield client


async def test_a_closed_page_ends_its_process(served: Served, stranger: Client) -> None:
    socket = await opened(stranger, served)
    started = served.children()
    assert len(started) == 1
    await socket.close()
    assert await asyncio.to_thread(gone, started)


async def test_a_page_that_talks_nonsense_is_closed(served: Served, stranger: Client) -> None:
    socket = await opened(stranger, served)
    started = served.children()
    await socket.send_str('{"quit": 1}')
    assert await closed(socket) == 1008
    assert await asyncio.to_thread(gone, started)


async def test_a_page_is_no_session_of_who_started_the_server(
    tmp_path: Path, stranger: Client
) -> None:
    db = make_workspace(tmp_path)
    token = token_of(db)
    secrets = {"HANDRAIL_TOKEN": token, "OPENAI_API_KEY": SECRET, "HANDRAIL_AS": SECRET}
    with serving(db, environment=secrets) as server:
        socket = await opened(stranger, server)
        screen = await shown(socket, "Handrail: sign in")
        assert NAME not in screen
        assert "Charged twice" not in screen
        (started,) = server.children()
        environment = Path(f"/proc/{started}/environ").read_bytes()
        arguments = Path(f"/proc/{started}/cmdline").read_bytes()
        assert SECRET.encode() not in environment + arguments
        assert token.encode() not in environment + arguments
        assert server.token.encode() not in environment + arguments
        assert str(db).encode() in environment


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_with_the_server_its_pages_end(
    tmp_path: Path, stranger: Client, number: signal.Signals
) -> None:
    with serving(make_workspace(tmp_path)) as server:
        socket = await opened(stranger, server)
        started = server.children()
        ending = asyncio.create_task(asyncio.to_thread(server.stop, number))
        assert await closed(socket) == 1001
        assert await ending == (130 if number == signal.SIGINT else 0)
        assert not [process for process in started if not gone([process], 0)]


async def test_a_server_that_is_killed_takes_its_pages_along(
    tmp_path: Path, stranger: Client
) -> None:
    with serving(make_workspace(tmp_path)) as server:
        await opened(stranger, server)
        started = server.children()
        os.kill(server.process.pid, signal.SIGKILL)
        assert await asyncio.to_thread(gone, started)


async def test_no_more_pages_than_there_are_places(tmp_path: Path, stranger: Client) -> None:
    with serving(make_workspace(tmp_path), "--pages", "1") as server:
        first = await opened(stranger, server)
        async with stranger.get(f"{server.origin}/") as answer:
            assert answer.status == 503
            assert "every place is taken (1)" in await answer.text()
        second = await stranger.ws_connect(f"{server.origin}/ws", origin=server.origin)
        assert await closed(second) == 4002
        started = server.children()
        assert len(started) == 1
        await first.close()
        assert await asyncio.to_thread(gone, started)
        await (await opened(stranger, server)).close()


async def test_a_page_that_nobody_uses_is_closed(tmp_path: Path, stranger: Client) -> None:
    with serving(make_workspace(tmp_path), "--idle", "0.05") as server:
        socket = await opened(stranger, server)
        started = server.children()
        assert await closed(socket) == 4001
        assert await asyncio.to_thread(gone, started)


async def test_a_hanging_page_is_ended_all_the_same(tmp_path: Path, stranger: Client) -> None:
    with serving(make_workspace(tmp_path)) as server:
        await opened(stranger, server)
        (started,) = server.children()
        os.kill(started, signal.SIGSTOP)
        assert await asyncio.to_thread(server.stop) == 0
        assert gone([started], 0)


async def test_the_log_has_a_line_for_each_page_and_no_secret(
    tmp_path: Path, stranger: Client
) -> None:
    with serving(make_workspace(tmp_path)) as server:
        socket = await opened(stranger, server)
        await socket.close()
        await asyncio.to_thread(server.stop)
        log = server.log.read_text()
        assert re.search(r"(?m)^\S+Z page 1 opened from 127\.0\.0\.1$", log)
        assert re.search(r"(?m)^\S+Z page 1 closed after \d+ s: the page was closed$", log)
        cookies = [cookie.value for cookie in stranger.cookie_jar]
        assert cookies
        assert not [secret for secret in (server.token, *cookies) if secret in log]
