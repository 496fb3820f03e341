"""`handrail handoffs`, `available`, `away`: what waits for people, and who is there."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.deciding import TOO_LATE, deciding_session
from console.cli.documents import handoff_document
from console.cli.options import As, AsJson, Db, Limit, Offset, PassphraseStdin, rows_wanted
from console.cli.printing import out, print_json, print_table, say
from console.cli.tickets import tell_of_the_rest
from console.format import age, line

if TYPE_CHECKING:
    from datetime import datetime

    from data.queries.rows import HandoffRow


def handoffs(
    skill: Annotated[
        str | None,
        typer.Option("--skill", metavar="NAME", help="Only this skill's.", show_default=False),
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
) -> None:
    """List the tickets that the agents handed to people and nobody has accepted, oldest first."""
    from console.bootstrap import open_session
    from data.queries.approvals import open_handoffs
    from data.queries.masked import masked

    session = open_session(db, create=False)
    try:
        found, now = open_handoffs(session.store, skill), session.store.clock.now()
        sees = session.sees_personal_data()
    finally:
        session.close()
    page = found[offset : offset + rows_wanted(limit, as_json=as_json)]
    page = page if sees else masked(page)
    if as_json:
        print_json({"handoffs": [handoff_document(row) for row in page], "total": len(found)})
        return
    if page:
        columns = ["ticket", "skill", "kind", "to", "waits", "estimated", "reason"]
        print_table(columns, [_row(row, now) for row in page], wide="reason")
    tell_of_the_rest(len(page), len(found), offset, "hand-over")


def _row(handoff: "HandoffRow", now: "datetime") -> tuple[str, ...]:
    estimated = "" if handoff.wait_minutes is None else f"{handoff.wait_minutes} min"
    return (
        handoff.ticket_ref,
        handoff.skill,
        handoff.kind.replace("_", " "),
        handoff.assigned_to or "anybody",
        age(handoff.queued_at, now),
        estimated,
        handoff.reason,
    )


def available(
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Say that you can be handed tickets now."""
    _be_there(db, operator, passphrase_stdin, there=True, as_json=as_json)


def away(
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Say that you cannot be handed tickets now; what you have stays yours."""
    _be_there(db, operator, passphrase_stdin, there=False, as_json=as_json)


def _be_there(
    db: str | None, operator: str | None, passphrase_stdin: bool, *, there: bool, as_json: bool
) -> None:
    session = deciding_session(db, operator, passphrase_stdin)
    try:
        name = session.operator
        try:
            session.service.set_availability(name, there, by=name)
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
    finally:
        session.close()
    if as_json:
        print_json({"operator": name, "available": there})
    else:
        out(f"{line(name)} is {'available' if there else 'away'}")
