"""Operators from the shell: who may decide, and how they sign in."""

import os
import pty
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
from sqlalchemy import select

from console.bootstrap import open_session, system_user
from data.queries.tickets import DECISION
from data.vocabulary import DecisionKind
from tests.cli.conftest import Program, command
from tests.operators_support import CHEAP

Made = Callable[[str], Path]
ME = system_user()
MINE, ANAS, BENS = "correct horse", "battery staple", "tea at five"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost nothing to check, and no token of the person's own is found."""
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: CHEAP)
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def desk(worked: Made) -> Path:
    """A workspace with approvals, of one person without a passphrase."""
    return worked("wrongful-cancellation")


@pytest.fixture
def team(handrail: Program, desk: Path) -> Path:
    """The same with a supervisor and a viewer; everybody has a passphrase."""
    stdin = ("--passphrase-stdin", "--db", desk)
    for name, role, secret in (("ana", "supervisor", ANAS), ("ben", "viewer", BENS)):
        added = handrail("operators", "add", name, "--role", role, *stdin, stdin=f"{secret}\n")
        assert added.code == 0
    assert handrail("operators", "passphrase", *stdin, stdin=f"{MINE}\n").code == 0
    return desk


class FakeKeyring(types.ModuleType):
    """The keyring package, holding one thing for each place."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, secret: str) -> None:
        self.held[service, name] = secret

    def delete_password(self, service: str, name: str) -> None:
        del self.held[service, name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    fake = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", fake)
    return fake


def waiting(handrail: Program, db: Path) -> list[str]:
    """Ids of what waits for a decision; reading needs no sign-in."""
    ran = handrail("approvals", "--db", db, "--json")
    assert ran.code == 0
    return [action["id"] for action in ran.document["approvals"]]


def decisions(db: Path) -> list[tuple[str, str]]:
    """Which people decided, and how they had proved who they are."""
    session = open_session(str(db), create=False)
    try:
        with session.store.read() as connection:
            query = (
                select(DECISION.c.operator, DECISION.c.signed_in_by)
                .where(DECISION.c.kind != DecisionKind.AUTO)
                .order_by(DECISION.c.at)
            )
            return [(name, proof) for name, proof in connection.execute(query)]
    finally:
        session.close()


# One person alone.


def test_who_makes_a_workspace_is_its_admin(handrail: Program, tmp_path: Path):
    db = tmp_path / "w.db"
    handrail("init", "--db", db)
    listed = handrail("operators", "--db", db, "--json")
    assert listed.document["sign_in_needed"] is False
    (creator,) = listed.document["operators"]
    assert (creator["name"], creator["role"], creator["system_user"]) == (ME, "admin", ME)
    table = handrail("operators", "list", "--db", db)
    assert (table.code, ME in table.out) == (0, True)
    assert "under the name that they give" in table.err


def test_what_is_ingested_into_nothing_makes_a_workspace_with_an_admin(
    handrail: Program, tmp_path: Path
):
    tickets = tmp_path / "t.jsonl"
    tickets.write_text('{"body": "help"}\n', encoding="utf-8")
    db = tmp_path / "w.db"
    assert handrail("ingest", tickets, "--db", db).code == 0
    assert [o["name"] for o in handrail("operators", "--db", db, "--json").document["operators"]]


def test_alone_everybody_decides_without_a_question(handrail: Program, desk: Path):
    first, second, third, _ = waiting(handrail, desk)
    assert handrail("approve", first, "--db", desk, "--as", "ana").code == 0
    assert handrail("reject", second, "--reason", "no", "--db", desk, "--as", "ben").code == 0
    assert handrail("approve", third, "--db", desk).code == 0
    assert decisions(desk) == [("ana", "word"), ("ben", "word"), (ME, "system user")]


def test_a_passphrase_on_standard_input_does_no_harm_while_none_is_needed(
    handrail: Program, desk: Path
):
    first, *_ = waiting(handrail, desk)
    ran = handrail("approve", first, "--db", desk, "--passphrase-stdin", stdin="whatever\n")
    assert ran.code == 0


# A second person.


def test_who_is_added_sets_a_passphrase_by_an_invitation(handrail: Program, desk: Path):
    added = handrail("operators", "add", "ana", "--role", "supervisor", "--db", desk)
    assert added.code == 0
    assert f"handrail operators passphrase --as {ME}" in added.err
    code = added.out.splitlines()[1].removeprefix("invitation: ")
    set_it = ("operators", "passphrase", "--as", "ana", "--passphrase-stdin", "--db", desk)
    wrong = handrail(*set_it, stdin=f"00000-00000-00000-00000\n{ANAS}\n")
    assert (wrong.code, "invitation is wrong" in wrong.err) == (2, True)
    short = handrail(*set_it, stdin=f"{code}\nshort\n")
    assert (short.code, "8 characters" in short.err) == (2, True)
    assert handrail(*set_it, stdin=f"{code}\n{ANAS}\n").code == 0
    first, *_ = waiting(handrail, desk)
    approve = ("approve", first, "--as", "ana", "--passphrase-stdin", "--db", desk)
    ran = handrail(*approve, "--json", stdin=f"{ANAS}\n")
    assert ran.code == 0
    assert ran.document["decided"][0]["state"] == "approved"
    assert decisions(desk) == [("ana", "passphrase")]


def test_the_creator_then_needs_a_passphrase_too(handrail: Program, desk: Path):
    handrail("operators", "add", "ana", "--role", "operator", "--db", desk)
    first, *_ = waiting(handrail, desk)
    ran = handrail("approve", first, "--db", desk)
    assert ran.code == 2
    assert f"handrail operators passphrase --as {ME}" in ran.err
    assert ran.err.count("\n") == 1
    # Until then the creator may go on saying who the operators are.
    assert handrail("operators", "role", "ana", "viewer", "--db", desk).code == 0
    set_it = ("operators", "passphrase", "--passphrase-stdin", "--db", desk)
    assert handrail(*set_it, stdin=f"{MINE}\n").code == 0
    assert handrail("operators", "role", "ana", "admin", "--db", desk).code == 2
    approve = ("approve", first, "--passphrase-stdin", "--db", desk)
    assert handrail(*approve, stdin=f"{MINE}\n").code == 0
    again = handrail(*set_it, stdin=f"not this one\n{ANAS}\n")
    assert (again.code, "current passphrase is wrong" in again.err) == (2, True)
    assert handrail(*set_it, stdin=f"{MINE}\n{ANAS}\n").code == 0


@pytest.mark.parametrize(
    "deciding",
    [
        ["approve", "ID"],
        ["reject", "ID", "--reason", "no"],
        ["edit", "ID", "--set", "amount=1500"],
        ["undo", "ID"],
        ["retry", "T1"],
    ],
)
def test_every_decision_needs_a_sign_in(handrail: Program, team: Path, deciding: list[str]):
    first, *_ = before = waiting(handrail, team)
    words = [first if word == "ID" else word for word in deciding]
    ran = handrail(*words, "--as", "ana", "--db", team)
    assert ran.code == 2
    for way in ("HANDRAIL_TOKEN", "--passphrase-stdin", "terminal"):
        assert way in ran.err
    assert ran.err.count("\n") == 1
    wrong = handrail(*words, "--as", "ana", "--passphrase-stdin", "--db", team, stdin="guess it\n")
    assert (wrong.code, wrong.err) == (2, "handrail: name or passphrase is wrong\n")
    assert waiting(handrail, team) == before


@pytest.mark.parametrize("reading", [["tickets"], ["show", "T1"], ["status"], ["operators"]])
def test_looking_needs_none(handrail: Program, team: Path, reading: list[str]):
    assert "sign in" not in handrail(*reading, "--db", team).err


def test_who_is_no_operator_is_told_so(handrail: Program, team: Path):
    first, *_ = waiting(handrail, team)
    unknown = ("approve", first, "--as", "eve", "--passphrase-stdin", "--db", team)
    assert handrail(*unknown, stdin="whatever it is\n").code == 2
    mine = ("--as", "ana", "--passphrase-stdin", "--db", team)
    assert handrail("operators", "role", "ana", "admin", *mine, stdin=f"{ANAS}\n").code == 2
    promote = ("operators", "role", "ana", "admin", "--passphrase-stdin", "--db", team)
    assert handrail(*promote, stdin=f"{MINE}\n").code == 0
    assert handrail("operators", "remove", ME, *mine, stdin=f"{ANAS}\n").code == 0
    nobody = handrail("approve", first, "--passphrase-stdin", "--db", team, stdin=f"{MINE}\n")
    assert (nobody.code, "--as NAME" in nobody.err) == (2, True)


def test_a_viewer_may_not_decide(handrail: Program, team: Path):
    first, *_ = before = waiting(handrail, team)
    words = ("approve", first, "--as", "ben", "--passphrase-stdin", "--db", team)
    ran = handrail(*words, stdin=f"{BENS}\n")
    assert ran.code == 1
    assert "viewer and may not decide" in ran.err
    assert waiting(handrail, team) == before


def test_too_many_attempts_must_wait(handrail: Program, team: Path):
    first, *_ = waiting(handrail, team)
    words = ("approve", first, "--as", "ana", "--passphrase-stdin", "--db", team)
    told = [handrail(*words, stdin="guess again\n").err for _ in range(3)]
    assert ["wait" in words for words in told] == [False, False, True]
    ran = handrail(*words, stdin=f"{ANAS}\n")
    assert (ran.code, "too many wrong attempts" in ran.err) == (2, True)
    rows = {
        o["name"]: o for o in handrail("operators", "--db", team, "--json").document["operators"]
    }
    assert rows["ana"]["locked_until"]
    assert "locked for" in handrail("operators", "--db", team).out


# Tokens.


def test_a_token_decides_until_it_is_ended(
    handrail: Program, team: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second, *_ = waiting(handrail, team)
    words = ("operators", "sign-in", "--as", "ana", "--passphrase-stdin", "--db", team)
    signed_in = handrail(*words, stdin=f"{ANAS}\n")
    assert signed_in.code == 0
    assert "ana (supervisor) for 12 h" in signed_in.err
    monkeypatch.setenv("HANDRAIL_TOKEN", signed_in.out.strip())
    assert handrail("approve", first, "--db", team).code == 0
    assert decisions(team) == [("ana", "token")]
    other = handrail("approve", second, "--as", "ben", "--db", team)
    assert (other.code, "is for ana, not for ben" in other.err) == (2, True)
    further = handrail("operators", "sign-in", "--as", "ana", "--db", team)
    assert (further.code, further.out) == (2, "")
    assert handrail("operators", "sign-out", "--db", team).out == "signed out ana\n"
    ended = handrail("approve", second, "--db", team)
    assert (ended.code, "has ended" in ended.err) == (2, True)
    assert handrail("operators", "sign-out", "--db", team).code == 1


def test_a_token_of_another_workspace_does_no_harm_where_none_is_needed(
    handrail: Program, desk: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HANDRAIL_TOKEN", "of another workspace")
    first, *_ = waiting(handrail, desk)
    assert handrail("approve", first, "--db", desk).code == 0
    none = handrail("operators", "sign-in", "--db", desk)
    assert (none.code, "no token is needed" in none.err) == (2, True)


def test_the_keyring_keeps_a_token(handrail: Program, team: Path, keyring: FakeKeyring):
    first, second, *_ = waiting(handrail, team)
    words = ("operators", "sign-in", "--as", "ana", "--keyring", "--passphrase-stdin", "--db", team)
    signed_in = handrail(*words, stdin=f"{ANAS}\n")
    assert (signed_in.code, signed_in.out) == (0, "")
    (token,) = keyring.held.values()
    assert token not in signed_in.err
    assert handrail("approve", first, "--db", team).code == 0
    assert decisions(team) == [("ana", "token")]
    other = handrail("approve", second, "--as", "ben", "--db", team)
    assert (other.code, "the keyring is for ana" in other.err) == (2, True)
    assert handrail("operators", "sign-out", "--db", team).code == 0
    assert keyring.held == {}


def test_a_token_in_the_keyring_that_is_no_good_is_passed_over(
    handrail: Program, team: Path, keyring: FakeKeyring
):
    first, *_ = waiting(handrail, team)
    keyring.held["handrail", f"sqlite:///{team}"] = "an old one"
    words = ("approve", first, "--as", "ana", "--passphrase-stdin", "--db", team)
    assert handrail(*words, stdin=f"{ANAS}\n").code == 0
    assert decisions(team) == [("ana", "passphrase")]


def test_without_a_keyring(handrail: Program, team: Path):
    words = ("operators", "sign-in", "--as", "ana", "--keyring", "--passphrase-stdin", "--db", team)
    ran = handrail(*words, stdin=f"{ANAS}\n")
    assert (ran.code, ran.out) == (2, "")
    assert "install the package `keyring`" in ran.err


# Managing.


def test_an_admin_adds_with_two_lines_and_others_may_not(handrail: Program, team: Path):
    add = ("operators", "add", "eve", "--role", "operator", "--passphrase-stdin", "--db", team)
    refused = handrail(*add, "--as", "ana", stdin=f"{ANAS}\n{BENS}\n")
    assert (refused.code, "an admin must" in refused.err) == (2, True)
    invited = handrail(*add, "--json", stdin=f"{MINE}\n")
    assert set(invited.document) == {"operator", "role", "invitation"}
    taken = handrail(*add, stdin=f"{MINE}\n{BENS}\n")
    assert (taken.code, "already" in taken.err) == (2, True)
    remove = ("operators", "remove", "eve", "--passphrase-stdin", "--db", team)
    assert handrail(*remove, stdin=f"{MINE}\n").code == 0
    assert handrail(*add, stdin=f"{MINE}\n{BENS}\n").out == "added eve (operator)\n"


def test_skills_and_roles(handrail: Program, desk: Path):
    handrail("operators", "add", "ana", "--role", "operator", "--db", desk)
    skills = handrail("--db", desk, "operators", "skills", "ana", "billing", "account")
    assert skills.out == "ana: billing, account\n"
    assert handrail("operators", "role", "ana", "supervisor", "--db", desk).code == 0
    (row,) = [
        o
        for o in handrail("operators", "--db", desk, "--json").document["operators"]
        if o["name"] == "ana"
    ]
    assert (row["role"], row["skills"]) == ("supervisor", ["billing", "account"])
    assert handrail("operators", "skills", "ana", "--none", "--db", desk).out == "ana: no skills\n"
    assert handrail("operators", "skills", "ana", "--db", desk).code == 2
    assert handrail("operators", "role", "ana", "king", "--db", desk).code == 2
    last = handrail("operators", "remove", ME, "--db", desk)
    assert (last.code, "last admin" in last.err) == (2, True)


@pytest.mark.parametrize(
    ("stdin", "words"), [("", "ended before the new passphrase"), ("\n", "8 characters")]
)
def test_standard_input_that_does_not_hold_what_is_needed(
    handrail: Program, desk: Path, stdin: str, words: str
):
    set_it = ("operators", "passphrase", "--passphrase-stdin", "--db", desk)
    ran = handrail(*set_it, stdin=stdin)
    assert ran.code == 2
    assert words in ran.err


def at_a_terminal(answers: list[str], *arguments: object) -> tuple[int, str]:
    """Run the program with a terminal for its input; the exit code, and what the terminal shows."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        command(*arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    os.close(theirs)
    shown = ""
    asked = 0
    try:
        while True:
            try:
                read = os.read(ours, 4096).decode()
            except OSError:
                break
            if not read:
                break
            shown += read
            while asked < min(shown.count(": "), len(answers)):
                os.write(ours, f"{answers[asked]}\n".encode())
                asked += 1
    finally:
        code = running.wait(timeout=60)
        os.close(ours)
    return code, shown


def test_a_terminal_asks_and_shows_nothing_of_what_is_typed(handrail: Program, desk: Path):
    handrail("operators", "add", "ana", "--role", "operator", "--db", desk)
    words = ("operators", "passphrase", "--db", desk)
    code, shown = at_a_terminal([MINE, "something else"], *words)
    assert code == 2
    assert "not the same" in shown
    code, shown = at_a_terminal([MINE, MINE], *words)
    assert code == 0
    assert f"new passphrase of {ME}: " in shown
    assert MINE not in shown
    first, *_ = waiting(handrail, desk)
    code, shown = at_a_terminal([MINE], "approve", first, "--db", desk)
    assert code == 0
    assert f"passphrase of {ME}: " in shown
    assert MINE not in shown
    assert decisions(desk) == [(ME, "passphrase")]
