"""`handrail send`, `handrail propose`: answers and actions that come from an operator."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.desk_acts import Force, on_ticket
from console.cli.edits import given_arguments
from console.cli.options import As, AsJson, Db, PassphraseStdin, Ticket
from console.format import label, line
from data.errors import BadFile
from data.vocabulary import ActionName

if TYPE_CHECKING:
    from console.bootstrap import Session

MOST = 100_000
"""Characters of an answer."""


def send(
    ticket: Ticket,
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|-]", help="The answer's text; - is standard input.", show_default=False
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option("--body", metavar="TEXT", help="The answer itself.", show_default=False),
    ] = None,
    macro: Annotated[
        str | None,
        typer.Option(
            "--macro", metavar="NAME", help="A text of the settings, filled in.", show_default=False
        ),
    ] = None,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="The ticket is resolved once the answer is out.")
    ] = False,
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Answer the customer yourself; who answers has the ticket. A worker sends it."""
    if sum(each is not None for each in (file, body, macro)) != 1:
        raise typer.BadParameter(
            "give the answer once: as FILE or -, with --body, or by --macro", param_hint="[FILE|-]"
        )
    sent: dict[str, Any] = {}

    def act(session: "Session", ticket_id: str) -> str:
        text = _words(session, ticket_id, file, body, macro)
        sent["action"] = session.service.send(
            ticket_id, text, by=session.operator, resolve=resolve, force=force
        )
        sent["to"], sent["body"] = _recipient(session, ticket_id), text.strip()
        to = line(sent["to"]) or "the customer"
        then = "it is resolved" if resolve else "the customer is awaited"
        return f"the answer to {to} is on its way ({sent['action']}); once it is out, {then}"

    on_ticket(
        ticket, db, operator, passphrase_stdin, act, "sent", as_json=as_json, carried=True,
        more=lambda: sent,
    )  # fmt: skip


def _words(
    session: "Session", ticket_id: str, file: str | None, body: str | None, macro: str | None
) -> str:
    if body is not None:
        return body
    if macro is not None:
        from console.settings import load_settings

        macros = load_settings().macros
        return session.service.macro(ticket_id, macro, macros, by=session.operator)
    return read_text(file or "-")


def read_text(place: str) -> str:
    """The text of a file, or of standard input for `-`; BadFile if it is none."""
    name = "standard input" if place == "-" else place
    try:
        text = sys.stdin.read(MOST + 1) if place == "-" else _begin_of(Path(place))
    except OSError as problem:
        raise BadFile(name, f"cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise BadFile(name, "is not UTF-8 text") from problem
    if len(text) > MOST:
        raise BadFile(name, f"is too long for an answer; at most {MOST:,} characters are taken")
    return text


def _begin_of(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(MOST + 1)


def _recipient(session: "Session", ticket_id: str) -> str | None:
    from data.queries.tickets import ticket_detail

    found = ticket_detail(session.store, ticket_id).ticket
    return found.requester or found.customer_name


def propose(
    ticket: Ticket,
    action: Annotated[
        ActionName,
        typer.Argument(metavar="ACTION", help="An action of the catalogue, such as issue_credit."),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="An argument; money in minor units; fields of a record as changes.email=…. "
            "May be repeated. The ticket's customer need not be given.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why: whoever decides reads it.")
    ] = "",
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Propose an action; a worker works its effect out, then it waits for approval like others."""
    from data.queries.tickets import ticket_detail

    proposed: dict[str, Any] = {}

    def act(session: "Session", ticket_id: str) -> str:
        detail = ticket_detail(session.store, ticket_id)
        known = {"customer": detail.customer_id, "ticket": ticket_id}
        arguments = given_arguments(action, settings or [], known)
        proposed["action"] = session.service.propose(
            ticket_id, action, arguments, by=session.operator, reason=reason
        )
        proposed["arguments"] = arguments
        return f"{label(action)} is proposed ({proposed['action']}); it waits for approval"

    on_ticket(
        ticket, db, operator, passphrase_stdin, act, "proposed", as_json=as_json, carried=True,
        more=lambda: proposed,
    )  # fmt: skip
