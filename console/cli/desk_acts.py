"""What an operator's commands share: one act on one ticket, and saying how it went."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.deciding import TOO_LATE, deciding_session, tell_of_workers
from console.cli.documents import ticket_document
from console.cli.printing import out, print_json, say
from console.format import line

if TYPE_CHECKING:
    from console.bootstrap import Session

Force = Annotated[bool, typer.Option("--force", help="Also if another person has the ticket.")]

Act = Callable[["Session", str], str]
"""Does it to the ticket of this id; says in words what was done."""


def on_ticket(
    name: str,
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    act: Act,
    done: str,
    *,
    as_json: bool,
    carried: bool = False,
    more: Callable[[], dict[str, Any]] = dict,
) -> None:
    """Do one act to the ticket of this id or ref; exit code 1, and why, if it cannot be done.

    `carried` says that a worker carries it on; `done` and `more` stand in the JSON document beside
    the ticket.
    """
    from data.queries.queue import find_ticket
    from data.queries.tickets import ticket_detail

    session = deciding_session(db, operator, passphrase_stdin)
    try:
        ticket_id = find_ticket(session.store, name)
        try:
            said = act(session, ticket_id)
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
        if as_json:
            ticket = ticket_document(ticket_detail(session.store, ticket_id).ticket)
            print_json({"done": done, "by": session.operator, **more(), "ticket": ticket})
        else:
            out(f"{line(name)}: {said}")
        if carried:
            tell_of_workers(session)
    finally:
        session.close()
