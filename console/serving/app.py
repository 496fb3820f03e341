"""The console of one page, in a process of its own: `python -P -m console.serving.app`.

It is started by the server, with the workspace in HANDRAIL_DB. It never acts as the system's user:
whoever sits at the page must sign in. It starts no worker, and ends with the server.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from console import crash
from console.app import Handrail
from console.bootstrap import Rules, Session, meant
from console.cli.screen import look_of_person
from console.settings import Reminders
from data.errors import HandrailError
from data.workspace import open_workspace

LOOK_SECONDS = 1.0
"""How often the server is looked for; it may have been killed."""


class Served(Handrail):
    """The console without a terminal of its own."""

    def __init__(self, session: "ServedSession", server: int, **look: Any) -> None:
        """On an open session; `server` is the process that shows it, `look` as the console's."""
        super().__init__(session, worker=False, ask_sign_in=True, **look)
        self._server = server

    def on_mount(self) -> None:
        """Look after the server too."""
        self.set_interval(LOOK_SECONDS, self._end_with_server)

    def _end_with_server(self) -> None:
        if os.getppid() != self._server:
            self.exit()


class ServedSession(Session):
    """The session of a page, which has no worker of its own."""

    def recognise(self) -> bool:
        """Nobody is taken for who the computer says they are, nor by a token of the server's."""
        return False

    def start_worker(self) -> NoReturn:
        """Refused: a worker started here would lack what the server's environment holds."""
        raise HandrailError("the server looks after the worker; ask who runs `handrail serve`")


def show(session: ServedSession, server: int) -> None:
    """The console until the person leaves; ConsoleFailed if it met a fault of the program.

    Settings and keys are those of who started the server. What is chosen on a page is not kept, and
    reminders are not sent from one.
    """
    logbook = crash.Logbook()
    # Without a handler, Python writes warnings to standard error, which is the server's log.
    logging.getLogger().addHandler(logbook)
    for name in crash.OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    look = look_of_person()
    settings = look.settings.model_copy(update={"reminders": Reminders()})
    app = Served(session, server, settings=settings, keys=look.keys)
    app.run()
    if app.failure is not None:
        raise crash.failed(app.failure, list(logbook.lines), crash.reports_place())


def main(arguments: Sequence[str] | None = None) -> int:
    """The process entry; its exit code."""
    parser = argparse.ArgumentParser(prog="python -P -m console.serving.app", description=__doc__)
    parser.add_argument("--server", type=int, required=True)
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--playbooks", type=Path)
    given = parser.parse_args(arguments)
    try:
        rules = Rules(given.policy, given.playbooks)
        session = ServedSession(open_workspace(meant(None), create=False), None, rules)
        try:
            _ = session.service
            show(session, given.server)
        finally:
            session.close()
    except HandrailError as problem:
        print(f"handrail: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
