"""The packaged triage model belongs to the sentences that lie beside it."""

import numpy as np
import pytest

from agents.understanding import fit
from agents.understanding.features import ACCURATE
from agents.understanding.feelings import FEELINGS, feelings
from agents.understanding.language import language_of
from agents.understanding.model import packaged_model
from agents.understanding.triage import read_message, read_messages, row_of
from agents.understanding.versions import spelled


def test_the_packaged_model_was_fitted_on_the_packaged_sentences() -> None:
    assert packaged_model().version == f"packaged-{spelled(fit.digest())}", (
        "run: python -P -m agents.understanding.fit"
    )


def test_a_text_is_read_the_same_alone_and_among_others() -> None:
    texts = [("", "You took the March fee two times."), ("", "How do I add a colleague?")]
    together = read_messages(texts)
    assert [read_message(*text) for text in texts] == together


def test_a_request_to_look_is_no_request_for_a_person() -> None:
    reading = read_message("", "The chart on our dashboard is empty again. Please have a look.")
    assert not reading.triggers


def test_a_lawyer_on_the_phone_is_a_legal_threat() -> None:
    reading = read_message("", "I want my money back or I will call my lawyer!")
    assert "legal_threat" in reading.triggers


def test_words_of_feeling_are_counted_whole_and_by_their_beginning() -> None:
    found = feelings(["I hate hate this, HATE it", "Wie enttäuschend, leider", "The hats came."])
    assert found[0].tolist() == pytest.approx([3**0.5, 0, 0, 0, 0])
    assert found[1, FEELINGS.index("sorrow")] == pytest.approx(2**0.5)
    assert not found[2].any()


def test_anger_is_not_joy_sorrow_or_a_calm_complaint() -> None:
    angry = read_message("", "@support you useless liars, give me back my money #furious")
    others = [
        "holy shit, we won the whole thing!!!",
        "I cried all night, I miss her so much",
        "I would like to complain about the late delivery of my chair.",
        "Thanks!!! Best support EVER",
    ]
    assert angry.sentiment == "angry"
    assert angry.anger > 0.6
    for text in others:
        reading = read_message("", text)
        assert reading.anger < 0.5, text
        assert reading.sentiment != "angry", text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Meine Karte wurde eingezogen", "de"),
        ("Ma carte a été avalée", "fr"),
        ("Se tragó mi tarjeta el cajero", "es"),
        ("O caixa engoliu o meu cartão", "pt"),
        ("Lo sportello ha trattenuto la carta", "it"),
        ("De automaat heeft mijn pas ingeslikt", "nl"),
        ("Bankomat połknął moją kartę wczoraj", "pl"),
        ("Automaten svalde mitt kort igår", "sv"),
        ("банкомат проглотил мою карту", "ru"),
        ("Katarzyna Wiśniewska", "other than pl"),
        ("ok 12", "und"),
    ],
)
def test_languages_are_told_but_names_are_none(text: str, language: str) -> None:
    told = language_of(text)
    assert told != "pl" if language.startswith("other") else told == language


def test_what_is_in_a_language_that_is_not_triaged_is_for_people() -> None:
    row = row_of(read_message("", "Bankomat połknął moją kartę, proszę o pomoc"))
    assert row.escalate
    assert row.reason == "in a language that is not triaged: pl"


def test_a_message_is_judged_by_the_vectors_of_its_sentences() -> None:
    one, other = ACCURATE.embed(["Short.", "A sentence that is quite a bit longer."])
    both = ACCURATE.composed([["Short.", "A sentence that is quite a bit longer."], ["Short."]])
    assert np.allclose(both[1], one)
    assert both[0] @ other > both[0] @ one
    assert np.linalg.norm(both[0]) == pytest.approx(1.0)


def test_a_furious_message_that_asks_for_nothing_is_no_spam() -> None:
    reading = read_message("", "You useless liars!! Fix this RIGHT NOW or I am gone!!!")
    assert reading.noise is None
    row = row_of(reading)
    assert (row.escalate, row.reason) == (True, "angry and urgent")
