"""The dashboard: tiles, the course of one and its parts, by keys; no data; what comes in later."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console.app import Handrail
from console.screens.dashboard import Dashboard
from console.screens.desk import Desk
from console.screens.help import Help
from console.widgets.measures import Course, Tile, Tiles, course_of
from console.widgets.plot import bars, sparkline
from data.clock import CountingIds, VirtualClock
from data.measures.definitions import MEASURES
from data.workspace import open_workspace
from tests.measuring import MONDAY, at, opened, the_week
from tests.tui.driving import console, press, settle, until, words
from tests.tui.world import RecordingService, TestSession


@pytest.fixture
def week(tmp_path: Path) -> Iterator[TestSession]:
    """A session on the seven tickets of a week, at its end."""
    store = open_workspace(
        str(tmp_path / "w.db"), clock=VirtualClock(MONDAY + timedelta(days=7, hours=20)),
        ids=CountingIds(), started=MONDAY, synchronous="OFF",
    )  # fmt: skip
    the_week(store)
    made = TestSession(store, RecordingService(store))
    yield made
    made.close()


async def dashboard(pilot: Pilot[Any]) -> Dashboard:
    """The dashboard, once everything is counted."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Desk) and pilot.app.screen.health)
    await press(pilot, "g", "d")
    await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard) and pilot.app.screen.found)
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, Dashboard)
    return screen


def tile(app: Handrail, name: str) -> str:
    return words(app, f"#tile-{name}")


def plot(app: Handrail) -> str:
    course = app.screen.query_one(Course)
    assert course.points is not None
    return "\n".join(str(row) for row in course_of(course.points, *course.size))


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_tiles_say_value_verdict_target_and_count(
    week: TestSession, size: tuple[int, int]
) -> None:
    app = console(week)
    async with app.run_test(size=size) as pilot:
        screen = await dashboard(pilot)
        told = tile(app, "first_contact_resolution")
        assert told.split("\n")[0] == "▸ First contact resolution"
        assert "50 % ✗ missed" in told
        assert "over 80 % · of 6" in told
        assert "✓ met" in tile(app, "first_response")
        assert "3.5 of 5 ✗ missed" in tile(app, "csat")
        for each in screen.query(Tile):
            assert each.region.width >= max(len(row) for row in str(each.content).split("\n"))
        assert "30 days, by intent" in words(app, "#dashboard-head")
        assert "2026-02-08 to 2026-03-09" in words(app, "#dashboard-head")
        if size == (160, 48):
            assert "Of the tickets that ended" in plot(app)
        assert "2026-02-08 … 2026-03-09" in plot(app)


async def test_the_cursor_chooses_what_is_told_in_full(week: TestSession) -> None:
    app = console(week)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await dashboard(pilot)
        tiles = screen.query_one(Tiles)
        assert app.focused is tiles
        await press(pilot, "right")
        assert tiles.current == "handle_time"
        assert screen.query_one("#dashboard-course").border_title == "Average handle time"
        await press(pilot, "down")
        assert tiles.current == MEASURES[2 + 6].name
        await press(pilot, "k", "home", "left")
        assert tiles.current == MEASURES[0].name
        await press(pilot, "end", "down", "right")
        assert tiles.current == MEASURES[-1].name
        await pilot.click("#tile-csat")
        await settle(pilot)
        assert tiles.current == "csat"
        parts = words(app, "#parts-words")
        assert "technical" in parts
        assert "5.0 of 5 ✓" in parts
        assert "2.0 of 5 ✗" in parts


async def test_another_period_and_other_parts(week: TestSession) -> None:
    app = console(week)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dashboard(pilot)
        await press(pilot, "d", "k", "enter")
        await until(pilot, lambda: screen.found and screen.found.asked.period == "7 days")
        # Of Monday, 2 March, nothing is left.
        assert "2026-03-03 to 2026-03-09" in words(app, "#dashboard-head")
        assert tile(app, "tickets").split("\n")[1].strip() == "no data"
        await press(pilot, "d", "end", "enter")
        await until(pilot, lambda: screen.found and screen.found.asked.period == "12 months")
        assert tile(app, "tickets").split("\n")[1].strip() == "7"
        assert "2025-04 … 2026-03" in plot(app)
        await press(pilot, "i", "j", "j", "enter")
        await until(pilot, lambda: screen.found and screen.found.asked.by == "channel")
        parts = words(app, "#parts-words").split("\n")
        assert [row.split()[0] for row in parts] == ["email", "chat"]
        assert screen.query_one("#dashboard-parts").border_title == "First contact by channel"
        await press(pilot, "i", "escape")
        assert screen.asked.by == "channel"


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_without_data(empty_session: TestSession, size: tuple[int, int]) -> None:
    app = console(empty_session)
    async with app.run_test(size=size) as pilot:
        screen = await dashboard(pilot)
        for each in screen.query(Tile):
            assert "no data" in str(each.content)
        assert "No data in these days." in plot(app)
        assert "No data in these days." in words(app, "#parts-words")
        assert "✗" not in tile(app, "csat")


async def test_what_comes_in_is_counted(week: TestSession) -> None:
    app = console(week)
    async with app.run_test(size=(120, 40)) as pilot:
        await dashboard(pilot)
        assert tile(app, "tickets").split("\n")[1].strip() == "7"
        with opened(week.store, "8", at("09:00", 7)) as t:
            t.began(at("09:01", 7))
        await until(pilot, lambda: tile(app, "tickets").split("\n")[1].strip() == "8")


async def test_leaving_help_and_reasons(week: TestSession) -> None:
    app = console(week)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await dashboard(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        told = "\n".join(str(w.content) for w in app.screen.query(Static))
        assert "g d  Dashboard: To the measures" in told
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, Desk)
        assert not screen.is_mounted or screen not in app.screen_stack
        await press(pilot, "i")
        assert any("it is for the dashboard: g d leads there" in each for each in app.told)


async def test_targets_of_the_settings(week: TestSession) -> None:
    from console.settings import Settings

    app = console(week, settings=Settings.model_validate({"targets": {"csat": 3.0}}))
    async with app.run_test(size=(120, 40)) as pilot:
        await dashboard(pilot)
        assert "3.5 of 5 ✓ met" in tile(app, "csat")
        assert "over 3.0 of 5 · of 2" in tile(app, "csat")


def test_bars_tell_no_data_from_zero_and_where_the_target_is() -> None:
    rows = bars([None, 0.0, 1.0, 2.0], 8, 2, most=2.0, target=1.0)
    assert rows == ["┄┄┄┄┄┄█┄", "· ▁ █ █ "]
    assert sparkline([1, None, 0, 4], 10) == "▂·▁█"
    assert sparkline([], 10) == ""
    assert sparkline(list(range(20)), 5) == sparkline(list(range(15, 20)), 5)
    assert sparkline([0, 0], 5) == "▁▁"
    many = bars([1.0] * 500, 80, 3, most=1.0, target=None)
    assert {len(row) for row in many} == {80}


Compare = Callable[..., bool]


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
def test_picture(size: tuple[int, int], week: TestSession, snap_compare: Compare) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await dashboard(pilot)
        await press(pilot, "d", "home", "j", "j", "enter")
        await pilot.pause(0.1)
        await settle(pilot)

    assert snap_compare(console(week), terminal_size=size, run_before=run)
