"""Text of others is made safe, money is written by its currency's decimals."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.format import age, clean, left, line, major, minor, money
from console.widgets.header import header_of
from data.errors import HandrailError
from data.queries.tickets import ticket_detail
from tests.tui.rows import NOW
from tests.tui.world import TestSession

ESC, CSI, BEL = "\x1b", "\x9b", "\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{ESC}[31mred{ESC}[0m", "red"),
        (f"{ESC}[2J{ESC}[Hgone?", "gone?"),
        (f"{CSI}31mred", "red"),
        (f"{ESC}]0;title{BEL}words", "0;titlewords"),
        (f"{ESC}Pdcs", "dcs"),
        ("a\x08b\x00c\x7f", "abc"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("a\tb", "a   b"),
        ("pay \u202e00.1$\u202c \u2066x\u2069 \u200fy", "pay 00.1$ x y"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041s", "tags"),
        ("half\ud800", "half"),
        (
            "[red]not markup[/red] [@click=app.quit]x[/]",
            "[red]not markup[/red] [@click=app.quit]x[/]",
        ),
        ("請求書 é 👩‍👧 ok", "請求書 é 👩‍👧 ok"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    for found in (clean(text), line(text)):
        assert all(c == "\n" or ord(c) >= 32 for c in found)
        assert not any("\x7f" <= c <= "\x9f" or "\u202a" <= c <= "\u202e" for c in found)


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    assert "\n" not in line(text)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (1850, "usd", "18.50 USD"),
        (4500, "jpy", "4,500 JPY"),
        (1234567, "kwd", "1,234.567 KWD"),
        (-5, "eur", "-0.05 EUR"),
        (None, "usd", ""),
    ],
)
def test_money(amount: int | None, currency: str, shown: str) -> None:
    assert money(amount, currency) == shown


@given(st.integers(-(10**12), 10**12), st.sampled_from(["usd", "jpy", "kwd", "clf"]))
def test_an_amount_survives_the_form(amount: int, currency: str) -> None:
    assert minor(major(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"), [("x", "usd"), ("1.5", "jpy"), ("1.234", "usd"), ("nan", "usd")]
)
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(HandrailError):
        minor(text, currency)


def test_ages() -> None:
    now = datetime(2026, 3, 11, tzinfo=UTC)
    assert age(now - timedelta(seconds=2), now) == "now"
    assert age(now - timedelta(minutes=12), now) == "12m"
    assert age(now - timedelta(hours=47), now) == "47h"
    assert age(now - timedelta(days=3), now) == "3d"
    assert left(now + timedelta(hours=3), now) == "3h left"
    assert left(now, now) == "time is over"


@pytest.mark.parametrize(
    "text",
    [f"0.01{'9' * 300}", "12.89999999999999999999999999999", f"1{'0' * 30}", "1e3", "NaN", "1,50"],
)
def test_no_amount_is_rounded_to_one(text: str):
    with pytest.raises(HandrailError):
        minor(text, "usd")


@pytest.mark.parametrize("width", [56, 76, 118])
def test_a_long_subject_leaves_room_for_whose_ticket_it_is(
    session: TestSession, width: int
) -> None:
    with session.store.write() as t:
        t.set_ticket("t_t-1", subject="on and on " * 60, due_at=NOW)
    detail = ticket_detail(session.store, "t_t-1")
    rows = header_of(detail.ticket, detail, NOW, width).wrap(width)
    assert len(rows) <= 4
    assert "…" in rows[1].plain
    told = " ".join(row.plain for row in rows[2:])
    assert "Ada Okafor · ada@example.com" in told
    assert "due: " in told
