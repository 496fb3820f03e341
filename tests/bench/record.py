"""Checking the record: events per second and memory, against fetching and hashing alone."""

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from data.audit.links import link_hash
from data.columns import canonical
from data.store import GENESIS
from data.triggers import GUARDS
from data.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[2]
A_CHAIN = 40
"""Events of one ticket, which stand one after the other."""

TEXT = 400
"""Characters of a text beside an event."""

_MEASURED = """
import hashlib, json, sqlite3, sys, time
def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
def measured(check):
    before, cpu, start = memory(), time.process_time(), time.perf_counter()
    events = check()
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = memory()
    told = {"rate": events / took, "cpu": events / cpu, "memory": peak, "grew": peak - before}
    print(json.dumps(told))
"""
_CHECK = f"""{_MEASURED}
from data.audit.anchor import take_anchor
from data.audit.verify import verify
from data.workspace import open_workspace
store = open_workspace(sys.argv[1], create=False)
anchor = take_anchor(store) if sys.argv[2:] else None
def check():
    found = verify(store, anchor)
    assert not found.broken, found.breaks
    return found.events
measured(check)
"""
_BARE = f"""{_MEASURED}
db = sqlite3.connect(sys.argv[1], isolation_level=None)
query = (
    "SELECT id, chain, position, run_id, step, at, agent, kind, data, payload_id, payload_digest, "
    "hash FROM event ORDER BY id"
)
def check():
    events = 0
    for row in db.execute(query):
        hashlib.sha256(row[8].encode()).hexdigest()
        events += 1
    return events
measured(check)
"""


def checking(folder: Path, events: int, texts: float, rounds: int) -> dict[str, dict[str, float]]:
    """The best of some rounds, all in turns, each in a process of its own.

    Events per second, the same per second of CPU, and the most memory (MB), and how much of it came
    with the check. `texts` is the share of events with a text beside them.
    """
    path = folder / f"record-{events}-{texts}.db"
    _write(path, events, texts)
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, found in {
            "bare": _run(_BARE, path),
            "verify": _run(_CHECK, path),
            "anchored": _run(_CHECK, path, "anchor"),
        }.items():
            if name not in best or found["rate"] > best[name]["rate"]:
                best[name] = found
    path.unlink()
    return best


def _run(code: str, path: Path, *more: str) -> dict[str, float]:
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code, str(path), *more],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def _write(path: Path, events: int, texts: float) -> None:
    """A workspace with a log like that of tickets worked on, written past the store."""
    open_workspace(str(path), synchronous="OFF").close()
    heads: dict[str, tuple[int, str]] = {}
    beside: list[tuple[Any, ...]] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        for name in GUARDS:
            db.execute(f"DROP TRIGGER {name}")
        db.executemany(
            "INSERT INTO event (chain, position, run_id, step, at, agent, kind, data, payload_id, "
            "payload_digest, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _rows(events, texts, heads, beside),
        )
        db.executemany("INSERT INTO payload (id, salt, body) VALUES (?, ?, ?)", beside)
        ends = [(chain, *head) for chain, head in heads.items()]
        db.executemany("INSERT INTO chain VALUES (?, ?, ?)", ends)
        for text in GUARDS.values():
            db.execute(text)
        db.execute("COMMIT")


def _rows(
    events: int,
    texts: float,
    heads: dict[str, tuple[int, str]],
    beside: list[tuple[Any, ...]],
) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(1)
    for number in range(events):
        chain = f"t_1ng6s8{number // A_CHAIN:09x}"
        last, before = heads.get(chain, (0, GENESIS))
        run, step = f"r_1ng6s8{number // A_CHAIN:09x}", f"look.1.0.{last}.billing.charges"
        found = ["ch_march", "ch_april", f"ch_{number}"]
        data = {"found": found, "input": {"customer": "cus_leo"}, "ms": 0.08, "rows": 3}
        payload = digest = None
        if rng.random() < texts:
            payload, salt = f"p_1ng6s8{number:09x}", f"{number:016x}"
            body = (f"{number} words " * TEXT)[:TEXT]
            digest = hashlib.sha256((salt + body).encode()).hexdigest()
            beside.append((payload, salt, body))
        columns = (
            chain, last + 1, run, step, 1_776_876_300_000_000 + number, "billing", "tool.called",
            canonical(data),
        )  # fmt: skip
        heads[chain] = (last + 1, link_hash(before, *columns, digest))
        yield (*columns, payload, digest, heads[chain][1])
