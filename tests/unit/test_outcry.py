"""Threats to go to the press or to an authority, told from words about them."""

import pytest

from agents.understanding.signs import goes_on_changing, threatens


@pytest.mark.parametrize(
    "text",
    [
        "If nothing happens I will go to the press.",
        "A journalist will hear about this.",
        "I am writing to the competition authority.",
        "We'll take this to the consumer association.",
        "Dann wende ich mich an die Verbraucherzentrale.",
        "Die Presse wird davon erfahren.",
        "Voy a contárselo todo a un periodista.",
        "Je vais saisir la répression des fraudes.",
        "Racconto tutto a un giornalista.",
        "Presento un reclamo all'Autorità garante.",
        "Ik stap naar de krant.",
        "Vou fazer queixa à imprensa.",
    ],
)
def test_a_threat_to_make_it_public_is_a_trigger(text: str):
    assert threatens(text) == "legal_threat"


@pytest.mark.parametrize(
    "text",
    [
        "I read about you in the newspaper.",
        "Our newspaper writes to its readers with your tool.",
        "How do I send files to the media library?",
        "Ich habe in der Zeitung von Ihnen gelesen.",
        "We report sales to the board each week.",
        "Please change my address to 4 rue de la Presse.",
        "Can I contact a regulator through your app?",
    ],
)
def test_words_about_the_press_are_none(text: str):
    assert threatens(text) is None


@pytest.mark.parametrize(
    ("before", "text", "family"),
    [
        ("Change the name to Ann Lee", "and the email to ann@lee.example", "contact"),
        ("¿Pueden cambiar el nombre a Marisol", "y el correo a m@iglesias.example?", "contact"),
        ("Ändern Sie die E-Mail in a@b.example", "und den Nachnamen in Roth", "profile"),
        ("Please change my name to Ann Lee", "and email me when it is done", None),
        ("My dashboard is empty", "and the email is late", None),
    ],
)
def test_a_change_goes_on_in_a_clause_without_a_verb(before: str, text: str, family: str | None):
    assert goes_on_changing(before, text) == family


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Mia figlia fa l'avvocato e usa la vostra api.", None),
        ("Soy abogada y necesito una factura.", None),
        ("Mon frère est avocat, il vous recommande.", None),
        ("Mein Bruder ist Anwalt und wird Sie verklagen.", "legal_threat"),
        ("Mi abogado se pondrá en contacto con ustedes.", "legal_threat"),
        ("Der Schüler hat Verbrennungen an der Hand.", "safety_threat"),
        ("A guest was badly injured by it.", "safety_threat"),
        ("I am hurt by your tone.", None),
    ],
)
def test_a_trade_is_no_threat_and_an_injury_is_grave(text: str, trigger: str | None):
    assert threatens(text) == trigger
