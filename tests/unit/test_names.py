"""Every part of a name is hidden, and no ordinary word because somebody is called so."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.privacy.veil import Veil
from data.names import company_parts, parts_of
from data.plain_words import PLAIN_WORDS
from data.redaction import redact_text

NONCE = "q7" * 8
LETTERS = st.text("abcdefghijklmnopqrstuvwxyzäéöüßøłñç", min_size=4, max_size=9)
PART = LETTERS.filter(lambda word: word not in PLAIN_WORDS).map(str.capitalize)
FORMS = [
    "{0} {1}", "{1}, {0}", "{0} {1}-{2}", "{0}-{2} {1}", "{0} van der {1}", "van der {1}, {0}",
    "{0} O'{1}", "O’{1}, {0}", "Dr. {0} {1} {2}", "{0} de la {1} {2}", "{0} ({2}) {1}",
]  # fmt: skip


def _veil(**record: Any) -> Veil:
    return Veil(NONCE, record)


@given(
    form=st.sampled_from(FORMS), parts=st.tuples(PART, PART, PART),
    change=st.sampled_from([str, str.lower, str.upper]),
    around=st.sampled_from(["{}", "Hi {}, thanks", "I am {}.", "({})", "{}'s card", "regards\n{}"]),
)  # fmt: skip
@settings(deadline=None)
def test_each_part_of_a_name_is_hidden_by_itself(
    form: str, parts: tuple[str, str, str], change: Any, around: str
) -> None:
    name = form.format(*parts)
    veil = _veil(name=name)
    for part in (part for part in parts if part in name):
        text = around.format(change(part))
        for shown in (veil.hide(text), redact_text(text, parts_of(name))):
            assert change(part) not in re.sub(r"\[name-[a-z]{14}\]|\[name\]", "", shown), shown
        assert veil.hide(veil.hide(text)) == veil.hide(text)
    assert veil.restore(veil.hide(name)) == name


@pytest.mark.parametrize(("name", "parts"), [
    ("Delphine Roux-Lefevre", {"Delphine", "Roux-Lefevre", "Roux", "Lefevre"}),
    ("Kowalczyk, Zoltan", {"Kowalczyk", "Zoltan"}),
    ("O’Brien, Pat", {"O’Brien", "Brien", "Pat"}),
    ("van der Berg, Jan", {"van der Berg", "Berg", "Jan"}),
    ("Van Der Berg, Jan", {"Van Der Berg", "Van", "Der", "Berg", "Jan"}),
    ("Dr. Ana Sá Jr.", {"Ana", "Sá"}),
    ("Nagy Holding GmbH", {"Nagy Holding", "Nagy", "Holding"}),
    ("ana-ruiz@post.example", set()),
    ("Studio 54", {"Studio"}),
    ("[erased]", set()), (" ", set()), ("", set()), (None, set()),
])  # fmt: skip
def test_parts(name: str | None, parts: set[str]) -> None:
    whole = {name.strip()} - {""} if name else set()
    assert set(parts_of(name)) == whole | parts


@pytest.mark.parametrize(("company", "short"), [
    ("Nagy Holding GmbH", "Nagy Holding"), ("Nagy GmbH & Co. KG", "Nagy"), ("Roux S.A.S.", "Roux"),
    ("Tuinen B.V.", "Tuinen"), ("Bianchi S.p.A.", "Bianchi"), ("Acme, Inc.", "Acme"),
    ("Costa Lda", "Costa"), ("Zielony sp. z o.o.", "Zielony"), ("Lund A/S", "Lund"),
    ("GmbH", "GmbH"), ("Company Ltd", "Company"), ("Berg Tuinen", "Berg Tuinen"),
])  # fmt: skip
def test_a_company_is_known_without_its_legal_form(company: str, short: str) -> None:
    assert company_parts(company) == tuple(dict.fromkeys([company, short]))
    for written in (short, short.upper()):
        hidden = _veil(company=company).hide(f"We at {written} wait.")
        assert written not in hidden or short in ("Company", "GmbH")


@pytest.mark.parametrize(("name", "text"), [
    ("Zoë van der Berg", "Der Brief von der Bank, ik ben van hier."),
    ("María de la Cruz", "la factura de la cuenta"),
    ("Will Young", "Will you pay? I will. Young people will."),
    ("An Do", "An error. Do you see it? It is an error, so I do."),
    ("Ben Vos", "Ik ben boos."), ("June Price", "the price in june is the price"),
    ("Can Grace", "Can you grant it?\nCan you?"), ("Nagy Holding GmbH", "I am holding the line"),
])  # fmt: skip
def test_ordinary_words_stay(name: str, text: str) -> None:
    assert _veil(name=name).hide(text) == text
    assert redact_text(text, parts_of(name)) == text


@pytest.mark.parametrize(("name", "said", "kept"), [
    ("Will Young", "Thanks, Will", "Thanks, "), ("Will Young", "thanks\nWill", "thanks\n"),
    ("Will Young", "will young here", " here"), ("Will Young", "Hi Will. Hi", "Hi. Hi"),
    ("Will Young", "Will, please", ", please"), ("An Do", "Regards,\nAn\n", "Regards,\n\n"),
    ("Pat O'Brien", "obrien and O´Brien", " and "), ("Łukasz Weiß", "lukasz weiss", ""),
    ("Jörg Müller", "Joerg MUELLER, Jorg Muller", ", "),
])  # fmt: skip
def test_a_name_is_hidden_however_it_is_written(name: str, said: str, kept: str) -> None:
    veil = _veil(name=name)
    assert re.sub(r" ?(?<![a-z])\[name-[a-z]{14}\]", "", veil.hide(said)).split() == kept.split()
    assert "[removed]" not in veil.restore(veil.hide(said))
