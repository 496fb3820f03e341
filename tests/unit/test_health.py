"""The state of a workspace in a few counts."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from data.queries.health import halts_in_force, health, workers
from data.tables import Halt
from data.vocabulary import TicketStatus
from data.workspace import Workspace
from tests.tui.company import fill
from tests.tui.rows import add_ticket, before, make_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    made = make_store(tmp_path)
    fill(made)
    yield made
    made.close()


def test_what_a_filled_workspace_tells(store: Workspace) -> None:
    found = health(store)
    assert found.by_status == {
        TicketStatus.NEW: 1,
        TicketStatus.AWAITING_APPROVAL: 3,
        TicketStatus.ESCALATED: 1,
        TicketStatus.RESOLVED: 1,
    }
    assert (found.approvals, found.unknown, found.waiting) == (4, 0, 1)
    assert found.money_at_risk == {"usd": 1850, "jpy": 4500}
    assert found.oldest_approval_at == before(80)
    assert found.oldest_open_at == before(150)
    assert [worker.pid for worker in found.workers] == [4711]
    assert found.halts == []
    assert found.last_event > 0


def test_counts_follow_what_happens(store: Workspace) -> None:
    with store.write() as tx:
        for number in range(4):
            add_ticket(tx, f"N-{number}", "s", "b", status="new", pending=True)
        tx.set_ticket("t_t-4", status="resolved")
        tx.insert(Halt, id="h_1", action="process_refund", intent="billing", by="Maya",
                  at=before(1))  # fmt: skip
        tx.insert(Halt, id="h_0", by="Maya", at=before(2))
    found = health(store)
    with store.read() as connection:
        rows = connection.execute(text("SELECT status FROM ticket"))
        assert found.by_status == Counter(TicketStatus(row.status) for row in rows)
    assert found.oldest_open_at == before(90)
    assert found.halts == ["every action", "process_refund of billing"]
    assert [halt.by for halt in halts_in_force(store)] == ["Maya", "Maya"]
    assert found.waiting == 5
    assert health(store, most_waiting=3).waiting == 3


def test_an_empty_workspace(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    try:
        found = health(store)
        assert found.by_status == {}
        assert (found.oldest_open_at, found.oldest_approval_at) == (None, None)
        assert (found.waiting, found.spend_today_micros, found.last_event) == (0, 0, 0)
        assert workers(store) == []
    finally:
        store.close()
