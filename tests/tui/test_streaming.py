"""While tickets and approvals stream in, a key decides only what was on the screen."""

import asyncio
import random
from typing import Any

from agents.service import Decided
from data.queries.approvals import find_action
from tests.tui.driving import console, opened, press
from tests.tui.rows import add_action, add_event, add_run, add_ticket
from tests.tui.world import TestSession

PRESSES = 40
ARRIVALS = 150
MOST = 240
"""Presses on a slow machine, where many fall on an approval that has just gone away."""
ENOUGH = 6
"""Approvals below which the test has shown nothing."""


def stream(session: TestSession, chance: random.Random, n: int) -> None:
    """A new approval at a random place of the order, or one that goes away by itself."""
    waiting = [c for c in range(n) if chance.random() < 0.05]
    with session.store.write() as t:
        ticket = add_ticket(
            t, f"S-{n}", f"Streamed {n}", "Hello", status="awaiting_approval", minutes=0
        )
        add_run(t, ticket)
        add_action(
            t,
            ticket,
            "issue_credit",
            {"customer": "cus", "amount": chance.randrange(1, 900_000), "currency": "usd"},
            id=f"s_{n}",
            risk="low",
            undo={"possible": True, "until": None, "how": "a counter credit"},
        )
        add_event(t, ticket, "action.proposed", "billing", {"action": "issue_credit"})
    for old in waiting[:1]:
        action = find_action(session.store, f"s_{old}")
        if action.state == "proposed":
            session.service.reject(action.id, by="another", reason="decided elsewhere")


async def test_only_what_was_on_the_screen_is_ever_decided(session: TestSession) -> None:
    chance = random.Random(7)
    app = console(session)
    on_screen: list[str | None] = []
    real = session.service.approve

    def approve(action_id: str, *, by: str, digest: str | None = None) -> Decided:
        assert digest == find_action(session.store, action_id).digest
        return real(action_id, by=by, digest=digest)

    session.service.approve = approve  # type: ignore[method-assign]
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        done = asyncio.Event()

        async def arrivals() -> None:
            n = 0
            while n < ARRIVALS and not done.is_set():
                await asyncio.to_thread(stream, session, chance, n)
                n += 1
                await asyncio.sleep(chance.random() * 0.06)

        streaming = asyncio.create_task(arrivals())
        for pressed in range(MOST):
            calls = [call for call in session.service.calls if call[0] == "approve"]
            if pressed >= PRESSES and len(calls) >= ENOUGH:
                break
            key = chance.choice("ajkaj")
            if key == "a":
                # What a person sees in the instant of the press.
                shown: Any = desk.preview.shown
                on_screen.append(shown.id if shown else None)
            await pilot.press(key)
            if app.screen is not desk:
                await pilot.press("escape")
        done.set()
        await streaming
        await asyncio.sleep(0.1)
        approved = [call[1] for call in session.service.calls if call[0] == "approve"]
    assert len(approved) >= ENOUGH
    assert set(approved) <= set(on_screen)
    assert len(approved) == len(set(approved))
    position = 0
    for action in approved:  # each was decided by a press of its own, in their order
        position = on_screen.index(action, position) + 1
