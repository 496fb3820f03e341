"""Options that mean the same for every command."""

from pathlib import Path
from typing import Annotated

import typer

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        envvar="HANDRAIL_DB",
        metavar="PATH|URL",
        help="The workspace (default: a file in your data folder).",
        show_default=False,
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who decides (default: your user name).",
        show_default=False,
    ),
]
PassphraseStdin = Annotated[
    bool,
    typer.Option(
        "--passphrase-stdin",
        help="Read the passphrase from the first line of standard input, where sign-in is set up.",
    ),
]
Unmasked = Annotated[
    bool,
    typer.Option(
        "--unmasked",
        help="With personal data, where sign-in is set up; operators and above see it anyway.",
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The policy (default: policy.yaml beside the workspace, else the packaged one).",
        show_default=False,
    ),
]
PlaybookFolder = Annotated[
    Path | None,
    typer.Option(
        "--playbooks",
        metavar="FOLDER",
        help="Playbooks (default: playbooks/ beside the workspace, else the packaged ones).",
        show_default=False,
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document; times in UTC, money in minor units."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        metavar="N",
        help="At most N rows (default: 50 in a table, all of them with --json).",
        show_default=False,
    ),
]
Offset = Annotated[
    int, typer.Option("--offset", min=0, metavar="N", help="Leave out the first N rows.")
]
Ticket = Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id or ref.")]

SCREENFUL = 50
"""Rows of a table, unless told otherwise."""

EVERYTHING = 1_000_000_000
"""More rows than a workspace holds."""


def rows_wanted(limit: int | None, *, as_json: bool) -> int:
    """How many rows to print."""
    return limit or (EVERYTHING if as_json else SCREENFUL)


FeaturesNamed = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="accurate|fast",
        help="How texts are read: by a sentence encoder (the default), or by the mean of word "
        "vectors, so that rows take less than half the time; less exact, needs the extra `fast`.",
        show_default=False,
    ),
]
