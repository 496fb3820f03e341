"""Signing in at the console, and what a role changes there."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from textual.pilot import Pilot
from textual.widgets import Input

from agents.authority import PASSPHRASE, TOKEN, Person
from console.actions import BY_ID
from console.app import Handrail
from console.possible import Context, needs
from console.screens.desk import Desk
from console.screens.sign_in import SignIn
from console.widgets.bars import KeyHint
from console.widgets.status import Standing, parts_of
from data.queries.health import health
from data.store import TICKET
from data.vocabulary import ActionState, Role
from tests.tui.driving import console, opened, press, until, words
from tests.tui.rows import NOW, add_ticket
from tests.tui.test_decisions import state
from tests.tui.world import TestSession

ANAS, BENS = "battery staple", "tea at five"


@pytest.fixture
def team(session: TestSession) -> TestSession:
    """A workspace whose people have passphrases; nobody is signed in."""
    session.operators.found("maya")
    session.operators.add("ana", Role.SUPERVISOR, by="maya", passphrase=ANAS)
    session.operators.add("ben", Role.VIEWER, by="maya", passphrase=BENS)
    session.person = None
    return session


async def write(pilot: Pilot[Any], name: str, passphrase: str) -> None:
    """Write name and passphrase by keys, and press enter."""
    field = pilot.app.screen.query_one("#sign-in-name", Input)
    field.value = ""
    field.focus()
    await pilot.pause()
    for key in (*name, "enter", *passphrase.replace(" ", "~"), "enter"):
        await pilot.press("space" if key == "~" else key)


async def signed_in(pilot: Pilot[Any], name: str, passphrase: str) -> Desk:
    """The desk of somebody who has signed in."""
    await write(pilot, name, passphrase)
    await until(pilot, lambda: isinstance(pilot.app.screen, Desk))
    return await opened(pilot)


async def test_alone_nobody_is_asked(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        assert app.standing.who is None
        assert app.role is Role.ADMIN


async def test_signing_in_comes_before_the_desk(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(160, 48)) as pilot:
        assert isinstance(app.screen, SignIn)
        assert not app.query(Desk)
        await signed_in(pilot, "ana", ANAS)
        assert team.person == Person("ana", Role.SUPERVISOR, PASSPHRASE)
        assert team.operator == "ana"
        assert "ana, supervisor" in words(app, "#status")
        await press(pilot, "g", "a", "a")
        await until(pilot, lambda: team.service.calls)
        assert team.service.calls[0][2]["by"] == "ana"
        assert not any(isinstance(screen, SignIn) for screen in app.screen_stack)


async def test_who_has_a_token_is_not_asked(team: TestSession) -> None:
    team.person = Person("ana", Role.SUPERVISOR, TOKEN)
    app = console(team)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        assert "ana, supervisor" in words(app, "#status")


async def test_everybody_can_be_made_to_sign_in(team: TestSession) -> None:
    team.person = Person("maya", Role.ADMIN, TOKEN)
    app = Handrail(team, worker=False, ask_sign_in=True)
    async with app.run_test(size=(120, 36)) as pilot:
        assert isinstance(app.screen, SignIn)
        assert app.screen.query_one("#sign-in-name", Input).value == ""
        assert app.role is Role.VIEWER
        await signed_in(pilot, "ben", BENS)
        assert team.operator == "ben"


async def test_the_passphrase_is_not_shown(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(80, 24)) as pilot:
        field = app.screen.query_one("#sign-in-passphrase", Input)
        assert field.has_focus
        assert field.password
        await pilot.press(*"topsecret")
        await pilot.pause()
        shown = "\n".join(
            "".join(segment.text for segment in strip)
            for strip in app.screen._compositor.render_strips()
        )
        assert "maya" in shown
        assert "•••••••••" in shown
        assert "topsecret" not in shown


async def test_a_wrong_passphrase_is_told_in_place(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(80, 24)) as pilot:
        for name in ("ana", "nobody"):
            await write(pilot, name, "wrong guess")
            await until(pilot, lambda: "wrong" in words(app, "#sign-in-told"))
            assert words(app, "#sign-in-told") == "! name or passphrase is wrong"
            assert isinstance(app.screen, SignIn)
            assert app.screen.query_one("#sign-in-passphrase", Input).value == ""
        for _ in range(2):
            await write(pilot, "ana", "wrong guess")
            await until(pilot, lambda: "checking" not in words(app, "#sign-in-told"))
        assert "wait 2 s" in words(app, "#sign-in-told")
        assert team.person is None


async def test_enter_goes_to_what_is_missing(team: TestSession) -> None:
    team.operator = ""
    app = console(team)
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen.query_one("#sign-in-name").has_focus
        await pilot.press("enter")
        assert app.screen.query_one("#sign-in-name").has_focus
        await pilot.press("a", "n", "a", "enter")
        assert app.screen.query_one("#sign-in-passphrase").has_focus
        await pilot.press("enter")
        assert words(app, "#sign-in-told") == ""
        assert isinstance(app.screen, SignIn)


async def test_escape_leaves(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q", "question_mark", "g")
        assert app.screen.query_one("#sign-in-passphrase", Input).value == "q?g"
        await pilot.press("escape")
        await pilot.pause()
    assert not app.is_running
    assert app.return_code == 0


async def test_nothing_of_the_workspace_is_told_before(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(120, 36)) as pilot:
        with team.store.write() as tx:
            add_ticket(tx, "T-9", "My lawyer", "Now.", status="escalated")
        app._tell([])
        await asyncio.sleep(0.6)
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert app.told == []
        assert not app.query(Desk)


async def test_a_viewer_sees_and_may_not_decide(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await signed_in(pilot, "ben", BENS)
        assert desk.queue.total == 5
        await press(pilot, "g", "a")
        for key in ("a", "r", "e"):
            await press(pilot, key)
            assert "a viewer may not decide" in app.told[-1]
            assert isinstance(app.screen, Desk)
        assert app.screen.query_one("#key-approve", KeyHint).has_class("-off")
        await press(pilot, "g", "q", "R")
        assert "a viewer may not decide" in app.told[-1]
        assert team.service.calls == []
        assert state(team, "a_refund") is ActionState.PROPOSED
        assert "ben, viewer" in words(app, "#status")


@pytest.mark.parametrize(("name", "secret", "sees"), [("ben", BENS, False), ("ana", ANAS, True)])
async def test_a_viewer_sees_no_personal_data(
    team: TestSession, name: str, secret: str, sees: bool
) -> None:
    with team.store.read() as connection:
        query = select(TICKET.c.customer_name, TICKET.c.requester)
        known = [word for row in connection.execute(query) for word in row if word]
    assert known
    app = console(team)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await signed_in(pilot, name, secret)
        await until(pilot, lambda: desk.detail is not None)
        shown = app.export_screenshot().replace("&#160;", " ")
        assert any(word in shown for word in known) is sees


@pytest.mark.parametrize("name", ["approve", "reject", "edit", "undo", "retry"])
def test_what_decides_needs_an_operator(name: str) -> None:
    def why(role: Role) -> str | None:
        return BY_ID[name].unavailable(Context(NOW, "approvals", role=role))

    assert why(Role.VIEWER) == "a viewer may not decide"
    assert why(Role.OPERATOR) == why(Role.ADMIN) != "a viewer may not decide"


@pytest.mark.parametrize(
    ("least", "role", "told"),
    [
        (Role.SUPERVISOR, Role.VIEWER, "a viewer may not decide"),
        (Role.SUPERVISOR, Role.OPERATOR, "only a supervisor may"),
        (Role.ADMIN, Role.SUPERVISOR, "only an admin may"),
        (Role.SUPERVISOR, Role.SUPERVISOR, None),
        (Role.OPERATOR, Role.ADMIN, None),
    ],
)
def test_a_command_says_who_may(least: Role, role: Role, told: str | None) -> None:
    assert needs(least)(Context(NOW, "queue", role=role)) == told


def test_a_problem_comes_before_the_name_in_the_status_line(session: TestSession) -> None:
    standing = Standing(problem="the disk is full", who="ana, supervisor")
    shown = [part.plain for part in parts_of(health(session.store), standing, NOW)]
    assert shown[:2] == ["! the disk is full", "ana, supervisor"]


async def test_a_tiny_terminal_gets_one_line(team: TestSession) -> None:
    app = console(team)
    async with app.run_test(size=(40, 10)):
        assert not app.screen.query_one("#sign-in-box").display
        assert app.screen.query_one("#too-small").display


def test_the_pause_is_over_by_the_workspaces_clock(team: TestSession) -> None:
    for _ in range(3):
        with pytest.raises(Exception, match="wrong"):
            team.sign_in("ana", "wrong guess")
    with pytest.raises(Exception, match="wait"):
        team.sign_in("ana", ANAS)
    team.store.clock.advance_to(NOW + timedelta(seconds=5))  # type: ignore[attr-defined]
    assert team.sign_in("ana", ANAS).name == "ana"
