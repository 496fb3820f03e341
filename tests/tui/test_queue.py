"""The queue by keys: what is lit, what is due, searching with what is offered, and its place."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.widgets import Input, OptionList

from console.countdown import countdown
from console.screens.approval import Approval
from console.screens.desk import Desk
from console.settings import Settings
from console.widgets.queue import QueueList
from console.widgets.search import SearchBar
from data.queries.queue import Order, queue_page
from data.queries.window import LEAST
from tests.tui.driving import console, opened, press, until, words
from tests.tui.rows import NOW, add_event, add_ticket
from tests.tui.world import TestSession

MINUTE = timedelta(minutes=1)


def lines_of(queue: QueueList) -> list[str]:
    """What the list shows, line by line."""
    height = queue.scrollable_content_region.height
    return ["".join(s.text for s in queue.render_line(y)) for y in range(height)]


def lit_line(queue: QueueList) -> str:
    return next((shown for shown in lines_of(queue) if shown.startswith("▌")), "")


def fill(session: TestSession, count: int, *, first: int = 0, minutes: float = 3_000) -> None:
    with session.store.write() as t:
        for number in range(first, first + count):
            add_ticket(t, f"Q-{number}", f"Subject {number}", "needle" if number % 2 else "straw",
                       minutes=minutes - number / 10)  # fmt: skip


# What is due.


@pytest.mark.parametrize(
    ("minutes", "shown", "tone"),
    [
        (-2_000, "-33h late", "error"),
        (-12, "-12m late", "error"),
        (-0.5, "-30s late", "error"),
        (0, "0s soon", "warning"),
        (60, "1h soon", "warning"),
        (61, "1h left", "muted"),
        (4_000, "2d left", "muted"),
    ],
)
def test_a_countdown_says_it_by_sign_and_word(minutes: float, shown: str, tone: str) -> None:
    assert countdown(NOW + minutes * MINUTE, NOW) == (shown, tone)
    assert countdown(None, NOW) == ("", "")


@pytest.mark.parametrize("width", [80, 100, 120, 160])
async def test_each_row_tells_when_it_is_due(session: TestSession, width: int) -> None:
    with session.store.write() as t:
        for ticket, minutes in (("t_t-1", -12), ("t_t-2", 40), ("t_t-3", 300)):
            t.set_ticket(ticket, due_at=NOW + minutes * MINUTE)
    app = console(session)
    async with app.run_test(size=(width, 36)) as pilot:
        desk = await opened(pilot)
        shown = "\n".join(lines_of(desk.queue))
        assert "-12m late" in shown
        assert "39m soon" in shown or "40m soon" in shown
        assert "4h left" in shown or "5h left" in shown
        room = desk.queue.scrollable_content_region.width
        assert {cell_len(line) for line in lines_of(desk.queue)} == {room}


async def test_what_is_due_soonest_first(session: TestSession) -> None:
    with session.store.write() as t:
        t.set_ticket("t_t-3", due_at=NOW + MINUTE)
        t.set_ticket("t_t-1", due_at=NOW - MINUTE)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "o")
        options = app.screen.query_one(OptionList)
        orders = [str(options.get_option_at_index(n).prompt) for n in range(options.option_count)]
        at = next(n for n, text in enumerate(orders) if "due soonest first" in text)
        await press(pilot, *["j"] * at, "enter")
        await until(pilot, lambda: desk.queue.asked.order == "due" and desk.queue.row_at(0))
        assert [desk.queue.key_at(n) for n in range(2)] == ["t_t-1", "t_t-3"]


@pytest.mark.parametrize("width", [80, 160])
async def test_in_the_order_of_money_each_row_tells_it_and_the_first_has_the_cursor(
    session: TestSession, width: int
) -> None:
    with session.store.write() as t:
        t.set_ticket("t_t-1", money_at_risk=1850)
        t.set_ticket("t_t-2", money_at_risk=4500)
    app = console(session)
    async with app.run_test(size=(width, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "end")
        assert desk.ticket_id == "t_t-4"
        assert "USD" not in "\n".join(lines_of(desk.queue))
        await press(pilot, "o")
        app.screen.query_one(OptionList).highlighted = list(get_args(Order)).index("money")
        await press(pilot, "enter")
        await until(pilot, lambda: desk.queue.asked.order == "money" and desk.queue.key)
        assert (desk.queue.cursor, desk.queue.key) == (0, "t_t-2")
        await until(pilot, lambda: desk.ticket_id == "t_t-2")
        shown = "\n".join(lines_of(desk.queue))
        assert "4,500 JPY" in shown
        assert "18.50 USD" in shown
        room = desk.queue.scrollable_content_region.width
        assert {cell_len(line) for line in lines_of(desk.queue)} == {room}


# What is lit.


async def test_the_lit_row_is_the_ticket_that_is_shown(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        assert desk.queue.key == desk.ticket_id == "t_t-6"
        await press(pilot, "g", "a")
        seen = set()
        for _ in range(4):
            assert desk.ticket_id is not None
            row = next(r for r in queue_page(session.store).rows if r.id == desk.ticket_id)
            assert row.subject.split()[0] in lit_line(desk.queue)
            assert row.ref in words(app, "#header")
            seen.add(desk.ticket_id)
            await press(pilot, "j")
        assert len(seen) > 1
        assert desk.queue.key == "t_t-6"
        await press(pilot, "escape")
        assert desk.ticket_id == "t_t-6"
        assert "How do I export" in lit_line(desk.queue)


async def test_a_ticket_that_is_not_in_the_queue_lights_no_other(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "slash")
        await pilot.press(*"ref:T-6")
        await press(pilot, "enter")
        await until(pilot, lambda: desk.queue.total == 1)
        await press(pilot, "g", "a")
        assert desk.ticket_id != "t_t-6"
        assert lit_line(desk.queue) == ""


async def test_go_to_and_its_letter_in_one_burst(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "j")
        for key in "ga":
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: desk.pane == "approvals")
        assert not isinstance(app.screen, Approval)
        assert isinstance(app.screen, Desk)


async def test_ages_go_on(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        assert "opened 2m ago" in words(app, "#header")
        session.store.clock.advance_to(NOW + 30 * MINUTE)  # type: ignore[attr-defined]
        desk.tick()
        await pilot.pause()
        assert "opened 32m ago" in words(app, "#header")
        assert "32m ago" in words(app, "#conversation-words")
        assert "32m" in lit_line(desk.queue)


# Searching.


async def search(pilot: Any, written: str) -> SearchBar:
    await press(pilot, "slash")
    await pilot.press(*written)
    bar = pilot.app.screen.query_one(SearchBar)
    await until(pilot, lambda: bar.value == written)
    return bar


async def test_fields_and_values_are_offered_and_taken(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        bar = await search(pilot, "sta")
        assert "where it stands" in words(app, "#search-choices")
        await press(pilot, "tab")
        assert bar.value == "status:"
        assert "escalated" in words(app, "#search-choices")
        assert not bar.has_class("-bad")
        await press(pilot, "down", "down", "down")
        assert "▸ awaiting_approval" in words(app, "#search-choices")
        await press(pilot, "enter")
        assert bar.value == "status:awaiting_approval "
        await until(pilot, lambda: desk.queue.total == 3)
        assert isinstance(app.focused, Input)
        await press(pilot, "enter")
        assert desk.focused is desk.queue
        assert desk.queue.key == "t_t-1"


async def test_values_that_tickets_have_are_offered(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        bar = await search(pilot, "customer:pri")
        await until(pilot, lambda: "Priyanka Nair" in words(app, "#search-choices"))
        await press(pilot, "tab")
        assert bar.value == 'customer:"Priyanka Nair" '
        await until(pilot, lambda: desk.queue.total == 1)
        assert desk.queue.key_at(0) == "t_t-3"


async def test_escape_leaves_the_choices_then_the_search(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        bar = await search(pilot, "status:")
        await press(pilot, "down", "escape")
        assert isinstance(app.focused, Input)
        assert bar.value == "status:"
        await press(pilot, "escape")
        assert (bar.value, desk.focused) == ("", desk.queue)


async def test_what_is_wrong_is_said_with_its_place_once_it_cannot_become_right(
    session: TestSession,
) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        bar = await search(pilot, 'refund "dou')
        assert not bar.has_class("-bad")
        await press(pilot, "enter")
        assert "character 8: a quotation mark is not closed" in words(app, "#search-help")
        bar.query_one(Input).value = "refund status:escalted"
        await until(pilot, lambda: bar.has_class("-bad"))
        said = words(app, "#search-help")
        assert "! character 15: status:escalted is unknown; did you mean escalated?" in said


async def test_saved_views_and_searches_tell_how_many_they_hold(session: TestSession) -> None:
    settings = Settings(
        views={"duplicates": '"charged twice"', "angry": "flag:instruction_attempt"}
    )
    app = console(session, settings=settings)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "v")
        options = app.screen.query_one(OptionList)
        told = [
            str(options.get_option_at_index(n).prompt).replace("▸", "").split()
            for n in range(options.option_count)
        ]
        counts = {" ".join(row[1:2]): row[0] for row in told}
        assert counts["mine"] == "0"
        assert counts["open"] == "5"
        assert counts["needs"] == "3"
        assert counts["all"] == "6"
        assert counts["duplicates"] == "1"
        at = next(n for n, row in enumerate(told) if row[1] == "duplicates")
        await press(pilot, *["j"] * (at - 1), "enter")
        await until(pilot, lambda: desk.queue.total == 1)
        assert desk.queue.key_at(0) == "t_t-1"


async def test_what_only_other_views_hold_is_offered_and_selected(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await search(pilot, "T-5")
        await until(pilot, lambda: "All views hold 1 ticket" in words(app, "#queue-empty"))
        assert "enter shows them" in words(app, "#queue-empty")
        await press(pilot, "enter")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")
        assert (desk.queue.asked.view, desk.queue.key) == ("all", "t_t-5")
        assert desk.focused is desk.queue
        await press(pilot, "escape")
        await until(pilot, lambda: desk.queue.total == 5)
        assert desk.queue.asked.view == "open"


async def test_it_is_offered_after_enter_too(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "slash")
        for key in (*"T-5", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: desk.focused is desk.queue)
        await until(pilot, lambda: "All views hold 1 ticket" in words(app, "#queue-empty"))
        if desk.queue.asked.view == "open":
            await press(pilot, "enter")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")


async def test_the_palette_finds_a_ticket_by_its_ref(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "d", "ctrl+p")
        await pilot.press(*"T-5")
        await pilot.pause(0.5)
        await press(pilot, "enter")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "T-5")
        assert app.screen is desk
        assert desk.pane == "conversation"


# Its place.


async def test_from_one_end_to_the_other(session: TestSession) -> None:
    fill(session, 700)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        queue = desk.queue
        plain = [r.id for r in queue_page(session.store, view="open", limit=1_000).rows]
        assert queue.total == len(plain) == 705
        await press(pilot, "end")
        await until(pilot, lambda: queue.key == plain[-1])
        assert queue.cursor == 704
        for _ in range(4):
            await press(pilot, "pageup")
            await until(pilot, lambda: queue.key_at(queue.cursor) == plain[queue.cursor])
            assert queue.key == plain[queue.cursor] == desk.ticket_id
        await press(pilot, "home")
        assert (queue.cursor, queue.key) == (0, plain[0])


async def test_deep_in_the_list_nothing_moves_while_tickets_arrive(session: TestSession) -> None:
    fill(session, 900)
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        queue = desk.queue
        await press(pilot, "end")
        await until(pilot, lambda: queue.cursor == 904 and queue.key is not None)
        await press(pilot, "pageup", "pageup", "j")
        await until(pilot, lambda: queue.key_at(queue.cursor) == queue.key == desk.ticket_id)
        shown, key = lines_of(queue), queue.key
        fill(session, 9, first=2_000, minutes=1)
        await until(pilot, lambda: queue.total == 914)
        assert lines_of(queue) == shown
        assert queue.key == key == queue.key_at(queue.cursor) == desk.ticket_id


async def test_a_row_changes_in_its_place(session: TestSession) -> None:
    fill(session, 60)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, *["j"] * 8)
        queue, at = desk.queue, desk.queue.cursor
        below = queue.key_at(at + 2)
        assert below is not None
        with session.store.write() as t:
            t.set_ticket(below, subject="Another subject", priority="urgent")
            add_event(t, below, "note", "operator", {})
        await until(pilot, lambda: "Another subject" in "\n".join(lines_of(queue)))
        assert (queue.cursor, queue.key_at(at + 2)) == (at, below)


async def test_what_is_not_counted_at_once_has_a_plus_until_it_is(session: TestSession) -> None:
    fill(session, 1_200)
    app, told = console(session), []

    def hear(message: Message) -> None:
        if isinstance(message, QueueList.Counted):
            told.append((message.total, message.exact))

    async with app.run_test(size=(160, 48), message_hook=hear) as pilot:
        desk = await opened(pilot)
        bar = await search(pilot, "-needle")
        await until(pilot, lambda: desk.queue.exact and desk.queue.total == 605)
        assert (LEAST, False) in told
        assert str(desk.query_one("#left").border_subtitle) == "605 tickets"
        assert bar.value == "-needle"


async def test_only_what_is_out_of_sight_is_new_above(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        queue = desk.queue
        await press(pilot, "j", "j")
        fill(session, 4, first=100, minutes=10)
        await until(pilot, lambda: queue.total == 9)
        assert queue.above == 0
        assert str(desk.query_one("#left").border_subtitle) == "9 tickets"
        fill(session, 30, first=200, minutes=20)
        await until(pilot, lambda: queue.total == 39)
        assert queue.above <= queue.shown.start
        await press(pilot, "end")
        fill(session, 5, first=300, minutes=31)
        await until(pilot, lambda: queue.total == 44)
        assert queue.above >= 5
        for _ in range(8):
            await press(pilot, "pageup")
            assert queue.above <= queue.shown.start
        assert queue.above == 0
