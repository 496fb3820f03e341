"""The list of approvals: alike ones in one line, the order, marks, narrowing, the cursor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.screens import deciding
from console.screens.desk import Desk
from console.screens.dialogs import Confirm, Pick
from console.screens.reject import Reject
from data.queries.approvals import find_action, pending_approvals
from data.vocabulary import ActionState
from tests.tui.driving import console, opened, press, settle, until, words
from tests.tui.waiting import add_reset, add_resets, set_columns
from tests.tui.world import TestSession, make_session


@pytest.fixture
def alike(tmp_path: Path) -> Iterator[TestSession]:
    """The usual session, with three requests that are alike."""
    made = make_session(tmp_path)
    add_resets(made, 3)
    yield made
    made.close()


def keys(desk: Desk) -> list[str]:
    """The rows as they stand, a line of several by its count."""
    return [row.key if row.action else str(len(row.line.actions)) for row in desk.approvals.rows]


def approved(session: TestSession) -> list[str]:
    return [call[1] for call in session.service.calls if call[0] == "approve"]


async def test_alike_ones_are_one_line_that_opens_and_closes(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        assert keys(desk) == ["a_credit", "a_refund", "3", "a_reply", "a_reset"]
        await press(pilot, "j", "j")
        assert [a.id for a in desk.preview.together] == ["a_r0", "a_r1", "a_r2"]
        shown = words(app, "#preview")
        assert "3 × Reset a service" in shown
        assert "Customer 2" in shown
        await press(pilot, "enter")
        assert keys(desk)[2:6] == ["3", "a_r0", "a_r1", "a_r2"]
        await press(pilot, "j", "j")
        assert desk.preview.shown is not None
        assert desk.preview.shown.id == "a_r1"
        await press(pilot, "left")
        assert keys(desk)[2] == "3"
        assert len(desk.preview.together) == 3


async def test_a_group_is_decided_with_one_question_that_lists_each(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "j", "j", "a")
        assert isinstance(app.screen, Confirm)
        for n in range(3):
            assert f"Customer {n} · R-{n}" in str(app.screen.words)
        # One more arrives while the question stands: it was not on the screen.
        with alike.store.write() as t:
            add_reset(t, 7, minutes=1)
        await until(pilot, lambda: len(desk.approvals.actions) == 8)
        await press(pilot, "y")
        await until(pilot, lambda: len(alike.service.calls) == 3)
        assert approved(alike) == ["a_r0", "a_r1", "a_r2"]
        assert all(call[2]["digest"] for call in alike.service.calls)
        assert find_action(alike.store, "a_r7").state is ActionState.PROPOSED
        await until(pilot, lambda: len(desk.approvals.actions) == 5)


async def test_a_group_is_rejected_with_one_reason(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "j", "j", "r")
        assert isinstance(app.screen, Reject)
        assert "Customer 2" in words(app, ".dialog-what Static")
        await press(pilot, "j", "enter")
        await until(pilot, lambda: len(alike.service.calls) == 3)
        assert {call[2]["reason"] for call in alike.service.calls} == {"Not enough evidence"}


async def test_others_like_it_never_take_the_place_of_what_is_under_the_cursor(
    session: TestSession,
) -> None:
    add_resets(session, 1)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        await press(pilot, *["j"] * keys(desk).index("a_r0"))
        assert desk.approvals.key == "a_r0"
        add_resets(session, 4, first=1)
        await until(pilot, lambda: "5" in keys(desk))
        assert desk.approvals.key == "a_r0"
        assert desk.preview.shown is not None
        assert desk.preview.shown.id == "a_r0"
        await press(pilot, "a")  # cannot be undone: it asks
        assert isinstance(app.screen, Confirm)
        await press(pilot, "y")
        await until(pilot, lambda: approved(session) == ["a_r0"])
        await until(pilot, lambda: "4" in keys(desk))


async def test_a_group_that_shrinks_under_the_cursor_stays_a_group(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "j", "j")
        for n in range(2):
            alike.service.reject(f"a_r{n}", by="another", reason="no")
        await until(pilot, lambda: "1" in keys(desk))
        assert [a.id for a in desk.preview.together] == ["a_r2"]
        alike.service.reject("a_r2", by="another", reason="no")
        await until(pilot, lambda: desk.approvals.gone)
        assert "no longer waits" in words(app, "#preview")
        alike.service.calls.clear()
        await press(pilot, "a", "r")
        assert alike.service.calls == []
        assert any("no longer waits" in told for told in app.told)


async def test_after_a_decision_the_cursor_goes_to_what_came_next(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "a")
        await until(pilot, lambda: desk.approvals.key == "a_refund")
        await press(pilot, "j", "a", "y")  # the group
        await until(pilot, lambda: len(desk.approvals.actions) == 3)
        await until(pilot, lambda: desk.approvals.key == "a_reply")
        await press(pilot, "j")
        assert desk.approvals.key == "a_reset"
        await press(pilot, "a")  # another person is needed still: it stays in the list
        await until(pilot, lambda: desk.approvals.key == "a_refund")  # round to the first
        assert desk.preview.shown is not None
        assert desk.preview.shown.id == "a_refund"


async def test_what_still_needs_another_person_is_left_too_and_can_be_gone_back_to(
    session: TestSession,
) -> None:
    set_columns(session, "a_credit", people_needed=2)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "a")
        await until(pilot, lambda: desk.approvals.key == "a_refund")
        assert any("another person is still needed" in told for told in app.told)
        assert keys(desk)[0] == "a_credit"
        await press(pilot, "k")
        await settle(pilot)
        assert desk.approvals.key == "a_credit"
        await press(pilot, "a")
        assert any("you have approved it; another person must" in told for told in app.told)
        assert approved(session) == ["a_credit"]


async def test_what_comes_after_all_is_decided_stands_under_the_cursor(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a_refund", "a_reply", "a_reset"):
        session.service.reject(name, by="another", reason="no")
    session.service.calls.clear()
    app = console(session)
    async with app.run_test(size=(100, 30)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "a")
        await until(pilot, lambda: "Nothing needs approval" in words(app, "#preview"))
        monkeypatch.setattr(deciding, "REST_SECONDS", 60.0)
        add_resets(session, 1)
        await until(pilot, lambda: desk.preview.shown and desk.preview.shown.id == "a_r0")
        await press(pilot, "a")  # it came just now: it must be seen first
        assert any("only just come up" in told for told in app.told)
        assert approved(session) == ["a_credit"]
        await press(pilot, "j", "a")
        assert isinstance(app.screen, Confirm)


async def test_what_another_person_decided_does_not_move_the_cursor(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "j")
        alike.service.reject("a_refund", by="another", reason="no")
        await until(pilot, lambda: desk.approvals.gone)
        assert desk.approvals.key == "a_refund"
        assert desk.preview.shown is None
        await press(pilot, "j")
        assert len(desk.preview.together) == 3


async def test_marks_of_lines_and_of_single_ones_are_decided_at_once(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "space", "space", "space")
        assert desk.approvals.marks == {"a_credit", "a_refund", "a_r0", "a_r1", "a_r2"}
        assert "5 marked" in str(desk.query_one("#right").border_title)
        await press(pilot, "k", "space")  # takes the marks of the line away
        assert desk.approvals.marks == {"a_credit", "a_refund"}
        await press(pilot, "k", "right", "j", "j", "space")
        assert desk.approvals.marks == {"a_credit", "a_refund", "a_r1"}
        await press(pilot, "a")
        assert isinstance(app.screen, Confirm)
        listed = str(app.screen.words)
        assert "Together  4,500 JPY, 18.50 USD" in listed
        await press(pilot, "y")
        await until(pilot, lambda: len(alike.service.calls) == 3)
        assert approved(alike) == ["a_credit", "a_refund", "a_r1"]
        await until(pilot, lambda: len(desk.approvals.actions) == 4)
        assert not desk.approvals.marks


async def test_when_the_marks_go_by_themselves_the_next_press_is_not_for_another(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = console(session)
    async with app.run_test(size=(100, 30)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "j", "space", "k", "k")
        assert desk.approvals.key == "a_credit"
        assert desk.approvals.marks == {"a_refund"}
        monkeypatch.setattr(deciding, "REST_SECONDS", 60.0)
        session.service.reject("a_refund", by="another", reason="no")
        await until(pilot, lambda: not desk.approvals.marks)
        await press(pilot, "a")
        assert approved(session) == []
        assert any("only just come up" in told for told in app.told)


async def test_another_order_leaves_the_cursor_where_it_is(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "j")
        assert desk.approvals.key == "a_refund"
        await press(pilot, "o")
        assert isinstance(app.screen, Pick)
        await press(pilot, "j", "enter")
        assert keys(desk) == ["a_reset", "a_credit", "a_reply", "3", "a_refund"]
        assert desk.approvals.key == "a_refund"
        assert desk.preview.shown is not None
        assert desk.preview.shown.id == "a_refund"
        assert "wait longest" in str(desk.query_one("#right").border_subtitle)


async def test_the_list_is_narrowed_by_words(alike: TestSession) -> None:
    app = console(alike)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "slash")
        await pilot.press(*"technical")
        await settle(pilot)
        assert keys(desk) == ["3", "a_reset"]
        await press(pilot, "enter")
        assert len(desk.preview.together) == 3
        assert "(4 of 7)" in str(desk.query_one("#right").border_title)
        await press(pilot, "escape")
        assert len(desk.approvals.actions) == 7
        assert keys(desk) == ["a_credit", "a_refund", "3", "a_reply", "a_reset"]
        assert len(pending_approvals(alike.store)) == 7
