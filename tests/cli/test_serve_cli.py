"""What `handrail serve` refuses before it serves anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.operators import Operators
from data.vocabulary import Role
from data.workspace import open_workspace
from tests.cli.conftest import Program
from tests.operators_support import CHEAP

SCENARIO = "three-in-one"


def with_passphrase(db: Path) -> Path:
    """The workspace, with somebody who can sign in."""
    workspace = open_workspace(str(db), create=False)
    try:
        Operators(workspace, CHEAP).add("maya", Role.ADMIN, by="founder", passphrase="long enough")
    finally:
        workspace.close()
    return db


def test_a_workspace_must_be_there(handrail: Program, tmp_path: Path):
    ran = handrail("serve", "--db", tmp_path / "none.db")
    assert ran.code == 2
    assert "none.db" in ran.err


def test_somebody_must_be_able_to_sign_in(handrail: Program, new: Callable[[str], Path]):
    ran = handrail("serve", "--db", new(SCENARIO))
    assert ran.code == 2
    assert "nobody has a passphrase" in ran.err
    assert not ran.out


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "x/y"])
def test_a_host_must_be_one_place(handrail: Program, tmp_path: Path, host: str):
    ran = handrail("serve", "--db", tmp_path / "x.db", "--host", host, "--expose")
    assert ran.code == 2
    assert "--host" in ran.err


def test_a_place_that_others_reach_must_be_wanted(handrail: Program, tmp_path: Path):
    ran = handrail("serve", "--db", tmp_path / "x.db", "--host", "192.0.2.7")
    assert ran.code == 2
    assert "--expose" in ran.err


def test_whoever_wants_it_is_warned(handrail: Program, new: Callable[[str], Path]):
    db = with_passphrase(new(SCENARIO))
    ran = handrail("serve", "--db", db, "--host", "192.0.2.7", "--expose")
    assert ran.code == 2
    warned, failed = ran.err.splitlines()
    assert "nothing is encrypted" in warned
    assert "cannot listen on 192.0.2.7" in failed
