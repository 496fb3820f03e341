"""A worker that was thought dead and lives: it and its successor at the same ticket."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from agents.engine.advance import Engine
from tests.engine.conftest import Open
from tests.engine.desk import Desk

SECONDS = 20


class Paused:
    """A reader that calls `before` once, ahead of its `number`-th read."""

    def __init__(self, inner: Any, number: int, before: Callable[[], None]) -> None:
        self._inner, self._left, self._before = inner, number, before

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if self._left == 0:
            self._before()
        return getattr(self._inner, name)


def _both(one: Desk, ticket: str, number: int) -> None:
    """A second worker looks at the ticket while a first one is at it, and goes on when that ends.

    The first one is in the middle of its reads; the second one has read the ticket's rows by then.
    """
    looked, ended = threading.Event(), threading.Event()

    def wait_for_the_first() -> None:
        looked.set()
        assert ended.wait(SECONDS)

    def let_the_second_look() -> None:
        second.start()
        assert looked.wait(SECONDS)

    def engine(before: Callable[[], None], number: int) -> Engine:
        reader: Any = Paused(one.reader, number, before)
        return Engine(one.parts_with(one.policy, reader=reader))

    late, problems = engine(wait_for_the_first, 1), list[Exception]()

    def advance() -> None:
        try:
            late.advance(ticket)
        except Exception as problem:
            problems.append(problem)

    second = threading.Thread(target=advance)
    engine(let_the_second_look, number).advance(ticket)
    ended.set()
    second.join(SECONDS)
    assert looked.is_set()
    assert not second.is_alive()
    assert problems == []


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("scenario", ["wrongful-cancellation", "p1-german"])
def test_what_the_first_wrote_meanwhile_is_not_done_again(
    desk: Open, scenario: str, number: int
) -> None:
    calm = desk(scenario)
    expected = calm.arrive()
    calm.run()
    one = desk(scenario)
    ticket = one.arrive()
    _both(one, ticket, number)
    one.run()

    def told(where: Desk, ticket_id: str) -> list[Any]:
        detail = where.detail(ticket_id)
        return [
            detail.ticket.status,
            [i.kind for i in detail.issues],
            [(a.name, a.target, a.state) for a in detail.actions if a.name != "send_reply"],
            len(where.sent()),
            [r.state for r in detail.runs],
        ]

    assert told(one, ticket) == told(calm, expected)
    steps = sorted(e.data["tool"] for e in one.events(ticket, "tool.called"))
    assert steps == sorted(e.data["tool"] for e in calm.events(expected, "tool.called"))
