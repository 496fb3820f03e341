"""The worker that a server looks after."""

import asyncio
import contextlib
import subprocess
import sys
from typing import Any

from console.serving.worker import keep_working
from data.errors import HandrailError

SECONDS = 30
Worker = subprocess.Popen[Any]


class Started:
    """Starts processes by the plan, the last of it again and again, and keeps them."""

    def __init__(self, *plan: str | HandrailError) -> None:
        self.plan, self.workers, self.said = list(plan), list[Worker](), list[str]()
        self.calls = 0

    def __call__(self) -> Worker:
        doing = self.plan[min(self.calls, len(self.plan) - 1)]
        self.calls += 1
        if isinstance(doing, HandrailError):
            raise doing
        self.workers.append(subprocess.Popen([sys.executable, "-c", doing]))
        return self.workers[-1]

    async def kept(self, enough: int) -> None:
        """Keep one working until so many were started, then end."""
        keeping = asyncio.create_task(
            keep_working(self, self.said.append, first_pause=0.01, look=0.01)
        )
        async with asyncio.timeout(SECONDS):
            while len(self.workers) < enough:
                await asyncio.sleep(0.01)
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


STAYS = "import time; time.sleep(60)"


async def test_with_the_server_the_worker_ends() -> None:
    started = Started(STAYS)
    await started.kept(1)
    assert [worker.poll() is not None for worker in started.workers] == [True]
    assert started.said == []


async def test_a_worker_that_ends_is_started_again() -> None:
    started = Started("raise SystemExit(3)", STAYS)
    await started.kept(2)
    assert started.workers[0].returncode == 3
    assert "code 3" in started.said[0]
    assert started.workers[1].poll() is not None


async def test_what_prevents_a_worker_is_told_and_tried_again() -> None:
    started = Started(HandrailError("the disk is full"), STAYS)
    await started.kept(1)
    assert "the disk is full" in started.said[0]
    assert started.calls == 2
