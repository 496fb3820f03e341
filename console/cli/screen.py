"""`handrail` without a command: the console on a terminal."""

import sys
from pathlib import Path

from data.errors import HandrailError


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
        _ = session.service  # a mistake in the policy is told before the screen changes
        from console.app import run

        run(session, worker=worker, keep_worker=keep_worker)
    finally:
        session.close()
