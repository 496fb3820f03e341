"""A worker killed with SIGKILL at a commit: in the end all is as if nothing had happened.

At each commit of the back office and every fourth of the workspace; under `make torture` at all,
of more scenarios.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("killing.py")
ROOT = Path(__file__).parents[2]

LONG = bool(os.environ.get("HANDRAIL_TORTURE"))
EVERY = 1 if LONG else 4

SCENARIOS = {
    "wrongful-cancellation": (0.0, 4, ["process_refund", "process_refund", "issue_credit"]),
    "p1-german": (0.06, 0, []),
    "three-in-one": (0.0, 0, []),
    "approval-two-people": (0.0, 1, ["process_refund"]),
    "e2-legal-threat": (0.0, 0, []),
}
"""Name to the pause of each read (past 0.05 s each recorded read commits by itself), the requests
that a person must decide at least, and writes that must be among the effects."""


@pytest.mark.parametrize("name", list(SCENARIOS) if LONG else list(SCENARIOS)[:2])
def test_a_kill_at_any_commit_changes_nothing_in_the_end(name: str, tmp_path: Path) -> None:
    pause, requests, writes = SCENARIOS[name]
    ran = subprocess.run(
        [sys.executable, "-P", str(CHILD), name, str(tmp_path), str(pause), str(EVERY)],
        capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    calm, *points = (json.loads(line) for line in ran.stdout.splitlines())

    by_people = [a for a in calm["end"]["actions"] if a[3] != "policy"]
    assert len(by_people) >= requests
    effects = [json.loads(row)["action"] for row in calm["end"]["back office"]["effects"]]
    assert sorted(a[0] for a in calm["end"]["actions"] if a[2] == "verified") == sorted(effects)
    for write in writes:
        assert effects.count(write) >= writes.count(write)

    assert calm["commits"].count("back office") == len(effects)
    in_back_office = {n for n, which in enumerate(calm["commits"], 1) if which == "back office"}
    every_so_many = set(range(1, len(calm["commits"]) + 1, EVERY))
    assert {p["commit"] for p in points} == in_back_office | every_so_many
    wrong = [p for p in points if p["code"] != 0 or p["end"] is not None]
    assert not wrong, f"after a kill at commit {wrong[0]['commit']} ({wrong[0]}): not {calm['end']}"
    # Near the end a run may have had a commit less than the undisturbed one.
    assert all(p["killed"] for p in points if p["commit"] < len(calm["commits"]) - 2)
