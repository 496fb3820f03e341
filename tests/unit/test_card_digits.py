"""The last digits of a card reach neither models nor viewers, however they are written or told."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.brains.batch_triage import call_for
from agents.intake.records import Incoming
from agents.privacy.veil import Veil
from data.card_digits import digits_in, is_tail, told_in
from data.redaction import mask_text, redact_text

NONCE = "q7" * 8
WORDS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen",
}
TELLING = {
    "en": [
        "my card ends in {}",
        "the last four digits of the card are {}.",
        "{} are the last four",
    ],
    "de": ["die letzten vier Ziffern sind {}", "Meine Karte endet auf {}, bitte"],
    "es": ["los últimos cuatro dígitos: {}", "mi tarjeta termina en {}"],
    "fr": ["les quatre derniers chiffres sont {}", "ma carte finit par {}"],
    "it": ["le ultime quattro cifre sono {}", "la carta termina con {}"],
    "pt": ["os últimos quatro dígitos são {}", "o cartão termina em {}"],
    "nl": ["de laatste vier cijfers zijn {}", "mijn kaart eindigt op {}"],
}
CARD = st.text("0123456789", min_size=4, max_size=4).filter(lambda d: d[:2] not in ("19", "20"))


def ways(digits: str, language: str) -> list[str]:
    words = [WORDS[language].split()[int(digit)] for digit in digits]
    apart = [sign.join(digits) for sign in (" ", "-", " - ", ", ", "·", " – ")]
    pairs = [f"{digits[:2]} {digits[2:]}", f"{digits[:1]} {digits[1:]}"]
    return [digits, *apart, *pairs, *(sign.join(words) for sign in (" ", "-", ", ")),
            " ".join(words).upper()]  # fmt: skip


@given(digits=CARD, language=st.sampled_from(list(WORDS)), data=st.data())
@settings(deadline=None, max_examples=150)
def test_the_digits_of_a_record_are_hidden_in_any_text(
    digits: str, language: str, data: st.DataObject
) -> None:
    written = data.draw(st.sampled_from([*ways(digits, language), ".".join(digits)]))
    around = data.draw(st.sampled_from(["{}", "well, {} it is, as I have told you", "Visa ({})"]))
    text = around.format(written)
    veil = Veil(NONCE, {"last4": digits})
    assert written not in veil.hide(text)
    assert veil.hide(veil.hide(text)) == veil.hide(text)
    assert written not in mask_text(text, (digits,))


@given(digits=CARD, language=st.sampled_from(list(WORDS)), data=st.data())
@settings(deadline=None, max_examples=150)
def test_digits_that_a_text_tells_are_hidden_without_a_record(
    digits: str, language: str, data: st.DataObject
) -> None:
    written = data.draw(st.sampled_from(ways(digits, language)))
    text = data.draw(st.sampled_from(TELLING[language])).format(written)
    for shown in (Veil(NONCE).hide(text), mask_text(text)):
        assert written not in shown
        assert re.search(r"\[card(?:-[a-z]{14})?\]", shown)
    told = call_for(Incoming(1, subject="card", body=text)).messages[1]["content"]
    assert written not in told


@given(digits=CARD, language=st.sampled_from(list(WORDS)))
@settings(deadline=None)
def test_an_answer_of_four_digits_is_hidden(digits: str, language: str) -> None:
    for written in [*ways(digits, language)[:2], *ways(digits, language)[-4:]]:
        assert told_in(written, alone=True) == {digits}
        assert written not in Veil(NONCE).hide(f"It is {written}.")
        assert written not in mask_text(f"It is {written}.", alone=True)


def test_what_is_told_once_is_hidden_wherever_it_is_repeated() -> None:
    text = "Card ends in 5290 (52 90, five two nine zero). Again: 5-2-9-0, in 2026."
    again = "Card ends in X (X, X). Again: X, in 2026."
    assert mask_text(text).replace("[card]", "X") == again
    assert re.sub(r"\[card-[a-z]{14}\]", "X", Veil(NONCE).hide(text)) == again


@pytest.mark.parametrize("text", [
    "order 5291 is late", "my card was charged 1390 EUR", "error 5003 on my card", "in 10-12 days",
    "The trial ends 10-12 December", "it ends in 10-12 days", "my card expires in 2026",
    "in the last 30 60 days", "one two three", "version 10.0.19041.1", "at 14:20:05 on 2026-01-14",
    "one of two or three of four", "invoice 4711 on my card", "ch_5290 on my card",
    "the last 4 orders 10 20", "1,390.00 EUR on my card", "raise the limit of the card to 5000 €",
    "you three are four times one",
])  # fmt: skip
def test_other_numbers_stay_for_viewers(text: str) -> None:
    assert mask_text(text, alone=True) == text
    assert mask_text(text, ("Ana", "8812")) == text


@pytest.mark.parametrize("text", ["T-5290", "#5290", "10-12", "5.2.9.1", "ch_5290", "code 5290"])
def test_four_digits_within_a_name_are_no_answer(text: str) -> None:
    assert told_in(text, alone=True) == set()


def test_the_log_keeps_digits_that_only_words_tell() -> None:
    assert redact_text("my card ends in 5290") == "my card ends in 5290"


@pytest.mark.parametrize(("said", "digits"), [
    ("fünf Zwei neun NULL", "5290"), ("5 two 9 oh", "5290"), ("cinq-deux-neuf-zéro", "5290"),
])  # fmt: skip
def test_spoken_digits_are_read(said: str, digits: str) -> None:
    assert digits_in(said) == digits
    assert is_tail(digits)


@pytest.mark.parametrize("record", [
    {"last4": 290}, {"last4": "**** 0290"}, {"card_number": "4111 1111 1111 0290"},
])  # fmt: skip
def test_a_record_may_hold_them_in_another_form(record: dict[str, object]) -> None:
    assert "0 2 9 0" not in Veil(NONCE, record).hide("well, 0 2 9 0 is what I told you before")


@pytest.mark.parametrize("text", ["5 " * 20_000, "five " * 9_000, "ends in " * 8_000 + "5290"])
def test_a_long_text_is_read_in_time(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


@pytest.mark.parametrize("text", [
    "on my card 5290 mine only", "the card and 5290 are mine", "carte 5290 mes excuses",
    "Karte: 5290 (Visa)", "xxxx-5290", "****5290", "card number is 5290", "Visa, it says 5290!",
])  # fmt: skip
def test_a_card_that_is_named_near_tells_them(text: str) -> None:
    assert "5290" not in mask_text(text)
    assert "5290" not in Veil(NONCE).hide(text)
