"""Thanks for money are no request for it; what is said beside thanks is heard."""

import pytest

from agents.understanding.gratitude import thanks_for_money, without_thanks
from agents.understanding.signs import wants_money


@pytest.mark.parametrize(
    "text",
    [
        "Thank you so much for the quick refund!",
        "Danke fürs Erstatten, das Geld ist da.",
        "Merci de m'avoir remboursé si vite.",
        "Gracias por la devolución.",
        "Grazie per il rimborso, tutto a posto.",
        "Obrigada pelo reembolso!",
        "Bedankt voor de terugbetaling.",
    ],
)
def test_thanks_for_money_ask_for_none(text: str):
    assert thanks_for_money(text)
    assert not wants_money(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks in advance for the refund.",
        "Vielen Dank im Voraus für die Erstattung.",
        "Merci de me rembourser les 12,50 €.",
        "Kann ich die 17,50 wiederhaben? Danke!",
        "Mag ik de 17,50 terug?",
        "¿Podría recuperar los 17,50 €?",
        "Could you reverse the payment of June?",
    ],
)
def test_who_asks_for_money_is_heard(text: str):
    assert wants_money(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Yes, thank you very much!", "Yes"),
        ("Ja, vielen Dank.", "Ja"),
        ("Oui, merci beaucoup.", "Oui"),
        ("Sí, muchas gracias", "Sí"),
        ("Sim, muito obrigado.", "Sim"),
        ("Confermo, grazie mille.", "Confermo"),
        ("Ik bevestig, dank u wel.", "Ik bevestig"),
        ("Danke, leider ohne Erfolg.", "leider ohne Erfolg"),
        ("Thanks a lot!", ""),
    ],
)
def test_what_is_said_beside_thanks(text: str, rest: str):
    assert without_thanks(text) == rest
