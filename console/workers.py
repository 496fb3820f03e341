"""The worker process that a console looks after: started, watched, started again, stopped."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from typing import Any

from console.reads import in_words
from console.session import SessionLike
from data.queries.rows import Health

PATIENCE_SECONDS = 5.0
"""How long a worker may take to finish its step when the console closes."""

AGAIN_SECONDS = 2.0
"""Before a worker that was killed is started again."""

MOST_TIMES = 3
WITHIN_SECONDS = 600.0
"""So often in so long a worker is started again by itself; then a person must."""


class WorkerKeeper:
    """At most one worker of the console's own; what becomes of it is told in words."""

    def __init__(
        self, session: SessionLike, tell: Callable[[str], None], *, wanted: bool, kept: bool
    ) -> None:
        """Start one if `wanted` and none is alive; leave it running at the end if `kept`."""
        self._session, self._tell, self._wanted, self._kept = session, tell, wanted, kept
        self._process: subprocess.Popen[Any] | None = None
        self._starting = False
        self._restarts: list[float] = []
        self.alive = 0
        """Workers on this workspace that were heard of just now, whosever they are."""

    def seen(self, found: Health) -> bool:
        """Note who lives; whether one should be started now, since there is none at first."""
        self.alive = sum(worker.alive for worker in found.workers)
        first, self._wanted = self._wanted, False
        return first and not self.alive and self._process is None and not self._starting

    def ended(self, start_key: str) -> bool:
        """Say so if ours has ended; whether it should be started again by itself.

        One that was killed is; one that stopped in order, or could not work, is a person's matter.
        """
        if self._process is None or self._process.poll() is None:
            return False
        code, self._process = self._process.returncode, None
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < WITHIN_SECONDS]
        if code < 0 and len(self._restarts) < MOST_TIMES:
            self._restarts.append(now)
            self._tell(f"the worker was killed (signal {-code}): another is started …")
            return True
        why = self._last_words() if code > 1 else ""
        told = f"the worker ended: {why}" if why else f"the worker ended (code {code})"
        if code < 0:
            told = f"the worker was killed time and again (signal {-code})"
        self._tell(f"{told}: {start_key} starts another")
        return False

    def _last_words(self) -> str:
        words = getattr(self._session, "last_words", None)
        try:
            return str(words()) if words is not None else ""
        except OSError:
            return ""

    async def start(self, *, after: float = 0.0) -> None:
        """Start a worker, in so many seconds; what prevents it is told."""
        if self._starting or (self._process is not None and self._process.poll() is None):
            return
        self._starting = True
        try:
            await asyncio.sleep(after)
            self._tell("starting a worker …")
            self._process = await asyncio.to_thread(self._session.start_worker)
        except Exception as problem:  # told in the status line
            self._tell(f"no worker: {in_words(problem)}")
        finally:
            self._starting = False

    def stop(self) -> None:
        """Have our worker end after its step, unless it is to stay."""
        if self._process is None or self._kept or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
