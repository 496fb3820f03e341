"""The practice lane by keys, and the notice for who approves faster than they can read."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot

from console.reading_time import ReadingTime
from console.screens.desk import Desk
from console.screens.practice import PracticeLane
from data.queries.practice import paces, practised
from tests.tui.company import REFUND_PREVIEW, UNDO
from tests.tui.driving import console, opened, press, until, words
from tests.tui.rows import add_action, add_run, add_ticket
from tests.tui.world import TestSession

MINUTE = 60.0


async def _lane(pilot: Pilot[Any]) -> PracticeLane:
    await opened(pilot)
    await press(pilot, "g", "l")
    lane = pilot.app.screen
    assert isinstance(lane, PracticeLane)
    await until(pilot, lambda: lane.shown, MINUTE)
    return lane


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_a_case_is_answered_told_and_followed_by_the_next(
    session: TestSession, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.screens.practice.CASES", 2)
    app = console(session)
    async with app.run_test(size=size) as pilot:
        lane = await _lane(pilot)
        assert lane.shown is not None
        first = lane.shown.case
        assert "Practice, case 1 of 2" in words(app, "#practice-head")
        assert "Is it right?" in words(app, "#practice-told")
        assert "Records: charges" in words(app, "#practice-words") or not first.records["charges"]
        session.store.clock.advance_to(session.store.clock.now() + timedelta(seconds=7))  # type: ignore[attr-defined]
        await press(pilot, "a")
        await until(pilot, lambda: "escape leaves" in words(app, "#practice-told"))
        told = words(app, "#practice-told")
        assert told.startswith("✓ Right" if first.wrong is None else "✗ Not right, a miss")
        assert first.why[:40] in told
        await press(pilot, "a")  # answered already: nothing happens
        (mine,) = practised(session.store)
        assert (mine.cases, mine.seconds) == (1, 7.0)
        assert mine.misses == (first.wrong is not None)
        await press(pilot, "enter")
        await until(pilot, lambda: lane.shown and lane.shown.case.number == 2, MINUTE)
        await press(pilot, "r")
        await until(pilot, lambda: "escape leaves" in words(app, "#practice-told"))
        await press(pilot, "enter")
        await until(pilot, lambda: "The course is over" in words(app, "#practice-told"))
        await press(pilot, "escape")
        assert isinstance(app.screen, Desk)
    assert session.service.calls == []


class Hands:
    """A clock that goes on by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("seconds", "told"), [(1.0, True), (60.0, False)])
async def test_who_approves_faster_than_one_can_read_is_told_once(
    empty_session: TestSession, seconds: float, *, told: bool
) -> None:
    with empty_session.store.write() as t:
        for n in range(7):
            ticket = add_ticket(t, f"F-{n}", "Charged twice", "Please.", minutes=50 - n)
            add_run(t, ticket)
            arguments = {"charge": f"ch_{n}", "amount": 1000 + n, "currency": "usd"}
            add_action(
                t,
                ticket,
                "process_refund",
                arguments,
                id=f"a_{n}",
                preview=REFUND_PREVIEW,
                undo=UNDO,
                risk="low",
            )
    clock = Hands()
    app = console(empty_session)
    app.reading = ReadingTime(clock)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        for n in range(6):
            await until(pilot, lambda: desk.context().shown)
            clock.seconds += seconds
            await press(pilot, "a")
            await until(pilot, partial(_noted, empty_session, n + 1))
        notices = [t for t in app.told if "faster than their effect can be read" in t]
        assert len(notices) == int(told)
        pace = paces(empty_session.store)["maya"]
        assert (pace.decisions, pace.unread) == (6, told)


def _noted(session: TestSession, count: int) -> bool:
    found = paces(session.store)
    return bool(found) and found["maya"].decisions == count
