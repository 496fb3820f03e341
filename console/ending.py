"""Ending by signals, with the terminal as it was."""

import asyncio
import os
import signal
import threading
from typing import Any, Protocol

PATIENCE_SECONDS = 4.0
"""How long an orderly end may take when the terminal is gone."""


class Ending(Protocol):
    """What can be asked to end."""

    def exit(self, result: None = None, return_code: int = 0) -> None:
        """End soon."""
        ...

    def stop_worker(self) -> None:
        """Stop the worker that was started."""
        ...


def end_by_signals(app: Ending) -> None:
    """End in order on SIGTERM and SIGHUP; called on the loop that the app runs on."""
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        app.exit(return_code=128 + number)
        if number == signal.SIGHUP:
            # Nobody reads what is written to a terminal that is gone, so that it may never end.
            watchdog = threading.Timer(PATIENCE_SECONDS, _end_now, [app, 128 + number])
            watchdog.daemon = True
            watchdog.start()

    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)


def _end_now(app: Any, code: int) -> None:
    try:
        app.stop_worker()
    finally:
        os._exit(code)
