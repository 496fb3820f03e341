"""Replaying a ticket with a long log: its first step, its last, the whole check; beside the rows
fetched alone."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from data.clock import CountingIds
from data.replay.checking import check_ticket
from data.replay.past import PAGE, Past
from data.store import NewEvent, Store
from data.tables import Action, Run, Ticket
from data.vocabulary import ActionState
from data.workspace import open_workspace

A_COMMIT = 10
"""Events of one commit."""


def long_ticket(store: Store, events: int) -> str:
    """A ticket with so many steps: calls of tools, and refused refunds."""
    with store.write() as tx:
        tx.insert(Ticket, id="t_long", ref="L", opened_at=tx.now, updated_at=tx.now)
        tx.insert(Run, id="r_long", ticket_id="t_long", number=1, started_at=tx.now)
        tx.append(NewEvent("ticket.opened", "system", {"message": "x"}, "t_long"))
        tx.append(NewEvent("run.started", "resolution", {"run": 1}, "t_long"))
    for number in range((events - 2) // A_COMMIT):
        with store.write() as tx:
            for step in range(A_COMMIT - 1):
                told = {"tool": "charges", "input": {"customer": f"cus_{step}"}, "rows": 3}
                tx.append(NewEvent("tool.called", "billing", told, "t_long"))
            data = {"action": f"a_{number}", "name": "process_refund", "amount": number}
            if number % 20:
                tx.append(NewEvent("note", "operator", {"by": "maya"}, "t_long"))
                continue
            tx.insert(
                Action, id=f"a_{number}", ticket_id="t_long", run_id="r_long", position=number,
                name="process_refund", arguments={}, digest="x", target="charges:1",
                agent="billing", state=ActionState.REFUSED.value, gate="ask", reason="x",
                proposed_at=tx.now, idempotency_key=f"k{number}",
            )  # fmt: skip
            tx.append(NewEvent("action.refused", "resolution", data, "t_long"))
    return "t_long"


def _best(call: Callable[[], object], turns: int = 5) -> float:
    took = []
    for _ in range(turns):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took) * 1000


def replaying(folder: Path, events: int) -> dict[str, float]:
    """Milliseconds of each look, the best of some; `bare`: every row of the log fetched."""
    place = folder / "long.db"
    store = open_workspace(str(place), ids=CountingIds(), synchronous="OFF")
    try:
        ticket = long_ticket(store, events)

        def first() -> None:
            past = Past(store, ticket)
            past.length(), past.page(1, PAGE), past.at(1)

        def last() -> None:
            past = Past(store, ticket)
            past.at(past.length())

        past = Past(store, ticket)
        past.at(past.length())

        def bare() -> None:
            with closing(sqlite3.connect(place)) as connection:
                query = "SELECT * FROM event WHERE chain = ? ORDER BY position"
                connection.execute(query, (ticket,)).fetchall()

        return {
            "bare": _best(bare),
            "first": _best(first),
            "last": _best(last, 3),
            "step": _best(lambda: past.at(events // 2)),
            "check": _best(lambda: check_ticket(store, ticket), 3),
        }
    finally:
        store.close()
