"""How long something stood on the screen, by a clock that stands still until it is moved."""

import pytest

from console.reading_time import ReadingTime
from data.queries.practice import Pace, too_fast


class Hands:
    """A clock that goes on by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_what_stands_there_is_counted_until_it_is_decided() -> None:
    clock = Hands()
    reading = ReadingTime(clock)
    reading.shows(("a",), 60)
    clock.seconds += 4
    reading.shows(("b",), 30)
    clock.seconds += 1
    reading.shows(("a",), 60)
    clock.seconds += 3
    stood = reading.take({"a"})
    assert stood is not None
    assert (stood.words, stood.seconds) == (60, 7)
    assert reading.take({"a"}) is None


def test_several_that_are_decided_at_once_are_read_one_after_the_other() -> None:
    clock = Hands()
    reading = ReadingTime(clock)
    for name, words, seconds in (("a", 60, 1), ("b", 90, 2)):
        reading.shows((name,), words)
        clock.seconds += seconds
    reading.shows((), 5)
    clock.seconds += 50
    stood = reading.take({"a", "b", "never shown"})
    assert stood is not None
    assert (stood.words, stood.seconds) == (150, 3)
    assert reading.take({"never shown"}) is None


def test_a_line_of_several_is_one_thing_to_read() -> None:
    clock = Hands()
    reading = ReadingTime(clock)
    reading.shows(("a", "b", "c"), 120)
    clock.seconds += 10
    stood = reading.take({"a", "b", "c"})
    assert stood is not None
    assert (stood.words, stood.seconds) == (120, 10)


@pytest.mark.parametrize(
    ("words", "took_ms", "fast"), [(60, 9_999, True), (60, 10_000, False), (0, 0, False)]
)
def test_six_words_a_second_are_read(words: int, took_ms: int, *, fast: bool) -> None:
    assert too_fast(words, took_ms) is fast


@pytest.mark.parametrize(
    ("decisions", "fast", "unread"), [(4, 4, False), (5, 2, False), (5, 3, True), (20, 10, False)]
)
def test_more_than_half_of_enough_decisions(decisions: int, fast: int, *, unread: bool) -> None:
    assert Pace("maya", decisions, fast).unread is unread
