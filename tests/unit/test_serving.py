"""The parts of serving that need no server: addresses, keys, packets, what an app is told."""

import asyncio
import json

import pytest

from console.serving.address import Address, CannotServe, listen, parse_host
from console.serving.environment import environment_of
from console.serving.guard import content_policy
from console.serving.keys import COOKIE_SECONDS, Keys
from console.serving.packets import (
    DATA,
    LARGEST_PACKET,
    META,
    Garbled,
    Input,
    Ping,
    encode,
    for_browser,
    from_browser,
    read_packet,
    size_of,
)


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestAddress:
    @pytest.mark.parametrize(
        ("host", "authorities"),
        [
            ("127.0.0.1", {"127.0.0.1:8000", "localhost:8000"}),
            ("::1", {"[::1]:8000", "localhost:8000"}),
            ("localhost", {"localhost:8000"}),
            ("192.0.2.7", {"192.0.2.7:8000"}),
            ("desk.example", {"desk.example:8000"}),
        ],
    )
    def test_names_that_a_request_may_use(self, host: str, authorities: set[str]):
        assert Address(parse_host(host), 8000).authorities == authorities

    def test_the_port_of_http_may_be_left_out(self):
        assert "localhost" in Address("127.0.0.1", 80).authorities
        assert "[::1]" in Address("::1", 80).authorities

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]"])
    def test_every_address_at_once_is_refused(self, host: str):
        with pytest.raises(CannotServe, match="stands for every address"):
            parse_host(host)

    @pytest.mark.parametrize("host", ["", " ", "a b", "http://x", "x/y", "a..b"])
    def test_what_is_no_host_is_refused(self, host: str):
        with pytest.raises(CannotServe):
            parse_host(host)

    @pytest.mark.parametrize(
        ("host", "loopback"),
        [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
         ("192.0.2.7", False), ("desk.example", False), ("localhost.example", False)],
    )  # fmt: skip
    def test_what_only_this_computer_reaches(self, host: str, loopback: bool):
        assert Address(host, 1).loopback is loopback

    def test_a_port_that_is_taken_is_told(self):
        listening, address = listen("127.0.0.1", 0)
        with listening:
            assert address.port > 0
            with pytest.raises(CannotServe, match=f"127.0.0.1:{address.port}.*--port"):
                listen("127.0.0.1", address.port)

    def test_a_host_that_is_not_ours_is_told(self):
        with pytest.raises(CannotServe, match=r"192\.0\.2\.7"):
            listen("192.0.2.7", 0)


class TestKeys:
    def test_the_token_gives_a_cookie_that_is_known(self):
        keys = Keys()
        cookie = keys.admit(keys.token)
        assert cookie is not None
        assert keys.knows(cookie)
        assert keys.token not in cookie

    @pytest.mark.parametrize("token", ["", "x", "é", "\udc80", "a" * 100_000])
    def test_another_token_gives_none(self, token: str):
        assert Keys().admit(token) is None

    @pytest.mark.parametrize("cookie", ["", ".", "1", "9" * 15 + ".", "9" * 5000 + ".x", "٣.x"])
    def test_another_cookie_is_not_known(self, cookie: str):
        assert not Keys().knows(cookie)

    def test_keys_of_another_server_are_not_ours(self):
        ours, theirs = Keys(), Keys()
        assert ours.admit(theirs.token) is None
        assert not ours.knows(theirs.admit(theirs.token) or "")

    def test_a_cookie_ends_and_cannot_be_made_longer(self):
        clock = Seconds()
        keys = Keys(clock)
        cookie = keys.admit(keys.token)
        assert cookie is not None
        until, _, proof = cookie.partition(".")
        assert not keys.knows(f"{int(until) + 60}.{proof}")
        clock.now += COOKIE_SECONDS - 1
        assert keys.knows(cookie)
        clock.now += 1
        assert not keys.knows(cookie)

    def test_a_single_token_works_once(self):
        keys = Keys()
        single = keys.once()
        assert keys.admit(single) is not None
        assert keys.admit(single) is None
        assert keys.admit(keys.token) is not None


class TestFromTheBrowser:
    def test_keys_go_to_the_app_and_count_as_a_person(self):
        assert from_browser('["stdin", "é"]') == Input(encode(DATA, "é".encode()), by_person=True)

    def test_half_a_character_is_no_fault(self):
        assert from_browser(r'["stdin", "\ud83d"]') == Input(encode(DATA, b"?"), by_person=True)

    def test_a_size_is_held_within_bounds(self):
        meant = from_browser('["resize", {"width": 1000000, "height": -3}]')
        assert isinstance(meant, Input)
        assert not meant.by_person
        assert json.loads(meant.packet[5:]) == {"type": "resize", "width": 1000, "height": 2}

    def test_a_ping_is_answered(self):
        assert from_browser('["ping", "123"]') == Ping('["pong", "123"]')

    def test_what_is_not_known_is_left(self):
        assert from_browser('["later", 1]') is None

    @pytest.mark.parametrize(
        "text", ["", "{}", "[]", "[1]", "null", "[" * 100_000, '{"type": "quit"}', "\x00"]
    )
    def test_what_is_no_message_is_refused(self, text: str):
        with pytest.raises(Garbled):
            from_browser(text)

    @pytest.mark.parametrize(
        ("told", "size"),
        [((None, None), (80, 24)), (("132", "43"), (132, 43)), (("x", "-1"), (80, 24)),
         (("9" * 5000, "99999"), (80, 1000)), (("0", "1"), (2, 2)), (("٣", "²"), (80, 24))],
    )  # fmt: skip
    def test_a_size_in_an_address(self, told: tuple[str | None, str | None], size: tuple[int, int]):
        assert size_of(*told) == size


class TestFromTheApp:
    def read(self, sent: bytes) -> tuple[bytes, bytes] | None:
        async def reading() -> tuple[bytes, bytes] | None:
            source = asyncio.StreamReader()
            source.feed_data(sent)
            source.feed_eof()
            return await read_packet(source)

        return asyncio.run(reading())

    def test_a_packet_is_read(self):
        assert self.read(encode(META, b"{}") + b"D") == (META, b"{}")

    @pytest.mark.parametrize("sent", [b"", b"D", b"D\0\0\0\5abc"])
    def test_an_end_within_a_packet_is_the_end(self, sent: bytes):
        assert self.read(sent) is None

    def test_a_packet_without_bounds_is_refused(self):
        with pytest.raises(Garbled):
            self.read(b"D" + (LARGEST_PACKET + 1).to_bytes(4, "big"))

    @pytest.mark.parametrize(
        "url", ["https://a.example/x", "HTTP://a.example", "mailto:a@b.example"]
    )
    def test_an_address_of_the_web_is_opened(self, url: str):
        told = for_browser(json.dumps({"type": "open_url", "url": url, "new_tab": False}).encode())
        assert told is not None
        assert json.loads(told) == ["open_url", {"url": url, "new_tab": True}]

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "/x", "//[", ""]
    )
    def test_no_other_address_is(self, url: str):
        assert for_browser(json.dumps({"type": "open_url", "url": url}).encode()) is None

    def test_files_are_not_delivered(self):
        packet = {"type": "deliver_file_start", "key": "1", "path": "/etc/passwd"}
        assert for_browser(json.dumps(packet).encode()) is None


class TestEnvironment:
    def test_no_key_or_token_is_taken_over(self):
        given = {
            "HANDRAIL_TOKEN": "s1",
            "OPENAI_API_KEY": "s2",
            "AWS_SECRET_ACCESS_KEY": "s3",
            "DATABASE_PASSWORD": "s4",
            "SSH_AUTH_SOCK": "s5",
            "HANDRAIL_AS": "root",
            "PYTHONPATH": "elsewhere",
            "HOME": "/home/maya",
            "LC_ALL": "C.UTF-8",
        }
        told = environment_of(given, "w.db", 100, 30)
        assert {"HOME": "/home/maya", "LC_ALL": "C.UTF-8"}.items() <= told.items()
        assert {"HANDRAIL_DB": "w.db", "COLUMNS": "100", "ROWS": "30"}.items() <= told.items()
        assert not {"s1", "s2", "s3", "s4", "s5", "root", "elsewhere"} & set(told.values())


def test_a_page_may_load_from_its_server_only():
    rules = dict(
        rule.strip().split(" ", 1) for rule in content_policy(Address("127.0.0.1", 8000)).split(";")
    )
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    own = {"'self'", "'none'", "ws://127.0.0.1:8000", "ws://localhost:8000"}
    assert {source for sources in rules.values() for source in sources.split()} <= own
