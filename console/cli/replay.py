"""`handrail replay`: step through what happened to a ticket."""

from typing import Annotated, Any

import typer

from console.cli.options import (
    As,
    AsJson,
    Db,
    Limit,
    Offset,
    PassphraseStdin,
    Ticket,
    Unmasked,
    rows_wanted,
)
from console.cli.printing import block, print_json, say_masked, screen, stamp
from console.cli.tickets import tell_of_the_rest
from console.describe import details, headline, measures
from console.format import line
from data.errors import NotFound
from data.queries.rows import EventRow


def replay(
    ticket: Ticket,
    at: Annotated[
        int | None,
        typer.Option(
            "--at",
            min=1,
            metavar="STEP",
            help="Up to this step, with everything it recorded.",
            show_default=False,
        ),
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
    unmasked: Unmasked = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Step through a ticket's log: what each agent read, found, proposed and did, and when."""
    from console.bootstrap import open_session
    from data.queries.masked import masked_events
    from data.queries.queue import find_ticket
    from data.queries.tickets import ticket_detail, ticket_events

    session = open_session(db, operator, create=False)
    try:
        sees = session.sees_personal_data(asked=unmasked, passphrase_stdin=passphrase_stdin)
        ticket_id = find_ticket(session.store, ticket)
        events = ticket_events(session.store, ticket_id)
        detail = ticket_detail(session.store, ticket_id)
        names = {a.id: a.name for a in detail.actions}
    finally:
        session.close()
    if not sees:
        events = masked_events(events, detail)
        say_masked()
    if at is not None:
        if at > len(events):
            raise NotFound(f"ticket {ticket} has no step {at}; its last one is {len(events)}")
        events = [event for event in events if event.position <= at]
    wanted = EVERYTHING_OF_A_TICKET if limit is None else rows_wanted(limit, as_json=as_json)
    page = events[offset : offset + wanted]
    if as_json:
        print_json({"ticket": ticket_id, "steps": [_step(event) for event in page]})
        return
    console = screen()
    for event in page:
        took = measures(event)
        took = f"  ({took})" if took else ""
        when = event.at.strftime("%m-%d %H:%M:%S.%f")[:-3]
        text = line(headline(event, names) + took, 1000)
        console.print(block(f"{event.position:>4}  {when}  {event.agent:<11} {text}"))
    if at is not None and page:
        for name, value in details(page[-1]):
            console.print(block(f"      {name}: {value}"))
    tell_of_the_rest(len(page), len(events), offset, "step")


EVERYTHING_OF_A_TICKET = 1_000_000
"""A ticket's log is printed whole unless told otherwise."""


def _step(event: EventRow) -> dict[str, Any]:
    return {
        "at": event.position,
        "time": stamp(event.at),
        "agent": event.agent,
        "kind": event.kind,
        "data": event.data,
    }
