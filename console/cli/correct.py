"""`handrail correct`: what triage should have said of a ticket."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.desk_acts import on_ticket
from console.cli.options import As, AsJson, Db, PassphraseStdin, Ticket
from console.format import line
from data.errors import HandrailError
from data.vocabulary import Intent, Sentiment

if TYPE_CHECKING:
    from console.bootstrap import Session


def correct(
    ticket: Ticket,
    intent: Annotated[
        Intent | None, typer.Option("--intent", help="Whose matter it is.", show_default=False)
    ] = None,
    issue: Annotated[
        str | None,
        typer.Option(
            "--issue",
            metavar="NAME",
            help="What is asked, by a name of your own.",
            show_default=False,
        ),
    ] = None,
    sentiment: Annotated[
        Sentiment | None,
        typer.Option("--sentiment", help="How its writer feels.", show_default=False),
    ] = None,
    urgency: Annotated[
        float | None,
        typer.Option("--urgency", metavar="0..1", help="How urgent it is.", show_default=False),
    ] = None,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Say what triage should have said of a ticket.

    The agents leave it so; what they are doing goes on. `handrail train` learns from it.
    """  # fmt: skip
    from agents.service import Correction

    correction = Correction(intent, issue.strip() if issue else issue, sentiment, urgency)
    if correction == Correction():
        raise HandrailError("say what is wrong: --intent, --issue, --sentiment or --urgency")

    def act(session: "Session", ticket_id: str) -> str:
        changed = session.service.correct(ticket_id, correction, by=session.operator)
        return ", ".join(f"{name} is {line(str(value))}" for name, value in changed.items())

    on_ticket(ticket, db, operator, passphrase_stdin, act, "corrected", as_json=as_json)
