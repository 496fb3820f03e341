"""The console in a browser: who is let in, what is sent, what is left behind."""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest

from tests.tui.serving import Client, Served, let_in, make_workspace, serving

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads the list of processes from /proc"
)


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


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=wrong", "/static/page.js", "/ws", "/download/1", "/x"]
)
async def test_without_the_token_nothing_is_served(
    served: Served, stranger: Client, path: str
) -> None:
    async with stranger.get(served.origin + path, headers={"Origin": served.origin}) as answer:
        assert answer.status == 403
        assert len((await answer.text()).splitlines()) == 1
        assert not answer.cookies


async def test_the_token_becomes_a_cookie_and_leaves_the_address(
    served: Served, stranger: Client
) -> None:
    async with stranger.get(served.address, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/"
        (cookie,) = answer.cookies.values()
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert served.token not in cookie.value
        assert not await answer.text()
    async with stranger.get(f"{served.origin}/?again=1", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
    async with stranger.get(f"{served.origin}/") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "[::1]:1", ""]
)
async def test_another_name_for_the_server_is_refused(
    served: Served, stranger: Client, host: str
) -> None:
    await let_in(stranger, served)
    named = host.format(port=urlsplit(served.origin).port)
    for address in (served.origin + "/", served.address):
        async with stranger.get(address, headers={"Host": named}) as answer:
            assert answer.status == 421
            assert not answer.cookies


async def test_localhost_is_the_same_server(served: Served, stranger: Client) -> None:
    port = urlsplit(served.origin).port
    async with stranger.get(served.address, headers={"Host": f"LOCALHOST:{port}"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "https://{authority}", None]
)
async def test_a_websocket_of_another_page_is_refused(
    served: Served, stranger: Client, origin: str | None
) -> None:
    await let_in(stranger, served)
    own = urlsplit(served.origin).netloc
    named = None if origin is None else origin.format(authority=own)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await stranger.ws_connect(f"{served.origin}/ws", origin=named)
    assert refused.value.status == 403
    assert served.children() == []


async def test_other_pages_of_this_computer_get_no_files(served: Served, stranger: Client) -> None:
    await let_in(stranger, served)
    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}):
        async with stranger.get(f"{served.origin}/static/page.js", headers=headers) as answer:
            assert answer.status == 403


async def test_nothing_can_be_sent(served: Served, stranger: Client) -> None:
    await let_in(stranger, served)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        async with stranger.request(method, f"{served.origin}/") as answer:
            assert answer.status == 405


@pytest.mark.parametrize("name", ["", "nothing.js", "../index.html", "%2e%2e/%2e%2e/x", "page.js/"])
async def test_only_the_files_of_the_page_are_served(
    served: Served, stranger: Client, name: str
) -> None:
    await let_in(stranger, served)
    async with stranger.get(f"{served.origin}/static/{name}") as answer:
        assert answer.status == 404


async def test_every_answer_has_the_headers(served: Served, stranger: Client) -> None:
    paths = ("/?token=wrong", f"/?token={served.token}", "/", "/static/terminal.js", "/nothing")
    for path in paths:
        async with stranger.get(served.origin + path, allow_redirects=False) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "aiohttp" not in answer.headers["Server"]


class _Linked(HTMLParser):
    """What a page loads, and whether it holds code of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [value for name in ("src", "href") if (value := given.get(name))]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


async def test_the_page_loads_from_its_server_only(served: Served, stranger: Client) -> None:
    await let_in(stranger, served)
    page = f"{served.origin}/"
    async with stranger.get(page) as answer:
        text = await answer.text()
    linked = _Linked()
    linked.feed(text)
    assert linked.inline == []
    wanted, seen = [urljoin(page, link) for link in linked.found], set[str]()
    while wanted:
        address = wanted.pop()
        if address in seen:
            continue
        seen.add(address)
        assert address.startswith(page)
        async with stranger.get(address) as answer:
            assert answer.status == 200, address
            kind, body = answer.content_type, await answer.read()
        if kind in ("text/css", "text/javascript", "image/svg+xml"):
            text = body.decode()
            named = set(re.findall(r"https?://[\w.-]+", text)) - {"http://www.w3.org"}
            # The terminal names the authors of what it is made of in its comments.
            assert not named or address.endswith(("/terminal.css", "/terminal.js")), named
            loaded = re.findall(r'url\("?([^")]+)', text) if kind == "text/css" else []
            loaded += re.findall(r'"(/static/[^"]+)"', text) if kind == "text/javascript" else []
            wanted += [urljoin(address, link) for link in loaded]
    assert f"{page}static/terminal.js" in seen
    assert f"{page}static/mono.ttf" in seen
