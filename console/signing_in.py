"""How a person at a terminal proves who they are: token, keyring, passphrase."""

import getpass
import os
import sys
from importlib import import_module
from typing import Any

from agents.authority import Person
from agents.errors import NotAllowed
from agents.operators import Operators
from data.errors import HandrailError

TOKEN_VARIABLE = "HANDRAIL_TOKEN"
KEYRING_SERVICE = "handrail"


class Proof:
    """What one person at this computer can show to the operators of one workspace."""

    def __init__(
        self, operators: Operators, place: str, named: str | None, system_user: str
    ) -> None:
        """At `place`, which names the workspace in the keyring; `named` is who they say they are.

        Without a name, a token says who they are, else the system's user does.
        """
        self.operators, self.place, self.named = operators, place, named
        self.system_user = system_user
        self.name = named or system_user

    def at_hand(self) -> Person | None:
        """Who it is by what needs no question, or None.

        While sign-in is not set up, their word is enough. After that a token is needed: NotAllowed
        for one that is somebody else's, or in the environment and not good (any more).
        """
        known = self.operators.by_database()
        if known is not None:
            return self._checked(known, "the login of the database")
        self.operators.found(self.system_user)
        if not self.operators.is_set_up():
            return self.operators.person(self.name, system_user=self.system_user)
        token = os.environ.get(TOKEN_VARIABLE)
        if token:
            return self._checked(self.operators.by_token(token), f"the token in {TOKEN_VARIABLE}")
        kept = kept_token(self.place)
        if kept is None:
            return None
        try:
            person = self.operators.by_token(kept)
        except NotAllowed:
            # It has expired: the passphrase is asked for, as if there were none.
            return None
        return self._checked(person, "the token in the keyring")

    def to_decide(self, *, passphrase_stdin: bool = False) -> Person:
        """Who it is, signed in as far as this workspace needs it; asks for a passphrase if it must.

        NotAllowed if they are not let in, or there is no way to ask.
        """
        return self.at_hand() or self.by_passphrase(passphrase_stdin=passphrase_stdin)

    def to_manage(self, *, passphrase_stdin: bool = False) -> Person:
        """The same, to say who the operators are: who made the workspace may, as long as they have
        no passphrase."""
        by_computer = self.operators.by_system_user(self.name, self.system_user)
        return (
            self.at_hand() or by_computer or self.by_passphrase(passphrase_stdin=passphrase_stdin)
        )

    def by_passphrase(self, *, passphrase_stdin: bool = False) -> Person:
        """Who it is by their passphrase alone."""
        if self.named is None:
            self._check_known()
        self.operators.check_can_sign_in(self.name)
        if not passphrase_stdin and not sys.stdin.isatty():
            raise NotAllowed(
                f"{self.name} must sign in: set {TOKEN_VARIABLE} (`handrail operators sign-in` "
                "gives a token), give the passphrase by --passphrase-stdin, or use a terminal"
            )
        asked = f"passphrase of {self.name}"
        return self.operators.sign_in(self.name, secret(asked, stdin=passphrase_stdin))

    def _check_known(self) -> None:
        """NotAllowed if the system's user is no operator."""
        try:
            self.operators.person(self.name)
        except NotAllowed:
            raise NotAllowed(
                f"{self.name} is no operator here; say who you are with --as NAME"
            ) from None

    def _checked(self, person: Person, where: str) -> Person:
        if self.named is not None and person.name != self.named:
            raise NotAllowed(
                f"{where} is for {person.name}, not for {self.named}; "
                "take it away, or name nobody else with --as"
            )
        return person


def secret(what: str, *, stdin: bool) -> str:
    """The next line of standard input, or what is typed at a prompt that shows nothing."""
    if not stdin:
        try:
            return getpass.getpass(f"{what}: ")
        except EOFError:
            raise HandrailError(f"the {what} was not given") from None
    line = stdin_line()
    if line is None:
        raise HandrailError(f"standard input ended before the {what}")
    return line


def stdin_line() -> str | None:
    """The next line of standard input without its end; None where there is none."""
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise HandrailError("what standard input gives is not UTF-8 text") from None
    return line.rstrip("\r\n") if line else None


def _keyring() -> Any:
    """The keyring package; ImportError if it is not installed."""
    return import_module("keyring")


def kept_token(place: str) -> str | None:
    """The token that the keyring holds for a workspace; None where there is none, or no keyring."""
    try:
        found = _keyring().get_password(KEYRING_SERVICE, place)
    except Exception:  # a keyring that is not there, or locked, is like one without a token
        return None
    return str(found) if found else None


def keep_token(place: str, token: str) -> None:
    """Put a token into the keyring; HandrailError if that is not possible here."""
    try:
        _keyring().set_password(KEYRING_SERVICE, place, token)
    except ImportError:
        raise HandrailError(
            "there is no keyring here: install the package `keyring`, "
            f"or leave --keyring out and put the token into {TOKEN_VARIABLE}"
        ) from None
    except Exception as problem:
        raise HandrailError(
            f"the keyring did not take the token ({' '.join(str(problem).split())[:120]}); "
            f"leave --keyring out and put it into {TOKEN_VARIABLE}"
        ) from problem


def drop_token(place: str) -> None:
    """Take the token of a workspace out of the keyring, if it is there."""
    try:
        _keyring().delete_password(KEYRING_SERVICE, place)
    except Exception:  # none there
        return
