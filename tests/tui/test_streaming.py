"""While tickets and approvals stream in, a key decides only what was on the screen.

`HANDRAIL_STREAM=20` makes it twenty times as long.
"""

import asyncio
import os
import random
import re
from collections import deque
from typing import Any

import pytest
from textual.widgets import OptionList

from agents.service import Decided
from console.screens import deciding
from console.screens.desk import Desk
from console.screens.dialogs import Confirm, Pick
from data.queries.approvals import find_action
from tests.tui.driving import Watched, console, hit, opened, press, words
from tests.tui.rows import add_action, add_event, add_run, add_ticket
from tests.tui.waiting import add_reset
from tests.tui.world import TestSession

TIMES = int(os.environ.get("HANDRAIL_STREAM", "1"))
PRESSES = 60 * TIMES
MOST = 12 * PRESSES
"""Presses on a slow machine, where many fall on an approval that has just gone away."""
ENOUGH = 10 * TIMES
"""Approvals below which the test has shown nothing."""
REST = deciding.REST_SECONDS
LATE = 30
"""Further presses while many that were decided at once are written one by one, at most."""
WAITING = 40
"""Requests of the stream that wait at a time, about."""

KEYS = "aaaajjkk" + " e<>o"
NAMES = {" ": "space", "e": "enter", "<": "left", ">": "right"}
_REF = re.compile(r"\b[SR]-(\d+)\b")


class Stream:
    """Requests that come at a random place of the order, and some that go away by themselves."""

    def __init__(self, session: TestSession, chance: random.Random) -> None:
        self.session, self.chance = session, chance
        self.count = 0
        self.open: deque[str] = deque()

    def step(self) -> None:
        """Some arrive, half of them alike; the oldest go while many wait."""
        with self.session.store.write() as t:
            for _ in range(self.chance.randrange(1, 6)):
                n, self.count = self.count, self.count + 1
                if self.chance.random() < 0.4:
                    service = self.chance.choice(["T2", "T3"])
                    self.open.append(add_reset(t, n, minutes=0, rule=service))
                    continue
                ticket = add_ticket(
                    t, f"S-{n}", f"Streamed {n}", "Hello", status="awaiting_approval", minutes=0
                )
                add_run(t, ticket)
                amount = self.chance.choice([700, 900, self.chance.randrange(1, 900_000)])
                add_action(
                    t,
                    ticket,
                    "issue_credit",
                    {"customer": f"cus_{n}", "amount": amount, "currency": "usd"},
                    id=f"a_s{n}",
                    risk="low",
                    undo={"possible": True, "until": None, "how": "a counter credit"},
                )
                add_event(t, ticket, "action.proposed", "billing", {"action": f"a_s{n}"})
                self.open.append(f"a_s{n}")
        while len(self.open) > WAITING:
            place = self.chance.randrange(len(self.open) // 2)
            name = self.open[place]
            del self.open[place]
            if find_action(self.session.store, name).state == "proposed":
                self.session.service.reject(name, by="another", reason="decided elsewhere")


def named(text: str) -> set[str]:
    """The streamed actions that a text on the screen names by the refs of their tickets."""
    return {f"a_{m[0][0].lower()}{m[1]}" for m in _REF.finditer(text)}


def on_screen(app: Watched) -> set[str]:
    """What a person sees that the next key would decide."""
    screen = app.screen
    if isinstance(screen, Confirm):
        return named(str(screen.words))
    return named(words(app, "#preview")) if isinstance(screen, Desk) else set()


async def test_only_what_was_on_the_screen_is_ever_decided(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "REST_SECONDS", REST)
    chance = random.Random(7)
    app = console(session)
    seen: list[set[str]] = []
    """What stood on the screen in the instant of each press that can decide."""
    approved: list[tuple[str, int]] = []
    """What was decided, and after how many such presses."""
    real = session.service.approve

    def approve(action_id: str, *, by: str, digest: str | None = None) -> Decided:
        assert digest == find_action(session.store, action_id).digest
        presses = len(seen)
        decided = real(action_id, by=by, digest=digest)
        approved.append((action_id, presses))
        return decided

    session.service.approve = approve  # type: ignore[method-assign]
    stream = Stream(session, chance)
    async with app.run_test(size=(100, 30)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        done = asyncio.Event()

        async def arrivals() -> None:
            while not done.is_set():
                await asyncio.to_thread(stream.step)
                await asyncio.sleep(chance.random() * 0.1)

        streaming = asyncio.create_task(arrivals())
        for pressed in range(MOST):
            if min(pressed, stream.count) >= PRESSES and len(approved) >= ENOUGH:
                break
            key = chance.choice(KEYS)
            if app.screen is desk:
                if key == "a":
                    seen.append(on_screen(app) if not desk.approvals.marks else set())
                await hit(app, NAMES.get(key, key))
            elif isinstance(app.screen, Confirm):
                answer = chance.choice("yyn")
                if answer == "y":
                    seen.append(on_screen(app))
                await hit(app, answer)
            elif isinstance(app.screen, Pick) and app.screen.query(OptionList):
                await hit(app, chance.choice("jk"))
                await hit(app, "enter")
            else:
                await hit(app, "escape")
            await asyncio.sleep(chance.random() * 0.02)
        done.set()
        await streaming
        await asyncio.sleep(0.2)
        calls: list[Any] = [call for call in session.service.calls if call[0] == "approve"]
    assert len(approved) >= ENOUGH
    assert stream.count >= PRESSES
    streamed = [(action, at) for action, at in approved if action.startswith(("a_s", "a_r"))]
    streamed = [(action, at) for action, at in streamed if action[3:].isdigit()]
    assert len({action for action, _ in streamed}) == len(streamed) > ENOUGH // 2
    for action, at in streamed:  # each by a press shortly before, when it stood there
        stood = [n for n, shown in enumerate(seen[:at]) if action in shown]
        assert stood, (action, at)
        assert at - stood[-1] <= LATE, (action, at, stood)
    assert len(calls) >= len(approved)


def test_what_the_test_rests_on() -> None:
    assert named("for Ada · ticket S-12\n• Customer 3 · R-3 · !! no undo") == {"a_s12", "a_r3"}
    assert REST > 0
