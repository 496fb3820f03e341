"""`handrail import`: recorded runs of other agents, for replay, quality checks and measures."""

from pathlib import Path
from typing import Annotated

import typer

from agents.intake.formats import Reading
from agents.intake.runs import read_runs
from agents.intake.source import Source
from console.cli.ingest import JsonOutput, workspace_session
from console.cli.intake_options import (
    INTERRUPTED,
    Encoding,
    in_one_line,
    inputs,
    name_reject,
    say,
)
from console.cli.intake_report import follow
from console.cli.options import Db
from console.cli.printing import print_json


def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="JSON Lines of {id, messages}, as in chat completions with tool calls; "
            "- is standard input.",
            show_default=False,
        ),
    ],
    named: Annotated[
        str | None,
        typer.Option(
            "--as-agent",
            metavar="NAME",
            help="Who recorded them, as the measures tell them apart (default: the file's name).",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOutput = False,
    encoding: Encoding = None,
    db: Db = None,
) -> None:
    """Take in recorded runs of other agents, to look at.

    Each becomes a ticket of the channel `import` that has ended: `replay`, `show` and the quality
    checks show it, the measures tell it apart by channel and model, no agent goes on with it. Runs
    that are there already, by their id, are skipped and counted. Runs that cannot be read are named
    on standard error, and the exit code is 1.
    """
    from agents.importing import Importing

    ended = 0
    reading = Reading(encoding=encoding)
    with (
        in_one_line("import"),
        inputs([file], reading, of_tickets=False) as (source,),
        workspace_session(db) as session,
    ):
        source.check_is_text(encoding)
        importing = Importing(session.store, named or _named(source), name_reject)
        try:
            with follow([source]) as show:
                importing.take(read_runs(source.text(encoding)), show)
        except KeyboardInterrupt:
            ended = INTERRUPTED
            say("stopped; run it again: runs that are there are not taken in twice")
        finally:
            found = importing.imported
            if as_json:
                rejected = [{"line": reject.line, "why": reject.why} for reject in found.rejected]
                print_json(
                    {
                        "imported": len(found.tickets),
                        "duplicates": found.duplicates,
                        "rejected": rejected,
                        "tickets": found.tickets,
                    }
                )
            else:
                print(
                    f"{len(found.tickets):,} imported, {found.duplicates:,} there already, "
                    f"{len(found.rejected):,} rejected"
                )
    if ended or found.rejected:
        raise typer.Exit(ended or 1)


def _named(source: Source) -> str:
    """The file's name without its ending."""
    return Path(source.name).stem[:60] if source.path is not None else "import"
