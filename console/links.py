"""Addresses in texts of others, made clickable: what is opened is what is read."""

import re

from textual.content import Content
from textual.style import Style

from console.widgets.preview import Part, text

_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.-])(?:https?://|mailto:)[!-~]+")
"""Printable ASCII alone: letters that look like others are left unlinked."""

_AFTER = ".,;:!?'\"*_>])}"
"""Signs that end a sentence or a bracket rather than an address."""

_NOT_IN_ADDRESSES = re.compile(r'[<>"`\[\]{}|\\^]')

LONGEST = 2_000


def addresses(plain: str) -> list[tuple[int, int]]:
    """Where web and mail addresses stand in a text that is clean already."""
    found = []
    for match in _ADDRESS.finditer(plain):
        address, follows = match[0], plain[match.end() : match.end() + 1]
        whole = not follows or follows.isspace() or not follows.isalnum()
        address = _NOT_IN_ADDRESSES.split(address)[0]
        while address and address[-1] in _AFTER:
            if address[-1] == ")" and address.count("(") >= address.count(")"):
                break
            address = address[:-1]
        rest = address.partition(":")[2].lstrip("/")
        if rest and whole and len(address) <= LONGEST:
            found.append((match.start(), match.start() + len(address)))
    return found


def linked(plain: str) -> Content:
    """A clean text with its addresses as links of the terminal, each to just what stands there."""
    parts: list[Part] = []
    last = 0
    for begin, end in addresses(plain):
        address = plain[begin:end]
        parts += [plain[last:begin], (address, Style(underline=True, link=address))]
        last = end
    return text(*parts, plain[last:])
