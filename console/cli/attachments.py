"""`handrail attachments`: the files that came with a ticket's messages."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import As, AsJson, Db, PassphraseStdin, Ticket
from console.cli.printing import out, print_json, say, say_masked
from console.format import line


def attachments(
    ticket: Ticket,
    db: Db = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FOLDER", help="Write the files there.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files of the same name.")] = False,
    as_json: AsJson = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """List the files that came with a ticket's messages, and save them.

    They are as their senders sent them, and nobody has looked into them: open them with care.
    Names are masked for viewers, and for who has not signed in where that is set up; they save
    nothing.
    """
    from console.bootstrap import open_session
    from console.saving import Saved, described, save_all
    from data.queries.attachments import attachments_of
    from data.queries.masked import masked
    from data.queries.queue import find_ticket

    session = open_session(db, operator, create=False)
    try:
        asked = save is not None
        sees = session.sees_personal_data(asked=asked, passphrase_stdin=passphrase_stdin)
        found = attachments_of(session.store, find_ticket(session.store, ticket))
        saved = save_all(session.store, found, save, force=force) if save else Saved()
    finally:
        session.close()
    if not sees:
        found = masked(found)
        say_masked()
    if as_json:
        listed = [
            {"id": a.id, "message": a.message_id, "name": a.name, "type": a.kind, "size": a.size,
             "problem": a.problem}
            for a in found
        ]  # fmt: skip
        print_json({
            "attachments": listed,
            "saved": [str(path) for path in saved.files],
            "failed": [{"name": name, "why": why} for name, why in saved.left_out],
        })  # fmt: skip
    else:
        for attachment in found if save is None else []:
            out(described(attachment))
        for path in saved.files:
            out(line(str(path), 1000))
        if not found:
            say("no attachments")
    for name, why in saved.left_out:
        say(f"handrail: {line(name, 200)} was not saved: {line(why, 200)}")
    if saved.left_out:
        raise typer.Exit(1)
