"""How costs grow with the workspace: ingesting, pages of the queue, searching."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from agents.policy.model import load_policy
from agents.service import NewTicket, Service
from data.queries.queue import queue_page
from data.queries.search import parse_search
from data.store import Store
from data.workspace import open_workspace
from tests.bench.tickets import NOW, anything

BATCH = 500
STEPS = (1_000, 10_000, 50_000, 100_000)
QUERIES: dict[str, Callable[[Store], object]] = {
    "first page, newest": lambda store: queue_page(store, limit=50),
    "first page, priority": lambda store: queue_page(store, order="priority", limit=50),
    "view: needs approval": lambda store: queue_page(store, view="needs approval", limit=50),
    "search: status:escalated": lambda store: _search(store, "status:escalated"),
    "search: a word in few": lambda store: _search(store, "jonas.okafor7"),
    "search: a word in many": lambda store: _search(store, "dashboard"),
}


def growing(folder: Path, most: int) -> tuple[dict[int, float], dict[int, dict[str, float]]]:
    """Rows per second up to each size; milliseconds of the queries at the first and the last."""
    workspace = open_workspace(str(folder / "sizes.db"), started=NOW)
    service = Service(workspace, load_policy(None))
    texts = anything(2_000)
    rates: dict[int, float] = {}
    queries: dict[int, dict[str, float]] = {}
    done = 0
    steps = [size for size in STEPS if size <= most]
    try:
        for size in steps:
            start, before = time.perf_counter(), done
            while done < size:
                batch = []
                for number in range(done, done + BATCH):
                    text = texts[number % len(texts)]
                    batch.append(
                        NewTicket(f"R{number}", text.subject, text.body, f"{number}.{text.email}")
                    )
                service.ingest_many(batch)
                done += BATCH
            rates[size] = (done - before) / (time.perf_counter() - start)
            if size in (steps[0], steps[-1]):
                queries[size] = {name: _median(query, workspace) for name, query in QUERIES.items()}
        return rates, queries
    finally:
        workspace.close()


def _search(store: Store, text: str) -> object:
    return queue_page(store, parse_search(text), limit=50)


def _median(query: Callable[[Store], object], store: Store) -> float:
    """The median of a few calls, in milliseconds."""
    query(store)
    took: list[float] = []
    while len(took) < 5 and sum(took) < 1.5:
        start = time.perf_counter()
        query(store)
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1000
