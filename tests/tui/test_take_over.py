"""Taking tickets over by keys: what goes out is what was shown, and nothing else is done."""

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList, Select, TextArea

from console.screens.ask import Ask
from console.screens.compose import Compose
from console.screens.desk import Desk
from console.screens.dialogs import Confirm, Pick
from console.screens.escalations import Escalations
from console.screens.propose import Propose
from data.corrections import corrected
from data.queries.operators import operators
from data.queries.tickets import ticket_detail
from data.tables import Operator
from data.vocabulary import Role
from tests.tui.driving import Watched, console, opened, press, settle, until, words
from tests.tui.rows import NOW
from tests.tui.world import TestSession

TICKET = "t_t-1"


def owner(session: TestSession, ticket: str = TICKET) -> str:
    return ticket_detail(session.store, ticket).ticket.owner


def notes(session: TestSession, ticket: str = TICKET) -> list[str]:
    return [m.body for m in ticket_detail(session.store, ticket).messages if m.author == "note"]


def answers(session: TestSession, ticket: str = TICKET) -> list[str]:
    """Answers of people that are on their way."""
    detail = ticket_detail(session.store, ticket)
    return [
        str(a.arguments["body"])
        for a in detail.actions
        if a.name == "send_reply" and a.state == "approved"
    ]


def write(session: TestSession, body: str, ticket: str = TICKET) -> None:
    """The customer writes."""
    session.service.receive(ticket, body)


async def at_ticket(pilot: Pilot[Any], ref: str = "T-1") -> Desk:
    """The desk, with this ticket under the cursor."""
    desk = await opened(pilot)
    for _ in range(20):
        if desk.detail is not None and desk.detail.ticket.ref == ref:
            return desk
        await press(pilot, "j")
    raise AssertionError(f"no {ref} in the queue")


async def chosen(pilot: Pilot[Any], value: str) -> None:
    """Pick a value in the dialog that is open."""
    dialog = pilot.app.screen
    assert isinstance(dialog, Pick), dialog
    values = [each for each, _ in dialog.choices]
    assert value in values, values
    dialog.query_one(OptionList).highlighted = values.index(value)
    await press(pilot, "enter")


async def composing(pilot: Pilot[Any]) -> Compose:
    """The screen to write on, with the draft in it."""
    await press(pilot, "c")
    screen = pilot.app.screen
    assert isinstance(screen, Compose)
    await until(pilot, lambda: screen.body)
    return screen


async def test_taking_over_and_handing_back(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await at_ticket(pilot)
        await press(pilot, "t")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.owner == "maya")
        assert "taken by maya" in words(app, "#header")
        assert "the customer waits for an answer" in words(app, "#header")
        await press(pilot, "t")
        assert isinstance(app.screen, Ask)
        await press(pilot, "escape")
        assert owner(session) == "maya"
        await press(pilot, "t", *"all done", "enter")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert owner(session) == "agents"
        assert notes(session) == ["all done"]


async def test_what_another_has_is_taken_only_after_a_question(session: TestSession) -> None:
    session.service.take(TICKET, by="omar")
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await at_ticket(pilot)
        await press(pilot, "c")
        assert isinstance(app.screen, Desk)
        assert "omar has it" in app.told[-1]
        await press(pilot, "t")
        assert isinstance(app.screen, Confirm)
        focused = app.focused
        assert isinstance(focused, Button)
        assert focused.id == "no"
        await press(pilot, "enter")
        assert owner(session) == "omar"
        await press(pilot, "t", "y")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.owner == "maya")


async def test_the_draft_is_changed_shown_and_sent(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        area = screen.query_one("#compose-text", TextArea)
        assert area.text.startswith("Hello Ada")
        area.load_text("Hello Ada,\n\nit is on its way.  ")
        await press(pilot, "ctrl+s")
        question = app.screen
        assert isinstance(question, Confirm)
        shown = str(question.words)
        assert "ada@example.com" in shown
        assert "it is on its way." in shown
        assert "you take the ticket from the agents" in shown
        await press(pilot, "enter")
        assert answers(session) == []
        assert app.screen is screen
        await press(pilot, "ctrl+s", "y")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert answers(session) == ["Hello Ada,\n\nit is on its way."]
        assert owner(session) == "maya"
        assert app.desk_work.drafts.unsaved == {}


async def test_what_was_begun_is_kept_for_its_ticket(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        untouched = screen.body
        await press(pilot, "escape")
        assert app.desk_work.drafts.unsaved == {}
        screen = await composing(pilot)
        screen.query_one("#compose-text", TextArea).load_text("Half of a")
        await press(pilot, "escape", "j")
        other = await composing(pilot)
        assert other.body not in ("Half of a", untouched)
        await press(pilot, "escape", "k")
        again = await composing(pilot)
        assert again.body == "Half of a"


async def test_what_was_begun_is_there_after_the_console_has_ended(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        screen.query_one("#compose-text", TextArea).load_text("Half of an answer")
        await press(pilot, "escape")
        assert "c goes on with it" in app.told[-1]
        await until(pilot, lambda: session.service.begun(TICKET, by="maya") == "Half of an answer")
        await until(pilot, lambda: "maya has begun an answer" in words(app, "#header"))
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        assert screen.body == "Half of an answer"
        await press(pilot, "ctrl+s", "y")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert answers(session) == ["Half of an answer"]
        assert session.service.begun(TICKET, by="maya") is None
    assert session.service.begun(TICKET, by="maya") is None


async def test_what_is_being_written_is_kept_before_it_is_left(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.screens.compose.KEEP_SECONDS", 0.05)
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        area = screen.query_one("#compose-text", TextArea)
        area.load_text("As far as this")
        await until(pilot, lambda: session.service.begun(TICKET, by="maya") == "As far as this")
        area.load_text("")
        await until(pilot, lambda: session.service.begun(TICKET, by="maya") is None)


async def test_what_the_last_second_brought_is_kept_when_the_console_ends(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.screens.compose.KEEP_SECONDS", 60.0)
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        screen.query_one("#compose-text", TextArea).load_text("To the very end")
        await press(pilot, "ctrl+c", "ctrl+c")
    assert session.service.begun(TICKET, by="maya") == "To the very end"


async def test_words_that_cross_are_read_before_the_answer_goes_out(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        screen.query_one("#compose-text", TextArea).load_text("It is on its way.")
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, Confirm)
        write(session, "Wait, it was a third time!")
        await press(pilot, "y")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: "third time" in words(app, "#compose-conversation"))
        assert answers(session) == []
        await press(pilot, "ctrl+r", "y")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert len(answers(session)) == 1


async def test_an_empty_answer_is_not_sent(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        screen.query_one("#compose-text", TextArea).load_text(" \n ")
        await press(pilot, "ctrl+s")
        assert app.screen is screen
        assert "nothing to send" in words(app, "#compose-told")


async def test_an_answer_that_only_greets_and_closes_is_not_sent(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot, "T-6")
        screen = await composing(pilot)
        await settle(pilot)
        for resolve in ("ctrl+s", "ctrl+r"):
            await press(pilot, resolve)
            assert app.screen is screen
            assert "only greets and closes" in words(app, "#compose-told")
        await press(pilot, *"Yes.", "ctrl+s")
        assert isinstance(app.screen, Confirm)


class WithMacros(Watched):
    """The console of somebody with macros."""

    @property
    def macros(self) -> dict[str, str]:
        return {"bye": "See you, {{ name }}. {{ operator }}", "typo": "Dear {{ nmae }}"}


async def test_macros_are_filled_in_where_the_cursor_is(session: TestSession) -> None:
    app = WithMacros(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_ticket(pilot)
        screen = await composing(pilot)
        area = screen.query_one("#compose-text", TextArea)
        area.load_text("Fine.\n")
        area.move_cursor((1, 0))
        await press(pilot, "ctrl+o")
        await chosen(pilot, "bye")
        await until(pilot, lambda: screen.body == "Fine.\nSee you, Ada. maya")
        await press(pilot, "ctrl+o")
        await chosen(pilot, "typo")
        await until(pilot, lambda: "nmae" in words(app, "#compose-told"))
        assert screen.body == "Fine.\nSee you, Ada. maya"


async def test_notes(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        await press(pilot, "n", "ctrl+s")
        assert isinstance(app.screen, Ask)
        assert "what the next person" in words(app, "#ask-problem")
        app.screen.query_one("#ask-words", TextArea).load_text("Called.\nNo answer.")
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert notes(session) == ["Called.\nNo answer."]


async def test_correcting_what_triage_said(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_ticket(pilot)
        await press(pilot, "T")
        await chosen(pilot, "sentiment")
        await chosen(pilot, "angry")
        await until(pilot, lambda: ticket_detail(session.store, TICKET).sentiment == "angry")
        await press(pilot, "T")
        await chosen(pilot, "issue")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one("#ask-words", Input).value = "charged while cancelled"
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Desk))
    with session.store.read() as connection:
        told = corrected(connection, TICKET)
    assert told == {"sentiment": "angry", "issue": "charged while cancelled"}


async def test_priority_and_assigning(session: TestSession) -> None:
    with session.store.write() as t:
        for name, role in (("ada", "admin"), ("omar", "operator"), ("vera", "viewer")):
            t.insert(Operator, name=name, role=role, added_at=NOW, passphrase_hash="x")
        t.insert(Operator, name="maya", role="admin", added_at=NOW, passphrase_hash="x")
    session.service.signed_in_by = "passphrase"
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_ticket(pilot)
        await press(pilot, "P")
        await chosen(pilot, "urgent")
        await until(pilot, lambda: ticket_detail(session.store, TICKET).ticket.priority == "urgent")
        await press(pilot, "A")
        assert isinstance(app.screen, Pick)
        assert {name for name, _ in app.screen.choices} == {"ada", "omar", "maya"}
        await chosen(pilot, "omar")
        await until(pilot, lambda: owner(session) == "omar")


async def test_merging_shows_both_tickets(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await at_ticket(pilot, "T-2")
        here = desk.ticket_id
        assert here is not None
        await press(pilot, "M")
        if isinstance(app.screen, Pick):
            await chosen(pilot, "")
        assert isinstance(app.screen, Ask)
        await press(pilot, *"T-99", "enter")
        assert "T-99" in words(app, "#ask-problem")
        app.screen.query_one(Input).value = "T-1"
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        question = app.screen
        assert isinstance(question, Confirm)
        assert "Charged twice for March" in str(question.words)
        await press(pilot, "y")
        await until(pilot, lambda: ticket_detail(session.store, here).merged_into == TICKET)
        assert notes(session)


async def test_closing_needs_a_reason_and_tells_what_is_withdrawn(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await at_ticket(pilot)
        desk.action_command("close")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "Refund a charge" in words(app, ".ask-about")
        await press(pilot, "enter")
        assert "say why" in words(app, "#ask-problem")
        await press(pilot, *"spam", "enter")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        detail = ticket_detail(session.store, TICKET)
        assert detail.ticket.status == "closed"
        assert [a.state.value for a in detail.actions] == ["withdrawn"]
        await until(pilot, lambda: desk.detail and desk.detail.ticket.status == "closed")
        desk.action_command("close")
        assert "closed already" in app.told[-1]


async def test_an_action_is_proposed_in_a_form(session: TestSession) -> None:
    with session.store.write() as t:
        t.set_ticket(TICKET, customer_id="cus_ada")
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_ticket(pilot)
        await press(pilot, "p")
        await chosen(pilot, "issue_credit")
        form = app.screen
        assert isinstance(form, Propose)
        assert form.query_one("#arg-customer", Input).value == "cus_ada"
        await press(pilot, "ctrl+s")
        assert "amount is empty" in words(app, "#propose-problem")
        form.query_one("#arg-amount", Input).value = "5,00"
        form.query_one("#arg-currency", Input).value = "usd"
        await press(pilot, "ctrl+s")
        assert "no amount" in words(app, "#propose-problem")
        form.query_one("#arg-amount", Input).value = "5.00"
        form.query_one("#propose-reason", Input).value = "for the trouble"
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        (credit,) = [
            a for a in ticket_detail(session.store, TICKET).actions if a.name == "issue_credit"
        ]
        assert credit.arguments == {"customer": "cus_ada", "amount": 500, "currency": "usd"}
        assert (credit.reason, credit.state.value) == ("for the trouble", "proposed")


@pytest.mark.parametrize("name", ["reset_service", "update_crm", "create_ticket", "process_refund"])
async def test_every_form_has_a_field_for_each_argument(session: TestSession, name: str) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_ticket(pilot)
        await press(pilot, "p")
        await chosen(pilot, name)
        form = app.screen
        assert isinstance(form, Propose)
        fields = {(w.id or "").removeprefix("arg-") for w in form.query("Input, Select, TextArea")}
        if name == "reset_service":
            assert form.query_one("#arg-operation", Select).value == "revoke_sessions"
            assert fields == {"customer", "service", "operation", "propose-reason"}
        if name == "update_crm":
            assert {"customer", "changes-email", "changes-phone"} <= fields
        if name == "process_refund":
            assert {"charge", "amount", "currency"} <= fields
        await press(pilot, "escape")
        assert isinstance(app.screen, Desk)


# The human queue.


async def test_the_human_queue_shows_the_summary_and_is_accepted(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "e")
        screen = app.screen
        assert isinstance(screen, Escalations)
        await until(pilot, lambda: screen.found is not None and screen.found.detail)
        handoff = screen.rows.current
        assert handoff is not None
        known = words(app, "#browse-words")
        for part in ("Needs", "Next", handoff.skill):
            assert part in known
        await press(pilot, "t")
        if isinstance(app.screen, Confirm):
            await press(pilot, "y")
        await until(pilot, lambda: owner(session, handoff.ticket_id) == "maya")
        await until(pilot, lambda: screen.rows.count == 0)
        assert "Nothing waits" in words(app, "#browse-none")
        await press(pilot, "t")
        assert "no ticket" in app.told[-1]
        await press(pilot, "escape")
        assert app.screen is desk


async def test_enter_opens_what_was_handed_over_on_the_desk(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "e")
        screen = app.screen
        assert isinstance(screen, Escalations)
        await until(pilot, lambda: screen.found is not None and screen.found.detail)
        handed = screen.rows.current
        assert handed is not None
        await press(pilot, "enter")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.id == handed.ticket_id)
        assert desk.pane == "conversation"


async def test_being_there_is_said_by_a_key(session: TestSession) -> None:
    session.operators.found("maya")
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "e")
        await until(pilot, lambda: "● available" in words(app, "#browse-head"))
        await press(pilot, "b")
        await until(pilot, lambda: "○ away" in words(app, "#browse-head"))
        (me,) = operators(session.store)
        assert not me.available


async def test_a_viewer_changes_nothing(session: TestSession) -> None:
    session.person = session.person and type(session.person)("maya", Role.VIEWER, "word")
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await at_ticket(pilot)
        for name in ("take", "answer", "note", "propose", "assign", "priority", "correct", "merge"):
            desk.action_command(name)
            await settle(pilot)
            assert isinstance(app.screen, Desk), name
            assert "viewer" in app.told[-1]
        assert owner(session) == "agents"


async def test_the_desk_says_why_nothing_is_possible_without_a_ticket(
    empty_session: TestSession,
) -> None:
    app = console(empty_session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        for key in "tcnpAPTM":
            await press(pilot, key)
            assert isinstance(app.screen, Desk)
            assert "no ticket is selected" in app.told[-1]
