"""A changed policy over many past decisions: how fast, and with how much memory."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from data.tables import Action, Issue, Run, Ticket
from data.workspace import open_workspace
from tests.bench.measures import NOW, copy_rows, drawn, number

_AT = "CAST({now} - 86400000000.0 * 365 * (1.0 - n * 1.0 / :tickets) AS INTEGER)"
_CHANGED = """
policy: 1
approval:
  two_people_over: 8000
  actions: {process_refund: ask, issue_credit: auto, reset_service: ask, update_crm: forbidden}
  alone: [{action: process_refund, up_to: 3000, intents: [billing]}]
  caps: [{action: process_refund, count: 60, amount: 200000}]
"""


def past(place: Path, decisions: int) -> None:
    """A workspace with so many proposals of a year that people decided, each in its ticket."""
    store = open_workspace(str(place), started=NOW, synchronous="OFF")
    with store.write() as tx:
        tx.insert(Ticket, id="t_0", ref="R-0", opened_at=NOW, updated_at=NOW, pending=False)
        tx.insert(Run, id="r_0", ticket_id="t_0", number=1, started_at=NOW)
        tx.insert(Issue, id="i_0", ticket_id="t_0", position=0, kind="", intent="billing")
        tx.insert(
            Action, id="a_0", ticket_id="t_0", run_id="r_0", issue_id="i_0", position=1,
            name="process_refund", arguments={}, digest="", target="", agent="billing",
            gate="ask", reason="", proposed_at=NOW, idempotency_key="k_0", people_needed=1,
            decided_by="ana", records={"charges:ch_1": {"fields": {"note": "x" * 400}}},
        )  # fmt: skip
        moment = tx.connection.exec_driver_sql("SELECT opened_at FROM ticket").scalar_one()
    store.close()
    at = _AT.format(now=moment)
    intents = drawn(1, billing=60, technical=25, account=15)
    names = drawn(1, process_refund=50, issue_credit=10, reset_service=25, update_crm=15)
    rows = {
        "ticket": {"id": "'t_' || n", "ref": "'R-' || n", "opened_at": at, "updated_at": at},
        "run": {"id": "'r_' || n", "ticket_id": "'t_' || n", "started_at": at},
        "issue": {"id": "'i_' || n", "ticket_id": "'t_' || n", "intent": intents},
        "action": {
            "id": "'a_' || n", "ticket_id": "'t_' || n", "run_id": "'r_' || n",
            "issue_id": "'i_' || n", "idempotency_key": "'k_' || n", "name": names,
            "amount": f"CASE WHEN {names} IN ('process_refund', 'issue_credit') "
            "THEN 100 + (n * 7919) % 12000 END",
            "currency": drawn(3, usd=60, eur=40), "proposed_at": at, "started_at": at,
            "state": drawn(4, verified=90, rejected=6, undone=2, expired=2),
        },
    }  # fmt: skip
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        number(db, decisions)
        for table, columns in rows.items():
            copy_rows(db, table, columns, decisions)
        db.execute("COMMIT")


def judged(folder: Path, decisions: int) -> dict[str, tuple[float, float, float]]:
    """Of `policy preview` and `policy suggest`: seconds, those of CPU, MB that each grew by."""
    place, file = folder / f"past-{decisions}.db", folder / "changed.yaml"
    past(place, decisions)
    file.write_text(_CHANGED)
    return {
        "policy preview, all listed": _timed(place, "preview", str(file), "--json"),
        "policy suggest": _timed(place, "suggest", "--json"),
    }


_MEASURE = """
import sys, time
from console.cli.program import run
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1])
run(["--db", sys.argv[1], "policy", "show", "--json"])
import agents.policy.preview, agents.policy.suggest, agents.service
before, start, used = peak(), time.perf_counter(), time.process_time()
code = run(["--db", sys.argv[1], "policy", *sys.argv[2:]])
took, used = time.perf_counter() - start, time.process_time() - used
print(code, took, used, (peak() - before) / 1024, file=sys.stderr)
"""


def _timed(place: Path, *arguments: str) -> tuple[float, float, float]:
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _MEASURE, str(place), *arguments],
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    code, took, used, grew = ended.stderr.split()
    assert code == "0", ended.stderr
    decoder = json.JSONDecoder()
    _, end = decoder.raw_decode(ended.stdout)
    json.loads(ended.stdout[end:])
    return float(took), float(used), float(grew)
