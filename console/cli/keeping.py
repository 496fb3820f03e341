"""`handrail backup`, `erase`, `prune`: keeping a workspace, and forgetting people in it."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from console.cli.options import As, AsJson, Db, PassphraseStdin, PolicyFile
from console.cli.printing import out, print_json, say
from console.format import line
from data.errors import HandrailError

if TYPE_CHECKING:
    from console.bootstrap import Session
    from data.keeping.erase import Forgotten, LookUp, Person

OUTSIDE = (
    "The back office and other outside systems keep their own records, and so do copies made "
    "earlier and exported files."
)

_ROWS = (
    "ticket", "message", "payload", "issue", "action", "decision", "handoff", "run", "survey",
)  # fmt: skip


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    db: Db = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy the workspace while others work on it, and its back office beside the copy.

    The copy is a workspace: name it with --db, or put both files in the place of lost ones.
    """
    from agents.wiring import BACKOFFICE, backoffice_of
    from console.bootstrap import Rules, meant, open_session
    from data.database import parse_url
    from data.keeping.backup import back_up, source_of

    source_of(parse_url(meant(db)))
    session = open_session(db, create=False)
    try:
        beside = (backoffice_of(session.store, Rules().places), file.with_suffix(BACKOFFICE))
        with _Progress("copied {} of {} pages") as progress:
            done = back_up(session.store, file, beside=beside, force=force, progress=progress)
    finally:
        session.close()
    named = " and ".join(line(str(path)) for path in done.files)
    out(
        f"{done.events:,} event(s) of {done.chains:,} chain(s), {done.bytes / 1e6:,.1f} MB: "
        f"copied to {named}, and checked"
    )


def erase(
    customer: Annotated[
        str,
        typer.Argument(
            metavar="CUSTOMER", help="A customer's id or e-mail address, or a ticket of theirs."
        ),
    ],
    db: Db = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Withdraw what is open in tickets that still run, and close them."
        ),
    ] = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact", help="Write the database anew, so that no freed page keeps a word."
        ),
    ] = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person's data from the workspace; the log's chain, states, times and amounts stay.

    Takes a supervisor. Exit code 1 if something of theirs could not be erased; it is named.
    """
    from data.keeping.erase import erase_person, find_person
    from data.keeping.removal import clear_file, forgetting

    session = _signed_in(db, operator, passphrase_stdin, "erase a customer's data")
    try:
        with _customers_outside(session) as look_up, session.store.read() as connection:
            person = find_person(connection, customer, look_up)
        if person.tickets and not yes:
            _confirm(customer, person)
        with forgetting(session.store) as store:
            done = erase_person(store, person, by=session.operator, force=force)
            cleared = clear_file(store, compact=compact)
        copies = _upgrade_copies(session)
    finally:
        session.close()
    document = {
        "customer": person.customer_id,
        "who": person.digest,
        "tickets": person.refs,
        "closed": done.closed,
        "erased": _counted(done.rows),
        "still_logged": done.still_logged,
        "cleared": cleared,
        "compacted": compact,
        "outside": OUTSIDE,
        "copies": copies,
    }
    if as_json:
        print_json(document)
    else:
        _tell_erased(customer, done, copies)
    if done.still_logged:
        say(
            f"handrail: {done.still_logged} entries of the log still hold a detail or words of "
            "theirs; the log is never changed"
        )
    if _unclear(cleared) or done.still_logged:
        raise typer.Exit(1)


def prune(
    db: Db = None,
    older_than: Annotated[
        int | None,
        typer.Option(
            "--older-than",
            min=1,
            metavar="DAYS",
            help="Tickets that ended longer ago (default: tickets.keep_days of the policy).",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    operator: As = None,
    policy: PolicyFile = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Erase the personal data of tickets that ended long ago; stopped, it goes on next time.

    Takes a supervisor. Exit code 1 if something could not be erased; it is named.
    """
    from agents.wiring import Places, policy_of
    from data.keeping.prune import old_tickets
    from data.keeping.prune import prune as prune_tickets
    from data.keeping.removal import clear_file, forgetting

    session = _signed_in(db, operator, passphrase_stdin, "prune", only_looking=dry_run)
    rows: Counter[str] = Counter()
    cleared = True
    try:
        days = older_than or policy_of(session.store, Places(policy)).tickets.keep_days
        tickets = old_tickets(session.store, days) if days else 0
        if days and not dry_run:
            with (
                forgetting(session.store) as store,
                _Progress("pruned {} of {} tickets", tickets) as progress,
            ):
                done = prune_tickets(store, days, by=session.operator, on_batch=progress)
                tickets, rows = done.tickets, done.rows
                cleared = clear_file(store)
    finally:
        session.close()
    if as_json:
        print_json(
            {"older_than_days": days, "dry_run": dry_run, "tickets": tickets,
             "erased": _counted(rows), "cleared": cleared}
        )  # fmt: skip
    elif days is None:
        out("nothing is pruned: the policy sets no tickets.keep_days; or name --older-than DAYS")
    elif dry_run:
        out(f"{tickets:,} ticket(s) ended more than {days} day(s) ago and hold personal data")
    else:
        out(f"{tickets:,} ticket(s) that ended more than {days} day(s) ago: {_spoken(rows)} erased")
    if _unclear(cleared):
        raise typer.Exit(1)


def _signed_in(
    db: str | None, operator: str | None, stdin: bool, what: str, *, only_looking: bool = False
) -> "Session":
    """A session of somebody who may erase; NotAllowed for others."""
    from agents.authority import check_may_act
    from console.bootstrap import open_session
    from data.vocabulary import Role

    session = open_session(
        db, operator, create=False, deciding=not only_looking, passphrase_stdin=stdin
    )
    try:
        if session.person is not None:
            check_may_act(session.person, Role.SUPERVISOR, what)
    except BaseException:
        session.close()
        raise
    return session


@contextmanager
def _customers_outside(session: "Session") -> "Iterator[LookUp]":
    """The record of a customer in the back office, by id or address; none where there is none."""
    from agents.connectors.embedded.reader import EmbeddedReader
    from agents.wiring import backoffice_of
    from data.errors import WorkspaceUnusable

    try:
        path = backoffice_of(session.store, session.rules.places)
    except WorkspaceUnusable:
        path = None
    if path is None or not path.is_file():
        yield lambda name: None
        return
    reader = EmbeddedReader(path)
    try:
        yield lambda name: reader.customer(name) or reader.customer_by_email(name)
    finally:
        reader.close()


def _confirm(customer: str, person: "Person") -> None:
    """Ask at a terminal whether it is meant; Exit if not."""
    if not sys.stdin.isatty():
        raise HandrailError("erasing cannot be undone: say that it is meant, by --yes")
    shown = ", ".join(line(ref) for ref in person.refs[:10])
    more = ", …" if len(person.refs) > 10 else ""
    say(f"{line(customer)}: {len(person.refs)} ticket(s) ({shown}{more}); it cannot be undone.")
    if not typer.confirm("Erase what they hold?", err=True):
        say("nothing was erased")
        raise typer.Exit(1)


def _upgrade_copies(session: "Session") -> list[str]:
    """Copies that upgrades have left beside the workspace, and that hold what it held then."""
    if session.store.folder is None:
        return []
    stem = session.store.beside("").name
    return sorted(str(path) for path in session.store.folder.glob(f"{escape(stem)}.*.bak"))


def _tell_erased(customer: str, done: "Forgotten", copies: list[str]) -> None:
    if done.closed:
        out(f"closed first: {', '.join(line(ref) for ref in done.closed)}")
    out(
        f"{line(customer)}: {_spoken(done.rows)} erased in {len(done.person.tickets)} ticket(s); "
        "the log's chain, states, times and amounts stay"
    )
    out(OUTSIDE)
    for path in copies:
        out(f"a copy that an upgrade made: {line(path)}")


def _counted(rows: Counter[str]) -> dict[str, int]:
    return {f"{name}s": rows[name] for name in _ROWS}


def _spoken(rows: Counter[str]) -> str:
    """How much, in words."""
    parts = [f"{rows[name]:,} {name}(s)" for name in _ROWS if rows[name]]
    return ", ".join(parts) or "0 things"


def _unclear(cleared: bool) -> bool:
    if not cleared:
        say(
            "handrail: the journal beside the database still holds words, since another program "
            "reads; run this again when it is done"
        )
    return not cleared


class _Progress:
    """A line on standard error that tells how far something is; silent without a terminal."""

    def __init__(self, text: str, total: int = 0) -> None:
        """`text` takes how much is done and of how much."""
        self._text, self._total, self._shown = text, total, False

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int, total: int = 0) -> None:
        """Tell it."""
        if sys.stderr.isatty():
            self._shown = True
            told = self._text.format(f"{done:,}", f"{total or self._total:,}")
            print(f"\r{told} ", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self._shown:
            say("")
