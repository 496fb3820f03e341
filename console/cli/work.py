"""`handrail work`: a worker without a screen, in this process."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import AsJson, Db, PlaybookFolder, PolicyFile
from console.cli.printing import out, print_json, say
from console.thinking import ApiBase, Brain, Model, model_choice

if TYPE_CHECKING:
    from console.settings import Reminders
    from data.store import Store


def work(
    db: Db = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=64, metavar="N", help="Tickets at a time.")
    ] = 4,
    until_idle: Annotated[
        bool,
        typer.Option("--until-idle", help="End when only people, customers or timers are awaited."),
    ] = False,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
    as_json: AsJson = False,
) -> None:
    """Advance tickets until stopped: ctrl+c ends it after the current steps, twice at once.

    Exit code 1 if tickets went to a person because the agents failed; they are named.
    """
    from agents.worker import Order, stopped_by_signals
    from agents.worker import work as work_on
    from console.bootstrap import Rules, open_session

    logging.basicConfig(level=logging.WARNING, handlers=[_OneLine()])
    remind = None if until_idle else _reminders()
    session = open_session(
        db, create=False, rules=Rules(policy, playbooks, model_choice(brain, model, api_base))
    )
    try:
        stop = threading.Event()
        order = Order(
            concurrency,
            until_idle,
            on_ready=lambda: (
                say(f"working on {session.store.url.database}") if not until_idle else None
            ),
        )
        with stopped_by_signals(stop) as came, _reminded(session.store, remind):
            worked = work_on(session.store, session.rules.places, order, stop)
        counts = _counts(session.store)
    finally:
        session.close()
    if as_json:
        print_json(
            {"advanced": len(worked.advanced), "given_up": worked.given_up, "tickets": counts}
        )
    else:
        standing = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in counts.items())
        out(f"{len(worked.advanced)} ticket(s) worked on; now {standing or 'the queue is empty'}")
    for ticket, problem in worked.given_up.items():
        say(f"ticket {ticket} went to a person: {problem}")
    if signal.SIGINT in came:
        raise typer.Exit(130)
    if worked.given_up:
        raise typer.Exit(1)


def _reminders() -> "Reminders | None":
    """The person's reminders, if they are to go beyond a console; checked before anything runs."""
    from console.settings import load_settings

    found = load_settings().reminders
    return found if found.after and (found.command or found.apprise_env) else None


@contextmanager
def _reminded(store: "Store", reminders: "Reminders | None") -> Iterator[None]:
    """Send reminders while the block runs."""
    if reminders is None:
        yield
        return
    from console.reminding import Reminding, channels_of

    reminding = Reminding(store, reminders, channels_of(reminders), say)
    reminding.start()
    try:
        yield
    finally:
        reminding.stop()


def _counts(store: object) -> dict[str, int]:
    from data.queries.health import health
    from data.store import Store

    assert isinstance(store, Store)
    return {status.value: n for status, n in sorted(health(store).by_status.items())}


class _OneLine(logging.Handler):
    """Log records as a line each on standard error; HANDRAIL_DEBUG=1 adds where they are from."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += f": {record.exc_info[1]!r}"
        say(" ".join(text.split())[:500])
        if record.exc_info and os.environ.get("HANDRAIL_DEBUG"):
            say(logging.Formatter().formatException(record.exc_info))
