"""The language of searches: what is understood, and where it says that it does not understand."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.queries.search import (
    ABOUT,
    CHOICES,
    Age,
    Among,
    Amount,
    BadQuery,
    Search,
    Words,
    parse_search,
)

HOUR = timedelta(hours=1)


def word(text: str, *, begins: bool = True, negated: bool = False) -> Words:
    return Words(text, begins, negated)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \t ", []),
        ("refund", [word("refund")]),
        ("double charge", [word("double"), word("charge")]),
        ('"double charge"', [word("double charge", begins=False)]),
        ('-"double charge" x', [word("double charge", begins=False, negated=True),
                                word("x", begins=False)]),
        ("-refund", [word("refund", negated=True)]),
        ("in", [word("in", begins=False)]),
        ("in*", [word("in")]),
        ("ada@example.com", [word("ada@example.com")]),
        ("Re: your refund", [word("re", begins=False), word("your"), word("refund")]),
        ("https://example.com/x", [word("https://example.com/x")]),
        ("10:30", [word("10:30")]),
        ("it's", [word("it's")]),
        ("- … ! refund", [word("refund")]),
        ("請求書", [word("請求書")]),
    ],
)  # fmt: skip
def test_words_and_phrases(text: str, words: list[Words]) -> None:
    assert parse_search(text) == Search(tuple(words))


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("status:escalated", [Among("status", ("escalated",))]),
        ("STATUS:Escalated", [Among("status", ("escalated",))]),
        ("status:new,working", [Among("status", ("new", "working"))]),
        ("status:new status:working", [Among("status", ("new", "working"))]),
        ("-status:new,working", [Among("status", ("new", "working"), True)]),
        ("intent:billing intent:account", [Among("intent", ("billing",)),
                                           Among("intent", ("account",))]),
        ('customer:"Ada Okafor",bo', [Among("customer", ("Ada Okafor", "bo"))]),
        ("from:Ada@Example.com", [Among("requester", ("ada@example.com",))]),
        ("owner:me", [Among("owner", ("me",))]),
        ("ref:T-1", [Among("ref", ("T-1",))]),
        ("flag:instruction_attempt", [Among("flag", ("instruction_attempt",))]),
        ("is:mine is:breaching", [Among("is", ("mine",)), Among("is", ("breaching",))]),
        ("lang:DE", [Among("language", ("de",))]),
        ("older:2h newer:3d", [Age(True, 2 * HOUR), Age(False, 72 * HOUR)]),
        ("-older:2h", [Age(False, 2 * HOUR)]),
        ("older:99999999999999w", [Age(True, timedelta(days=36_500))]),
        ("amount:>5000", [Amount(">", 5000)]),
        ("amount:<=50.00", [Amount("<=", 5000)]),
        ("-amount:7", [Amount("=", 7, True)]),
    ],
)  # fmt: skip
def test_fields(text: str, conditions: list[object]) -> None:
    assert parse_search(text) == Search((), tuple(conditions))  # type: ignore[arg-type]


def test_words_and_fields_in_any_order() -> None:
    text = 'older:2h tier:premium "double charge" -refund status:escalated'
    assert parse_search(text) == Search(
        (word("double charge", begins=False), word("refund", negated=True)),
        (Age(True, 2 * HOUR), Among("tier", ("premium",)), Among("status", ("escalated",))),
    )


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("stauts:new", 0, "no field 'stauts'; did you mean status?"),
        ("refund prioriti:high", 7, "no field 'prioriti'; did you mean priority?"),
        ("refund -prioriti:high", 8, "no field 'prioriti'; did you mean priority?"),
        ("xyz:1", 0, "no field 'xyz'; there are status, intent"),
        ("status:escalted", 7, "status:escalted is unknown; did you mean escalated?"),
        ("status:new,escalted", 11, "status:escalted is unknown; did you mean escalated?"),
        ("priority:x", 9, "priority:x is unknown; there are low, normal, high, urgent"),
        ("is:min", 3, "is:min is unknown; did you mean mine?"),
        ("status:", 0, "status: lacks a value; such as status:new"),
        ("ref:", 0, "ref: lacks a value"),
        ("older:soon", 6, "older:soon is no age; write such as 30m, 2h, 3d or 1w"),
        ("older:-1h", 6, "older:-1h is no age"),
        ("amount:lots", 7, "amount:lots is no amount; write such as >5000 (cents) or >50.00"),
        ("amount:1,2", 9, "amount: takes one value"),
        ('refund "double charge', 7, 'a quotation mark is not closed: add the second "'),
        ('customer:"Ada', 9, "a quotation mark is not closed"),
    ],
)
def test_what_is_not_understood_is_said_in_a_line_with_its_place(
    text: str, at: int, said: str
) -> None:
    with pytest.raises(BadQuery) as caught:
        parse_search(text)
    assert said in str(caught.value)
    assert caught.value.at == at
    assert str(caught.value).startswith(f"character {at + 1}: ")
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(BadQuery):
        found = parse_search(text)
        assert all(any(c.isalnum() for c in words.text) for words in found.words)


@given(st.sampled_from(sorted(CHOICES)), st.data())
def test_every_value_of_a_closed_set_is_understood(name: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.sampled_from(CHOICES[name]), min_size=1, unique=True))
    found = parse_search(f"{name}:{','.join(values)}")
    assert found.conditions == (Among(name, tuple(values)),)


def test_every_field_is_told_about() -> None:
    assert set(CHOICES) <= set(ABOUT)
