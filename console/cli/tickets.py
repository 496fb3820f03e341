"""`handrail tickets`: the queue."""

from typing import Annotated, Literal

import typer

from console.cli.documents import ticket_document
from console.cli.options import (
    As,
    AsJson,
    Db,
    Limit,
    Offset,
    PassphraseStdin,
    Unmasked,
    rows_wanted,
)
from console.cli.printing import print_json, print_table, say, say_masked
from console.countdown import countdown
from console.format import STATUS, age

Sort = Literal["newest", "oldest", "priority", "updated", "due", "money"]


def tickets(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]",
            help="Words and fields, such as status:escalated older:2h double charge.",
            show_default=False,
        ),
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
    sort: Annotated[Sort, typer.Option("--sort", "--order", help="What comes first.")] = "newest",
    view: Annotated[
        str, typer.Option("--view", help="A saved view, such as mine or breaching.", metavar="VIEW")
    ] = "all",
    unmasked: Unmasked = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """List tickets; a query narrows them down.

    Words and "phrases" are found in subject, messages, names and ref. Fields are written
    field:value: status, intent, priority, is, tier, owner, customer, requester, ref, channel,
    language, flag, identity, amount (>5000), older and newer (30m, 2h, 3d, 1w). Several values are
    parted by commas; a minus excludes (put -- before a query that begins with one).
    """
    from console.bootstrap import open_session
    from data.queries.masked import masked
    from data.queries.queue import queue_page
    from data.queries.search import parse_search

    search = parse_search(" ".join(query or []))
    session = open_session(db, operator, create=False)
    try:
        sees = session.sees_personal_data(asked=unmasked, passphrase_stdin=passphrase_stdin)
        page = queue_page(
            session.store, search, view=view, order=sort, limit=rows_wanted(limit, as_json=as_json),
            offset=offset, operator=session.operator,
        )  # fmt: skip
        now = session.store.clock.now()
    finally:
        session.close()
    rows = page.rows if sees else masked(page.rows)
    if rows and not sees:
        say_masked()
    if as_json:
        print_json({"tickets": [ticket_document(row) for row in rows], "total": page.total})
        return
    if rows:
        print_table(
            ["ref", "status", "priority", "due", "intents", "subject", "requester", "age"],
            [
                (
                    row.ref,
                    STATUS[row.status][1],
                    row.priority.value,
                    countdown(row.due_at, now)[0],
                    ", ".join(row.intents),
                    row.subject,
                    row.requester or "",
                    age(row.opened_at, now),
                )
                for row in rows
            ],
            wide="subject",
        )
    tell_of_the_rest(len(rows), page.total, offset, "ticket")


def tell_of_the_rest(shown: int, total: int, offset: int, what: str) -> None:
    """On standard error: how many there are, and how to see the next ones."""
    if not total:
        say(f"no {what}s")
    elif offset >= total:
        say(f"{total:,} {what}s; --offset {offset} is past the last one")
    elif shown < total:
        rest = total - offset - shown
        more = f"; --offset {offset + shown} shows the next" if rest else ""
        say(f"{shown:,} of {total:,} {what}s{more}")
