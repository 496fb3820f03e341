"""`handrail serve`: the same console in a browser."""

import asyncio
import contextlib
import signal
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import Db, PlaybookFolder, PolicyFile
from console.cli.printing import out, say
from console.thinking import ApiBase, Brain, Model, model_choice
from data.errors import HandrailError

if TYPE_CHECKING:
    from console.bootstrap import Session
    from console.serving.address import Address
    from console.serving.keys import Keys


def serve(
    db: Db = None,
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")
    ] = 0,
    expose: Annotated[
        bool,
        typer.Option(
            "--expose", help="Allow a --host that others reach; nothing is encrypted on the way."
        ),
    ] = False,
    pages: Annotated[
        int, typer.Option("--pages", min=1, max=64, metavar="N", help="Open pages at a time.")
    ] = 8,
    idle: Annotated[
        float,
        typer.Option(
            "--idle", min=0.05, metavar="MINUTES", help="Close a page that nobody has used so long."
        ),
    ] = 30,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Start no worker.")] = False,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the address in this computer's browser.")
    ] = False,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
) -> None:
    """Serve the console to browsers that were given the address, until ctrl+c.

    The address is printed on standard output; it holds a token. Each page asks for sign-in, whoever
    opened it. By default only this computer reaches it; through a tunnel (ssh -L) keep the port.
    """
    from console.bootstrap import Rules, open_session
    from console.serving.address import Address, CannotServe, listen, parse_host
    from console.serving.keys import Keys
    from console.serving.run import Order, command_of, run
    from console.serving.visits import Limits

    named = parse_host(host)
    if not Address(named, port).loopback:
        if not expose:
            raise CannotServe(
                f"--host {named} can be reached from other computers, and nothing is encrypted on "
                "the way; --expose allows it all the same, `ssh -L` to this computer is better"
            )
        say(f"handrail: warning: {_EXPOSED}")
    session = open_session(
        db, create=False, rules=Rules(policy, playbooks, model_choice(brain, model, api_base))
    )
    try:
        _ = session.service  # a mistake in the policy is told now, not on a page
        _check_somebody_can_sign_in(session)
        listening, address = listen(named, port)
        with contextlib.closing(listening):
            keys = Keys()
            order = Order(
                address,
                keys,
                Limits(pages, idle * 60),
                command_of(policy, playbooks),
                not no_worker,
            )
            came = asyncio.run(
                run(session, listening, order, _log, lambda: _tell(address, keys, open_browser))
            )
    finally:
        session.close()
    if came == signal.SIGINT:
        raise typer.Exit(130)


def _check_somebody_can_sign_in(session: "Session") -> None:
    from data.queries.operators import operators

    if not any(person.has_passphrase for person in operators(session.store)):
        raise HandrailError(
            "nobody has a passphrase yet, and a page lets nobody in without one: "
            "`handrail operators passphrase` sets yours"
        )


def _tell(address: "Address", keys: "Keys", open_browser: bool) -> None:
    say("handrail: the console is served at this address, for as long as this runs; ctrl+c ends it")
    out(f"{address.origin}/?token={keys.token}")
    if open_browser:
        # Programs' arguments can be read by other users, so that this token works once only. Some
        # browsers are waited for, which must not keep the server from answering them.
        opened = f"{address.origin}/?token={keys.once()}"
        threading.Thread(target=_open, args=[opened], daemon=True).start()


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        say("handrail: no browser could be opened here; open the address by hand")


def _log(text: str) -> None:
    say(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}")


_EXPOSED = (
    "others can reach this server, and nothing is encrypted: passphrases and customers' data can "
    "be read on the way; better: leave --host out and use `ssh -L` to this computer"
)
