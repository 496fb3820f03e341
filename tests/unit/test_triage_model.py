"""The packaged triage model belongs to the sentences that lie beside it."""

from agents.understanding import fit
from agents.understanding.model import packaged_model
from agents.understanding.triage import read_message, read_messages


def test_the_packaged_model_was_fitted_on_the_packaged_sentences() -> None:
    assert packaged_model().version == f"packaged-{fit.digest()}", (
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
