"""`handrail qa agree|correct|run`: a person's word on scores, and checking the past."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.deciding import TOO_LATE, deciding_session
from console.cli.options import (
    As,
    AsJson,
    Db,
    PassphraseStdin,
    PlaybookFolder,
    PolicyFile,
    Ticket,
)
from console.cli.printing import out, print_json, say
from console.cli.qa import Since, check_document, day_begin
from console.format import line
from console.scores import told
from data.vocabulary import QualityName

if TYPE_CHECKING:
    from agents.quality.checking import Past
    from console.bootstrap import Session

Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why.", show_default=False)]


def agree(
    ticket: Ticket,
    check: Annotated[
        QualityName | None,
        typer.Option("--check", help="Only this one; otherwise all.", show_default=False),
    ] = None,
    note: Note = "",
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Agree with a ticket's scores; that is recorded."""

    def act(session: "Session", ticket_id: str) -> float | None:
        by = session.operator
        return session.service.agree_on_quality(ticket_id, by=by, name=check, note=note)

    _review(ticket, db, operator, passphrase_stdin, act, f"agreed on {check or 'all'}", as_json)


def correct(
    ticket: Ticket,
    check: Annotated[QualityName, typer.Option("--check", help="Which score is wrong.")],
    score: Annotated[
        float, typer.Option("--score", metavar="S", help="What it should be, 0 to 1.")
    ],
    note: Note = "",
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Say what a score should be, and why; that is recorded, and the overall score follows."""

    def act(session: "Session", ticket_id: str) -> float | None:
        by = session.operator
        return session.service.correct_quality(ticket_id, check, score, by=by, note=note)

    _review(ticket, db, operator, passphrase_stdin, act, f"{check} is {told(score)}", as_json)


def _review(
    name: str,
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    act: "Callable[[Session, str], float | None]",
    done: str,
    as_json: bool,
) -> None:
    from data.queries.quality import quality_of
    from data.queries.queue import find_ticket

    session = deciding_session(db, operator, passphrase_stdin)
    try:
        ticket_id = find_ticket(session.store, name)
        try:
            overall = act(session, ticket_id)
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
        if as_json:
            print_json(check_document(quality_of(session.store, ticket_id)))
        else:
            out(f"{line(name)}: {done}; overall {told(overall)}")
    finally:
        session.close()


def run(
    ticket: Annotated[
        str | None,
        typer.Argument(metavar="[TICKET]", help="Only this one.", show_default=False),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also what these checks have seen already.")
    ] = False,
    since: Since = None,
    db: Db = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    as_json: AsJson = False,
) -> None:
    """Check tickets that came to an end and were not checked; workers check those that end now.

    Exit code 1 if some could not be checked; each is named.
    """
    from agents.quality.checking import Checker, Past, check_past
    from agents.wiring import open_parts
    from console.bootstrap import Rules, open_session
    from data.queries.queue import find_ticket

    session = open_session(db, create=False, rules=Rules(policy, playbooks))
    done, shown = Past(), sys.stderr.isatty()

    def tell(seen: int) -> None:
        if shown:
            print(f"\r\x1b[K{seen:,} ticket(s) looked at", end="", file=sys.stderr, flush=True)

    try:
        only = find_ticket(session.store, ticket) if ticket else None
        first = day_begin(session, since)
        with open_parts(session.store, session.rules.places) as parts:
            checker = Checker(session.store, parts.policy, parts.writer.lookup)
            check_past(checker, since=first, again=again, only=only, done=done, on_ticket=tell)
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        session.close()
    _report(done, as_json=as_json)


def _report(done: "Past", *, as_json: bool) -> None:
    failed = done.failed or []
    for ref, problem in failed:
        say(f"handrail: {line(ref)}: {line(problem)}")
    if as_json:
        document = {"checked": done.checked, "seen": done.seen}
        failures = [{"ticket": ref, "why": problem} for ref, problem in failed]
        print_json({**document, "failed": failures})
    else:
        out(f"{done.checked:,} ticket(s) checked, {done.seen - done.checked:,} left as they were")
    if failed:
        raise typer.Exit(1)
