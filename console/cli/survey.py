"""`handrail survey import`: what customers answered to surveys."""

from typing import Annotated

import typer

from console.cli.intake_options import Encoding, name_reject
from console.cli.options import As, AsJson, Db
from console.cli.printing import out, print_json
from console.cli.program import Program, new_typer


class SurveyCommands(Program):
    """What can be done with surveys."""

    sections = {"Surveys": {"import": ("console.cli.survey", "Take answers of customers in.")}}


survey = new_typer(SurveyCommands, name="survey", no_args_is_help=True)


@survey.callback()
def _survey(db: Db = None, operator: As = None) -> None:
    """Surveys: how satisfied customers were, put beside their tickets for the measures."""


def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="CSV with a header, or JSON Lines: ticket (id or ref), score (1 to 5), at, and "
            "comment if there is one; - is standard input.",
            show_default=False,
        ),
    ],
    db: Db = None,
    encoding: Encoding = None,
    operator: As = None,
    as_json: AsJson = False,
) -> None:
    """Take answers to surveys in; `handrail kpi` counts the newest of each ticket.

    Answers taken in before are counted and left out. What cannot be read, or is of no ticket here,
    is named on standard error, and the exit code is 1.
    """
    from agents.intake.answers import read_answers
    from agents.intake.source import check_encoding, open_source
    from agents.surveys import Recorded, record_answers
    from console.bootstrap import open_session

    check_encoding(encoding)
    source = open_source(file)
    done = Recorded()
    try:
        answers = read_answers(source, encoding)
        session = open_session(db, operator, create=False)
        try:
            record_answers(session.store, answers, by=session.operator, done=done)
        finally:
            session.close()
    finally:
        source.close()
    for reject in done.rejected:
        name_reject(reject)
    if as_json:
        rejected = [{"line": reject.line, "why": reject.why} for reject in done.rejected]
        print_json({"stored": done.stored, "duplicates": done.there_already, "rejected": rejected})
    else:
        out(
            f"{done.stored:,} answer(s) stored, {done.there_already:,} there already, "
            f"{len(done.rejected):,} rejected"
        )
    if done.rejected:
        raise typer.Exit(1)
