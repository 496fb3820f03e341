"""The stop button: on every screen, and what it says."""

from textual.widgets import Input, OptionList

from agents.authority import PASSPHRASE, Person
from console.screens.approval import Approval
from console.screens.desk import Desk
from console.screens.dialogs import Confirm, Pick
from console.screens.stopping import Stopping
from data.queries.health import halts_in_force
from data.tables import Operator
from data.vocabulary import ActionName, Role
from tests.tui.driving import console, opened, press, until, words
from tests.tui.world import TestSession


def held(session: TestSession) -> list[tuple[str | None, str | None]]:
    return [(halt.action, halt.intent) for halt in halts_in_force(session.store)]


async def test_everything_is_stopped_and_goes_on(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "S")
        assert isinstance(app.screen, Stopping)
        await until(pilot, lambda: "Nothing is stopped" in words(app, "#stop-now"))
        await press(pilot, "enter")
        await until(pilot, lambda: not isinstance(app.screen, Stopping))
        assert held(session) == [(None, None)]
        assert "■ Stopped: everything; S lets it go on" in app.told
        await until(pilot, lambda: "■ STOPPED: every action" in words(app, "#status"))
        await press(pilot, "S")
        await until(pilot, lambda: "■ STOPPED" in words(app, "#stop-now"))
        assert "everything · by maya, since 2026-03-11 09:00" in words(app, "#stop-now")
        await press(pilot, "home", "enter")
        await until(pilot, lambda: "stopped already" in words(app, "#stop-told"))
        await press(pilot, "escape", "S")
        await until(pilot, lambda: "■ STOPPED" in words(app, "#stop-now"))
        await press(pilot, "enter")
        await until(pilot, lambda: not isinstance(app.screen, Stopping))
        assert held(session) == []
        await until(pilot, lambda: "STOPPED" not in words(app, "#status"))


async def test_approving_while_stopped_says_that_nothing_runs_yet(session: TestSession) -> None:
    session.service.stop(by="ada")
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "a")
        question = app.screen
        assert isinstance(question, Confirm)
        told = "everything is stopped: nothing runs until S lets it go on"
        assert told in str(question.words)
        await press(pilot, "y")
        await until(pilot, lambda: any(each.endswith(told) for each in app.told))


async def test_one_action_and_one_intent(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "S", "j", "enter")
        assert isinstance(app.screen, Pick)
        await press(pilot, "enter")
        await until(pilot, lambda: held(session) == [("process_refund", None)])
        await until(pilot, lambda: isinstance(app.screen, Desk))
        await press(pilot, "S", "j", "j", "enter")
        assert isinstance(app.screen, Pick)
        await press(pilot, "j", "j", "enter")
        await until(pilot, lambda: held(session)[1:] == [(None, "billing")])
        await until(pilot, lambda: isinstance(app.screen, Desk))
        await press(pilot, "S")
        await until(pilot, lambda: "everything in billing" in words(app, "#stop-now"))
        # Only the one that is chosen is lifted.
        await press(pilot, "end", "k", "enter")
        await until(pilot, lambda: held(session) == [(None, "billing")])


async def test_only_a_supervisor_lets_it_go_on(session: TestSession) -> None:
    session.service.stop(by="ada", action=ActionName.ISSUE_CREDIT)
    with session.store.write() as t:
        for name, role in (("maya", Role.OPERATOR), ("ada", Role.ADMIN)):
            t.insert(Operator, name=name, role=role.value, passphrase_hash="x", added_at=t.now)
    session.person = Person("maya", Role.OPERATOR, PASSPHRASE)
    session.service.signed_in_by = PASSPHRASE
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "S")
        options = app.screen.query_one(OptionList)
        await until(pilot, lambda: options.option_count == 4)
        assert "only a supervisor may" in str(options.get_option_at_index(3).prompt)
        await press(pilot, "end", "enter")
        await until(pilot, lambda: "only a supervisor may" in words(app, "#stop-told"))
        assert held(session) == [("issue_credit", None)]
        await press(pilot, "home", "enter")
        await until(pilot, lambda: len(held(session)) == 2)


async def test_it_is_in_reach_from_every_screen_and_leaves_texts_alone(
    session: TestSession,
) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "slash", "S")
        assert app.screen is desk
        assert isinstance(app.focused, Input)
        assert app.focused.value == "S"
        await press(pilot, "escape", "escape")
        await press(pilot, "g", "a", "j", "enter")
        assert isinstance(app.screen, Approval)
        await press(pilot, "S")
        assert isinstance(app.screen, Stopping)
        await press(pilot, "S", "escape")
        assert isinstance(app.screen, Approval)
        await press(pilot, "a")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "S")
        assert isinstance(app.screen, Stopping)
        await press(pilot, "escape")
        assert isinstance(app.screen, Confirm)
        assert held(session) == []
        assert session.service.calls == []
