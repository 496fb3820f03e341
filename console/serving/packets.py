"""The two protocols that the server stands between: the browser's, and the app's own.

The browser sends JSON lists whose first item is their kind. The app reads and writes packets: a
letter for the kind, the length in four bytes, the payload.
"""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

DATA, META = b"D", b"M"
PRELUDE = b"__GANGLION__\n"
"""What the app writes before its first packet."""

LARGEST_PACKET = 16 * 1024 * 1024
SMALLEST, LARGEST = 2, 1000
"""Columns and rows that a terminal may have."""

_OPENED = {"http", "https", "mailto"}


class Garbled(Exception):
    """The other side does not keep to the protocol."""


@dataclass(frozen=True)
class Input:
    """What goes to the app."""

    packet: bytes
    by_person: bool = False
    """Whether a person pressed a key or moved the mouse."""


@dataclass(frozen=True)
class Ping:
    """The browser wants the same back."""

    answer: str


def encode(kind: bytes, payload: bytes) -> bytes:
    """A packet for the app."""
    return kind + len(payload).to_bytes(4, "big") + payload


def tell(kind: str, **more: int) -> bytes:
    """A packet that tells the app something."""
    return encode(META, json.dumps({"type": kind, **more}).encode())


async def read_packet(source: asyncio.StreamReader) -> tuple[bytes, bytes] | None:
    """The next packet's kind and payload; None at the end, Garbled if it cannot be one."""
    try:
        kind, size = await source.readexactly(1), await source.readexactly(4)
        length = int.from_bytes(size, "big")
        if length > LARGEST_PACKET:
            raise Garbled(f"a packet of {length} bytes")
        return kind, await source.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


def from_browser(text: str) -> Input | Ping | None:
    """What a message of the browser asks for; None for a kind not known, Garbled if it is none."""
    try:
        match json.loads(text):
            case ["stdin", str(typed)]:
                return Input(encode(DATA, typed.encode("utf-8", "replace")), by_person=True)
            case ["resize", {"width": int(width), "height": int(height)}]:
                return Input(tell("resize", width=_size(width), height=_size(height)))
            case ["blur" | "focus" as kind, *_]:
                return Input(tell(kind))
            case ["ping", str(moment)] if len(moment) < 32:
                return Ping(json.dumps(["pong", moment]))
            case [str(), *_]:
                return None
    except (ValueError, RecursionError):
        pass
    raise Garbled("not a message of this page")


def size_of(width: str | None, height: str | None) -> tuple[int, int]:
    """Columns and rows as an address tells them; 80 by 24 where it does not."""
    return _told(width, 80), _told(height, 24)


def for_browser(payload: bytes) -> str | None:
    """What the browser is told of a packet in which the app tells something; None: nothing.

    Of what an app can ask for, only opening an address of the web or of mail is passed on, in a
    page of its own: the console stays where it is.
    """
    match json.loads(payload):
        case {"type": "open_url", "url": str(url)} if _may_open(url):
            return json.dumps(["open_url", {"url": url, "new_tab": True}])
    return None


def _may_open(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _OPENED
    except ValueError:
        return False


def _told(text: str | None, otherwise: int) -> int:
    digits = text is not None and text.isascii() and text.isdigit() and len(text) < 6
    return _size(int(text)) if text is not None and digits else otherwise


def _size(cells: int) -> int:
    return max(SMALLEST, min(LARGEST, cells))
