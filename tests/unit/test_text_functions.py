"""Functions over customers' texts: they take anything, and let nothing out that they must hide."""

import signal
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from agents.facts.money import money
from agents.service import NewTicket, Service
from agents.understanding import secrets, signs, slots
from agents.understanding import text as words
from agents.understanding.instructions import instructs_agents
from agents.understanding.language import language_of
from data.clock import CountingIds
from data.queries.tickets import ticket_detail
from data.redaction import redact, redact_text
from data.workspace import open_workspace
from tests.engine.desk import rules

ODD = [
    "", " ", "\x00", "<", "<b", "<!--", "<b><!--", "<b><![foo[", "<b><!DOCTYPE [",
    "<b>&#xfffffff;</b>", "</p><?php", "\ud800", "٣٤٥٦", "²³", "1" * 400, "a@b" * 50,
    "+" * 30 + "1" * 30, "€" * 20 + "1,2.3", "\u202eabc\u202c", "🙂" * 50, "31.02.2026",
    "99/99/9999", "0" * 20, "4" * 13, "-1,50 €", "1.000.000,00",
]  # fmt: skip
ANY = st.one_of(
    st.sampled_from(ODD),
    st.text(),
    st.text(alphabet="0123456789 .,-/:€$+@aMay<>!&;#[]'\"\n", max_size=80),
    st.lists(st.sampled_from([*ODD, "card ending 4242", "May 3", "2026-01-31", "12,50 €"])).map(
        " ".join
    ),
)
FUNCTIONS: list[Any] = [
    words.plain_text, words.own_words, words.unwrapped, words.sentences, words.clauses,
    slots.emails, slots.last4s, slots.phones, slots.amounts, slots.dates,
    secrets.mask_secrets, secrets.card_tails, redact_text, language_of,
    signs.keeps_subscription, signs.asks_how, instructs_agents, signs.asks_for_person,
    signs.threatens, signs.wants_money, signs.says_cannot_verify, signs.speaks_of_change,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_takes_any_text(function: Any) -> None:
    @given(text=ANY)
    @settings(max_examples=120, deadline=None)
    def check(text: str) -> None:
        function(text)

    for text in ODD:
        function(text)
    check()


@given(text=ANY)
@settings(max_examples=150, deadline=None)
def test_plain_text_has_no_control_or_hidden_characters(text: str) -> None:
    plain = words.plain_text(text)
    assert not [
        c for c in plain if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs")
    ]
    assert len(plain) <= words.MAX_CHARACTERS * 20


@given(
    digits=st.text("0123456789", min_size=13, max_size=19).filter(
        # A country's code follows: a phone number. No card begins so (ISO/IEC 7812: 0 is reserved).
        lambda digits: digits[:2] != "00" or digits[2] == "0"
    ),
    every=st.sampled_from([0, 4]),
    separator=st.sampled_from([" ", "-"]),
    before=st.sampled_from(["", "my card is ", "Card: ", "(", "no.", "card,", "€ ", "Visa\n"]),
    after=st.sampled_from(["", " please", ".", ", exp 12/28", ")", "\n", "!"]),
)
@settings(max_examples=120, deadline=None)
@example("4111111111111111", 0, " ", "no.", "")
@example("4111111111111111", 0, " ", "card,", "")
@example("4111111111111111", 4, "-", "", ".")
def test_a_full_card_number_never_survives(
    digits: str, every: int, separator: str, before: str, after: str
) -> None:
    shown = digits
    if every:
        parts = [digits[i : i + every] for i in range(0, len(digits), every)]
        shown = separator.join(parts)
    masked = secrets.mask_secrets(f"{before}{shown}{after}")
    assert shown not in masked
    assert digits[:12] not in masked.replace(separator, "")
    assert secrets.MASK in masked


@pytest.mark.parametrize(
    "secret",
    [
        "sk-abcdEFGH1234567890abcd", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "AKIAIOSFODNN7EXAMPLE", "DE89 3704 0044 0532 0130 00",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_keys_and_accounts_are_masked(secret: str) -> None:
    masked = secrets.mask_secrets(f"here it is: {secret} ok?")
    assert secret not in masked
    assert secrets.MASK in masked


@given(text=ANY)
@settings(max_examples=100, deadline=None)
def test_masking_twice_is_masking_once(text: str) -> None:
    once = secrets.mask_secrets(text)
    assert secrets.mask_secrets(once) == once


@given(
    amount=st.integers(-(10**12), 10**12), currency=st.sampled_from(["usd", "jpy", "kwd", "xyz"])
)
def test_money_can_be_read_back(amount: int, currency: str) -> None:
    number, code = money(amount, currency).split()
    assert code == currency.upper()
    digits = slots.EXPONENTS.get(currency, 2)
    assert len(number.partition(".")[2]) == digits
    assert int(number.replace(".", "")) == amount


@given(amount=st.integers(1, 10**7), currency=st.sampled_from(["usd", "eur", "jpy"]))
@settings(deadline=None)
def test_an_amount_as_we_write_it_is_found_again(amount: int, currency: str) -> None:
    found = slots.amounts(f"you took {money(amount, currency)} from me")
    assert found
    assert found[0].currency == currency
    assert found[0].minor(currency) == amount


@given(local=st.from_regex(r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]", fullmatch=True), text=ANY)
@settings(max_examples=100, deadline=None)
def test_redaction_leaves_no_address_and_no_phone(local: str, text: str) -> None:
    address, phone = f"{local}@mail.example.com", "+34 600 100 200"
    assume("@" not in text)
    hidden = redact_text(f"{text} {address} and {phone} and 4111 1111 1111 1111.")
    assert address not in hidden
    assert "600 100 200" not in hidden
    assert "1111 1111" not in hidden


def test_redaction_hides_names_and_fields_at_any_depth() -> None:
    found = redact(
        {"customer": {"id": "cus_1", "name": "Ana Ruiz", "email": "ana@example.com"},
         "said": ["I am ana ruiz", {"phone": "+34600100200", "n": 3}], "last4": "4242"},
        ("Ana Ruiz", "Ana", "Ruiz"),
    )  # fmt: skip
    assert found["customer"]["id"] == "cus_1"
    assert found["said"][1]["n"] == 3
    for word in ("ana", "ruiz", "4242", "600100200"):
        assert word not in str(found).lower()


@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=200), subject=ANY)
@settings(max_examples=40, deadline=None)
@example("\x1b[2J\x1b[31mhello\u202e\x07", "\x9b31m")
def test_what_is_shown_of_a_message_cannot_move_a_terminal(body: str, subject: str) -> None:
    assume(not any(unicodedata.category(c) == "Cs" for c in subject))
    with _service() as service:
        ticket = service.ingest(NewTicket(None, subject, body))
        detail = ticket_detail(service.store, ticket)
    for shown in (detail.ticket.subject, detail.messages[0].body):
        assert not [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\n\t"]
        assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")


class _service:  # noqa: N801
    """A service on a workspace that is made once; every use rolls nothing back."""

    _made: list[Service] = []
    _folder: list[Any] = []

    def __enter__(self) -> Service:
        import tempfile

        from data.clock import OffsetClock

        if not self._made:
            self._folder.append(tempfile.TemporaryDirectory(prefix="handrail-test-"))
            store = open_workspace(
                str(Path(self._folder[0].name) / "w.db"), clock=OffsetClock(), ids=CountingIds(),
                synchronous="OFF",
            )  # fmt: skip
            self._made.append(Service(store, rules().policy))
        return self._made[0]

    def __exit__(self, *_: object) -> None:
        pass


def test_a_day_of_a_month_ends_no_sentence():
    text = "Mit Schreiben vom 20. April haben wir gekündigt. Am 3. Mai kam mehr."
    assert words.sentences(text) == [
        "Mit Schreiben vom 20. April haben wir gekündigt.", "Am 3. Mai kam mehr.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "The app crashes all day, and since I'm writing, please change my name to Jo Li.",
        "El catálogo está vacío, y ya que escribo, querría otra dirección de correo.",
        "Die Karte lädt nicht, und da ich gerade schreibe, bitte ändern Sie meinen Namen.",
    ],
)
def test_who_is_writing_anyway_asks_for_something_else(text: str):
    assert len(words.sentences(text)) == 2


def test_a_phone_number_with_its_country_is_no_card():
    text = "+49 151 2345 6789, 0049 151 2345 6789"
    assert secrets.mask_secrets(text) == text
    assert secrets.mask_secrets("4111 1111 1111 1111") == "[removed]"


@pytest.mark.parametrize("piece", ["x", "*", "1", "é", "a.", "AbC1", "a@", "1 "])
def test_one_long_word_is_read_like_any_other(piece: str):
    """What backtracks takes minutes for so long a word; the alarm only ends it."""
    text = (piece * 20_000)[:20_000]
    signal.alarm(60)
    try:
        for read in (slots.last4s, slots.emails, slots.phones, slots.amounts, slots.dates):
            read(text)
        secrets.mask_secrets(text)
        words.clauses(text)
    finally:
        signal.alarm(0)
