"""`handrail operators passphrase`, `sign-in`, `sign-out`: how people prove who they are."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from agents.operators import TOKEN_HOURS
from console.cli.options import As, Db, PassphraseStdin
from console.cli.printing import out, say
from console.format import line
from data.errors import HandrailError

if TYPE_CHECKING:
    from console.bootstrap import Session

LONGEST_HOURS = 24 * 31


def passphrase(
    db: Db = None,
    operator: As = None,
    passphrase_stdin: Annotated[
        bool,
        typer.Option(
            "--passphrase-stdin",
            help="Read from standard input, a line each: the current passphrase or the "
            "invitation, where there is one, then the new passphrase.",
        ),
    ] = False,
) -> None:
    """Set your passphrase: the first by the invitation, another by the current one.

    Who made the workspace sets the first without either, as the system's user that made it.
    """
    from console.bootstrap import system_user
    from console.signing_in import secret

    session = _opened(db, operator)
    try:
        name, people = session.operator, session.operators
        people.found(system_user())
        needed = people.needs(name)
        _check_can_ask(stdin=passphrase_stdin)
        proof = {"passphrase": f"current passphrase of {name}", "invitation": "invitation"}
        given = secret(proof[needed], stdin=passphrase_stdin) if needed else None
        new = secret(f"new passphrase of {name}", stdin=passphrase_stdin)
        if not passphrase_stdin and secret("the same again", stdin=False) != new:
            raise HandrailError("the two are not the same; nothing was changed")
        people.set_passphrase(
            name,
            new,
            current=given if needed == "passphrase" else None,
            invitation=given if needed == "invitation" else None,
            system_user=None if needed else system_user(),
        )
    finally:
        session.close()
    out(f"the passphrase of {line(name)} is set")


def sign_in(
    db: Db = None,
    operator: As = None,
    hours: Annotated[
        int,
        typer.Option(
            "--hours", min=1, max=LONGEST_HOURS, metavar="N", help="How long the token is good."
        ),
    ] = TOKEN_HOURS,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Put the token into the keyring, and print nothing.")
    ] = False,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Print a token for HANDRAIL_TOKEN: with it, commands and the console ask for no passphrase.

    export HANDRAIL_TOKEN=$(handrail operators sign-in)
    """
    from console.signing_in import keep_token

    session = _opened(db, operator)
    try:
        if not session.operators.is_set_up():
            raise HandrailError(
                "sign-in is not set up in this workspace, so that no token is needed; "
                "`handrail operators add` or `handrail operators passphrase` sets it up"
            )
        person = session.proof.by_passphrase(passphrase_stdin=passphrase_stdin)
        token = session.operators.give_token(person, hours)
        if keyring:
            keep_token(session.proof.place, token)
    finally:
        session.close()
    told = f"signed in as {line(person.name)} ({person.role}) for {hours} h"
    if keyring:
        say(f"{told}; the token is in the keyring")
    else:
        out(token)
        say(told)


def sign_out(db: Db = None) -> None:
    """End the token in HANDRAIL_TOKEN, and the one in the keyring. Exit code 1 if there is none."""
    from console.signing_in import TOKEN_VARIABLE, drop_token, kept_token

    session = _opened(db, None)
    try:
        place = session.proof.place
        tokens = [t for t in (os.environ.get(TOKEN_VARIABLE), kept_token(place)) if t]
        ended = [name for name in map(session.operators.end_token, tokens) if name]
        drop_token(place)
    finally:
        session.close()
    if not ended:
        say("handrail: there is no token to end, in HANDRAIL_TOKEN or in the keyring")
        raise typer.Exit(1)
    out(f"signed out {', '.join(line(name) for name in dict.fromkeys(ended))}")


def _opened(db: str | None, operator: str | None) -> "Session":
    from console.bootstrap import open_session

    return open_session(db, operator, create=False)


def _check_can_ask(*, stdin: bool) -> None:
    if not stdin and not sys.stdin.isatty():
        raise HandrailError(
            "a passphrase is asked for at a terminal; without one, give it by --passphrase-stdin"
        )
