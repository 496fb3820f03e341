"""`handrail` without a command: the console on a terminal."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli.printing import say
from data.errors import HandrailError

if TYPE_CHECKING:
    from console.bootstrap import Rules, Session
    from console.keymap import Keys
    from console.reminding import Channel
    from console.settings import Settings

WAITING_SECONDS = 1.0
"""After which the person is told what is waited for."""


def open_console(
    db: str | None,
    operator: str | None,
    rules: "Rules",
    *,
    worker: bool,
    keep_worker: bool,
) -> None:
    """Open the console; it is closed again when the person leaves, and its worker with it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HandrailError(
            "the console needs a terminal; `handrail tickets` and `handrail approvals` print "
            "what it shows, `handrail --help` lists every command"
        )
    from console.bootstrap import meant, open_session

    look = look_of_person()
    with _told_while_waiting(f"waiting for {meant(db)}, which another program holds or upgrades …"):
        session = open_session(db, operator, rules=rules, keep_worker=keep_worker)
    try:
        show_console(session, look, worker=worker, keep_worker=keep_worker)
    finally:
        session.close()


@dataclass(frozen=True)
class Look:
    """What the person set, checked."""

    settings: "Settings"
    keys: "Keys"
    place: Path
    channels: "list[Channel]"
    """Ways by which reminders are sent."""


def look_of_person() -> Look:
    """The person's settings and keys; BadFile names the first mistake in them."""
    from console.terminal import without_colours

    without_colours()
    from console.keymap import checked_keys
    from console.settings import load_settings, settings_place

    settings, place = load_settings(), settings_place()
    channels: list[Channel] = []
    if settings.reminders.after:
        from console.reminding import channels_of

        channels = channels_of(settings.reminders)
    return Look(settings, checked_keys(settings, place), place, channels)


@contextmanager
def _told_while_waiting(words: str) -> Iterator[None]:
    """Say so on standard error if it takes longer than a moment."""
    waiting = threading.Timer(WAITING_SECONDS, say, [f"handrail: {words}"])
    waiting.daemon = True
    waiting.start()
    try:
        yield
    finally:
        waiting.cancel()


def show_console(
    session: "Session", look: Look | None = None, *, worker: bool = True, keep_worker: bool = False
) -> None:
    """The console on an open session, until the person leaves.

    typer.Exit with 128 and the signal's number if a signal ended it.
    """
    look = look or look_of_person()
    # A mistake in the policy, or a token of somebody else's, is told before the screen changes.
    _ = session.service
    session.recognise()
    from console.crash import OURS, Logbook
    from console.running import run

    # Without a handler, Python writes warnings to standard error, which is the screen.
    logbook = Logbook()
    logging.getLogger().addHandler(logbook)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    code = run(
        session,
        worker=worker,
        keep_worker=keep_worker,
        settings=look.settings,
        keys=look.keys,
        keep_in=look.place,
        channels=look.channels,
        logbook=logbook,
    )
    if code:
        raise typer.Exit(code)
