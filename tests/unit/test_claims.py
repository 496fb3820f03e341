"""What a model's words may claim: nothing beyond the facts."""

import pytest

from agents.brains.claims import unfounded

FACTS = """We have refunded 24.99 USD (ch_a2). A colleague will call you on 2026-03-12 09:00 UTC.
Write to help@lumen.example or see https://lumen.example/refunds. Your plan costs 1.234,50 EUR."""


@pytest.mark.parametrize(
    "words",
    [
        "Hello Ana, we have refunded $24.99 for ch_a2. We call you on 12 March.",
        "Wir haben 24,99 USD erstattet (ch_a2).",
        "Your plan is €1,234.50. See https://lumen.example/refunds.",
        "Nothing of money is said here, and it may take 3 to 5 days.",
        "Write to help@lumen.example about it.",
    ],
)
def test_what_the_facts_say_may_be_said(words: str) -> None:
    assert unfounded(words, FACTS, {"process_refund"}, ()) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("We have refunded 29.99 USD.", "amount"),
        ("We have refunded 24.99 EUR.", "amount"),
        ("We have refunded 2499 USD.", "amount"),
        ("It is for ch_b7.", "reference"),
        ("Pay at https://evil.example/refunds now.", "link"),
        ("Pay at evil.example/refunds now.", "link"),
        ("Write to boss@evil.example.", "address"),
        ("We call you on 14 March.", "day"),
        ("Call us on +34 600 100 200.", "number"),
        ("Your subscription was reinstated.", "reinstate_subscription"),
        ("Ihr Abonnement ist wieder aktiv.", "reinstate_subscription"),
        ("We credited your account.", "issue_credit"),
    ],
)
def test_what_goes_beyond_the_facts_is_told(words: str, why: str) -> None:
    found = unfounded(words, FACTS, {"process_refund"}, ())
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    "words",
    [
        "Good news: your refund is on its way.", "Das Geld wurde Ihnen erstattet.",
        "Hemos reembolsado el importe.", "Nous vous avons remboursé.", "Abbiamo rimborsato tutto.",
        "Reembolsámos o valor.", "We hebben het bedrag terugbetaald.",
    ],
)  # fmt: skip
def test_a_refund_that_was_not_made_is_not_told_in_any_language(words: str) -> None:
    assert unfounded(words, "We looked into your request.", (), ()) is not None


def test_a_refusal_of_a_refund_may_be_told_in_the_words_of_the_facts() -> None:
    assert unfounded("We cannot refund it.", "So we cannot refund it.", (), ()) is None


def test_references_that_are_ours_alone_are_not_told() -> None:
    facts = "Subscription sub_1 of cus_1 was reinstated."
    words = "Your subscription sub_1 is here."
    assert unfounded(words, facts, {"reinstate_subscription"}, {"sub_1"}) is not None
