"""`handrail audit`: whether the record holds, anchors of it, and one ticket's record in a file."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from console.cli.options import As, AsJson, Db, PassphraseStdin, Ticket
from console.cli.printing import out, print_json, say
from console.cli.program import Program, new_typer
from console.format import line
from data.errors import BadFile

if TYPE_CHECKING:
    from console.bootstrap import Session
    from data.audit.anchor import Anchor
    from data.audit.findings import Break, Findings

_HERE = "console.cli.audit"


class AuditCommands(Program):
    """What can be done with the record."""

    sections = {
        "The record": {
            "verify": (_HERE, "Check the whole log, or a file; exit 1 names the first break."),
            "anchor": (_HERE, "A checkpoint over all chains, to be kept elsewhere."),
            "export": (_HERE, "One ticket's record in a file that is checked anywhere."),
        }
    }


audit = new_typer(AuditCommands, name="audit", no_args_is_help=False)


@audit.callback()
def _audit(db: Db = None, operator: As = None) -> None:
    """The record: what happened, chained by hash, so that a change of it is found."""


def verify(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="A file of `handrail audit export`, checked without a workspace.",
            show_default=False,
        ),
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option(
            "--anchor",
            metavar="FILE",
            help="An anchor taken earlier: finds a removed end and a log written anew.",
            show_default=False,
        ),
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Check every event, head and text. Exit code 1 if the record does not hold: it names the
    first break."""
    from data.audit.anchor import read_anchor
    from data.audit.exported import check_export

    held = read_anchor(anchor) if anchor is not None else None
    begun = time.monotonic()
    found = check_export(file, held) if file is not None else _verify_workspace(db, held)
    took = time.monotonic() - begun
    if as_json:
        print_json(_document(found, held, took))
    elif found.first is not None:
        breaks = f"{found.broken:,} break{'' if found.broken == 1 else 's'}"
        out(f"BROKEN: {line(found.first.text, 1000)} ({breaks} in {_checked(found)})")
    else:
        as_anchored = f", as anchored at {line(held.at)}" if held else ""
        digest = f", sha256 {found.sha256}" if found.sha256 else ""
        out(f"fine: {_checked(found)}{as_anchored}{digest}; {took:.1f} s")
    if found.sealed and not as_json:
        say(
            f"{found.sealed:,} event(s) hold masked words: their places were checked, not what "
            "they hold"
        )
    if found.broken:
        raise typer.Exit(1)


def _verify_workspace(db: str | None, anchor: "Anchor | None") -> "Findings":
    from console.bootstrap import open_session
    from data.audit.verify import verify as verify_log
    from data.feed import newest_event

    session = open_session(db, create=False)
    try:
        with _told(newest_event(session.store.engine)) as progress:
            return verify_log(session.store, anchor, progress)
    finally:
        session.close()


@contextmanager
def _told(total: int) -> Iterator[Callable[[int], None]]:
    """Says how far it is on one line of standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    begun = time.monotonic()

    def tell(done: int) -> None:
        rate = done / max(time.monotonic() - begun, 1e-6)
        text = f"{done:,} of {total:,} events, {rate:,.0f}/s"
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _checked(found: "Findings") -> str:
    chains = f"{found.chains:,} chain{'' if found.chains == 1 else 's'}"
    return f"{found.events:,} events in {chains}, {found.texts:,} texts ({found.erased:,} erased)"


def _document(found: "Findings", anchor: "Anchor | None", took: float) -> dict[str, Any]:
    held = None
    if anchor is not None:
        held = {"at": anchor.at, "last_event": anchor.last_event, "root": anchor.root}
    return {
        "ok": not found.broken,
        "events": found.events,
        "chains": found.chains,
        "texts": found.texts,
        "erased": found.erased,
        "masked_events": found.sealed,
        "sha256": found.sha256,
        "broken": found.broken,
        "first": _break(found.first) if found.first else None,
        "breaks": [_break(each) for each in found.breaks],
        "anchor": held,
        "seconds": round(took, 3),
    }


def _break(found: "Break") -> dict[str, Any]:
    return {
        "what": found.what,
        "ticket": found.ref,
        "chain": found.chain,
        "position": found.position,
        "event": found.event,
        "line": found.line,
    }


def anchor(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; `-` is stdout.")],
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Write down where every chain ends. Keep it where nobody who can write the workspace can."""
    from console.bootstrap import open_session
    from data.audit.anchor import take_anchor

    session = open_session(db, create=False)
    try:
        with _new_file(file, private=False) as target:
            taken = take_anchor(session.store)
            for text in taken.lines:
                target.write(f"{text}\n".encode())
    finally:
        session.close()
    if as_json and str(file) != "-":
        print_json(
            {
                "anchor": str(file),
                "at": taken.at,
                "events": taken.events,
                "last_event": taken.last_event,
                "chains": len(taken.heads),
                "root": taken.root,
            }
        )
    else:
        chains = f"{len(taken.heads):,} chain{'' if len(taken.heads) == 1 else 's'}"
        say(f"anchored {taken.events:,} events in {chains}, root {taken.root}")


def export(
    ticket: Ticket,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="A new file; `-` is stdout."),
    ] = Path("-"),
    unmasked: Annotated[
        bool,
        typer.Option("--unmasked", help="With personal data and the raw texts; admins only."),
    ] = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Write one ticket's record to a file that `audit verify FILE` checks on any computer.

    Personal data is masked. Who took it, and how, is put on record.
    """
    from agents.authority import WORD
    from console.bootstrap import open_session
    from data.audit.export import record_export, write_export
    from data.queries.queue import find_ticket

    session = open_session(
        db, operator, create=False, deciding=unmasked, passphrase_stdin=passphrase_stdin
    )
    try:
        if unmasked:
            _may_see_unmasked(session)
        store, by = session.store, session.operator
        ticket_id = find_ticket(store, ticket)
        with _new_file(output, private=True) as target:
            written = write_export(store, ticket_id, target, by=by, masked=not unmasked)
            proved = session.person.signed_in_by if session.person else WORD
            record_export(store, written, by=by, signed_in_by=proved)
    finally:
        session.close()
    how = "masked" if written.masked else f"unmasked, {written.texts:,} texts"
    say(f"ticket {line(ticket)}: {written.events:,} events, {how}, sha256 {written.sha256}")
    if written.sealed:
        say(f"{written.sealed:,} event(s) are masked themselves and taken by their hash")


def _may_see_unmasked(session: "Session") -> None:
    """NotAllowed unless whoever signed in is an admin."""
    from agents.authority import check_may_act
    from agents.errors import NotAllowed
    from data.vocabulary import Role

    if session.person is None:
        raise NotAllowed(f"{session.operator} has not signed in")
    check_may_act(session.person, Role.ADMIN, "export what is masked")


@contextmanager
def _new_file(path: Path, *, private: bool) -> Iterator[BinaryIO]:
    """A file that gets its name, or is passed to standard output, when the block ends well."""
    import tempfile

    if str(path) == "-":
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            sys.stdout.flush()
            for chunk in iter(lambda: file.read(1 << 16), b""):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        return
    if path.exists():
        raise BadFile(path, "is there already; name another file")
    if not path.absolute().parent.is_dir():
        raise BadFile(path, "its folder is not there")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    mode = 0o600 if private else 0o666
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(handle)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
