"""Passphrases, invitations and tokens: how they are kept, and how guessing them is slowed."""

import hashlib
import hmac
import secrets
import unicodedata
from typing import TYPE_CHECKING

from data.errors import HandrailError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 8
"""Characters that a passphrase has at least; there is no other rule."""

FREE_FAILURES = 2
"""Failures in a row that cost no pause."""

LONGEST_PAUSE = 900
"""Seconds."""


class Keeper:
    """Makes and checks the Argon2id hashes of passphrases."""

    def __init__(self, hasher: "PasswordHasher | None" = None) -> None:
        """With the parameters of `hasher`; None: those that argon2-cffi recommends."""
        self._hasher = hasher

    @property
    def _argon2(self) -> "PasswordHasher":
        if self._hasher is None:
            from argon2 import PasswordHasher

            self._hasher = PasswordHasher()
        return self._hasher

    def hashed(self, passphrase: str) -> str:
        """What is stored of a passphrase; HandrailError if it is too short."""
        check_length(passphrase)
        return self._argon2.hash(_plain(passphrase))

    def fits(self, stored: str | None, passphrase: str) -> bool:
        """Whether it is the passphrase; takes as long where none is stored."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if stored is None:
            self._argon2.hash(_plain(passphrase))
            return False
        try:
            return self._argon2.verify(stored, _plain(passphrase))
        except (VerificationError, InvalidHashError):
            return False

    def renewed(self, stored: str, passphrase: str) -> str | None:
        """The hash to store instead, where `stored` was made with other parameters."""
        if not self._argon2.check_needs_rehash(stored):
            return None
        return self._argon2.hash(_plain(passphrase))


def check_length(passphrase: str) -> None:
    """HandrailError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise HandrailError(f"a passphrase has {SHORTEST} characters at least; choose a longer one")


def _plain(passphrase: str) -> bytes:
    """The same bytes from every keyboard that writes the same characters."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")


def pause_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row: 2 after the third, then 4, 8 … up to 900."""
    over = failures - FREE_FAILURES
    return 0 if over <= 0 else min(LONGEST_PAUSE, 2 ** min(over, 10))


def new_code() -> str:
    """A random invitation, which a person may have to type: 80 bits in four groups."""
    code = secrets.token_hex(10)
    return "-".join(code[at : at + 5] for at in range(0, len(code), 5))


def new_token() -> str:
    """A random session token of 32 bytes."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of an invitation or token; both are random, so that no salt is needed."""
    return hashlib.sha256(secret.strip().encode("utf-8", "surrogatepass")).hexdigest()


def same(stored: str | None, secret: str) -> bool:
    """Whether `secret` is what the digest was made of."""
    return stored is not None and hmac.compare_digest(stored, digest(secret))
