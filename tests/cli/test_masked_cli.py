"""Who sees whom a ticket is about: operators who have signed in, not viewers."""

import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import argon2
import pytest

from tests.cli.conftest import Program
from tests.operators_support import CHEAP

Made = Callable[[str], Path]
PERSONAL = ("Tomasz", "Wieczorek", "wieczorek-print", "601222333", "9071")


@pytest.fixture
def desk(worked: Made, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: CHEAP)
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    monkeypatch.setattr("console.signing_in.kept_token", lambda place: None)
    return worked("wrongful-cancellation")


@pytest.fixture
def token(handrail: Program, desk: Path) -> Callable[[str], str]:
    """A token of somebody of the role, who is added."""

    def make(role: str) -> str:
        stdin, secret = ("--passphrase-stdin", "--db", desk), "battery staple\n"
        assert (
            handrail("operators", "add", f"a-{role}", "--role", role, *stdin, stdin=secret).code
            == 0
        )
        signed = handrail("operators", "sign-in", "--as", f"a-{role}", *stdin, stdin=secret)
        assert signed.code == 0, signed.err
        return signed.out.strip().splitlines()[-1]

    return make


COMMANDS = [
    ("show", "T1"), ("show", "T1", "--json"), ("tickets",), ("tickets", "--json"),
    ("approvals", "--json"), ("replay", "T1", "--json"), ("replay", "T1", "--at", "3"),
    ("audit", "export", "T1"),
]  # fmt: skip


def test_where_one_person_works_nothing_is_hidden(handrail: Program, desk: Path) -> None:
    shown = handrail("show", "T1", "--db", desk)
    assert "Tomasz Wieczorek <tomasz@wieczorek-print.example>" in shown.out
    assert not shown.err


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_viewer_sees_no_personal_data(
    handrail: Program, desk: Path, token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.setenv("HANDRAIL_TOKEN", token("viewer"))
    shown = handrail(*arguments, "--db", desk)
    assert shown.code == 0, shown.err
    assert "T1" in shown.out or "run started" in shown.out or "steps" in shown.out
    for word in PERSONAL:  # alone: a digest or an id may hold its digits
        assert not re.search(rf"(?<![0-9A-Za-z]){word}(?![0-9A-Za-z])", shown.out), word
    if "--json" in arguments:
        json.loads(shown.out)


def test_an_operator_sees_it_and_a_viewer_may_not_ask_for_it(
    handrail: Program, desk: Path, token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, operator = token("viewer"), token("operator")
    monkeypatch.setenv("HANDRAIL_TOKEN", viewer)
    hidden = handrail("show", "T1", "--db", desk)
    assert "[customer_name] <[requester]>" in hidden.out
    assert "39.00" in hidden.out
    assert "personal data is masked" in hidden.err
    refused = handrail("show", "T1", "--unmasked", "--db", desk)
    assert (refused.code, refused.out) == (2, "")
    assert "a viewer and may not see personal data" in refused.err
    monkeypatch.setenv("HANDRAIL_TOKEN", operator)
    assert "Tomasz Wieczorek" in handrail("show", "T1", "--db", desk).out


def test_who_has_not_signed_in_is_asked_to(
    handrail: Program, desk: Path, token: Callable[[str], str]
) -> None:
    token("operator")
    assert "Tomasz" not in handrail("show", "T1", "--db", desk).out
    asked = ("--unmasked", "--as", "a-operator", "--passphrase-stdin", "--db", desk)
    assert "Tomasz" in handrail("show", "T1", *asked, stdin="battery staple\n").out
    assert "tomasz@" in handrail("tickets", *asked, "--json", stdin="battery staple\n").out
    assert handrail("show", "T1", *asked, stdin="wrong\n").code == 2


def test_a_viewer_sees_that_files_came_and_saves_none(
    handrail: Program, desk: Path, token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "tomasz@wieczorek-print.example", "Passport"
    mail.set_content("Here it is.")
    mail.add_attachment(b"x", maintype="image", subtype="png", filename="Tomasz Wieczorek.png")
    (desk.parent / "in.eml").write_bytes(mail.as_bytes())
    assert handrail("receive", "T1", desk.parent / "in.eml", "--db", desk).code == 0
    viewer, operator = token("viewer"), token("operator")
    monkeypatch.setenv("HANDRAIL_TOKEN", viewer)
    assert handrail("attachments", "T1", "--db", desk).out == "[name] (image/png, 1 B)\n"
    assert "Wieczorek" not in handrail("show", "T1", "--db", desk).out
    folder = desk.parent / "out"
    refused = handrail("attachments", "T1", "--save", folder, "--db", desk)
    assert (refused.code, refused.out, folder.exists()) == (2, "", False)
    monkeypatch.setenv("HANDRAIL_TOKEN", operator)
    assert handrail("attachments", "T1", "--save", folder, "--db", desk).code == 0
    assert [path.name for path in folder.iterdir()] == ["Tomasz Wieczorek.png"]


@pytest.mark.parametrize("command", ["show", "replay", "approvals"])
def test_a_viewer_sees_no_last_digits_of_a_card_however_written(
    handrail: Program, desk: Path, token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:  # fmt: skip
    for number, body in enumerate(("Card ends in 5290 (52 90).", "Yes, five two nine zero is it.")):
        mail = EmailMessage()
        mail["From"], mail["Subject"] = "tomasz@wieczorek-print.example", "My card"
        mail.set_content(body)
        (desk.parent / f"{number}.eml").write_bytes(mail.as_bytes())
        came = handrail("receive", "T1", desk.parent / f"{number}.eml", "--db", desk)
        assert came.code == 0, came.err
    viewer, operator = token("viewer"), token("operator")
    about = () if command == "approvals" else ("T1",)
    monkeypatch.setenv("HANDRAIL_TOKEN", viewer)
    for form in ((), ("--json",)):
        told = handrail(command, *about, *form, "--db", desk).out
        assert not re.search(r"5290|52 90|five two nine zero", told)
        assert command != "show" or "Card ends in [card] ([card])" in told
    monkeypatch.setenv("HANDRAIL_TOKEN", operator)
    assert command != "show" or "5290 (52 90)" in handrail("show", "T1", "--db", desk).out
