"""After a decision: undoing, settling unknown outcomes, and why nothing was done."""

from textual.widgets import Button, Input

from console.screens.approval import Approval
from console.screens.dialogs import Confirm, Pick
from console.screens.reconcile import Reconcile
from data.queries.approvals import find_action, pending_approvals
from data.vocabulary import ActionState
from tests.tui.driving import Watched, console, opened, press, until, words
from tests.tui.rows import NOW, add_action, add_event, before
from tests.tui.waiting import add_unknown, set_columns, with_undo
from tests.tui.world import TestSession


async def ended(app: Watched, pilot: object) -> None:
    """To the ticket whose refund was carried out."""
    desk = await opened(pilot)  # type: ignore[arg-type]
    await press(pilot, "v", "end", "enter", "end")  # type: ignore[arg-type]
    await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")  # type: ignore[arg-type]


async def test_the_question_shows_what_undoing_changes_and_who_must_agree(
    session: TestSession,
) -> None:
    with_undo(session, people_needed=2)
    with session.store.write() as t:
        add_action(
            t, "t_t-5", "send_reply", {"ticket": "t_t-5", "body": "Dear Cole, it is refunded."},
            id="a_told", state="verified", position=2, executed_at=before(15),
        )  # fmt: skip
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await ended(app, pilot)
        await press(pilot, "u")
        assert isinstance(app.screen, Confirm)
        asked = str(app.screen.words)
        assert "Refund a charge 55.21 USD" in asked
        assert "refunded: - 55.21 USD → + 0.00 USD" in asked
        assert "can be undone until 2026-03-11 09:40" in asked
        assert "you and another person" in asked
        assert "was told of it; a message that corrects that will need approval" in asked
        focused = app.focused
        assert isinstance(focused, Button)
        assert focused.id == "no"
        await press(pilot, "y")
        await until(pilot, lambda: session.service.calls == [("undo", "a_done", {"by": "maya"})])
        assert any("another person must approve it" in told for told in app.told)
        desk = app.screen
        await until(pilot, lambda: not desk.context().undoable)  # type: ignore[attr-defined]
        await press(pilot, "u")
        assert any("maya has asked to undo it already" in told for told in app.told)
        waiting = [a for a in pending_approvals(session.store) if a.undoes == "a_done"]
        assert len(waiting) == 1


async def test_undoing_alone_begins_at_once_and_needs_no_correction(session: TestSession) -> None:
    with_undo(session)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await ended(app, pilot)
        await press(pilot, "u")
        assert isinstance(app.screen, Confirm)
        asked = str(app.screen.words)
        assert "you alone; it begins at once" in asked
        assert "nothing has to be corrected" in asked


async def test_what_cannot_be_undone_says_why(session: TestSession) -> None:
    set_columns(session, "a_done", undo_until=NOW)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await ended(app, pilot)
        await press(pilot, "u")
        assert any("Refund a charge: the time to undo it is over" in told for told in app.told)
        set_columns(session, "a_done", undo_until=None, undo={"possible": False})
        desk = app.screen
        await until(pilot, lambda: desk.context().actions[0].undo_until is None)  # type: ignore[attr-defined]
        await press(pilot, "u")
        assert any("it cannot be undone" in told for told in app.told)
        assert session.service.calls == []


async def test_an_unknown_outcome_stands_out_and_is_settled(session: TestSession) -> None:
    add_unknown(session)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await until(pilot, lambda: "? 1 outcome unknown: U settles it" in words(app, "#status"))
        await press(pilot, "U")
        assert isinstance(app.screen, Reconcile)
        case = words(app, ".dialog-words Static")
        for told in ("9.90 EUR", "ch_u", "k_a_unknown", "2026-03-11 08:30", "did not answer"):
            assert told in case
        assert "a refund of that amount on the charge" in case
        app.screen.query_one("#happened", Button).press()
        await until(pilot, lambda: "a note is needed" in words(app, "#reconcile-problem"))
        app.screen.query_one("#note", Input).value = "refund re_7 is there"
        app.screen.query_one("#happened", Button).press()
        await until(pilot, lambda: app.screen is desk)
        found = find_action(session.store, "a_unknown")
        assert found.state is ActionState.EXECUTED
        assert "refund re_7 is there" in (found.problem or "")
        assert any("recorded as done" in told for told in app.told)
        await until(pilot, lambda: "unknown" not in words(app, "#status"))
        await press(pilot, "U")
        assert any("every outcome is known" in told for told in app.told)


async def test_what_did_not_happen_is_asked_for_again(session: TestSession) -> None:
    add_unknown(session)
    add_unknown(session, "U-2", "a_unknown2")
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        desk = await opened(pilot)
        await until(pilot, lambda: desk.health and desk.health.unknown == 2)
        await press(pilot, "U")
        assert isinstance(app.screen, Pick)
        await press(pilot, "enter", *"gone")
        assert isinstance(app.screen, Reconcile)
        await press(pilot, "enter", "tab", "enter")  # leave, then: it did not happen
        await until(pilot, lambda: app.screen is desk)
        old = find_action(session.store, "a_unknown")
        assert old.state is ActionState.FAILED
        assert old.superseded_by in {a.id for a in pending_approvals(session.store)}
        assert any("asked for again and needs approval" in told for told in app.told)


async def test_an_unknown_outcome_stands_out_in_its_ticket(session: TestSession) -> None:
    add_unknown(session)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "v", "end", "enter", "slash", *"U-1", "enter", "home")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "U-1")
        assert "OUTCOME UNKNOWN: Refund a charge 9.90 EUR" in words(app, "#header")


async def test_why_nothing_was_done_is_said_for_waiting_and_ended_tickets(
    session: TestSession,
) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "j", "g", "f")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-1")
        told = words(app, "#findings-words")
        assert "Why nothing was done yet" in told
        assert "It needs approval: process_refund by a person" in told
        await press(pilot, "g", "q", "end")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-4")
        assert "Why nothing was done" in words(app, "#findings-words")
        assert "rule E2" in words(app, "#findings-words")
        await press(pilot, "v", "end", "enter", "end")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")
        assert "Why nothing" not in words(app, "#findings-words")


async def test_the_whole_approval_tells_of_a_stop(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "j", "a")
        assert isinstance(app.screen, Approval)
        session.service.stop(by="ada")
        await until(pilot, lambda: "STOPPED: everything" in words(app, "#approval-told"))
        session.service.go(by="ada")
        await until(pilot, lambda: "STOPPED" not in words(app, "#approval-told"))
        with session.store.write() as t:
            t.set_action("a_refund", ActionState.EXPIRED, was=[ActionState.PROPOSED])
            add_event(t, "t_t-1", "action.expired", "system", {"action": "process_refund"})
        await until(pilot, lambda: "no longer waits" in words(app, "#approval-told"))
