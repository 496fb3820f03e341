"""The benchmarks: `make bench`. Prints a table; its figures are told, never judged.

`python -P tests/bench/run.py [whole] [worker] [sizes] [record] [replay] [triage]
[measures] [desk] [decision] [policy]` runs the named parts only.
"""

import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import (
    batch,
    decision,
    desk,
    measures,
    proposed,
    record,
    replay,
    sizes,
    whole,
)
from tests.bench.large import make_large

TICKETS = 40
DECISIONS = 200
BATCHES = {"accurate": 2_000, "fast": 20_000}
"""Rows, by the features that read them."""
ROUNDS = 2
EVENTS = 1_000_000
MEASURED = 1_000_000
REPLAYED = 10_000
PROPOSED = 100_000


def line(name: str, *figures: str) -> None:
    """One row of the table."""
    print(f"  {name:<46}" + "".join(f"{figure:>15}" for figure in figures), flush=True)


def heading(text: str, *columns: str) -> None:
    """What the next rows are."""
    print(f"\n{text:<48}" + "".join(f"{column:>15}" for column in columns), flush=True)


def head() -> None:
    """On what this runs."""
    load = os.getloadavg()[0]
    print(
        f"cores {len(os.sched_getaffinity(0))} (load {load:.1f}) · Python "
        f"{platform.python_version()} · SQLite {sqlite3.sqlite_version} · synchronous=FULL, WAL:"
        " workspace, back office and the peer's checkpoints"
    )


def whole_tickets(folder: Path) -> None:
    """Tickets per second, ours and LangGraph's in turns; the best round of each."""
    ours: list[dict[str, float]] = []
    peers: dict[str, list[dict[str, float]]] = {}
    kinds: dict[str, dict[str, Any]] = {
        "LangGraph, empty nodes, durability async": {"durability": "async", "triage": False},
        "LangGraph, empty nodes, durability sync": {"durability": "sync", "triage": False},
        "LangGraph, our triage in a node, sync": {"durability": "sync", "triage": True},
    }
    for turn in range(ROUNDS):
        ours.append(whole.inline(folder, TICKETS, 100 + turn))
        for name, how in kinds.items() if whole.PEER.exists() else ():
            if how["triage"] and turn:
                continue
            try:
                peers.setdefault(name, []).append(
                    whole.langgraph(folder, TICKETS, 100 + turn, **how)
                )
            except (RuntimeError, OSError) as problem:
                line(name, f"failed: {problem}")
    best = max(ours, key=lambda found: found["rate"])
    heading(
        f"whole tickets, {TICKETS} different texts",
        "tickets/s",
        "CPU each",
        "Handrail is",
        "by CPU",
    )
    line(
        "Handrail, engine inline",
        f"{best['rate']:.1f}",
        f"{best['cpu'] * 1000:.1f} ms",
        f"{best['verified']:.0f}/{TICKETS} ok",
    )
    for name, found in peers.items():
        peer = max(found, key=lambda one: one["rate"])
        line(
            name,
            f"{peer['rate']:.1f}",
            f"{peer['cpu'] * 1000:.1f} ms",
            f"{best['rate'] / peer['rate']:.2f} x",
            f"{peer['cpu'] / best['cpu']:.2f} x",
        )
    if not whole.PEER.exists():
        line("LangGraph", "not installed: make bench-peers")
    parts = whole.split(folder, TICKETS, 200)
    total = parts.pop("#total")
    commits = parts.pop("#commits")
    heading("cost of one ticket, inline", "ms", "share")
    for name, spent in sorted(parts.items(), key=lambda part: -part[1]):
        line(name, f"{spent:.2f}", f"{spent / total:.0%}")
    line("all, with the timers", f"{total:.2f}", f"{commits:.1f} commits")


def live_worker(folder: Path) -> None:
    """The worker process: rate, approvals, idling."""
    found = whole.dispatched(folder, TICKETS, 300)
    heading("a live worker process (DBOS, 4 at a time)")
    line(
        "whole tickets per second",
        f"{found['rate']:.1f}",
        f"{found['cpu'] * 1000:.1f} ms CPU",
        f"{found['verified']}/{TICKETS} ok",
    )
    times = sorted(1000 * seconds for seconds in found["times"])
    if len(times) > 1:
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        line(
            "approval's commit to verified effect",
            f"p50 {statistics.median(times):.0f} ms",
            f"p95 {p95:.0f} ms",
            f"max {times[-1]:.0f} ms",
            f"n={len(times)}",
        )
    line("CPU when idle, over 10 s", f"{found['idle']:.1f} %", "of a core")


def growth(folder: Path) -> None:
    """Ingest and queries by size."""
    rates, queries = sizes.growing(folder, sizes.STEPS[-1])
    heading("ingest_many, 500 a transaction", "rows/s", "against first")
    first = next(iter(rates.values()))
    for size, rate in rates.items():
        line(f"up to {size:,} tickets", f"{rate:,.0f}", f"{rate / first:.2f} x")
    small, large = queries
    heading("the queue", f"{small:,}", f"{large:,}", "ratio")
    for name, took in queries[small].items():
        line(
            name,
            f"{took:.2f} ms",
            f"{queries[large][name]:.2f} ms",
            f"{queries[large][name] / took:.1f} x",
        )


def checking_the_record(folder: Path) -> None:
    """Events per second of `handrail audit verify`, and what memory it takes."""
    for events, texts in ((EVENTS, 0.0), (EVENTS // 4, 0.6)):
        found = record.checking(folder, events, texts, ROUNDS)
        bare = found["bare"]
        beside = f", {texts:.0%} with a text" if texts else ""
        columns = ("events/s", "per CPU second", "the limit is", "memory")
        heading(f"the record, {events:,} events{beside}", *columns)
        for name, key in (("audit verify", "verify"), ("audit verify --anchor", "anchored")):
            one = found[key]
            line(
                name,
                f"{one['rate']:,.0f}",
                f"{one['cpu']:,.0f}",
                f"{bare['cpu'] / one['cpu']:.2f} x",
                f"{one['memory']:.0f} MB",
                f"+{one['grew']:.0f} MB",
            )
        name = "columns fetched, one SHA-256 each"
        line(name, f"{bare['rate']:,.0f}", f"{bare['cpu']:,.0f}")


def replaying(folder: Path) -> None:
    """Milliseconds of looks at a long log, beside its rows fetched alone."""
    took = replay.replaying(folder, REPLAYED)
    names = {
        "first": "the first step, with a page of the list",
        "last": "the last step, everything folded",
        "step": "a step in the middle, after that",
        "check": "replay --check of it",
    }
    heading(f"replay, {REPLAYED:,} events of one ticket", "ms", "ratio")
    line("bare: every row fetched", f"{took['bare']:.1f}")
    for name, words in names.items():
        line(words, f"{took[name]:.1f}", f"{took[name] / took['bare']:.2f} x")


def batch_triage(folder: Path) -> None:
    """Rows per second of the command."""
    for features, most in BATCHES.items():
        found = batch.triage(folder, most, features)
        rows = f"{found['rows']:,.0f} different rows"
        heading(f"handrail triage --features {features}, {rows}", "rows/s")
        line("the command", f"{found['rate']:.1f}", f"start {found['start']:.1f} s")
        line(
            "encoder and matrix product, one batch",
            f"{found['bare']:.1f}",
            f"{found['bare'] / found['rate']:.2f} x",
        )


def measuring(folder: Path) -> None:
    """Measures over many tickets: the first count, asking again, and keeping up."""
    found = measures.measured(folder, MEASURED)
    heading(f"measures, {MEASURED:,} tickets, {found['events']:,.0f} events", "seconds", "")
    line(
        "the first count", f"{found['first']:.0f}", f"{found['events'] / found['first']:,.0f} ev/s"
    )
    line("it held the lock, p95 and longest", f"{found['mostly']:.3f}", f"{found['held']:.3f}")
    for name, by in (("all", "all tickets"), ("intent", "by intent"), ("agent", "by agent")):
        line(f"asked again, {found['days']:.0f} days, {by}", f"{found[name]:.2f}")
    line(f"asked again, each of {found['days']:.0f} days", f"{found['day']:.2f}")
    line("taking in one event", f"{found['one']:.3f}")
    line("taking in one of a thousand at once", f"{found['each']:.5f}")


def at_the_desk(folder: Path) -> None:
    """The queue and the console with a million tickets, beside a thousand and a bare app."""
    small = make_large(folder / "small.db", desk.SMALL)
    large = desk.large_workspace(folder)
    heading("the queue, a page of 50", f"{desk.SMALL:,}", f"{desk.LARGE:,}", "ratio")
    for name, (few, many) in desk.queries(small, large).items():
        line(name, f"{few:.2f} ms", f"{many:.2f} ms", f"{many / few:.1f} x")
    db = Path(str(large.url.database))
    small.close()
    large.close()

    paints = {name: statistics.median(took) for name, took in desk.first_paints(db).items() if took}
    heading("first rows on the screen, from the start", "seconds", "against bare")
    for name, seconds in paints.items():
        line(desk.PROGRAMS[name], f"{seconds:.2f} s", f"{seconds / paints['bare']:.2f} x")
    if "harlequin" not in paints:
        line("Harlequin", "not installed: make bench-peers")

    heading(f"a key to its paint, {desk.RATE} changes a second", "p50", "p95", "memory")
    for name, (took, memory) in desk.streams(db).items():
        line(
            name,
            f"{statistics.median(took) * 1000:.0f} ms",
            f"{desk.p95(took):.0f} ms",
            f"{memory:.0f} MB",
        )


def one_decision(folder: Path) -> None:
    """Milliseconds of a decision, beside those of the least that SQLite can do."""
    took = decision.deciding(folder, DECISIONS, 400)
    p50, p95, least = decision.summed_up(took.pop("bare"))
    columns = ("p50", "p95", "CPU", "more, p50", "more, p95", "ratio")
    heading(f"a decision, {DECISIONS} in turns", *columns)
    bare = (f"{p50:.2f} ms", f"{p95:.2f} ms", f"{least:.2f} ms")
    line("bare: BEGIN IMMEDIATE, UPDATE, COMMIT", *bare)
    for name, times in took.items():
        median, late, cpu = decision.summed_up(times)
        more = (f"{median - p50:+.2f} ms", f"{late - p95:+.2f} ms", f"{median / p50:.1f} x")
        line(name, f"{median:.2f} ms", f"{late:.2f} ms", f"{cpu:.2f} ms", *more)


def another_policy(folder: Path) -> None:
    """A changed policy over past decisions, and what could run alone by them."""
    heading("policy, past decisions", "seconds", "CPU", "decisions/s", "memory")
    for many in (PROPOSED // 10, PROPOSED):
        for name, (took, used, grew) in proposed.judged(folder, many).items():
            rate = f"{many / took:,.0f}"
            line(f"{name}, {many:,}", f"{took:.2f}", f"{used:.2f}", rate, f"+{grew:.0f} MB")


PARTS: dict[str, Callable[[Path], None]] = {
    "whole": whole_tickets,
    "worker": live_worker,
    "sizes": growth,
    "record": checking_the_record,
    "replay": replaying,
    "triage": batch_triage,
    "measures": measuring,
    "desk": at_the_desk,
    "decision": one_decision,
    "policy": another_policy,
}


def main() -> None:
    """Run the parts that were named, or all; what fails is told and the rest goes on."""
    start = time.perf_counter()
    head()
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory(prefix="handrail-bench-") as folder:
            try:
                PARTS[name](Path(folder))
            except Exception as problem:
                print(f"\n{name}: not measured: {type(problem).__name__}: {problem}", flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
