"""The quality screen: what is shown, and a person's word on scores by keys."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.reviewing import score_and_note
from console.screens.ask import Ask
from console.screens.desk import Desk
from console.screens.dialogs import Pick
from console.screens.quality import Quality
from data.queries.quality import quality_of
from data.tables import QualityCheck
from tests.tui.driving import Watched, console, opened, press, until, words
from tests.tui.rows import NOW
from tests.tui.test_pictures import before
from tests.tui.world import TestSession

TICKET = "t_t-1"
OTHER = "t_t-2"


def checked(session: TestSession) -> None:
    """Two tickets were checked: one must be looked at, the other passed."""
    low = "The reply claims a refund of 50.00, and another amount was moved."
    scores = {"resolution": 1.0, "sentiment": None, "escalation": 1.0, "compliance": 0.0}
    with session.store.write() as tx:
        for ticket, compliance, verdict in ((TICKET, 0.0, "review"), (OTHER, 1.0, "passed")):
            found = {**scores, "compliance": compliance}
            rows = [
                {"name": name, "score": score, "events": [1, 2], "by": "rule",
                 "reason": low if score == 0.0 else f"Nothing is against its {name}."}
                for name, score in found.items()
            ]  # fmt: skip
            tx.insert(
                QualityCheck, id=f"q_{ticket}", ticket_id=ticket, position=2, version=1,
                ended_at=NOW - timedelta(hours=2), overall=0.2 + 0.8 * compliance, verdict=verdict,
                checks=rows, checked_at=NOW,
            )  # fmt: skip


async def at_quality(pilot: Pilot[Any]) -> Quality:
    await opened(pilot)
    await press(pilot, "g", "y")
    screen = pilot.app.screen
    assert isinstance(screen, Quality)
    await until(pilot, lambda: screen.found is not None and screen.context().ticket)
    return screen


async def test_what_waits_comes_first_with_its_reasons(session: TestSession) -> None:
    checked(session)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await at_quality(pilot)
        assert [row.ticket_id for row in screen.rows.rows] == [TICKET, OTHER]
        shown = words(app, "#browse-words")
        assert "compliance  ░░░░░░░░░░ 0.00" in shown
        assert "sentiment   ·········· no data" in shown
        assert "claims a refund of 50.00" in shown
        assert "   1  " in shown
        assert "1 waits for a person" in words(app, "#browse-head")
        await press(pilot, "j")
        assert "T-2" in words(app, "#browse-words")
        await press(pilot, "enter")
        assert isinstance(app.screen, Desk)


async def test_agreeing_by_keys(session: TestSession) -> None:
    checked(session)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_quality(pilot)
        await press(pilot, "plus")
        assert isinstance(app.screen, Pick)
        await press(pilot, "enter")
        await until(pilot, lambda: "0 wait" in words(app, "#browse-head"))
        scores = {s.name: s.review for s in quality_of(session.store, TICKET).scores}
        assert scores["sentiment"] is None
        assert {n for n, review in scores.items() if review and review.agreed} == {
            "resolution", "escalation", "compliance",
        }  # fmt: skip
        assert "✓ maya agrees" in words(app, "#browse-words")


async def test_correcting_by_keys(session: TestSession) -> None:
    checked(session)
    app = Watched(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_quality(pilot)
        await press(pilot, "minus", "enter")
        assert isinstance(app.screen, Ask)
        app.screen.query_one(Input).value = "well it was fine"
        await press(pilot, "enter")
        assert isinstance(app.screen, Ask)
        app.screen.query_one(Input).value = "1 it was fine"
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Quality))
        await until(pilot, lambda: "0 wait" in words(app, "#browse-head"))
        row = quality_of(session.store, TICKET)
        assert (row.overall, row.verdict) == (1.0, "passed")
        review = {s.name: s.review for s in row.scores}["compliance"]
        assert review is not None
        assert (review.score, review.note, review.agreed) == (1.0, "it was fine", False)


async def test_nothing_checked_yet(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "y")
        await until(pilot, lambda: "Nothing was checked" in words(app, "#browse-none"))
        await press(pilot, "plus")
        assert app.told[-1] == "Agree: no check is selected"
        await press(pilot, "escape", "plus")
        assert "leads there" in app.told[-1]


def test_a_score_and_why() -> None:
    assert score_and_note("0,4 too much ") == (0.4, "too much")
    assert score_and_note("1: fine") == (1.0, "fine")
    assert score_and_note("fine")[0] is None


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
def test_pictures(
    size: tuple[int, int], session: TestSession, snap_compare: Callable[..., bool]
) -> None:
    checked(session)
    run = before("textual-dark", ["g", "y"])
    assert snap_compare(console(session), terminal_size=size, run_before=run)
