"""What a screen shows of the queue while tickets arrive, move and go."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.queries.asking import Order
from data.queries.queue import Asked, queue_page
from data.queries.search import parse_search
from data.queries.window import LEAST, Known, Wanted, Window, look
from data.workspace import Workspace
from tests.tui.rows import add_ticket, before, make_store

ALL = Asked(view="all", order="newest")
MANY = 1_700


def fill(store: Workspace, first: int, count: int, *, minutes: float = 5_000) -> None:
    """Tickets, each a minute newer than the one before."""
    with store.write() as tx:
        for number in range(first, first + count):
            add_ticket(
                tx, f"T-{number}", "Subject", "word" if number % 2 else "other",
                minutes=minutes - number, status="escalated" if number % 3 else "working",
            )  # fmt: skip


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = make_store(tmp_path_factory.mktemp("window"))
    fill(made, 0, MANY)
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Workspace]:
    made = make_store(tmp_path)
    fill(made, 0, 300)
    yield made
    made.close()


def plainly(store: Workspace, asked: Asked) -> list[str]:
    page = queue_page(store, asked.search, view=asked.view, order=asked.order, limit=10_000)
    return [row.ref for row in page.rows]


def refs(window: Window) -> list[str]:
    return [row.ref for row in window.rows]


def known(window: Window, index: int) -> Known:
    return Known(index, window.keys[index - window.start])


def then(window: Window, top: int, selected: int | None = None, lines: int = 20) -> Wanted:
    """The next look from a screen that shows this window from `top` on."""
    row = window.rows[selected - window.start].id if selected is not None else None
    return Wanted(
        window.wanted.asked,
        top,
        lines,
        selected=row,
        stood=known(window, selected) if selected is not None else None,
        anchor=known(window, top),
        edges=(known(window, window.start), known(window, window.start + len(window.keys) - 1)),
        total=window.total,
    )


ASKED = st.builds(
    Asked,
    st.sampled_from(["", "word", "status:escalated", "-word", "other status:working"]).map(
        parse_search
    ),
    st.sampled_from(["all", "open", "escalated"]),
    st.sampled_from(["newest", "oldest", "priority", "due", "updated"]),
)


@settings(max_examples=40, deadline=None)
@given(ASKED, st.lists(st.integers(0, MANY + 50), min_size=1, max_size=6), st.integers(1, 60))
def test_wherever_one_jumps_the_rows_are_those_of_the_list(
    large: Workspace, asked: Asked, tops: list[int], lines: int
) -> None:
    plain = plainly(large, asked)
    window = look(large, Wanted(asked, 0, lines), "Maya")
    assert refs(window) == plain[: len(window.rows)]
    for top in tops:
        last = window.start + len(window.keys) - 1
        edges = (known(window, window.start), known(window, last)) if window.keys else ()
        wanted = Wanted(asked, top, lines, edges=edges, total=window.total)
        window = look(large, wanted, "Maya")
        start = plain.index(window.rows[0].ref) if plain else 0
        assert refs(window) == plain[start : start + len(window.rows)]
        shown = plain[top : top + lines]
        assert set(shown) <= set(refs(window))
        if window.exact:
            assert window.total == len(plain)
            assert window.start == start
        assert window.total <= len(plain)


def test_scrolling_down_by_screens_passes_every_row_once(large: Workspace) -> None:
    window = look(large, Wanted(ALL, 0, 20), "Maya")
    seen = refs(window)[:20]
    for top in range(20, MANY, 20):
        window = look(large, then(window, top), "Maya")
        seen += refs(window)[top - window.start :][:20]
        assert window.total == MANY
    assert seen == plainly(large, ALL)


def test_from_the_end_to_the_beginning(large: Workspace) -> None:
    plain = plainly(large, ALL)
    window = look(large, Wanted(ALL, MANY - 20, 20, total=MANY), "Maya")
    assert refs(window)[-20:] == plain[-20:]
    assert window.start + len(window.rows) == MANY
    for top in range(MANY - 40, -1, -20):
        window = look(large, replace(then(window, top + 20), top=top), "Maya")
        at = top - window.start
        assert refs(window)[at : at + 20] == plain[top : top + 20]


@pytest.mark.parametrize("top", [0, 3, 40, 200])
@pytest.mark.parametrize("order", ["newest", "due"])
def test_what_arrives_above_moves_no_row_on_the_screen(
    small: Workspace, top: int, order: Order
) -> None:
    asked = replace(ALL, order=order)
    window = look(small, Wanted(asked, top, 20), "Maya")
    selected = top + 7
    ref = refs(window)[selected - window.start]
    wanted = then(window, top, selected)
    fill(small, 1_000, 9)
    window = look(small, wanted, "Maya")
    plain = plainly(small, asked)
    assert window.place == plain.index(ref)
    assert window.start == max(0, window.top - LEAST // 3)
    assert not window.gone
    assert window.top - top == window.place - selected
    assert refs(window)[window.place - window.start] == ref
    assert window.total == 309


def test_the_selected_row_takes_the_screen_with_it_when_it_moves(small: Workspace) -> None:
    asked = replace(ALL, order="updated")
    window = look(small, Wanted(asked, 150, 20), "Maya")
    moving = window.rows[160 - window.start]
    wanted = then(window, 150, 160)
    with small.write() as tx:
        tx.set_ticket(moving.id, subject="Changed")
    window = look(small, wanted, "Maya")
    assert (window.place, window.gone, window.top) == (0, False, 0)
    assert window.rows[0].subject == "Changed"


def test_a_row_that_goes_leaves_its_place_to_the_next(small: Workspace) -> None:
    asked = Asked(view="open", order="newest")
    window = look(small, Wanted(asked, 100, 20), "Maya")
    going, following = window.rows[105 - window.start], window.rows[106 - window.start]
    wanted = then(window, 100, 105)
    with small.write() as tx:
        tx.set_ticket(going.id, status="resolved")
    fill(small, 1_000, 2)
    window = look(small, wanted, "Maya")
    assert window.gone
    assert window.place == 107
    assert window.top == 102
    assert window.rows[107 - window.start].id == following.id
    assert window.total == 301


def test_a_row_off_the_screen_does_not_hold_it(small: Workspace) -> None:
    window = look(small, Wanted(ALL, 150, 20), "Maya")
    top = refs(window)[150 - window.start]
    wanted = then(window, 150, 120)
    with small.write() as tx:
        tx.set_ticket(window.rows[120 - window.start].id, opened_at=before(99_999))
    window = look(small, wanted, "Maya")
    assert window.top == 149
    assert refs(window)[149 - window.start] == top
    assert window.place == 299


def test_another_question_finds_the_selected_ticket_again(small: Workspace) -> None:
    plain = plainly(small, replace(ALL, order="oldest"))
    wanted = Wanted(replace(ALL, order="oldest"), 0, 20, selected="t_t-200")
    window = look(small, wanted, "Maya")
    assert window.place == plain.index("T-200")
    assert refs(window)[window.place - window.start] == "T-200"
    elsewhere = Wanted(Asked(parse_search("ref:T-1"), "all"), 0, 20, selected="t_t-200")
    window = look(small, elsewhere, "Maya")
    assert (window.gone, window.place, refs(window)) == (True, None, ["T-1"])


def test_a_list_that_shrinks_below_the_screen(small: Workspace) -> None:
    asked = Asked(view="escalated", order="newest")
    window = look(small, Wanted(asked, 150, 20), "Maya")
    wanted = then(window, 150, 155)
    with small.write() as tx:
        for row in queue_page(small, view="escalated", limit=190).rows:
            tx.set_ticket(row.id, status="resolved")
    window = look(small, wanted, "Maya")
    assert refs(window) == plainly(small, asked)
    assert (window.start, window.total, window.gone) == (0, 10, True)


def test_an_empty_list(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    try:
        window = look(store, Wanted(ALL, 0, 20, selected="t_1", stood=Known(3, (0, 1, "t_1"))), "M")
        assert (window.rows, window.total, window.exact, window.gone) == ([], 0, True, True)
    finally:
        store.close()


def test_few_rows_are_fetched_of_many(large: Workspace) -> None:
    assert len(look(large, Wanted(ALL, 800, 20), "Maya").rows) == LEAST
    assert len(look(large, Wanted(ALL, 800, 60), "Maya").rows) == 180
