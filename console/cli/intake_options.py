"""What triage, ingest and receive share: their options, and how they speak on standard error."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from agents.intake.formats import Reading, open_inputs, read
from agents.intake.records import Incoming, Reject, safe
from agents.intake.source import Source
from data.errors import HandrailError

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, JSON, JSON Lines, EML, mbox or a Zendesk export; - is standard input.",
        show_default=False,
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="THEIRS=OURS",
        help="Take the file's column THEIRS as our field OURS (id, subject, body, email, channel, "
        "at, external_id, in_reply_to, ticket). May be repeated.",
        show_default=False,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="How the files are encoded, such as latin-1 (default: UTF-8).",
        show_default=False,
    ),
]

INTERRUPTED = 130
"""The exit code after ctrl+c."""


def say(text: str) -> None:
    """A line for the person, on standard error."""
    print(text, file=sys.stderr, flush=True)


def name_reject(reject: Reject) -> None:
    """Tell of a rejected record: where, and why."""
    say(f"rejected: line {reject.line}: {safe(reject.why)}")


@contextmanager
def in_one_line(command: str) -> Iterator[None]:
    """Say what cannot be done in one line and leave with exit code 2."""
    try:
        yield
    except HandrailError as problem:
        say(f"handrail {command}: {safe(str(problem))}")
        raise typer.Exit(2) from None


@contextmanager
def inputs(
    places: Sequence[str], reading: Reading, *, of_tickets: bool = True
) -> Iterator[list[Source]]:
    """The opened inputs, for the length of the block; files `of_tickets`, or plain texts."""
    if list(places).count("-") > 1:
        raise HandrailError("standard input can be read once; name - once")
    if "-" in places and sys.stdin.isatty():
        say("reading standard input; end with ctrl+d")
    sources = open_inputs(places, reading, of_tickets=of_tickets)
    try:
        yield sources
    finally:
        for source in sources:
            source.close()


def records_of(
    sources: Sequence[Source], reading: Reading, note: Callable[[str], None] = lambda told: None
) -> Iterator[Incoming | Reject]:
    """The records of all inputs in order; rejects name their file where there are several, and
    `note` hears what a person should know of a file."""
    for source in sources:
        for record in read(source, reading, note):
            if isinstance(record, Reject) and len(sources) > 1:
                yield replace(record, why=f"{source.name}: {record.why}")
            else:
                yield record
