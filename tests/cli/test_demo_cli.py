"""`handrail demo` without a terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

from agents.demo.summary import DemoSummary, TicketEnd
from console.cli.demo_report import summary_document

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


def test_without_a_terminal_it_runs_to_the_end_and_the_workspace_can_be_read(tmp_path):
    place = tmp_path / "demo.db"
    ran = handrail("demo", "--db", str(place))
    assert ran.returncode == 0, ran.stderr
    for words in ("escalated", "resolved", "verified", "approvals", "escalations", "time"):
        assert words in ran.stdout
    listed = json.loads(handrail("tickets", "--db", str(place), "--json").stdout)
    assert listed["total"] >= 40
    assert {t["status"] for t in listed["tickets"]} >= {"resolved", "escalated", "closed"}


def test_the_summary_as_one_document():
    summary = DemoSummary([TicketEnd("t_1", "1001", "twice", "Two", "resolved", ["B1"], "done", 1)])
    summary.actions["process_refund", "verified"] = 2
    summary.money["process_refund", "verified", "eur"] = 2580
    document = summary_document(summary, "demo.db")
    assert json.loads(json.dumps(document))["finished"]
    assert document["tickets"][0]["rules"] == ["B1"]


def test_a_workspace_that_is_there_is_not_touched(tmp_path):
    place = tmp_path / "mine.db"
    place.write_text("mine")
    ran = handrail("demo", "--headless", "--db", str(place))
    assert ran.returncode == 2
    assert "fresh workspace" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert place.read_text() == "mine"
