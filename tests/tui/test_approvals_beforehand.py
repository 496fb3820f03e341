"""What is told before a decision: limits, pending effects, who must; and the form that checks."""

from textual.widgets import Input, Select, Static

from agents.authority import PASSPHRASE, Person
from console.screens.dialogs import Confirm
from console.screens.edit import Edit
from data.queries.approvals import find_action
from data.tables import Operator
from data.vocabulary import ActionState, Role
from tests.tui.driving import console, opened, press, settle, until, words
from tests.tui.waiting import set_columns
from tests.tui.world import TestSession


def become(session: TestSession, role: Role) -> None:
    """Maya has this role from now on, in a workspace where people sign in."""
    with session.store.write() as t:
        for name, each in (("maya", role), ("ada", Role.ADMIN)):
            t.insert(Operator, name=name, role=each.value, passphrase_hash="x", added_at=t.now)
    session.person = Person("maya", role, PASSPHRASE)
    session.service.signed_in_by = PASSPHRASE


async def test_the_limit_of_ones_role_is_told_beforehand(session: TestSession) -> None:
    become(session, Role.OPERATOR)
    set_columns(session, "a_credit", amount=90_000)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await until(pilot, lambda: app.policy is not None)
        await press(pilot, "g", "a")
        assert desk.approvals.key == "a_credit"
        assert "You cannot approve it now" in words(app, "#preview")
        assert "may approve up to" in words(app, "#preview")
        await press(pilot, "a")
        assert any("may approve up to" in told for told in app.told)
        assert session.service.calls == []
        # Among several it is named in the question, and left out.
        await press(pilot, "space", "space", "a")
        assert isinstance(app.screen, Confirm)
        asked, left_out = str(app.screen.words).split("Left out")
        assert "Refund a charge" in asked
        assert "Credit a balance" in left_out
        assert "may approve up to" in left_out
        await press(pilot, "y")
        await until(pilot, lambda: len(session.service.calls) == 1)
        assert session.service.calls[0][1] == "a_refund"
        assert find_action(session.store, "a_credit").state is ActionState.PROPOSED


async def test_an_effect_that_is_not_worked_out_cannot_be_approved(session: TestSession) -> None:
    pending = {"exact": False, "pending": True, "changes": [], "money": [], "message": None}
    set_columns(session, "a_credit", preview=pending, undo=None)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        assert desk.approvals.key == "a_credit"
        assert "not worked out yet" in words(app, "#preview")
        assert "not known yet" in words(app, "#preview")
        await press(pilot, "a")
        assert any("not worked out yet" in told for told in app.told)
        assert session.service.calls == []
        set_columns(session, "a_credit", preview={**pending, "exact": True, "pending": False})
        await until(pilot, lambda: "not worked out yet" not in words(app, "#preview"))
        await press(pilot, "a", "y")
        await until(pilot, lambda: len(session.service.calls) == 1)


async def test_a_reached_cap_and_the_role_that_is_needed_are_shown(session: TestSession) -> None:
    reached = "200 times a day is the cap for issue_credit, and it is reached"
    set_columns(session, "a_credit", role_needed="supervisor", problem=reached, people_needed=2)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        assert desk.approvals.key == "a_credit"
        shown = words(app, "#preview")
        assert "a supervisor must approve it" in shown
        assert "2 different people must approve it" in shown
        assert reached in shown


async def test_the_form_offers_only_what_an_edit_may_change(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "e")
        assert isinstance(app.screen, Edit)
        assert [w.id for w in app.screen.query(Input)] == ["arg-amount"]
        assert "charge ch_2, currency usd" in words(app, "#edit-fixed")
        await press(pilot, "escape")
        await press(pilot, "end", "e")
        assert isinstance(app.screen, Edit)
        assert [w.id for w in app.screen.query("Input, Select")] == ["arg-service", "arg-operation"]
        assert app.screen.query_one(Select).value == "resync_entitlements"


async def test_what_is_written_is_checked_on_the_spot_in_plain_words(session: TestSession) -> None:
    become(session, Role.OPERATOR)
    charge = {"fields": {"amount": 1850, "refunded": 500, "currency": "usd"}}
    set_columns(session, "a_refund", records={"charges:ch_2": charge}, amount=1350)
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "e")
        assert isinstance(app.screen, Edit)
        form = app.screen
        await until(
            pilot,
            lambda: "at most 13.50 USD" in str(form.query_one("#name-amount", Static).content),
        )
        field = form.query_one("#arg-amount", Input)
        for written, told in (
            ("much", "'much' is no amount"),
            ("9.255", "2 decimals"),
            ("0", "amount: must be more than 0"),
            ("18.00", "18.00 USD is more than the 13.50 USD left of the charge"),
            ("9.25", ""),
        ):
            field.value = written
            await until(pilot, lambda told=told: _told(app, told))  # type: ignore[misc]
        assert session.service.calls == []
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "y")
        await until(pilot, lambda: len(session.service.calls) == 1)
        assert session.service.calls[0][2]["changes"] == {"amount": 925}
        await settle(pilot)


def _told(app: object, told: str) -> bool:
    found = words(app, "#edit-problem")  # type: ignore[arg-type]
    return told in found if told else not found
