"""The console in a browser: what a page starts, and that nothing of it is left."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.tui.serving import (
    NAME,
    Client,
    Served,
    closed,
    gone,
    let_in,
    make_workspace,
    opened,
    serving,
    shown,
    token_of,
)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads the list of processes from /proc"
)

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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
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


@pytest.mark.slow
async def test_a_server_that_is_killed_takes_its_pages_along(
    tmp_path: Path, stranger: Client
) -> None:
    with serving(make_workspace(tmp_path)) as server:
        await opened(stranger, server)
        started = server.children()
        os.kill(server.process.pid, signal.SIGKILL)
        assert await asyncio.to_thread(gone, started)


@pytest.mark.slow
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


@pytest.mark.slow
async def test_a_page_that_nobody_uses_is_closed(tmp_path: Path, stranger: Client) -> None:
    with serving(make_workspace(tmp_path), "--idle", "0.05") as server:
        await let_in(stranger, server)
        socket = await stranger.ws_connect(f"{server.origin}/ws", origin=server.origin)
        started = server.children()
        assert await closed(socket) == 4001
        assert await asyncio.to_thread(gone, started)


@pytest.mark.slow
async def test_a_hanging_page_is_ended_all_the_same(tmp_path: Path, stranger: Client) -> None:
    with serving(make_workspace(tmp_path)) as server:
        await opened(stranger, server)
        (started,) = server.children()
        os.kill(started, signal.SIGSTOP)
        assert await asyncio.to_thread(server.stop) == 0
        assert gone([started], 0)


@pytest.mark.slow
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


async def test_requests_that_cannot_be_read_are_told_without_their_words(tmp_path: Path) -> None:
    with serving(make_workspace(tmp_path)) as server:
        where = urlsplit(server.origin)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(f"GET /?token={server.token} nonsense HTTP/1.1\r\n\r\n".encode())
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 60)
        writer.close()
        await asyncio.to_thread(server.stop)
        log = server.log.read_text()
        assert "a request could not be answered" in log
        assert "Traceback" not in log
        assert server.token not in log


@pytest.mark.slow
async def test_a_page_whose_workspace_is_gone_says_so(tmp_path: Path, stranger: Client) -> None:
    db = make_workspace(tmp_path)
    with serving(db) as server:
        db.rename(tmp_path / "elsewhere.db")
        await let_in(stranger, server)
        socket = await stranger.ws_connect(f"{server.origin}/ws", origin=server.origin)
        async with asyncio.timeout(60):
            message = await socket.receive()
        assert message.data == 4003
        assert str(db.name) in str(message.extra)


async def test_opening_a_browser_gives_away_a_token_for_once(
    tmp_path: Path, stranger: Client
) -> None:
    told, browser = tmp_path / "told", tmp_path / "browser"
    script = f'echo "$1" $$ >{told}.new; mv {told}.new {told}; exec sleep 60'
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o700)
    chosen = {"BROWSER": str(browser)}
    with serving(make_workspace(tmp_path), "--open", environment=chosen) as server:
        async with asyncio.timeout(60):
            while not told.exists():
                await asyncio.sleep(0.05)
        address, pid = told.read_text().split()
        try:
            assert server.token not in address
            for status in (303, 403):
                async with stranger.get(address, allow_redirects=False) as answer:
                    assert answer.status == status
                stranger.cookie_jar.clear()
        finally:
            os.kill(int(pid), signal.SIGKILL)
