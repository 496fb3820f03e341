"""What a model reads of a ticket holds no personal data, and what it answers brings none back."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agents.privacy.nonce import NONCE, veil_for
from agents.privacy.presidio import Absent, FreeNames
from agents.privacy.veil import Veil
from agents.understanding.secrets import MASK
from data.clock import CountingIds
from data.keeping.erase import erase_person, find_person
from data.redaction import redact, redact_text
from data.store import TICKET
from data.workspace import open_workspace
from tests.keeping_support import CUSTOMER, plant

NONCE_A, NONCE_B = "q7" * 8, "z3" * 8
RECORD: dict[str, Any] = {
    "id": "cus_1", "name": "Zoë van der Berg", "email": "zoe@berg-tuin.example", "tier": "standard",
    "phone": "+31 6 12345678", "last4": "4242", "company": "Berg Tuinen BV", "since": "2024-02-11",
    "address": "Keizersgracht 112-3, 1015 CW Amsterdam", "balance": 39_00, "language": "nl",
}  # fmt: skip
SECRET = (
    "zoe@berg-tuin.example", "12345678", "4242", "Berg Tuinen", "Keizersgracht 112-3", "1015 CW",
)  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
WORD = st.sampled_from(["please", "refund", "ch_w2", "39.00 EUR", "2026-01-14", "the plan", "T-14"])
PIECES = st.lists(
    WORD | st.sampled_from([
        "Zoë van der Berg", "zoe@berg-tuin.example", "ana@post.example.org", "+49 30 901820",
        "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "ending in 4242", "192.168.7.12",
        "https://example.com/r?token=a8f", "[email-abcdefghijklmn]", "Berg", "123456789", "ZOË",
    ]) | ANY, max_size=8,
)  # fmt: skip


@given(pieces=PIECES)
@settings(deadline=None, max_examples=200)
@example(["12345678", "[x]", "9"])
def test_hidden_again_it_is_the_same_in_any_process(pieces: list[str]) -> None:
    text = " ".join(pieces)
    veil = Veil(NONCE_A, RECORD)
    hidden = veil.hide(text)
    assert veil.hide(hidden) == hidden
    assert Veil(NONCE_A, RECORD).hide(text) == hidden
    assert Veil(NONCE_A, RECORD).hide(hidden) == hidden


@given(words=st.lists(WORD | st.sampled_from(["Zoë van der Berg", "zoe@berg-tuin.example", "Zoë"])))
@settings(deadline=None)
def test_a_name_and_the_own_address_come_back_as_they_were(words: list[str]) -> None:
    text = ", ".join(words)
    hidden = Veil(NONCE_A, RECORD).hide(text)
    assert "Zoë" not in hidden
    assert "@" not in hidden
    assert Veil(NONCE_A, RECORD).restore(hidden) == text


@given(words=st.lists(st.sampled_from([
    "please", "look", "at", "charge ch_8Hq2", "of 1,390.00 EUR", "on 2026-01-14", "or 14.01.2026",
    "at 14:20:05", "version 10.0.19041.1", "order 20318", "since 2024-2025", "100%", "[ok]",
    "(a-b)", "t_0r5k2mzv9xq4c8wd", "\n", "é", "https://example.com/help", "–",
    "the name of the plan is Studio", "2 people in the lane", "placed 3 orders",
    "raise it to 5000 dollars",
    "error 5003 again and again",
])))  # fmt: skip
@settings(deadline=None)
def test_other_text_stays_as_it_is(words: list[str]) -> None:
    text = "we read this: " + " ".join(words)
    assert Veil(NONCE_A, RECORD).hide(text) == text
    assert redact_text(text, ("Zoë", "Berg")) == text


@given(
    digits=st.text("0123456789", min_size=9, max_size=19),
    gaps=st.lists(st.sampled_from(["", "", " ", "-"]), min_size=18, max_size=18),
    before=st.sampled_from(["", "card ", "no:", "x", "-", "(", "#", "ch_1 "]),
    after=st.sampled_from(["", " now", ".", ")", "x", ", 12/27"]),
)
@example(digits="0001000000", gaps=[" ", *[""] * 17], before="", after="")
@settings(deadline=None)
def test_no_run_of_9_to_19_digits_is_left(
    digits: str, gaps: list[str], before: str, after: str
) -> None:
    run = "".join(d + g for d, g in zip(digits[:-1], gaps, strict=False)) + digits[-1]
    assume(not re.search(r"(?:19|20)\d\d-\d\d-\d\d", run))
    for shown in (Veil(NONCE_A).hide(before + run + after), redact_text(before + run + after)):
        left = shown.replace(", 12/27", "").replace("ch_1", "")
        assert not re.search(r"\d", left), shown


@given(
    kind=st.sampled_from(["name", "email", "card"]),
    code=st.from_regex(r"[a-z]{14}", fullmatch=True),
)
@settings(deadline=None)
def test_nobody_can_make_a_placeholder(kind: str, code: str) -> None:
    veil = Veil(NONCE_A, RECORD)
    forged = f"[{kind}-{code}]"
    assert veil.restore(f"Dear {forged},") == f"Dear {MASK},"
    seen = veil.hide(f"Dear {forged},")
    assert forged not in seen
    assert veil.restore(seen) == seen
    real = Veil(NONCE_B, RECORD).hide(RECORD["email"])
    assert veil.restore(real) == MASK
    assert real not in veil.hide(real)


@pytest.mark.parametrize("change", [str.upper, lambda t: t.replace("[", "[ ").replace("-", " - ")])
def test_a_model_may_write_a_placeholder_a_little_differently(change: Any) -> None:
    veil = Veil(NONCE_A, RECORD)
    assert veil.restore(change(veil.hide("Zoë"))) == "Zoë"


def test_a_placeholder_of_another_kind_or_another_value_does_not_come_back() -> None:
    veil = Veil(NONCE_A, RECORD)
    name = veil.hide("Zoë")
    assert veil.restore(name.replace("name", "email")) == MASK
    others = veil.hide("ana@post.example.org and 4111 1111 1111 1112, +49 30 901820, 4242")
    assert re.sub(r"\[removed\]", "", veil.restore(others)) == " and , , "
    again = veil.restore(others, also=frozenset({"email", "phone", "card", "number"}))
    assert again == "ana@post.example.org and [removed], +49 30 901820, [removed]"


def test_a_record_is_hidden_by_its_fields_and_ids_and_sums_stay() -> None:
    veil = Veil(NONCE_A, RECORD)
    seen: dict[str, Any] = {
        "customer": RECORD,
        "changes": {"phone": ["+31 6 12345678", "+31 6 87654321"], "name": ["Zoë", "Zoe"]},
        "charge": {"id": "ch_w1", "amount": 3900, "period_start": "2026-01-14"},
        "notes": ["ZOE VAN DER BERG rang from +31 (6) 1234-5678", {"zoe@berg-tuin.example": 3}],
        "card": {"last4": 4242, "card_number": 4111111111111111},
    }
    hidden = veil.hide(seen)
    told = json.dumps(hidden, ensure_ascii=False)
    for secret in (*SECRET, "Zo", "ZO", "1234-5678", "4111"):
        assert secret not in told, secret
    assert hidden["charge"] == seen["charge"]
    assert hidden["customer"]["since"] == "2024-02-11"
    assert hidden["customer"]["balance"] == 3900
    assert hidden["customer"]["email"] == veil.hide("zoe@berg-tuin.example")
    assert hidden["changes"]["name"][0] == veil.hide("Zoë") == veil.hide("ZOE")
    assert veil.hide(hidden) == hidden
    logged = json.dumps(redact(seen, ("Zoë van der Berg", "Zoë", "Berg")), ensure_ascii=False)
    assert "12345678" not in logged
    assert "4242" not in logged


@pytest.mark.parametrize("said", [
    "My card ends in 7731", "the last four digits are 7731", "7731", "It is 7731.", "xxxx-7731",
    "Die letzten vier Ziffern: 7731", "visa ****7731",
])  # fmt: skip
def test_the_last_digits_of_a_card_never_reach_a_model(said: str) -> None:
    assert "7731" not in Veil(NONCE_A).hide(said)


@pytest.mark.parametrize(("said", "kind"), [
    ("call me on (415) 555-2671", "phone"), ("030/901820-14 geht", "phone"),
    ("555-0142 is my number", ""), ("my phone is 555-0142", "phone"),
    ("IBAN gb29 nwbk 6016 1331 9268 19", "number"), ("NL91ABNA0417164300", "account"),
    ("from 2001:db8::7 today", "ip"), ("ana (at) post (dot) org", "email"),
    ("ana at post dot org", "email"), ("josé.núñez@correo.example", "email"),
    ("anagmail.com", "email"), ("https://ana:pw@example.com/x", "link"),
    ("reset https://example.com/reset/k3jd82hsk29dk3ldk28dk20s", "link"),
    ("hello, my name is ines duarte", "person"), ("Me llamo Inés Duarte y no funciona", "person"),
    ("I live at 12 Elm Street, Springfield 62704", "address"),
    ("Lindenstraße 4a, 10969 Berlin", "address"),
    ("8 rue de la Paix, 75002 Paris", "address"), ("VAT number DK12345674", ""),
    ("pay 4111.1111.1111.1111", "number"), ("tel 06 12 34 56 78", "number"),
])  # fmt: skip
def test_kinds_are_told_by_their_form(said: str, kind: str) -> None:
    found = re.findall(r"\[([a-z]+)-[a-z]{14}\]", Veil(NONCE_A).hide(said))
    assert found == ([kind] if kind else [])


@pytest.mark.parametrize("text", [
    "a" * 50_000 + "@", "a." * 25_000, "1 " * 25_000, "a@" * 20_000, "a (at) " * 8_000,
    "ab12 " * 8_000, "+1 (" * 9_000, "call 12 " * 7_000, "0 0 0-" * 8_000, ":" * 30_000,
    "a" * 50_000 + " gmail",
])  # fmt: skip
def test_a_long_hostile_text_is_read_once(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


def test_a_finder_of_free_names_is_asked_once() -> None:
    asked: list[str] = []

    def names_in(text: str) -> list[str]:
        asked.append(text)
        return ["Ines Duarte"]

    veil = Veil(NONCE_A, RECORD, names_in=names_in)
    hidden = veil.hide("Ines Duarte and ines duarte wrote")
    assert re.fullmatch(r"(\[person-[a-z]{14}\]) and \1 wrote", hidden)
    assert veil.hide(hidden) == hidden
    assert len(asked) == 1


def test_presidio_is_asked_for_by_name_and_missed_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(Absent, match="pip install presidio-analyzer") as problem:
        FreeNames("en_core_web_lg")
    assert "\n" not in str(problem.value)


def test_the_secret_of_a_ticket_is_made_once_and_erased_with_it(tmp_path: Path) -> None:
    store = open_workspace(str(tmp_path / "desk.db"), ids=CountingIds(), synchronous="OFF")
    plant(store)
    with store.read() as connection:
        ticket = dict(connection.execute(select(TICKET).limit(1)).mappings().one())
    first = veil_for(store, ticket, RECORD).hide("Zoë, ana@post.example.org")
    assert veil_for(store, ticket, RECORD).hide("Zoë, ana@post.example.org") == first
    with store.read() as connection:
        person = find_person(connection, CUSTOMER)
        assert len(connection.execute(select(NONCE.c.value)).scalar_one()) >= 12
    erase_person(store, person, by="eve", force=True)
    with store.read() as connection:
        assert connection.execute(select(NONCE.c.value)).scalar_one() is None
    assert veil_for(store, ticket, RECORD).hide("Zoë, ana@post.example.org") != first
    store.close()


def test_a_name_that_was_told_is_hidden_wherever_it_stands():
    veil = Veil("n" * 16)
    text = "My name is Otto Quibbleton. Quibbleton and sons here. Regards, Otto Quibbleton"
    hidden = veil.hide(text)
    assert "Otto" not in hidden
    assert "Quibbleton" not in hidden
    assert veil.hide(hidden) == hidden


@pytest.mark.parametrize("between", ["\u200b", "\u2060", "\ufeff", "\xad"])
def test_nothing_unseen_hides_a_card_from_us(between: str):
    hidden = Veil("n" * 16).hide(f"card {between.join(['4111'] * 4)}, cvv 123")
    assert "4111" not in hidden
    assert "123" not in hidden
