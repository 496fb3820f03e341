"""Patterns in small letters find what is written in any."""

import pytest

from agents.understanding.caseless import Caseless


@pytest.mark.parametrize("text", ["refund me", "REFUND ME", "Refund", "a rEfUnD"])
def test_it_is_found_however_it_is_written(text: str):
    assert Caseless(r"\brefund\w*").search(text)
    assert [m[0] for m in Caseless(r"refund").finditer(text)] == ["refund"]


def test_letters_of_other_languages_too():
    assert Caseless("rückerstattung").search("RÜCKERSTATTUNG")
    assert Caseless("élève").search("Élève")


def test_a_pattern_that_would_never_be_found_is_refused():
    with pytest.raises(ValueError, match="a capital at 0"):
        Caseless("Refund")
    Caseless(r"(?P<kind>a)\W\S\B")
