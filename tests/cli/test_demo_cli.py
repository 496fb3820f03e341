"""`handrail demo` without a terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.demo.summary import DemoSummary, TicketEnd
from console.cli.demo import _report

ROOT = Path(__file__).resolve().parents[2]


def handrail(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, with nothing to read from."""
    code = "import sys; from console.main import main; sys.argv[0] = 'handrail'; main()"
    kept = {k: v for k, v in os.environ.items() if k != "HANDRAIL_DB"}
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
        cwd=environment.get("TMPDIR", "/"), env=kept | {"PYTHONPATH": str(ROOT)} | environment,
    )  # fmt: skip


@pytest.mark.slow
def test_without_a_terminal_it_runs_to_the_end_and_leaves_nothing(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    ran = handrail("demo", TMPDIR=str(folder))
    assert ran.returncode == 0, ran.stderr
    for words in ("escalated", "resolved", "process_refund", "verified", "Approvals", "Time:"):
        assert words in ran.stdout
    assert "tickets have arrived" in ran.stderr
    assert not list(folder.glob("handrail-demo-*"))


def test_the_summary_as_one_document(capsys):
    summary = DemoSummary([TicketEnd("t_1", "1001", "twice", "Two", "resolved", ["B1"], "done", 1)])
    summary.actions["process_refund", "verified"] = 2
    summary.money["process_refund", "verified", "eur"] = 2580
    _report(summary, None, tickets=False, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["by_status"] == {"resolved": 1}
    assert document["by_rule"] == {"B1": {"resolved": 1}}
    assert document["actions"] == [
        {"action": "process_refund", "state": "verified", "count": 2, "money": {"eur": 2580}}
    ]
    assert document["finished"]


def test_a_workspace_that_is_there_is_not_touched(tmp_path):
    place = tmp_path / "mine.db"
    place.write_text("mine")
    ran = handrail("demo", "--headless", "--db", str(place))
    assert ran.returncode == 2
    assert "fresh workspace" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert place.read_text() == "mine"
