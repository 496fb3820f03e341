"""Deciding by keys: what is sent is what was on the screen."""

from datetime import timedelta

import pytest
from textual import events
from textual.widgets import Button, Input

from console.screens import deciding
from console.screens.approval import Approval
from console.screens.desk import Desk
from console.screens.dialogs import Confirm, Pick
from console.screens.edit import Edit
from console.screens.reject import Reject
from data.queries.approvals import find_action, pending_approvals
from data.tables import Decision
from data.vocabulary import ActionState
from tests.tui.company import UNDO
from tests.tui.driving import console, opened, press, settle, until, words
from tests.tui.rows import NOW, add_action, add_event
from tests.tui.waiting import add_resets
from tests.tui.world import TestSession


def state(session: TestSession, action: str) -> ActionState:
    return find_action(session.store, action).state


async def test_approving_sends_the_id_and_the_digest_that_was_shown(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        shown = desk.preview.shown
        assert shown is not None
        assert shown.id == "a_credit"  # most at stake, can be undone, medium risk: no question
        await press(pilot, "a")
        await until(pilot, lambda: state(session, "a_credit") is ActionState.APPROVED)
        assert session.service.calls == [
            ("approve", "a_credit", {"by": "maya", "digest": shown.digest})
        ]


async def test_the_second_press_never_decides_the_next(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "REST_SECONDS", 60.0)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "a")
        await until(pilot, lambda: desk.approvals.count == 3)
        await press(pilot, "a", "a")
        assert len(session.service.calls) == 1
        assert desk.preview.shown is not None
        assert desk.preview.shown.id == "a_refund"
        assert any("only just come up" in told for told in app.told)
        await press(pilot, "j", "k", "a")
        assert isinstance(app.screen, Confirm)


async def test_high_risk_asks_and_the_safe_answer_has_the_focus(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "a")
        assert isinstance(app.screen, Confirm)
        assert "18.50 USD" in str(app.screen.words)
        focused = app.focused
        assert isinstance(focused, Button)
        assert focused.id == "no"
        await press(pilot, "enter")
        assert session.service.calls == []
        await press(pilot, "a", "y")
        await until(pilot, lambda: state(session, "a_refund") is ActionState.APPROVED)


async def test_from_the_queue_the_approval_is_opened_before_it_can_be_decided(
    session: TestSession,
) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "j", "a")
        assert isinstance(app.screen, Approval)
        assert app.screen.action.id == "a_refund"
        assert session.service.calls == []
        await press(pilot, "a", "y")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert session.service.calls[0][:2] == ("approve", "a_refund")


async def test_rejecting_needs_a_reason(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "r")
        assert isinstance(app.screen, Reject)
        await press(pilot, "enter")
        assert isinstance(app.screen, Reject)
        assert "reason is required" in words(app, "#reason-problem")
        await press(pilot, "tab", "space", "enter")
        assert isinstance(app.screen, Reject)
        assert "reason is required" in words(app, "#reason-problem")
        await press(pilot, *"not his")
        await press(pilot, "enter")
        await until(pilot, lambda: state(session, "a_credit") is ActionState.REJECTED)
        assert session.service.calls[0][2]["reason"].strip() == "not his"


async def test_a_common_reason_is_a_few_keys(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "r", "j", "j", "enter")
        await until(pilot, lambda: state(session, "a_credit") is ActionState.REJECTED)
        assert session.service.calls[0][2]["reason"] == "Wrong amount"


async def test_editing_sends_only_what_changed_in_minor_units(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "e")
        assert isinstance(app.screen, Edit)
        field = app.screen.query_one("#arg-amount", Input)
        assert field.value == "18.50"
        await press(pilot, "ctrl+s")
        assert "nothing was changed" in words(app, "#edit-problem")
        field.value = "9.255"
        await press(pilot, "ctrl+s")
        assert "2 decimals" in words(app, "#edit-problem")
        field.value = "9.25"
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "amount: 18.50 USD → 9.25 USD" in asked_in(app)
        await press(pilot, "n")
        await until(pilot, lambda: "not approved yet" in words(app, "#edit-problem"))
        assert session.service.calls == []
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "y")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert session.service.calls == [
            ("edit", "a_refund", {"by": "maya", "changes": {"amount": 925}})
        ]
        old = find_action(session.store, "a_refund")
        assert old.superseded_by is not None
        new = find_action(session.store, old.superseded_by)
        assert (new.amount, new.state) == (925, ActionState.APPROVED)


def asked_in(app) -> str:
    assert isinstance(app.screen, Confirm)
    return str(app.screen.words)


async def test_the_services_error_stands_in_the_form(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "e")
        app.screen.query_one("#arg-amount", Input).value = "-1"
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: "must be more than 0" in words(app, "#edit-problem"))
        assert isinstance(app.screen, Edit)


async def test_marked_approvals_are_decided_with_one_question(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "space", "space", "a")
        assert isinstance(app.screen, Confirm)
        listed = str(app.screen.words)
        assert "4,500 JPY" in listed
        assert "18.50 USD" in listed
        await press(pilot, "y")
        await until(pilot, lambda: desk.approvals.count == 2)
        assert [call[:2] for call in session.service.calls] == [
            ("approve", "a_credit"),
            ("approve", "a_refund"),
        ]


async def test_undoing_asks_and_is_told_to_the_service(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "v", "end", "k", "enter")
        await until(pilot, lambda: desk.queue.total == 1)
        await press(pilot, "home")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")
        await press(pilot, "u")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "y")
        await until(pilot, lambda: session.service.calls == [("undo", "a_done", {"by": "maya"})])


async def test_a_decision_that_is_not_possible_says_why(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "a", "u")
        assert any("nothing in this ticket needs approval" in told for told in app.told)
        assert any("nothing was carried out" in told for told in app.told)
        assert session.service.calls == []


async def test_what_was_decided_elsewhere_meanwhile_is_refused_in_words(
    session: TestSession,
) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "j", "a", "a")
        assert isinstance(app.screen, Confirm)
        with session.store.write() as t:
            t.set_action("a_refund", ActionState.EXPIRED, was=[ActionState.PROPOSED])
            add_event(t, "t_t-1", "action.expired", "system", {"action": "process_refund"})
        await press(pilot, "y")
        await until(pilot, lambda: "no longer waits" in words(app, "#approval-told"))
        assert any("is expired" in told for told in app.told)


@pytest.mark.parametrize("leave", ["escape", "n"])
async def test_leaving_decides_nothing(session: TestSession, leave: str) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "a", leave, "r", "escape", "e", "escape")
        await settle(pilot)
        assert isinstance(app.screen, Desk)
        assert session.service.calls == []
        assert len(pending_approvals(session.store)) == 4


async def test_several_executed_actions_are_offered_to_undo(session: TestSession) -> None:
    with session.store.write() as t:
        t.set_ticket("t_t-5", status="working")
    with session.store.write() as t:
        add_action(
            t,
            "t_t-5",
            "issue_credit",
            {"customer": "cus_c", "amount": 100, "currency": "usd"},
            id="a_more",
            state="executed",
            position=2,
            undo=UNDO,
            undo_until=NOW + timedelta(hours=1),
        )
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "end")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")
        await press(pilot, "u")
        assert isinstance(app.screen, Pick)
        await press(pilot, "enter", "y")
        await until(pilot, lambda: session.service.calls == [("undo", "a_more", {"by": "maya"})])


async def test_marks_end_with_the_decision_whatever_became_of_each(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "end", "space", "home", "space")
        assert desk.approvals.marks == {"a_credit", "a_reset"}
        with session.store.write() as t:
            t.insert(
                Decision, id="d_2", action_id="a_reset", kind="approve", operator="maya",
                digest="x", at=NOW,
            )  # fmt: skip
            add_event(t, "t_t-3", "action.approved", "operator", {"action": "a_reset"})
        await until(pilot, lambda: len(desk.approvals.marked[1].decisions) == 2)
        await press(pilot, "a")
        question = app.screen
        assert isinstance(question, Confirm)
        assert question.title == "Approve 1 of 2 marked?"
        assert "what is marked, wherever the cursor is" in str(question.words)
        await press(pilot, "escape")
        assert len(desk.approvals.marks) == 2
        await press(pilot, "a", "y")
        await until(pilot, lambda: state(session, "a_credit") is ActionState.APPROVED)
        await until(pilot, lambda: not desk.approvals.marks)
        assert state(session, "a_reset") is ActionState.PROPOSED
        # One that is marked and cannot be decided is named.
        await press(pilot, "end", "space", "home", "a")
        assert "Reset a service (T-3): you have approved it" in app.told[-1]


async def test_lines_of_one_question_that_are_alike_name_their_records(
    session: TestSession,
) -> None:
    with session.store.write() as t:
        for n, day in (("8", "2026-02-01"), ("9", "2026-03-01")):
            record = {f"charges:ch_{n}": {"revision": "r", "fields": {"at": f"{day}T10:00:00Z"}}}
            arguments = {"charge": f"ch_{n}", "amount": 4900, "currency": "usd"}
            add_action(
                t, "t_t-1", "process_refund", arguments, id=f"a_m{n}", position=int(n),
                records=record, undo=UNDO,
            )  # fmt: skip
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        desk.approvals.marks |= {"a_m8", "a_m9", "a_refund"}
        await press(pilot, "a")
        question = app.screen
        assert isinstance(question, Confirm)
        assert "Ada Okafor · T-1 · ch_8 of 2026-02-01" in str(question.words)
        assert "Ada Okafor · T-1 · ch_9 of 2026-03-01" in str(question.words)
        assert "18.50 USD · Ada Okafor · T-1\n" in str(question.words)
        await press(pilot, "escape", "r")
        assert "ch_9 of 2026-03-01" in words(app, ".dialog-what Static")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48)])
async def test_the_approvals_follow_the_ticket_of_the_queue(
    session: TestSession, size: tuple[int, int]
) -> None:
    app = console(session)
    async with app.run_test(size=size) as pilot:
        desk = await opened(pilot)
        await press(pilot, "j")
        assert desk.ticket_id == "t_t-1"
        assert desk.approvals.key == "a_refund"
        await press(pilot, "g", "a")
        assert desk.ticket_id == "t_t-1"
        assert desk.preview.shown is not None
        assert desk.preview.shown.id == "a_refund"


async def test_right_after_the_key_they_follow_too(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await pilot.press("j", "g", "a")
        await until(pilot, lambda: desk.pane == "approvals")
        assert (desk.ticket_id, desk.approvals.key) == ("t_t-1", "a_refund")


async def test_a_key_right_after_the_move_is_about_the_ticket_moved_to(
    session: TestSession,
) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        for key in "ja":
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: isinstance(app.screen, Approval))
        assert isinstance(app.screen, Approval)
        assert app.screen.action.id == "a_refund"
        assert app.told == []


async def test_one_of_several_alike_is_gone_to_by_itself(session: TestSession) -> None:
    add_resets(session, 3)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        for _ in range(9):
            if desk.ticket_id == "t_r-1":
                break
            await press(pilot, "j")
        await press(pilot, "g", "a")
        assert desk.approvals.key == "a_r1"
        assert desk.preview.together == ()


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_decision_from_the_queue_goes_on_to_the_next_ticket(
    session: TestSession, size: tuple[int, int]
) -> None:
    app = console(session)
    async with app.run_test(size=size) as pilot:
        desk = await opened(pilot)
        await press(pilot, "j", "a", "a", "y")
        await until(pilot, lambda: state(session, "a_refund") is ActionState.APPROVED)
        await until(pilot, lambda: isinstance(app.screen, Desk) and desk.ticket_id == "t_t-2")
        assert (desk.pane, desk.queue.key) == ("queue", "t_t-2")
        assert desk.approvals.key in ("a_credit", "a_reply")
        # This one has two requests: the ticket stays until both are decided.
        first = desk.approvals.key
        await press(pilot, "a")
        assert isinstance(app.screen, Approval)
        await press(pilot, "r", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        await until(pilot, lambda: first not in {a.id for a in desk.approvals.actions})
        assert desk.queue.key == "t_t-2"
