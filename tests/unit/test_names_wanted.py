"""The name that a customer wants on file."""

import pytest

from agents.facts.names import given_name, name_like


def found(text: str, present: str) -> str | None:
    return given_name(text, present) or name_like(text, present)


@pytest.mark.parametrize(
    ("text", "present", "name"),
    [
        ("My surname should be Crofte, not Croft.", "Hilary Croft", "Hilary Crofte"),
        ("I got married, please change my last name to Dunmore.", "Hilary Croft", "Hilary Dunmore"),
        ("Please add the e to my surname: Crofte.", "Hilary Croft", "Hilary Crofte"),
        ("There is an e on the end, it's Hilary Crofte.", "Hilary Croft", "Hilary Crofte"),
        (
            "Could you write Hilary Crofte rather than Hilary Croft?",
            "Hilary Croft",
            "Hilary Crofte",
        ),
        ("my name is spelt wrong, its Hilary Crofte w an e", "Hilary Croft", "Hilary Crofte"),
        ("I got married, so I am Hilary Dunmore now.", "Hilary Croft", "Hilary Dunmore"),
        ("Agora assino Juliana Prado Fontes, ajustem.", "Juliana Prado", "Juliana Prado Fontes"),
        ("ahora firmo como Lucía Ramos Vidal", "Lucía Ramos", "Lucía Ramos Vidal"),
        ("Ich heiße seit der Hochzeit Jana Richter.", "Jana Vogt", "Jana Richter"),
        ("heet nu Marieke de Wit", "Marieke Bos", "Marieke de Wit"),
        ("My first name is Anne, without the i.", "Anneli Berg", "Anne Berg"),
        ("Please call me Rosalind Achebe.", "Ros Achebe", "Rosalind Achebe"),
        ("My husband Peter Croft says hello.", "Hilary Croft", None),
        ("I am Hilary Croft and I cannot log in.", "Hilary Croft", None),
        ("Kind regards, Hilary", "Hilary Croft", None),
    ],
)
def test_the_name_that_is_wanted(text: str, present: str, name: str | None) -> None:
    assert found(text, present) == name
