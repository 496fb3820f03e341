"""`handrail audit`: exit codes, what is named, files, who may see what is masked."""

import json
import os
import pty
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import argon2
import pytest

from tests.audit_support import forge
from tests.cli.conftest import Program, command
from tests.operators_support import CHEAP

Made = Callable[[str], Path]
CASE = "wrongful-cancellation"
PASSPHRASE = "battery staple"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost nothing to check, and no token of the person's own is found."""
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: CHEAP)
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)


@pytest.fixture
def desk(worked: Made) -> Path:
    return worked(CASE)


def events(db: Path) -> int:
    with closing(sqlite3.connect(db)) as connection:
        return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def exports(db: Path) -> list[dict[str, object]]:
    """What is on record of exports."""
    with closing(sqlite3.connect(db)) as connection:
        query = "SELECT data FROM event WHERE chain = '' AND kind = 'audit.exported' ORDER BY id"
        return [json.loads(data) for (data,) in connection.execute(query)]


def break_it(db: Path) -> None:
    forge(db, "UPDATE event SET kind = 'triaged' WHERE kind = 'triage'")


def test_a_record_that_holds(handrail: Program, desk: Path):
    ran = handrail("audit", "verify", "--db", desk)
    assert ran.code == 0
    assert ran.out.startswith(f"fine: {events(desk):,} events in 1 chain, ")
    assert ran.err == ""
    document = handrail("--db", desk, "audit", "verify", "--json").document
    assert (document["ok"], document["events"]) == (True, events(desk))
    assert (document["first"], document["anchor"]) == (None, None)


def test_a_record_that_does_not(handrail: Program, desk: Path):
    break_it(desk)
    ran = handrail("audit", "verify", "--db", desk)
    assert ran.code == 1
    assert ran.out.count("\n") == 1
    assert ran.out.startswith("BROKEN: ticket T1, position 3, event ")
    assert f"it was changed, or what stands before it (1 break in {events(desk)} events" in ran.out
    ran = handrail("audit", "verify", "--db", desk, "--json")
    assert (ran.code, ran.document["ok"], ran.document["broken"]) == (1, False, 1)
    assert ran.document["first"] == ran.document["breaks"][0]
    assert (ran.document["first"]["ticket"], ran.document["first"]["position"]) == ("T1", 3)


def test_what_a_forger_names_is_not_shown_raw(handrail: Program, desk: Path):
    forge(desk, "UPDATE event SET payload_id = char(27) || '[31mred' WHERE payload_id IS NOT NULL")
    ran = handrail("audit", "verify", "--db", desk)
    assert ran.code == 1
    assert "\x1b" not in ran.out


def test_an_anchor_finds_the_end_that_was_removed(handrail: Program, desk: Path, tmp_path: Path):
    anchor = tmp_path / "anchor.jsonl"
    ran = handrail("audit", "anchor", anchor, "--db", desk)
    assert (ran.code, ran.out) == (0, "")
    assert f"anchored {events(desk)} events in 1 chain, root " in ran.err
    assert handrail("audit", "verify", "--anchor", anchor, "--db", desk).code == 0
    forge(
        desk,
        "DELETE FROM event WHERE id = (SELECT max(id) FROM event)",
        "UPDATE chain SET (position, hash) = (SELECT position, hash FROM event "
        "WHERE chain = chain.id ORDER BY position DESC LIMIT 1)",
    )
    assert handrail("audit", "verify", "--db", desk).code == 0
    ran = handrail("audit", "verify", "--anchor", anchor, "--db", desk)
    assert ran.code == 1
    assert "ticket T1" in ran.out
    assert "the end was removed" in ran.out


def test_an_anchor_to_standard_output_or_as_json(handrail: Program, desk: Path, tmp_path: Path):
    summary, *chains = handrail("audit", "anchor", "-", "--db", desk).out.splitlines()
    assert json.loads(summary)["chains"] == len(chains) == 1
    document = handrail("audit", "anchor", tmp_path / "a", "--db", desk, "--json").document
    assert document["root"] == json.loads(summary)["root"]


def test_an_export_is_checked_without_a_workspace(handrail: Program, desk: Path, tmp_path: Path):
    file = tmp_path / "t1.jsonl"
    ran = handrail("audit", "export", "T1", "-o", file, "--db", desk, "--as", "ada")
    assert (ran.code, ran.out) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "@" not in file.read_text()
    (recorded,) = exports(desk)
    assert (recorded["by"], recorded["masked"]) == ("ada", True)
    for path in desk.parent.glob("desk*"):
        path.unlink()
    ran = handrail("audit", "verify", file)
    assert ran.code == 0
    assert f"sha256 {recorded['sha256']}" in ran.out
    assert handrail("audit", "verify", file, "--json").document["sha256"] == recorded["sha256"]
    lines = file.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"triage"', b'"triagf"')
    file.write_bytes(b"".join(lines))
    ran = handrail("audit", "verify", file)
    assert ran.code == 1
    assert ran.out.startswith("BROKEN: line 4, ticket T1, position 3, ")


def test_an_export_to_standard_output(handrail: Program, desk: Path, tmp_path: Path):
    ran = handrail("audit", "export", "T1", "--unmasked", "--db", desk)
    assert ran.code == 0
    assert "unmasked" in ran.err
    file = tmp_path / "t1.jsonl"
    file.write_text(ran.out, encoding="utf-8")
    assert handrail("audit", "verify", file).code == 0
    header = json.loads(ran.out.splitlines()[0])
    assert header["requester"]
    (recorded,) = exports(desk)
    assert (recorded["masked"], recorded["ticket"]) == (False, header["ticket"])
    assert handrail("audit", "verify", "--db", desk).code == 0


def test_only_an_admin_sees_what_is_masked(handrail: Program, desk: Path, tmp_path: Path):
    given = ("--passphrase-stdin", "--db", desk)
    for role in ("supervisor", "viewer"):
        added = handrail("operators", "add", role, "--role", role, *given, stdin=f"{PASSPHRASE}\n")
        assert added.code == 0
    handrail("operators", "passphrase", *given, stdin=f"{PASSPHRASE}\n")
    file = tmp_path / "t1.jsonl"
    wanted = ("audit", "export", "T1", "--unmasked", "-o", file, *given)
    for role in ("supervisor", "viewer"):
        ran = handrail(*wanted, "--as", role, stdin=f"{PASSPHRASE}\n")
        assert ran.code == 2
        assert f"{role} is a {role} and may not" in ran.err
    assert handrail(*wanted, stdin="wrong words\n").code == 2
    assert exports(desk) == []
    assert list(tmp_path.glob("*t1*")) == []
    assert handrail(*wanted, stdin=f"{PASSPHRASE}\n").code == 0
    masked = handrail("audit", "export", "T1", "--as", "viewer", "--db", desk)
    assert masked.code == 0
    assert [(r["masked"], r["signed_in_by"]) for r in exports(desk)] == [
        (False, "passphrase"),
        (True, "word"),
    ]


def test_an_export_of_a_ticket_that_is_not_there(handrail: Program, desk: Path, tmp_path: Path):
    ran = handrail("audit", "export", "T9", "-o", tmp_path / "t9.jsonl", "--db", desk)
    assert ran.code == 2
    assert "'T9'" in ran.err
    assert list(tmp_path.glob("*t9*")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "none.jsonl"], "none.jsonl: cannot be read"),
        (["verify", "desk.db"], "is no export"),
        (["verify", "anchor.jsonl"], "give it with --anchor"),
        (["verify", "--anchor", "desk.db"], "is no anchor"),
        (["verify", "--anchor", "none.jsonl"], "none.jsonl: cannot be read"),
        (["verify", "--db", "none.db"], "`handrail init`"),
        (["anchor", "anchor.jsonl"], "is there already"),
        (["anchor", "none/anchor.jsonl"], "folder is not there"),
        (["export", "T1", "-o", "anchor.jsonl"], "is there already"),
        (["export", "T1", "-o", "desk.db"], "is there already"),
        (["anchor"], "Missing argument"),
        ([], "Missing command"),
    ],
)
def test_wrong_usage(
    handrail: Program,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
):
    monkeypatch.chdir(desk.parent)
    assert handrail("audit", "anchor", "anchor.jsonl", "--db", desk).code == 0
    before = Path("anchor.jsonl").read_bytes()
    at = ["--db", str(desk)] if arguments and "--db" not in arguments else []
    ran = handrail("audit", *arguments, *at)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert Path("anchor.jsonl").read_bytes() == before


def test_how_far_it_is_is_told_at_a_terminal_alone(desk: Path):
    ours, theirs = pty.openpty()
    code = (
        "import data.audit.verify as v; v.PROGRESS_EVERY = 1; from console.main import main; main()"
    )
    program = [*command()[:3], code, "audit", "verify", "--db", str(desk)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=theirs, text=True) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                read = os.read(ours, 4096)
            except OSError:
                break
            if not read:
                break
            shown += read
        assert running.stdout is not None
        printed = running.stdout.read()
    os.close(ours)
    assert running.returncode == 0
    assert printed.startswith("fine: ")
    assert f"{events(desk):,} of {events(desk):,} events".encode() in shown
    assert shown.endswith(b"\r\x1b[K")
