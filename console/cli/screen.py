"""`handrail` without a command: the console on a terminal."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import HandrailError

if TYPE_CHECKING:
    from console.bootstrap import Session


def open_console(
    db: str | None,
    operator: str | None,
    policy: Path | None,
    playbooks: Path | None,
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
    from console.bootstrap import Rules, open_session

    session = open_session(db, operator, rules=Rules(policy, playbooks), keep_worker=keep_worker)
    try:
        show_console(session, worker=worker, keep_worker=keep_worker)
    finally:
        session.close()


def show_console(session: "Session", *, worker: bool = True, keep_worker: bool = False) -> None:
    """The console on an open session, until the person leaves."""
    _ = session.service  # a mistake in the policy is told before the screen changes
    # Without a handler, Python writes warnings to standard error, which is the screen.
    logging.getLogger().addHandler(logging.NullHandler())
    from console.app import run

    run(session, worker=worker, keep_worker=keep_worker)
