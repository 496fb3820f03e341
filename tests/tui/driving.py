"""Driving the console by keys, and waiting for what it does beside the screen."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Static
from textual.worker import WorkerState

from console.app import Handrail
from console.screens.desk import Desk
from tests.tui.world import TestSession

BUSY = (WorkerState.PENDING, WorkerState.RUNNING)


class Watched(Handrail):
    """The console, with what its toasts told."""

    def __init__(self, session: TestSession, **options: Any) -> None:
        super().__init__(session, **{"worker": False, **options})
        self.told: list[str] = []

    def notify(self, message: str, **options: Any) -> None:
        self.told.append(message)
        super().notify(message, **options)


def console(session: TestSession, **options: Any) -> Watched:
    """The app on a session, without a worker of its own unless the options say so."""
    return Watched(session, **options)


async def until(pilot: Pilot[Any], holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it holds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)
        await pilot.pause()
    await settle(pilot)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until no pane is being read and every message is handled."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        await pilot.pause()
        if not any(w.group.startswith("read-") and w.state in BUSY for w in pilot.app.workers):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the panes did not settle")


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one by one, settling after each."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def hit(app: Handrail, key: str) -> None:
    """Press a key as a person does, without waiting until everything else is quiet."""
    app.post_message(events.Key(key, key if len(key) == 1 else None))
    await handled(app)


async def handled(app: Handrail) -> None:
    """Wait until all that was sent so far, and what it led to, has been handled."""
    for _ in range(3):
        focused = app.focused or app.screen
        for each in (app, focused, *focused.ancestors):
            done = asyncio.Event()
            if not each.call_later(done.set):
                continue
            with suppress(TimeoutError):  # a screen that is taken down meanwhile
                await asyncio.wait_for(done.wait(), 5)


async def opened(pilot: Pilot[Any]) -> Desk:
    """The desk, once everything is read."""
    desk = pilot.app.screen
    assert isinstance(desk, Desk)
    await until(pilot, lambda: desk.health is not None and (desk.detail or not desk.queue.total))
    return desk


def words(app: Handrail, selector: str) -> str:
    """The plain text of a pane."""
    return str(app.screen.query_one(selector, Static).content)
