"""Reply texts: every language says the same as English, in its own words alone."""

import re
from itertools import product
from typing import Any

import pytest
import yaml
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

from agents.connectors.embedded.undo import UNDOS as UNDOABLE
from agents.facts.technical import OPERATIONS
from agents.replies import PACKAGED, compose, packaged_templates
from data.vocabulary import ActionName

OTHERS = ["de", "es", "fr", "it", "nl", "pt"]
TEXTS: dict[str, dict[str, str]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in PACKAGED.glob("*.yaml")
}
AND = {"de": "und", "es": "y", "fr": "et", "it": "e", "nl": "en", "pt": "e"}
REFUNDS = "24.99 USD (ch_one) and 1200 JPY (ch_two)"
OLD = ["24.99 USD of 2026-01-03 (ch_three)", "9.50 EUR of 2026-02-03 (ch_four)"]
ARTICLE = {"title": "Ihara 77", "body": "Xyzzy 88."}
FIELDS = ["e-mail address", "phone number", "name", "language", "address", "company"]
ENGLISH = re.compile(
    r"\b(and|or|the|your|you|we|suspended|closed|e-mail address|phone number|company|language"
    r"|expired|outdated|locked|fault|charge|(USD|EUR|JPY) of)\b"
)
FACTS = re.compile(r"\bch_\w+|\b\d[\d.:TZ-]*\b|\b[A-Z]{3}\b|https?://\S+|Ihara|Xyzzy|Qwop|Zork")


def values(**changes: Any) -> dict[str, Any]:
    """What every text may use, with nothing done and nothing found; `billing__x` sets one fact."""
    known: dict[str, Any] = {
        "name": "Ihara",
        "company": "Qwop",
        "payment_link": "https://billing.example/pay",
        "policy": {"billing": {"refund_days": 14, "after_cancellation_days": 120}},
        "article": None,
        "account": {"status": "active", "wanted": []},
        "service": {"name": None, "message": None, "eta": None},
        "operation": None,
        "cause_short": "a fault of the service",
        "billing": {
            "ended_on": "2026-05-10",
            "too_old": [],
            "disputed": [],
            "declined": [],
            "recent": [],
            "lacking": [],
            "pending": False,
            "ended": False,
        },
        "done": [],
        "refunds": "",
        "credit": "",
        "callback": "",
    }
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        if inner:
            known[outer][inner] = value
        else:
            known[outer] = value
    return known


def every(**choices: list[Any]) -> list[dict[str, Any]]:
    return [
        values(**dict(zip(choices, chosen, strict=True))) for chosen in product(*choices.values())
    ]


def paid() -> dict[str, Any]:
    return {"done": ["process_refund"], "refunds": REFUNDS}


def three_fields() -> dict[str, Any]:
    return values(account__wanted=FIELDS[:3])


REFUND_STATES = [
    {**known, **more}
    for known in every(
        billing__too_old=[[], OLD],
        billing__disputed=[[], ["ch_five"], ["ch_five", "ch_six"]],
        billing__declined=[[], OLD[:1], OLD],
        billing__pending=[False, True],
    )
    for more in ({}, paid())
]
SERVICE: dict[str, list[Any]] = {
    "service__name": ["Zork"],
    "service__message": [None, "", "Xyzzy 99", "Xyzzy 99."],
    "service__eta": [None, "2026-02-09T13:00:00Z"],
}
CASES: dict[str, list[dict[str, Any]]] = {
    "greeting": every(name=["Ihara", "", None]),
    "closing": every(company=["Qwop", ""]),
    "refund_duplicate": REFUND_STATES,
    "refund_after_cancellation": REFUND_STATES,
    "refund_on_request": REFUND_STATES,
    "refund_declined": [known for known in REFUND_STATES if known["billing"]["declined"]],
    "wrongful_cancellation": every(
        done=[[], ["issue_credit"], ["reinstate_subscription", "process_refund"]],
        refunds=["", REFUNDS],
        credit=["", "24.99 USD"],
        callback=["", "2026-02-10 09:00 UTC"],
        billing__disputed=[[], ["ch_five", "ch_six"]],
    ),
    "wrongful_body": every(name=["Ihara"]),
    "payment_body": every(name=["Ihara"]),
    "payment_failed": every(billing__ended=[False, True], done=[[], ["send_notification"]]),
    "charge_not_found": every(
        billing__lacking=[[], ["24.99"], ["24.99", "5.3"], ["a second charge"]],
        billing__recent=[[], OLD],
    ),
    "explain_charges": every(billing__recent=[[], OLD], billing__pending=[False, True]),
    "cancel_confirm": every(article=[None, ARTICLE]),
    "account_closed": every(account__status=["suspended", "closed"]),
    "incident": every(**SERVICE),
    "rate_limited": every(**SERVICE),
    "reset": every(done=[[], ["reset_service"]], operation=[None, *OPERATIONS.values()]),
    "steps": every(article=[None, ARTICLE]),
    "article": every(article=[ARTICLE]),
    "ask_last4": every(account__wanted=[FIELDS[:1], FIELDS[:2], FIELDS]),
    "correction": every(
        action=[n.value for n in ActionName if n in UNDOABLE],
        amount=["24.99 USD"],
        charge=["ch_one"],
    ),
    "profile_changed": every(account__wanted=[FIELDS[:2], FIELDS], done=[[], ["update_crm"]]),
}
"""Each text that has branches, with values for all of them."""


def render(text: str, language: str, known: dict[str, Any]) -> str:
    return packaged_templates().render(text, language, **known)


def test_the_languages_are_these():
    assert sorted(TEXTS) == sorted(["en", *OTHERS])
    assert all(packaged_templates().language(language) == language for language in TEXTS)


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_text_and_no_other(language: str):
    assert list(TEXTS[language]) == list(TEXTS["en"])
    assert TEXTS[language]["language"] == language


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("text", TEXTS["en"])
def test_a_text_uses_only_what_the_english_one_is_given(language: str, text: str):
    def used(language: str) -> set[str]:
        parsed = SandboxedEnvironment(autoescape=True).parse(TEXTS[language][text])
        return meta.find_undeclared_variables(parsed)

    assert used("en") - {"cause_short"} == used(language)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("text", [text for text in TEXTS["en"] if text != "language"])
def test_every_branch_says_the_same_facts_in_the_language(language: str, text: str):
    for known in CASES.get(text, [values()]):
        english, told = render(text, "en", known), render(text, language, known)
        assert bool(told) == bool(english), known
        facts = sorted(f.rstrip(".") for f in FACTS.findall(english))
        assert sorted(f.rstrip(".") for f in FACTS.findall(told)) == facts, (known, told)
        assert not ENGLISH.search(told), told
        assert "None" not in told
        assert not re.search(r"  |\.\.| [.,]|\n\n\n", told), told
        if told and text not in ("greeting", "article"):
            assert told != english


@pytest.mark.parametrize("language", [*OTHERS, "en"])
def test_the_greeting_with_and_without_a_name(language: str):
    named = render("greeting", language, {"name": "Ihara"})
    for unnamed in (
        render("greeting", language, {"name": None}),
        render("greeting", language, {"name": ""}),
    ):
        assert "Ihara" in named
        assert re.fullmatch(r"\w+( \w+)?[,:!]", unnamed)


@pytest.mark.parametrize("language", OTHERS)
def test_a_notice_to_a_customer_without_a_name_greets_all_the_same(language: str):
    for text in ("wrongful_body", "payment_body"):
        first = render(text, language, values(name="")).splitlines()[0]
        assert re.fullmatch(r"\w+( \w+)?[,:!]", first)


@pytest.mark.parametrize("language", OTHERS)
def test_joined_lists_are_joined_in_the_language(language: str):
    word = AND[language]
    refunds = f"24.99 USD (ch_one) {word} 1200 JPY (ch_two)"
    told = render("refund_after_cancellation", language, values(**paid()))
    assert refunds in told
    assert "2026-05-10" in told
    known = values(billing__too_old=OLD, billing__disputed=["ch_five", "ch_six"])
    told = render("refund_after_cancellation", language, known)
    assert f"ch_five {word} ch_six" in told
    assert re.search(rf", [\w ]+ {word} ", render("ask_last4", language, three_fields()))
    assert re.search(rf"24\.99 USD \w+ 2026-01-03 \(ch_three\) {word} 9\.50 EUR \w+ 2026", told)


@pytest.mark.parametrize("language", OTHERS)
def test_each_state_cause_and_field_has_words_of_its_own(language: str):
    states = {
        render("account_closed", language, values(account__status=status))
        for status in ("suspended", "closed", "frozen")
    }
    causes = {
        render("reset", language, values(done=["reset_service"], operation=operation))
        for operation in (None, *OPERATIONS.values())
    }
    fields = {
        render(text, language, values(account__wanted=[field], done=["update_crm"]))
        for text in ("ask_last4", "profile_changed")
        for field in FIELDS
    }
    assert (len(states), len(causes), len(fields)) == (3, 1 + len(OPERATIONS), 2 * len(FIELDS))
    assert not any("frozen" in state for state in states)


@pytest.mark.parametrize("language", OTHERS)
def test_an_amount_and_an_id_stand_in_the_reply_as_they_came(language: str):
    block = render("refund_duplicate", language, values(**paid()))
    reply = compose(
        packaged_templates(),
        language,
        [block, block],
        name="Ihara",
        company="Qwop",
        angry=True,
        secrets=True,
    )
    assert reply.count("24.99 USD (ch_one)") == 1
    assert reply.endswith("\nQwop")
    assert not ENGLISH.search(reply)
