"""The language that a customer asks for, among those that a message names."""

import pytest

from agents.facts.languages import wished_language


@pytest.mark.parametrize(
    ("text", "present", "wished"),
    [
        ("Please put my account in French.", "en", "fr"),
        ("Zet de taal op Frans, mijn vennoot spreekt geen Nederlands.", "nl", "fr"),
        ("Zet het op Frans in plaats van Nederlands.", "en", "fr"),
        ("Mude para francês em vez de holandês, por favor.", "nl", "fr"),
        ("De l'italien au français, s'il vous plaît.", "es", "fr"),
        ("Del alemán al español, por favor.", "en", "es"),
        ("Von Deutsch auf Englisch umstellen, ich kann kein Deutsch.", "de", "en"),
        ("Passate da Italian a Spanish, no English.", "it", "es"),
        ("My wife doesn't speak any Dutch, so make it Portuguese.", "de", "pt"),
        ("English please, not the Polish one.", "en", "en"),
        ("German, not English!", "en", "de"),
        ("Change the name, please.", "en", None),
        ("Change it from English.", "en", None),
    ],
)
def test_the_language_that_is_wished_for(text: str, present: str, wished: str | None) -> None:
    assert wished_language(text, present) == wished
