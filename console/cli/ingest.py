"""`handrail ingest` and `handrail receive`: tickets and further messages into the queue."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from agents.intake.batch import NAMED
from agents.intake.fields import check_size, parse_map
from agents.intake.formats import Format, Reading, format_of, read
from agents.intake.queueing import Desk, Queueing, Taken
from agents.intake.records import MAX_TEXT, Incoming, Reject, Unreadable, storable, too_long
from agents.intake.source import Source
from console.cli.intake_options import (
    INTERRUPTED,
    Encoding,
    Files,
    Map,
    in_one_line,
    inputs,
    name_reject,
    records_of,
    say,
)
from console.cli.intake_report import follow, there_already
from console.cli.options import Db
from data.errors import BadFile
from data.queries.queue import find_ticket
from data.store import Store

if TYPE_CHECKING:
    from agents.service import NewTicket


class IntakeSession(Protocol):
    """An open workspace, as far as taking tickets in needs it."""

    @property
    def store(self) -> Store:
        """What is read."""
        ...

    @property
    def service(self) -> "Desk[NewTicket]":
        """What writes."""
        ...


OpenSession = Callable[[str | None], AbstractContextManager[IntakeSession]]
"""Opens the workspace at a path or URL for the length of a block."""


@contextmanager
def workspace_session(db: str | None) -> Iterator[IntakeSession]:
    """The workspace at `db`, made if there is none."""
    from console.bootstrap import open_session

    session = open_session(db)
    try:
        yield session
    finally:
        session.close()


def queueing(
    session: IntakeSession, tell: Callable[[Reject], None] = lambda reject: None
) -> "Queueing[NewTicket]":
    """What puts records into the session's queue; `tell` hears each reject."""
    return Queueing(session.service, session.store, opened_by, tell)


def opened_by(record: Incoming) -> "NewTicket":
    """The ticket that a record opens."""
    from agents.service import NewTicket

    return NewTicket(
        ref=record.ref,
        subject=record.subject,
        body=record.body,
        email=record.email,
        channel=record.channel,
        at=record.at,
        external_id=record.external_id,
        attachments=record.attachments,
    )


JsonOutput = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def ingest_with(open_session: OpenSession) -> Callable[..., None]:
    """The command `ingest`, with the way to a workspace that it is to use."""

    def ingest(
        files: Files,
        as_json: JsonOutput = False,
        mapping: Map = None,
        encoding: Encoding = None,
        db: Db = None,
    ) -> None:
        """Put the tickets of files into the queue.

        A record that names a ticket (field `ticket`), or answers a message of one (In-Reply-To),
        is added to it as a further message. Tickets whose id is there already are skipped and
        counted. Records that cannot be read are named on standard error, and the exit code is 1.
        """
        reading_error = 0
        with in_one_line("ingest"):
            reading = Reading(parse_map(mapping or []), encoding)
            with inputs(files, reading) as sources, open_session(db) as session:
                queue = queueing(session, name_reject)
                try:
                    with follow(sources) as show:
                        queue.take(records_of(sources, reading, say), show)
                except KeyboardInterrupt:
                    reading_error = INTERRUPTED
                    say("stopped; run it again: tickets with an id are not taken in twice")
                finally:
                    _report(queue.taken, as_json=as_json)
        if reading_error or queue.taken.rejected:
            raise typer.Exit(reading_error or 1)

    return ingest


def _report(taken: Taken, *, as_json: bool) -> None:
    if as_json:
        rejected = [{"line": reject.line, "why": reject.why} for reject in taken.rejected]
        print(
            json.dumps(
                {
                    "ingested": len(taken.tickets),
                    "received": taken.received,
                    "duplicates": taken.duplicates,
                    "changed": taken.changed,
                    "rejected": rejected,
                    "tickets": taken.tickets,
                },
                ensure_ascii=False,
            )
        )
        return
    there = there_already(taken.duplicates, len(taken.changed), taken.changed[:NAMED])
    print(
        f"{len(taken.tickets):,} ingested, {taken.received:,} received for known tickets, "
        f"{there}, {len(taken.rejected):,} rejected"
    )


def receive_with(open_session: OpenSession) -> Callable[..., None]:
    """The command `receive`, with the way to a workspace that it is to use."""

    def receive(
        ticket: Annotated[str, typer.Argument(help="The ticket's id or ref.", show_default=False)],
        file: Annotated[
            str,
            typer.Argument(
                metavar="[FILE]", help="The message, a text or a mail; - is standard input."
            ),
        ] = "-",
        as_json: JsonOutput = False,
        encoding: Encoding = None,
        db: Db = None,
    ) -> None:
        """Add a customer's further message to a ticket, and have the agents read it."""
        with in_one_line("receive"):
            reading = Reading(encoding=encoding)
            message = read_message(file, reading)
            with open_session(db) as session:
                ticket_id = find_ticket(session.store, ticket)
                session.service.receive(
                    ticket_id, message.body, at=message.at, external_id=message.external_id,
                    attachments=message.attachments,
                )  # fmt: skip
            answer: dict[str, Any] = {"ticket": ticket_id, "received": 1}
            print(json.dumps(answer) if as_json else f"received for {ticket_id}")

    return receive


def read_message(place: str, reading: Reading) -> Incoming:
    """The one message in a text or mail; BadFile if there is none, or it is too long."""
    with inputs([place], reading, of_tickets=False) as (source,):
        if source.path is not None and source.path.suffix.lower() == ".eml":
            return _mail(source, reading)
        source.check_is_text(reading.encoding)
        text = source.text(reading.encoding)
        body = storable(text.read(MAX_TEXT + 1))
        try:
            check_size("", body)
        except Unreadable:
            size = source.size or len(body)
            raise BadFile(source.name, too_long(max(size, len(body)))) from None
        if not body.strip():
            raise BadFile(source.name, "the message is empty")
        return Incoming(line=1, body=body.rstrip("\r\n"))


def _mail(source: Source, reading: Reading) -> Incoming:
    assert format_of(source, reading) is Format.EML
    record = next(read(source, reading))
    if isinstance(record, Reject):
        raise BadFile(source.name, record.why)
    return record


ingest = ingest_with(workspace_session)
receive = receive_with(workspace_session)
