"""`handrail stop`, `handrail go`: the stop button."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.deciding import TOO_LATE, deciding_session
from console.cli.options import As, AsJson, Db, PassphraseStdin
from console.cli.printing import out, print_json, say
from console.format import line
from data.vocabulary import ActionName, Intent

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.bootstrap import Session

OneAction = Annotated[
    ActionName | None,
    typer.Option("--action", metavar="NAME", help="Only this kind of action.", show_default=False),
]
OneIntent = Annotated[
    Intent | None,
    typer.Option(
        "--intent", metavar="NAME", help="Only issues of this intent.", show_default=False
    ),
]


def stop(
    action: OneAction = None,
    intent: OneIntent = None,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Halt what the agents carry out, at once and for every worker; what has started ends."""

    def press(session: "Session") -> str:
        session.service.stop(by=session.operator, action=action, intent=intent)
        return f"stopped: {held(action, intent)}; `handrail go` lifts it"

    _do(db, operator, passphrase_stdin, press, as_json=as_json)


def go(
    action: OneAction = None,
    intent: OneIntent = None,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Let the agents go on: everything, or one action or intent."""

    def lift(session: "Session") -> str:
        lifted = session.service.go(by=session.operator, action=action, intent=intent)
        return f"going on: {lifted} stop{'' if lifted == 1 else 's'} lifted"

    _do(db, operator, passphrase_stdin, lift, as_json=as_json)


def held(action: ActionName | None, intent: Intent | None) -> str:
    """What a stop holds, in words."""
    from agents.service.halting import what_is_held

    return what_is_held(action, intent)


def _do(
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    act: "Callable[[Session], str]",
    *,
    as_json: bool,
) -> None:
    from data.queries.health import health

    session = deciding_session(db, operator, passphrase_stdin)
    try:
        try:
            said = act(session)
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
        if as_json:
            print_json({"stopped": health(session.store).halts})
        else:
            out(said)
    finally:
        session.close()
