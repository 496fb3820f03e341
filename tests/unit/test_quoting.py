"""A model's quote is found in the message that it quotes, or it is none."""

from agents.brains.quoting import holds, quoted
from agents.privacy.veil import Veil


def test_a_quote_is_found_whatever_its_spaces_case_and_quotes() -> None:
    body = "Hi,\nI was  charged\ntwice for “Pro”. Thanks"
    assert quoted('i was charged twice for "pro" ', body, body) == "I was charged twice for “Pro"
    assert quoted("Straße", "In der STRASSE hier", "In der STRASSE hier") == "STRASSE"


def test_what_was_not_said_is_no_quote() -> None:
    body = "I was charged twice."
    assert quoted("I was charged thrice", body, body) is None
    assert quoted("  .,", body, body) is None


def test_a_quote_of_the_veiled_words_means_the_words_themselves() -> None:
    body = "I am Ana Ruiz. Please change my mail to new.ana@post.example now, and refund 24.99 USD."
    veil = Veil("q7" * 8, {"name": "Ana Ruiz"})
    shown = veil.hide(body)
    assert "Ana" not in shown
    at = shown.index("Please")
    clause = shown[at : shown.index(" now")]
    assert quoted(clause, shown, body) == "Please change my mail to new.ana@post.example"
    assert quoted("refund 24.99 USD", shown, body) == "refund 24.99 USD"
    assert quoted(shown, shown, body) == body.rstrip(".")


def test_words_are_held_whatever_their_case() -> None:
    assert holds("My NAME is  ana ruiz", "Ana Ruiz")
    assert not holds("My name is Ana", "Ana Ruiz")
