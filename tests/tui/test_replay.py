"""The replay screen: steps by keys, what each changed, what was before who decided, playing."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from agents.authority import WORD, Person
from agents.eval.run import Stage
from agents.eval.scenario import load_scenario
from console.screens.desk import Desk
from console.screens.replay import Replay
from console.widgets.timeline import gap
from data.clock import VirtualClock
from data.queries.tickets import ticket_detail, ticket_events
from data.store import NewEvent
from data.vocabulary import Role
from tests.engine.desk import SCENARIOS, rules
from tests.tui.driving import console, opened, press, until, words
from tests.tui.world import RecordingService, TestSession

SIZES = [(160, 48), (80, 24)]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[TestSession]:
    """A session on a refund that was proposed, edited and carried out."""
    scenario = load_scenario(SCENARIOS / "approval-edited.yaml")
    stage = Stage(scenario, tmp_path, rules(), approve_all=False)
    stage.play()
    yield TestSession(stage.store, RecordingService(stage.store))
    stage.close()


async def replay(pilot: Pilot[Any], session: TestSession) -> Replay:
    """The replay of the only ticket, at its first step; it has ended, and left the queue."""
    await opened(pilot)
    screen = Replay(session.store, ticket_detail(session.store, ticket_of(session)).ticket)
    pilot.app.push_screen(screen)
    await until(pilot, lambda: screen.moment)
    return screen


def ticket_of(session: TestSession) -> str:
    with session.store.read() as connection:
        return str(connection.exec_driver_sql("SELECT id FROM ticket").scalar_one())


def positions(session: TestSession, kind: str) -> list[int]:
    events = ticket_events(session.store, ticket_of(session))
    return [e.position for e in events if e.kind == kind]


async def to(pilot: Pilot[Any], screen: Replay, position: int) -> str:
    screen.timeline.go(position - 1)
    await until(pilot, lambda: screen.moment and screen.moment.event.position == position)
    return words(screen.console, "#replay-words")


@pytest.mark.parametrize("size", SIZES)
async def test_stepping_shows_the_state_after_each_step_and_marks_what_changed(
    played: TestSession, size: tuple[int, int]
) -> None:
    app = console(played)
    async with app.run_test(size=size) as pilot:
        screen = await replay(pilot, played)
        assert "step 1 of 33" in words(app, "#replay-head")
        assert "○ new" in words(app, "#replay-words")
        (parked,) = positions(played, "run.parked")
        told = await to(pilot, screen, parked)
        assert "» status     ◆ needs approval" in told
        assert "  owner      agents" in told
        assert "◆ Refund a charge needs approval · 34.00 EUR" in told
        await press(pilot, "end")
        assert "✓ resolved" in words(app, "#replay-words")
        assert "step 33 of 33" in words(app, "#replay-head")
        await press(pilot, "left")
        assert "step 32 of 33" in words(app, "#replay-head")
        await press(pilot, "shift+left")
        assert "step 22 of 33" in words(app, "#replay-head")
        await press(pilot, "shift+right", "right")
        assert "step 33 of 33" in words(app, "#replay-head")
        await press(pilot, "right")
        assert "step 33 of 33" in words(app, "#replay-head")
        await press(pilot, "home")
        assert "step 1 of 33" in words(app, "#replay-head")
        await press(pilot, "left")
        assert "step 1 of 33" in words(app, "#replay-head")
        await press(pilot, "escape")
        assert isinstance(app.screen, Desk)


async def test_a_decision_shows_what_was_before_who_decided(played: TestSession) -> None:
    app = console(played)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await replay(pilot, played)
        (edited,) = positions(played, "action.edited")
        told = await to(pilot, screen, edited)
        assert "operator-1 edited it as admin" in told
        assert "signed in: by their word alone" in told
        assert "amount: 3400" in told
        assert "refunded 0 → 3400" in told
        assert "the digest of what was proposed" in told
        assert "» ✓ Refund a charge approved" in told


async def test_playing_goes_on_by_itself_and_rests_at_the_end(played: TestSession) -> None:
    app = console(played)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await replay(pilot, played)
        await press(pilot, "s", "s")
        assert screen.speed == 16
        screen.timeline.go(28)
        await press(pilot, "space")
        await until(pilot, lambda: screen.moment and screen.moment.event.position == 33)
        await until(pilot, lambda: not screen.playing)
        assert "❚❚ 16×" in words(app, "#replay-head")


async def test_a_step_by_hand_ends_playing(played: TestSession) -> None:
    later(played)
    app = console(played)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await replay(pilot, played)
        await press(pilot, "end", "left", "space")
        assert "▶ playing 1×" in words(app, "#replay-head")
        await press(pilot, "left")
        assert not screen.playing
        assert "step 32 of 34" in words(app, "#replay-head")


async def test_what_happens_meanwhile_is_at_the_end_and_moves_nothing(played: TestSession) -> None:
    app = console(played)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await replay(pilot, played)
        await press(pilot, "right", "right")
        with played.store.write() as tx:
            tx.append(NewEvent("note", "operator", {"by": "maya"}, screen.ticket.id))
        await until(pilot, lambda: screen.timeline.length == 34)
        assert "step 3 of 34" in words(app, "#replay-head")
        await press(pilot, "end")
        assert "internal note by maya" in words(app, "#replay-words")


async def test_a_long_log_is_read_where_it_is_looked_at(played: TestSession) -> None:
    with played.store.write() as tx:
        ticket = tx.connection.exec_driver_sql("SELECT id FROM ticket").scalar_one()
        for number in range(3_000):
            tx.append(NewEvent("note", "operator", {"by": f"p{number}"}, ticket))
    app = console(played)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await replay(pilot, played)
        assert screen.timeline.step(201) is None
        await press(pilot, "end")
        await until(pilot, lambda: screen.timeline.step(3_033))
        assert screen.timeline.step(1_500) is None
        assert "internal note by p2999" in words(app, "#replay-words")


async def test_from_the_ticket_under_the_cursor(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "p")
        screen = app.screen
        assert isinstance(screen, Replay)
        assert screen.ticket.id == desk.ticket_id
        assert "step 1 of" in words(app, "#replay-head")


async def test_without_a_ticket_there_is_nothing_to_replay(empty_session: TestSession) -> None:
    app = console(empty_session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "p")
        assert isinstance(app.screen, Desk)
        assert app.told == ["Replay: no ticket is selected"]
        await press(pilot, "s")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_a_viewer_sees_no_personal_data(played: TestSession, role: Role) -> None:
    played.person = Person("ben", role, WORD)
    app = console(played)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await replay(pilot, played)
        (call, *_) = positions(played, "tool.called")
        told = await to(pilot, screen, call) + await to(pilot, screen, 33)
        assert ("Fabio" in told) is (role is Role.OPERATOR)
        assert ("fabio.carbone" in told) is (role is Role.OPERATOR)


@pytest.mark.parametrize(
    ("size", "kind"), [((160, 48), "action.edited"), ((80, 24), "run.parked")], ids=["160", "80"]
)
def test_picture(
    played: TestSession, snap_compare: Callable[..., bool], size: tuple[int, int], kind: str
) -> None:
    (position,) = positions(played, kind)

    async def before(pilot: Pilot[Any]) -> None:
        pilot.app.theme = "textual-dark"
        await to(pilot, await replay(pilot, played), position)

    assert snap_compare(console(played), terminal_size=size, run_before=before)


def later(session: TestSession) -> None:
    """An hour later somebody writes a note."""
    clock = session.store.clock
    assert isinstance(clock, VirtualClock)
    clock.advance_to(clock.now() + timedelta(hours=1))
    with session.store.write() as tx:
        tx.append(NewEvent("note", "operator", {"by": "maya"}, ticket_of(session)))


def test_playing_rests_as_it_was_within_bounds(played: TestSession) -> None:
    later(played)
    events = ticket_events(played.store, ticket_of(played))
    first, last = events[0].at, events[-1].at
    assert gap(first, first, 1) == 0.03
    assert gap(first, last, 1) == 2.0
    assert gap(first, last, 4) == 0.5
