"""The first rows of the queue, drawn while the console is still being loaded.

Loading takes a second or two, most of it for libraries; reading the first page takes milliseconds
with what Python brings. So it is drawn at once, as a still picture on the screen that the console
then takes over. Where anything is unusual (no such file, an older schema, people who sign in, a
terminal that cannot) there is no picture, and whatever is to be said about it is said later.
"""

import getpass
import os
import shutil
import signal
import sqlite3
import sys
import termios
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import data

_TAKE = frozenset({"--db", "--policy", "--playbooks", "--brain", "--model", "--api-base"})
"""Options of the console that take a value; with any other but those below, nothing is drawn."""
_FLAGS = frozenset({"--no-worker", "--keep-worker"})

_APPLICATION = 0x48414E44
_PATIENCE_SECONDS = 0.1
_LEAST = (60, 16)
"""Columns and lines that the console needs."""

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_TONES = {"muted": "2", "strong": "1", "error": "1"}
"""How tones are shown in any terminal; colours come with the console."""

_SIGNS = ("SIGTERM", "SIGHUP")


class Picture:
    """A still picture of the queue on the terminal's other screen."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Draw it; keys are kept from showing, and are dropped when the console takes over."""
        self._input = sys.stdin.fileno()
        self._before: list[Any] | None = termios.tcgetattr(self._input)
        quiet = termios.tcgetattr(self._input)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self._input, termios.TCSANOW, quiet)
        self._handlers = {name: signal.signal(getattr(signal, name), self._end) for name in _SIGNS}
        self._drawn = True
        _write(_ENTER + "\r\n".join(lines))

    def hand_over(self) -> None:
        """The console draws from here on: what was typed at a still picture decides nothing."""
        if self._drawn:
            self._drawn = False
            termios.tcflush(self._input, termios.TCIFLUSH)
            self._listen_again()

    def take_back(self) -> None:
        """Leave the terminal as it was found; as often as you like."""
        if self._drawn:
            self._drawn = False
            _write(_LEAVE)
            self._listen_again()
        if self._before is not None:
            before, self._before = self._before, None
            termios.tcsetattr(self._input, termios.TCSADRAIN, before)

    def _listen_again(self) -> None:
        for name, handler in self._handlers.items():
            if signal.getsignal(getattr(signal, name)) == self._end:
                signal.signal(getattr(signal, name), handler)

    def _end(self, number: int, _: FrameType | None) -> None:
        self.take_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


_picture: Picture | None = None


def show_first(arguments: Sequence[str]) -> None:
    """Draw the first rows of the workspace that the arguments mean, if the console is meant."""
    global _picture  # noqa: PLW0603 - there is one terminal
    try:
        place = _place_meant(arguments)
        if place is not None and _can_draw() and not _is_held(place):
            size = shutil.get_terminal_size()
            lines = first_lines(place, size.columns, size.lines, getpass.getuser())
            if lines:
                _picture = Picture(lines)
    except (OSError, sqlite3.Error, termios.error, ValueError, KeyError):
        take_back()


def _is_held(place: Path) -> bool:
    """Whether another process opens or upgrades the workspace; that must be told, not covered."""
    return place.with_name(place.name + ".opening").exists()


def hand_over() -> None:
    """The console begins to draw."""
    if _picture is not None:
        _picture.hand_over()


def take_back() -> None:
    """The terminal as it was found."""
    if _picture is not None:
        _picture.take_back()


def _write(text: str) -> None:
    os.write(sys.stdout.fileno(), text.encode("utf-8", "replace"))


def _can_draw() -> bool:
    term = os.environ.get("TERM", "").lower()
    plain = term in ("", "dumb", "unknown") or term.startswith("vt")
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return sys.stdin.isatty() and sys.stdout.isatty() and utf8 and not plain


def _place_meant(arguments: Sequence[str]) -> Path | None:
    """The file of the workspace, if the console is to be opened on one in the usual way."""
    if os.environ.get("HANDRAIL_TOKEN"):
        return None
    db = os.environ.get("HANDRAIL_DB")
    rest = list(arguments)
    while rest:
        option, _, value = rest.pop(0).partition("=")
        if option in _TAKE:
            value = value or (rest.pop(0) if rest else "")
            db = value if option == "--db" else db
        elif option not in _FLAGS:
            return None
    if db is None:
        from platformdirs import user_data_path

        return user_data_path("handrail") / "handrail.db"
    return None if "://" in db else Path(db).expanduser().absolute()


def first_lines(place: Path, columns: int, lines: int, user: str) -> list[str]:
    """The picture for a screen of this size; empty where nothing is to be drawn."""
    if not place.is_file() or columns < _LEAST[0] or lines < _LEAST[1]:
        return []
    source = f"{place.as_uri()}?mode=ro"
    connection = sqlite3.connect(source, uri=True, timeout=_PATIENCE_SECONDS)
    try:
        if not _usual(connection, user):
            return []
        return _drawn(connection, columns, lines, user)
    finally:
        connection.close()


def _usual(connection: sqlite3.Connection, user: str) -> bool:
    """Whether it is a workspace of this schema, of one person who is not asked who they are."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        return False
    if connection.execute("SELECT version_num FROM alembic_version").fetchone() != (_newest(),):
        return False
    people = connection.execute(
        "SELECT passphrase_hash, system_user FROM operator WHERE removed_at IS NULL"
    ).fetchall()
    return all(hashed is None and name == user for hashed, name in people) and len(people) < 2


def _newest() -> str:
    """The schema that this program writes, by the names of its migrations."""
    versions = Path(data.__file__).parent / "migrations" / "versions"
    return max(path.name[:4] for path in versions.glob("[0-9]*.py"))


def _drawn(connection: sqlite3.Connection, columns: int, lines: int, user: str) -> list[str]:
    from console.cells import fit
    from console.format import STATUS
    from console.ticket_line import ticket_lines
    from data.queries.asking import question
    from data.queries.queue import rows_of
    from data.queries.search import Search
    from data.queries.walk import Walk
    from data.vocabulary import TicketStatus

    offset = connection.execute("SELECT value FROM setting WHERE name = 'clock_offset'").fetchone()
    now = datetime.now(UTC) + timedelta(seconds=float(offset[0]) if offset else 0.0)

    def run(query: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        return connection.execute(query, params).fetchall()

    connection.execute("BEGIN")
    walk = Walk(question(Search(), "open", "newest", user, now), run)
    total, _ = walk.count()
    if not total:
        return []
    three = columns >= 110
    wide = columns if not three else 50 if columns >= 150 else 44
    room = wide - (2 if three else 0)
    rows = rows_of(run, walk.page(lines))
    counts = dict(run("SELECT status, tickets FROM ticket_tally WHERE tickets > 0", {}))
    told = "  ".join(
        f"{STATUS[status][0]} {counts[status.value]:,} {STATUS[status][1]}"
        for status in TicketStatus
        if status.value in counts and status.value not in ("resolved", "closed")
    )
    body: list[str] = []
    for row in rows:
        body += ["  " + _styled(pieces) for pieces in ticket_lines(row, now, room - 3)]
    head = [
        _styled([(f" {fit(told, columns - 2)}", "")]),
        "",
        _styled([(f"  Queue: {total:,} open, ", "strong"), ("opening the console …", "muted")]),
    ]
    if three:
        title = "─ Queue: open, newest "
        head.append(f"╭{title}{'─' * (wide - 2 - len(title))}╮")
        body = [f"│{text}\x1b[{wide}G│" for text in body]
    return [*head, *body][: lines - 1]


def _styled(pieces: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f"\x1b[{_TONES[tone]}m{text}\x1b[0m" if tone in _TONES else text for text, tone in pieces
    )
