"""Forking from the console: asked for in a dialog, gone on beside the screen, both ways shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Select, Static

import data
from agents.eval.scenario import load_scenario
from agents.founding import found_workspace
from agents.wiring import Places
from console.app import Handrail
from console.bootstrap import Session, open_session
from console.screens.desk import Desk
from console.screens.fork import BothWays, ForkFrom
from tests.cli.conftest import work_off
from tests.tui.driving import until, words

SCENARIO = Path(data.__file__).parent / "scenarios" / "b1-duplicate-charge.yaml"


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Session]:
    """A real session on a ticket whose refund waits for approval."""
    place = str(tmp_path / "desk.db")
    found_workspace(place, load_scenario(SCENARIO), Places())
    work_off(Path(place))
    session = open_session(place, create=False)
    session.recognise()
    yield session
    session.close()


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_a_fork_is_asked_for_and_shown(asking: Session, size: tuple[int, int]) -> None:
    app = Handrail(asking, worker=False)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Desk) and app.screen.detail, 20)
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, ForkFrom) and _step(app), 20)
        app.screen.query_one("#fork-decide", Select).value = "reject"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, BothWays), 60)
        told = " ".join(str(each.content) for each in app.screen.query(Static))
        assert "with decide=reject" in words(app, "#fork-head")
        assert "≠ status" in told
        assert "✗ rejected" in told
        assert "◆ needs approval" in told
        await pilot.press("j", "escape")
        await until(pilot, lambda: isinstance(app.screen, Desk))


async def test_what_is_wrong_is_said_in_the_dialog(asking: Session) -> None:
    app = Handrail(asking, worker=False)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Desk) and app.screen.detail, 20)
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, ForkFrom) and _step(app), 20)
        app.screen.query_one("#fork-set").value = "amout=5"  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "amout" in words(app, "#fork-told"), 60)
        assert isinstance(app.screen, ForkFrom)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Desk))


def _step(app: Handrail) -> bool:
    return isinstance(app.screen.query_one("#fork-step", Select).value, int)
