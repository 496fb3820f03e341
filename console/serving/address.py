"""Where the console is served, and which names of that place a browser may use."""

import ipaddress
import socket
from dataclasses import dataclass

from data.errors import HandrailError

LOCALHOST = "localhost"
HTTP_PORT = 80


class CannotServe(HandrailError):
    """The console cannot be served as asked."""


@dataclass(frozen=True)
class Address:
    """A host, as it is written in an address (IPv6 without brackets), and a port."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this computer reaches it."""
        return self.host == LOCALHOST or _is_loopback(self.host)

    @property
    def origin(self) -> str:
        """What its pages come from, such as `http://127.0.0.1:8000`."""
        return f"http://{_authority(self.host, self.port)}"

    @property
    def authorities(self) -> frozenset[str]:
        """What a request may name as its host, in lower case."""
        names = {self.host}
        if self.loopback:
            names.add(LOCALHOST)
        found = {_authority(name, self.port) for name in names}
        if self.port == HTTP_PORT:
            found |= {name.rpartition(":")[0] for name in found}
        return frozenset(name.lower() for name in found)


def parse_host(named: str) -> str:
    """A host as it was named; CannotServe if it is empty or stands for every address."""
    host = named.strip().strip("[]")
    if not host:
        raise CannotServe("--host is empty; name an address of this computer, such as 127.0.0.1")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not all(part.replace("-", "a").isalnum() for part in host.split(".")):
            raise CannotServe(f"--host {host!r} is no name and no address") from None
        return host.lower()
    if address.is_unspecified:
        raise CannotServe(
            f"--host {host} stands for every address; name the one that people will open, "
            "so that requests for any other name can be refused"
        )
    return str(address)


def listen(host: str, port: int) -> tuple[socket.socket, Address]:
    """A socket that listens there (port 0: a free one), and its address; CannotServe if it can't.

    `localhost` is 127.0.0.1, so that one port serves it.
    """
    bound = "127.0.0.1" if host == LOCALHOST else host
    try:
        family, _, _, _, where = socket.getaddrinfo(
            bound, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            listening.listen()
            listening.setblocking(False)
        except BaseException:
            listening.close()
            raise
    except OSError as problem:
        raise CannotServe(
            f"cannot listen on {_authority(host, port)}: {problem.strerror or problem}; "
            "name another --port (0 takes a free one) or --host"
        ) from problem
    return listening, Address(host, int(listening.getsockname()[1]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
