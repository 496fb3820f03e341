"""`handrail backup`, `erase` and `prune`: copies that work, people who are forgotten."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import argon2
import pytest

from data.audit.verify import verify
from data.workspace import open_workspace
from tests.cli.conftest import Program, Ran, command, work_off
from tests.keeping_support import CUSTOMER, age, plant
from tests.operators_support import CHEAP

Made = Callable[[str], Path]

WRITER = """
import sys
from console.bootstrap import open_session
from agents.service import NewTicket
session = open_session(sys.argv[1], create=False)
while True:
    session.service.ingest(NewTicket(None, "More", "Where is my invoice?", "x@example.org"))
    print("another", flush=True)
"""


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost nothing to check, and no token of the person's own is found."""
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: CHEAP)
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def planted(tmp_path: Path, handrail: Program) -> Path:
    """A workspace with one ticket that has ended and holds personal data everywhere."""
    db = tmp_path / "desk.db"
    assert handrail("init", "--db", db).code == 0
    store = open_workspace(str(db), create=False)
    plant(store)
    store.close()
    return db


@contextmanager
def tickets_arriving(db: Path) -> Iterator[None]:
    running = subprocess.Popen(
        [*command()[:2], "-c", WRITER, str(db)], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    try:
        assert running.stdout.readline() == "another\n"
        yield
    finally:
        running.kill()
        running.communicate()


def only_ticket(handrail: Program, db: Path) -> dict:
    found: dict = handrail("show", "T1", "--db", db, "--json").document["ticket"]
    return found


class TestBackup:
    def test_the_copy_is_a_workspace_to_go_on_with(
        self, handrail: Program, worked: Made, tmp_path: Path
    ):
        db, copy = worked("three-in-one"), tmp_path / "copies" / "of-today.db"
        copy.parent.mkdir()
        with tickets_arriving(db):
            ran = handrail("backup", copy, "--db", db)
        assert ran.code == 0, ran.err
        assert "of-today.backoffice.db" in ran.out
        assert sorted(f.name for f in copy.parent.iterdir()) == [
            "of-today.backoffice.db", "of-today.db",
        ]  # fmt: skip
        store = open_workspace(str(copy), create=False)
        assert verify(store).breaks == []
        store.close()
        asked = handrail("approvals", "--db", copy, "--json").document["approvals"]
        assert {a["action"] for a in asked} == {"process_refund", "reset_service"}
        assert handrail("approve", *[a["id"] for a in asked], "--db", copy).code == 0
        work_off(copy)
        shown = handrail("show", "T1", "--db", copy, "--json").document
        assert shown["ticket"]["status"] == "resolved"
        for place, done in ((copy, 1), (db, 0)):
            effects = handrail("backoffice", "effects", "--db", place, "--json").document["effects"]
            assert sum(e["action"] == "process_refund" for e in effects) == done

    def test_it_does_not_replace_unless_told(self, handrail: Program, planted: Path):
        copy = planted.with_name("copy.db")
        assert handrail("backup", copy, "--db", planted).code == 0
        before = copy.read_bytes()
        again = handrail("backup", copy, "--db", planted)
        assert (again.code, again.err.count("\n")) == (2, 1)
        assert "--force" in again.err
        assert copy.read_bytes() == before
        assert handrail("backup", copy, "--force", "--db", planted).code == 0

    @pytest.mark.parametrize("name", ["desk.db", "desk.backoffice.db", "desk.txt"])
    def test_never_onto_the_workspace(self, handrail: Program, planted: Path, name: str):
        before = planted.read_bytes()
        ran = handrail("backup", planted.with_name(name), "--force", "--db", planted)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "in use by this workspace" in ran.err
        assert planted.read_bytes() == before

    def test_a_server_is_not_asked_before_its_tool_is_named(self, handrail: Program):
        place = "postgresql://eve:hunter2@127.0.0.1:1/desk"
        ran = handrail("backup", "copy.db", "--db", place)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "pg_dump" in ran.err
        assert "hunter2" not in ran.err


class TestErase:
    def test_said_and_done(self, handrail: Program, planted: Path):
        ran = handrail("erase", CUSTOMER, "--yes", "--db", planted)
        assert ran.code == 0, ran.err
        assert "1 ticket(s), 3 message(s), 2 payload(s)" in ran.out
        assert "other outside systems keep their own records" in ran.out
        shown = handrail("show", "T1", "--db", planted)
        assert "Petronella" not in shown.out
        assert "12.50 EUR" in shown.out
        again = handrail("erase", "T1", "--yes", "--db", planted)
        assert again.code == 0
        assert "0 things erased" in again.out

    def test_as_a_document(self, handrail: Program, planted: Path):
        ran = handrail("erase", "T1", "--yes", "--compact", "--json", "--db", planted)
        document = ran.document
        assert document["customer"] == CUSTOMER
        assert (document["tickets"], document["closed"]) == (["T1"], [])
        assert document["erased"]["payloads"] == 2
        assert (document["still_logged"], document["cleared"], document["compacted"]) == (
            0, True, True,
        )  # fmt: skip
        assert "Petronella" not in ran.out

    def test_not_without_being_asked_or_told(self, handrail: Program, planted: Path):
        ran = handrail("erase", CUSTOMER, "--db", planted)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "--yes" in ran.err
        assert "Petronella" in handrail("show", "T1", "--db", planted).out

    @pytest.mark.parametrize(("answer", "code", "gone"), [("n", 1, False), ("y", 0, True)])
    def test_asked_at_a_terminal(
        self, handrail: Program, planted: Path, answer: str, code: int, gone: bool
    ):
        ran = at_terminal(answer, "erase", CUSTOMER, "--db", planted)
        assert ran.code == code, ran.err
        assert "cannot be undone" in ran.err
        shown = handrail("show", "T1", "--db", planted).out
        assert ("Petronella" not in shown) == gone

    def test_nobody(self, handrail: Program, planted: Path):
        ran = handrail("erase", "cus_nobody", "--yes", "--db", planted)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        none = handrail("erase", "nobody@example.org", "--yes", "--db", planted)
        assert none.code == 0
        assert "0 things" in none.out

    def test_what_waits_for_approval_is_kept_until_forced(self, handrail: Program, worked: Made):
        db = worked("wrongful-cancellation")
        refused = handrail("erase", "T1", "--yes", "--db", db)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "awaiting approval" in refused.err
        forced = handrail("erase", "T1", "--yes", "--force", "--json", "--db", db)
        document = forced.document
        assert forced.code == (1 if document["still_logged"] else 0)
        assert document["closed"] == ["T1"]
        assert document["customer"] == "cus_tomasz"
        shown = handrail("show", "T1", "--db", db, "--json").document
        assert shown["ticket"]["status"] == "closed"
        assert {a["state"] for a in shown["actions"]} == {"withdrawn"}
        assert handrail("approvals", "--db", db, "--json").document["approvals"] == []
        work_off(db)
        store = open_workspace(str(db), create=False)
        assert verify(store).breaks == []
        store.close()

    def test_the_customer_is_found_by_the_records_outside(self, handrail: Program, new: Made):
        db = new("wrongful-cancellation")
        ran = handrail("erase", "cus_tomasz", "--yes", "--force", "--json", "--db", db)
        assert ran.document["tickets"] == ["T1"]
        assert only_ticket(handrail, db)["requester"] is None

    def test_who_writes_again_is_somebody_unknown(self, handrail: Program, worked: Made):
        db = worked("wrongful-cancellation")
        handrail("erase", "T1", "--yes", "--force", "--db", db)
        assert handrail("receive", "T1", "-", "--db", db, stdin="Was I refunded?").code == 0
        work_off(db)
        ticket = only_ticket(handrail, db)
        assert ticket["status"] in ("awaiting_customer", "escalated", "resolved")
        assert ticket["reply"]
        assert "Tomasz" not in str(ticket)
        assert handrail("approvals", "--db", db, "--json").document["approvals"] == []

    @pytest.mark.usefixtures("cheap")
    def test_it_takes_a_supervisor(self, handrail: Program, planted: Path):
        stdin = ("--passphrase-stdin", "--db", planted)
        for name, role in (("ana", "supervisor"), ("ben", "operator")):
            added = handrail(
                "operators", "add", name, "--role", role, *stdin, stdin="correct horse\n"
            )
            assert added.code == 0
        assert handrail("operators", "passphrase", *stdin, stdin="correct horse\n").code == 0
        for words in (["erase", CUSTOMER, "--yes"], ["prune", "--older-than", "1"]):
            ran = handrail(*words, "--as", "ben", *stdin, stdin="correct horse\n")
            assert (ran.code, ran.err.count("\n")) == (2, 1)
            assert "supervisor" in ran.err
        ran = handrail("erase", CUSTOMER, "--yes", "--as", "ana", *stdin, stdin="correct horse\n")
        assert ran.code == 0, ran.err


class TestPrune:
    @pytest.fixture
    def old(self, planted: Path) -> Path:
        """A ticket that ended 40 days ago, and one of today."""
        store = open_workspace(str(planted), create=False)
        age(store, plant(store, "T2"), days=40)
        store.close()
        return planted

    def test_nothing_unless_the_policy_or_the_person_says_so(self, handrail: Program, old: Path):
        ran = handrail("prune", "--db", old)
        assert ran.code == 0
        assert "keep_days" in ran.out
        document = handrail("prune", "--db", old, "--json").document
        assert (document["older_than_days"], document["tickets"]) == (None, 0)

    def test_as_the_policy_says(self, handrail: Program, old: Path):
        policy = handrail("policy", "show", "--db", old).out
        text = policy.replace("keep_days: null", "keep_days: 30")
        assert text != policy
        old.with_name("policy.yaml").write_text(text)
        counted = handrail("prune", "--dry-run", "--json", "--db", old).document
        assert (counted["tickets"], counted["erased"]["messages"]) == (1, 0)
        done = handrail("prune", "--json", "--db", old).document
        assert (done["older_than_days"], done["tickets"]) == (30, 1)
        assert done["erased"]["messages"] == 3
        assert "Petronella" not in handrail("show", "T2", "--db", old).out
        assert "Petronella" in handrail("show", "T1", "--db", old).out
        assert handrail("prune", "--json", "--db", old).document["tickets"] == 0

    def test_as_the_person_says(self, handrail: Program, old: Path):
        assert "0 ticket(s)" in handrail("prune", "--older-than", "50", "--db", old).out
        ran = handrail("prune", "--older-than", "30", "--db", old)
        assert ran.code == 0
        assert "1 ticket(s)" in ran.out

    def test_how_long_tickets_are_kept_binds_no_decision(self, handrail: Program, worked: Made):
        db = worked("wrongful-cancellation")
        policy = handrail("policy", "show", "--db", db).out
        db.with_name("policy.yaml").write_text(policy.replace("keep_days: null", "keep_days: 9"))
        asked = handrail("approvals", "--db", db, "--json").document["approvals"]
        handrail("approve", *[a["id"] for a in asked], "--db", db)
        work_off(db)
        assert only_ticket(handrail, db)["status"] == "resolved"


def at_terminal(answer: str, *arguments: object) -> Ran:
    """The program as a process whose standard input is a terminal, and what it is answered."""
    ours, theirs = pty.openpty()
    try:
        running = subprocess.Popen(
            command(*arguments), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip
        os.write(ours, f"{answer}\n".encode())
        out, err = running.communicate(timeout=60)
        return Ran(running.returncode, out, err)
    finally:
        os.close(ours)
        os.close(theirs)
