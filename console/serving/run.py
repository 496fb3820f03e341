"""One server on one workspace, from its first page to its end."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.bootstrap import Session, place_of
from console.serving.address import Address
from console.serving.environment import environment_of
from console.serving.guard import Guard
from console.serving.keys import Keys
from console.serving.server import application, serve
from console.serving.visits import Limits, Visits
from console.serving.worker import keep_working
from data.queries.health import workers


@dataclass(frozen=True)
class Order:
    """How to serve."""

    address: Address
    keys: Keys
    limits: Limits
    command: tuple[str, ...]
    """Starts the app of a page."""
    worker: bool
    """Whether to look after a worker, unless one is alive already."""


def command_of(policy: Path | None, playbooks: Path | None) -> tuple[str, ...]:
    """What starts the app of a page with these rules."""
    command = [sys.executable, "-P", "-m", "console.serving.app", "--server", str(os.getpid())]
    for option, path in (("--policy", policy), ("--playbooks", playbooks)):
        if path is not None:
            command += [option, str(path.absolute())]
    return tuple(command)


async def run(
    session: Session,
    listening: socket.socket,
    order: Order,
    log: Callable[[str], None],
    on_ready: Callable[[], None],
) -> int:
    """Serve until a signal comes, and say which. Every process that was started has then ended."""
    db = place_of(session.store)

    def environment(columns: int, rows: int) -> Mapping[str, str]:
        return environment_of(os.environ, db, columns, rows)

    visits = Visits(order.command, environment, order.limits, log)
    guard = Guard(order.address, order.keys)
    working = None
    if order.worker and not any(worker.alive for worker in workers(session.store)):
        working = asyncio.create_task(keep_working(session.start_worker, log))
    try:
        return await serve(listening, application(guard, visits), log, on_ready)
    finally:
        if working is not None:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
