"""The server's worker: one for all pages, started again when it ends."""

import asyncio
import contextlib
import subprocess
from collections.abc import Callable
from typing import Any

from data.errors import HandrailError

LOOK_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
STEADY_SECONDS = 60.0
"""A worker that ran for so long did not fail at its start."""

PATIENCE_SECONDS = 5.0
"""How long it may take to finish its step when the server ends."""


async def keep_working(
    start: Callable[[], "subprocess.Popen[Any]"],
    log: Callable[[str], None],
    *,
    first_pause: float = FIRST_PAUSE_SECONDS,
    look: float = LOOK_SECONDS,
) -> None:
    """Keep a worker process running until cancelled, which ends it; looks every `look` seconds.

    One that ends is started again after a pause, which doubles while they end at once.
    """
    pause = first_pause
    worker: subprocess.Popen[Any] | None = None
    try:
        while True:
            starting = asyncio.ensure_future(asyncio.to_thread(start))
            try:
                worker = await asyncio.shield(starting)
            except asyncio.CancelledError:
                with contextlib.suppress(HandrailError, OSError):
                    worker = await starting
                raise
            except (HandrailError, OSError) as problem:
                log(f"no worker: {problem}; tried again in {pause:g} s")
            else:
                ran, code = await _ended(worker, look)
                pause = first_pause if ran >= STEADY_SECONDS else pause
                log(f"the worker ended (code {code}); another is started in {pause:g} s")
                worker = None
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
    finally:
        if worker is not None:
            _end(worker)


async def _ended(worker: "subprocess.Popen[Any]", look: float) -> tuple[float, int]:
    """Wait until it has ended: the seconds that it ran, and its exit code."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        await asyncio.sleep(look)
        code = worker.poll()
        if code is not None:
            return clock() - began, code


def _end(worker: "subprocess.Popen[Any]") -> None:
    worker.terminate()
    try:
        worker.wait(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=1)
