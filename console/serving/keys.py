"""What lets a browser in: a token in the address, given back as a cookie."""

import hmac
import secrets
import time
from collections.abc import Callable

COOKIE_SECONDS = 12 * 3600
"""How long a browser is let in before the address must be opened again."""


class Keys:
    """The keys of one server; they are forgotten with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """New random keys; `clock` gives seconds that only grow."""
        self._clock = clock
        self._token = secrets.token_urlsafe(32)
        self._secret = secrets.token_bytes(32)
        self._once: set[str] = set()

    @property
    def token(self) -> str:
        """What stands in the address that the server prints; good as long as the server runs."""
        return self._token

    def once(self) -> str:
        """A token that lets in once: for an address that others may see in a list of processes."""
        made = secrets.token_urlsafe(32)
        self._once.add(made)
        return made

    def admit(self, token: str) -> str | None:
        """The cookie for who brings this token; None if it is not one of ours."""
        fits = _same(token, self._token)
        for single in list(self._once):
            if _same(token, single):
                self._once.discard(single)
                fits = True
        return self._cookie(int(self._clock()) + COOKIE_SECONDS) if fits else None

    def knows(self, cookie: str) -> bool:
        """Whether the cookie is ours and not too old."""
        until, _, _ = cookie.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 16):
            return False
        return _same(cookie, self._cookie(int(until))) and self._clock() < int(until)

    def _cookie(self, until: int) -> str:
        return f"{until}.{hmac.new(self._secret, str(until).encode(), 'sha256').hexdigest()}"


def _same(one: str, other: str) -> bool:
    """Compared in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
