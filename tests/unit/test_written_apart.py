"""Card numbers and addresses are hidden however their parts stand apart; lists and sums stay."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.privacy.veil import Veil
from agents.understanding.secrets import mask_secrets
from data.card_numbers import passes_luhn
from data.redaction import redact, redact_text

VEIL = Veil("q7" * 8)
DIGITS = st.text("0123456789", min_size=15, max_size=15)
GROUPS = [(4, 4, 4, 4), (1,) * 16]


def _card(digits: str) -> str:
    return next(digits + last for last in "0123456789" if passes_luhn(digits + last))


@given(
    digits=DIGITS, apart=st.sampled_from([*",_/.|:;*~·", ", ", " / ", "; "]),
    groups=st.sampled_from(GROUPS), before=st.sampled_from(["", "card ", "no:", "(", "my cc "]),
    after=st.sampled_from(["", ".", " now", ")"]),
)  # fmt: skip
@settings(deadline=None)
def test_no_card_is_left_whatever_stands_between(
    digits: str, apart: str, groups: tuple[int, ...], before: str, after: str
) -> None:
    card, at, parts = _card(digits), 0, []
    assume(not all(card[i : i + 2] in ("19", "20") for i in (0, 4, 8, 12)))
    for size in groups:
        parts.append(card[at : at + size])
        at += size
    text = before + apart.join(parts) + after
    for shown in (VEIL.hide(text), redact_text(text), mask_secrets(text)):
        assert not any(map(str.isdigit, shown)), shown
    assert VEIL.hide(VEIL.hide(text)) == VEIL.hide(text)


@pytest.mark.parametrize("text", [
    "1,234,567,890.00 EUR", "1.234.567.890,00", "1,234,567,890,123.00", "12 345 678.90",
    "ids 1001, 1002, 1003, 1004", "1001,1002,1003,1004", "2019,2020,2021,2022",
    "2026/11/30 12:30:45", "version 10.0.19041.1", "1.2.3",
    "order 12345678", "A4_2024_11_30_v2.pdf", "scores 3,4,1,2", "see f(x) at y.z",
    "hello(at)work. Then", "2 items @ 3.50 each", "at noon dot so", "dogs @ work. Then",
])  # fmt: skip
def test_lists_sums_and_times_stay(text: str) -> None:
    assert VEIL.hide(text) == redact_text(text) == mask_secrets(text) == text


@given(number=st.integers(10**8, 10**19 - 1), name=st.sampled_from(["n", "pan", "ref", "number"]))
@settings(deadline=None)
def test_a_long_whole_number_is_hidden_in_structured_data(number: int, name: str) -> None:
    for seen in ({name: number}, {"a": [{name: [number, "x"]}]}, [number]):
        for shown in (VEIL.hide(seen), redact(seen)):
            assert str(number) not in json.dumps(shown)
        assert VEIL.hide(VEIL.hide(seen)) == VEIL.hide(seen)


@pytest.mark.parametrize("seen", [
    {"amount": 123456789000, "balance": [10**9, 0]}, {"created_at": 1_700_000_000_000},
    {"at": 1_700_000_000, "createdAt": 1_700_000_000_000}, {"cost_micros": 999_999_999},
    {"n": 12345678, "big": 10**25, "on": True, "share": 1234567890.5},
    {"money": [{"total": 10**10, "currency": "eur"}]},
])  # fmt: skip
def test_sums_times_and_counts_stay_in_structured_data(seen: dict[str, Any]) -> None:
    assert VEIL.hide(seen) == redact(seen) == seen


@given(
    name=st.from_regex(r"[a-z]{2,8}(\.[a-z]{1,3})?", fullmatch=True),
    host=st.from_regex(r"[a-z]{3,8}(\.[a-z]{3,6})?\.(pl|com|de|example)", fullmatch=True),
    at=st.sampled_from(["@", "＠", "﹫", " [at] ", " (at) ", "(at)", " {at} ", " @ ", " (arroba) ",
                        " <at> ", " [AT] "]),
    dot=st.sampled_from([".", " [dot] ", " (dot) ", "(dot)", " [punkt] "]),
    around=st.sampled_from(["{}", "write to {} please", "({})", "mail: {}, thanks", "{}."]),
)  # fmt: skip
@settings(deadline=None)
def test_no_address_is_left_however_it_is_written(
    name: str, host: str, at: str, dot: str, around: str
) -> None:
    first, *rest = around.split("{}")
    text = around.format(name + at + host.replace(".", dot))
    assert redact_text(text) == around.format("[email]")
    shown = VEIL.hide(text)
    assert shown.startswith(f"{first}[email-")
    assert shown.endswith("]" + "".join(rest))
