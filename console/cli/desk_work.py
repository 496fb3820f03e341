"""`handrail take`, `handback`, `accept`, `assign`, `note`, `priority`, `merge`, `close`, `resolve`:
an operator's work on a ticket, from the shell."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.desk_acts import Force, on_ticket
from console.cli.options import As, AsJson, Db, PassphraseStdin, Ticket
from console.format import line
from data.vocabulary import AGENTS_OWN, Priority

if TYPE_CHECKING:
    from console.bootstrap import Session

Why = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever looks at it later.")
]


def take(
    ticket: Ticket,
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Take a ticket from the agents, or from who has it: it is yours to answer from now on."""

    def act(session: "Session", ticket_id: str) -> str:
        had = session.service.take(ticket_id, by=session.operator, force=force)
        return "it is yours now" + ("" if had == AGENTS_OWN else f", and was {line(had)}'s")

    on_ticket(ticket, db, operator, passphrase_stdin, act, "taken", as_json=as_json)


def handback(
    ticket: Ticket,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="An internal note for the next person.")
    ] = "",
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Give a ticket back to the agents, who go on where they were or look at it anew."""

    def act(session: "Session", ticket_id: str) -> str:
        session.service.hand_back(ticket_id, by=session.operator, note=note, force=force)
        return "the agents have it again"

    on_ticket(
        ticket, db, operator, passphrase_stdin, act, "handed_back", as_json=as_json, carried=True
    )


def accept(
    ticket: Ticket,
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Accept a ticket that the agents handed to a person."""

    def act(session: "Session", ticket_id: str) -> str:
        session.service.accept(ticket_id, by=session.operator, force=force)
        return "accepted; it is yours now"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "accepted", as_json=as_json)


def assign(
    ticket: Ticket,
    to: Annotated[str, typer.Argument(metavar="NAME", help="An operator; `agents` hands it back.")],
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Give a ticket to an operator."""

    def act(session: "Session", ticket_id: str) -> str:
        session.service.assign(ticket_id, to=to, by=session.operator, force=force)
        return f"{line(to)} has it now"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "assigned", as_json=as_json)


def note(
    ticket: Ticket,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the next person should know.")],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add an internal note: neither the customer nor the agents read it."""

    def act(session: "Session", ticket_id: str) -> str:
        session.service.note(ticket_id, text, by=session.operator)
        return "noted"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "noted", as_json=as_json)


def priority(
    ticket: Ticket,
    wanted: Annotated[Priority, typer.Argument(metavar="PRIORITY", help="low to urgent.")],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Set a ticket's priority; the agents leave it so."""

    def act(session: "Session", ticket_id: str) -> str:
        was = session.service.set_priority(ticket_id, wanted, by=session.operator)
        return f"{wanted}, was {was}"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "priority_set", as_json=as_json)


def merge(
    ticket: Ticket,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The ticket that stays.")],
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Merge a duplicate: its words are added to the other ticket, and it is closed."""
    from data.queries.queue import find_ticket

    def act(session: "Session", ticket_id: str) -> str:
        other = find_ticket(session.store, into)
        session.service.merge(ticket_id, into=other, by=session.operator, force=force)
        return f"merged into {line(into)}, and closed"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "merged", as_json=as_json)


def close(
    ticket: Ticket,
    reason: Why,
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Close a ticket without an answer; what waits in it is withdrawn."""

    def act(session: "Session", ticket_id: str) -> str:
        session.service.close(ticket_id, by=session.operator, reason=reason, force=force)
        return "closed"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "closed", as_json=as_json)


def resolve(
    ticket: Ticket,
    reason: Why,
    force: Force = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Say that a ticket is resolved, without a further answer."""

    def act(session: "Session", ticket_id: str) -> str:
        session.service.resolve(ticket_id, by=session.operator, reason=reason, force=force)
        return "resolved"

    on_ticket(ticket, db, operator, passphrase_stdin, act, "resolved", as_json=as_json)
