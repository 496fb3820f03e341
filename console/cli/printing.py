"""How commands speak: JSON or tables on standard output, everything else on standard error.

Texts of customers and models are data: they reach the terminal only through `Text`, which reads no
markup, and without control characters.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from console import first_page
from console.format import clean, line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def stamp(moment: datetime | None) -> str | None:
    """A time as JSON shows it: ISO 8601, UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def print_json(document: object) -> None:
    """The one JSON document of this call, on standard output."""
    out(json.dumps(document, ensure_ascii=False, indent=2, default=_plain))


def out(text: str) -> None:
    """A line on standard output."""
    print(text, flush=True)


def say(text: str) -> None:
    """A line for the person, on standard error."""
    first_page.take_back()
    print(text, file=sys.stderr, flush=True)


def say_masked() -> None:
    """That personal data is left out, and who may see it."""
    say("personal data is masked; an operator who has signed in sees it (--unmasked asks them to)")


class Progress:
    """How far a long command has come: one line on standard error, on a terminal only."""

    def __init__(self, what: str) -> None:
        """Of what there are many, in words."""
        self._what, self._done, self._total = what, 0, 0
        self._shown = sys.stderr.isatty()

    def begin(self, total: int) -> None:
        """So many there are."""
        self._total = total
        self._tell()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        self._tell()

    def at(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._done, self._total = done, total
        self._tell()

    def clear(self) -> None:
        """Take the line away, so that another can be written."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _tell(self) -> None:
        if self._shown:
            told = f"\r\x1b[K{self._done} of {self._total} {self._what}"
            print(told, end="", file=sys.stderr, flush=True)


def screen() -> "Console":
    """Standard output as a Rich console that reads no markup; wide where it is no terminal."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 160
    return Console(markup=False, highlight=False, emoji=False, width=wide, legacy_windows=False)


def cell(text: str | None, style: str = "") -> "Text":
    """A text of others on one line of a table."""
    from rich.text import Text

    return Text(line(text), style=style, overflow="ellipsis", no_wrap=True)


def block(text: str, style: str = "") -> "Text":
    """A text of others with its lines."""
    from rich.text import Text

    return Text(clean(text).strip("\n"), style=style)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, wide: str = "") -> None:
    """Rows under headings; the column `wide` takes the space that is left."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=False)
    for name in columns:
        right = name in _NUMBERS
        table.add_column(
            cell(name),
            justify="right" if right else "left",
            overflow="ellipsis",
            no_wrap=True,
            ratio=None,
            min_width=8 if name == wide else None,
        )
    for row in rows:
        table.add_row(*[cell(value) for value in row])
    screen().print(table)


_NUMBERS = {"rows", "money", "money at risk", "people", "amount", "age", "asked", "expires in"}
