"""The console and the queue on a large workspace, beside a small one and a bare Textual app."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from data.queries.asking import Order
from data.queries.queue import queue_page, view_counts
from data.queries.search import parse_search
from data.store import Store
from data.workspace import Workspace, open_workspace
from tests.bench.large import make_large
from tests.bench.screens import ROOT, bare, console, program

SMALL, LARGE = 1_000, 1_000_000
EXISTING = "HANDRAIL_BENCH_LARGE"
"""Names a workspace of `tests/bench/large.py` that is there already."""

ROWS = 50
STARTS, KEYS = 5, 120
RATE = 200
DOWN, UP, PAGE = "\x1b[B", "\x1b[A", "\x1b[6~"
PEER = ROOT / ".venv-bench" / "bin" / "harlequin"


def _page(text: str = "", view: str = "all", order: Order = "newest") -> Callable[[Store], object]:
    search = parse_search(text)

    def ask(store: Store) -> object:
        return queue_page(
            store, search, view=view, order=order, limit=ROWS, operator="Maya", most=0
        )

    return ask


QUERIES: dict[str, Callable[[Store], object]] = {
    "list, newest": _page(),
    "list, by priority": _page(order="priority"),
    "list, last changed": _page(order="updated"),
    "list, due soonest": _page(order="due"),
    "list, most money at risk": _page(order="money"),
    "view open": _page(view="open"),
    "view open, by priority": _page(view="open", order="priority"),
    "view needs approval": _page(view="needs approval"),
    "view escalated": _page(view="escalated"),
    "view breaching": _page(view="breaching"),
    "view unassigned": _page(view="unassigned"),
    "view customer": _page(view="customer"),
    "the counts of all views": lambda store: view_counts(store, "Maya", {}),
    "a word in many": _page("dashboard"),
    "a word in few": _page("zarathustra"),
    "the beginning of a word": _page("charg"),
    "a phrase": _page('"charged twice"'),
    "two words": _page("charged dashboard"),
    "without a word": _page("-dashboard"),
    "a word among the open": _page("charged", "open"),
    "a word, by priority": _page("charged", order="priority"),
    "tier:premium": _page("tier:premium"),
    "language:de older:7d": _page("language:de older:7d"),
    "status:escalated intent:billing": _page("status:escalated intent:billing"),
    "customer:ada": _page("customer:ada"),
    "ref:R-17": _page("ref:R-17"),
    "fields and words": _page('tier:premium older:2h "charged twice" -refund'),
}


def best(call: Callable[[], object], least: int = 5) -> float:
    """The best of some calls, in milliseconds: what it costs, not what else is going on."""
    call()
    took: list[float] = []
    while len(took) < least or sum(took) < 0.2:
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took) * 1000


def large_workspace(folder: Path) -> Workspace:
    """A workspace of a million tickets: the one that is named, or a new one in the folder."""
    named = os.environ.get(EXISTING)
    if named:
        return open_workspace(named, create=False)
    return make_large(folder / "large.db", LARGE)


def queries(small: Store, large: Store) -> dict[str, tuple[float, float]]:
    """Milliseconds of each query on the two."""
    return {
        name: (best(lambda ask=ask: ask(small)), best(lambda ask=ask: ask(large)))  # type: ignore[misc]
        for name, ask in QUERIES.items()
    }


PROGRAMS = {
    "bare": "a bare Textual app, a DataTable of 100 rows",
    "picture": "the console: the first rows",
    "console": "the console: everything, and keys",
    "harlequin": "Harlequin",
}


def first_paints(db: Path) -> dict[str, list[float]]:
    """Seconds until a program shows its first rows, in turns; ours also until it takes keys."""
    found: dict[str, list[float]] = {"bare": [], "picture": [], "console": [], "harlequin": []}
    for _ in range(STARTS):
        with program(bare(100)) as running:
            found["bare"].append(running.until_shown("B-9"))
        with program(console(db)) as running:
            found["picture"].append(running.until_shown("Queue: "))
            found["console"].append(running.until_shown("▸Queue ("))
        if PEER.exists():
            with program([str(PEER), ":memory:"]) as running:
                found["harlequin"].append(running.until_shown("Data Catalog"))
    return found


def keys(command: list[str], ready: str) -> tuple[list[float], float]:
    """Seconds from key to paint while the rows change, and the megabytes held at the end."""
    with program(command) as running:
        running.until_shown(ready)
        running.until_quiet()
        # To the middle of the screen, away from the top, where what arrives pushes the rows down.
        running.send(*[PAGE] * 2, *[UP] * 12)
        running.until_quiet()
        took = []
        for number in range(KEYS):
            took.append(running.press(DOWN if number % 12 < 6 else UP))
            pause = time.perf_counter() + 0.05
            while time.perf_counter() < pause:
                running.read(pause - time.perf_counter() + 0.001)
        return took, running.memory()


def streamed_keys(db: Path) -> tuple[list[float], float]:
    """The same for the console, while another process appends events."""
    script = str(ROOT / "tests/bench/streaming.py")
    writer = subprocess.Popen([sys.executable, "-P", script, str(db), str(RATE)], cwd=ROOT)
    try:
        return keys(console(db), "▸Queue (")
    finally:
        writer.kill()
        writer.wait()


def streams(db: Path) -> dict[str, tuple[list[float], float]]:
    """Seconds from key to paint, and megabytes: of a table at rest and changing, and of ours."""
    return {
        "a DataTable of 100 rows, at rest": keys(bare(100), "B-9"),
        "a DataTable of 100 rows": keys(bare(100, RATE), "B-9"),
        "the console, at rest": keys(console(db), "▸Queue ("),
        "the console": streamed_keys(db),
    }


def p95(seconds: list[float]) -> float:
    """The 95th percentile, in milliseconds."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] * 1000
