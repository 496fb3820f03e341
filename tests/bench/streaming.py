"""A process that appends events to a workspace: `python -P tests/bench/streaming.py DB RATE`."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data.queries.queue import queue_page
from data.store import NewEvent, Store
from data.tables import Message, Ticket
from data.workspace import open_workspace

TICK = 0.05


def arrive(store: Store, number: int) -> None:
    """One ticket arrives."""
    with store.write() as tx:
        ticket = tx.ids("t")
        tx.insert(Ticket, id=ticket, ref=f"S-{ticket}", subject=f"Arriving {number}",
                  opened_at=tx.now, updated_at=tx.now, message_count=1)  # fmt: skip
        tx.insert(Message, id=tx.ids("m"), ticket_id=ticket, position=1, author="customer",
                  at=tx.now, body="It does not work since this morning.")  # fmt: skip
        tx.append(NewEvent("ticket.opened", "system", {}, ticket))


def stream(store: Store, rate: int) -> None:
    """So many events a second on the newest tickets, one of them an arrival each time."""
    newest = [row.id for row in queue_page(store, view="open", limit=40, most=0).rows]
    started, done = time.monotonic(), 0
    while True:
        arrive(store, done)
        with store.write() as tx:
            for number in range(int(rate * TICK) - 1):
                ticket = newest[(done + number) % len(newest)]
                tx.set_ticket(ticket, subject=f"Changed {done + number}")
                tx.append(NewEvent("note", "system", {"n": done + number}, ticket))
        done += int(rate * TICK)
        time.sleep(max(0.0, started + done / rate - time.monotonic()))


if __name__ == "__main__":
    stream(open_workspace(sys.argv[1], create=False, synchronous="OFF"), int(sys.argv[2]))
