"""The log is append-only and chained; payloads may be erased and their digests stay."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from data.clock import CountingIds, VirtualClock
from data.database import writing
from data.errors import Fenced, IllegalChange, NotFound
from data.store import CHAIN, EVENT, GENESIS, PAYLOAD, NewEvent, event_hash, payload_digest
from data.tables import Ticket
from data.vocabulary import ActionState
from data.workspace import Workspace, open_workspace

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
_REST = "position, run_id, step, at, agent, kind, '{}', payload_id, payload_digest, hash FROM event"


@pytest.fixture
def store(tmp_path: Path) -> Any:
    workspace = open_workspace(
        str(tmp_path / "w.db"), clock=VirtualClock(NOW), ids=CountingIds(), synchronous="OFF"
    )
    yield workspace
    workspace.close()


def _append(store: Workspace, count: int, chain: str = "t_1") -> None:
    for number in range(count):
        with store.write() as tx:
            step = f"{chain}.{number}"
            tx.append(NewEvent("noted", "system", {}, chain, "r_1", step, f"raw {number}"))


def recompute(store: Workspace) -> dict[str, str]:
    """Check every chain link by link; the hash at the end of each."""
    with store.read() as connection:
        rows = connection.execute(select(EVENT).order_by(EVENT.c.chain, EVENT.c.position)).all()
    heads: dict[str, tuple[int, str]] = {}
    for row in rows:
        position, before = heads.get(row.chain, (0, GENESIS))
        assert row.position == position + 1
        assert row.hash == event_hash(before, dict(row._mapping))
        heads[row.chain] = (row.position, row.hash)
    return {chain: found[1] for chain, found in heads.items()}


def test_chains_can_be_recomputed_and_end_at_their_heads(store: Workspace) -> None:
    _append(store, 5)
    _append(store, 3, "t_2")
    _append(store, 2, "")
    with store.write() as tx:
        for number in range(4):
            tx.append(NewEvent("noted", "system", {"ü": f"€{number}"}, "t_1" if number % 2 else ""))
    with store.read() as connection:
        heads = dict(connection.execute(select(CHAIN.c.id, CHAIN.c.hash)).all())
    assert recompute(store) == heads
    assert set(heads) == {"", "t_1", "t_2"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET data = '{}' WHERE position = 1",
        "UPDATE event SET hash = 'x'",
        "DELETE FROM event WHERE position = 2",
        "UPDATE payload SET body = 'other'",
        "UPDATE payload SET salt = 'other', body = NULL",
        "UPDATE payload SET id = 'other', body = NULL",
        f"INSERT OR REPLACE INTO event SELECT id, chain, {_REST} WHERE position = 1",
        f"INSERT OR REPLACE INTO event SELECT 99, chain, {_REST} WHERE position = 1",
        f"INSERT OR REPLACE INTO event SELECT 99, 'other', {_REST} WHERE position = 3",
        "INSERT OR REPLACE INTO payload SELECT id, salt, 'other', NULL FROM payload",
    ],
)
def test_the_log_refuses_to_be_changed(store: Workspace, statement: str) -> None:
    _append(store, 3)
    with pytest.raises(DBAPIError, match=r"append-only|erased"):  # noqa: SIM117
        with writing(store.engine) as connection:
            connection.exec_driver_sql(statement)
    recompute(store)


def test_an_erased_payload_leaves_its_digest_and_the_chain(store: Workspace) -> None:
    _append(store, 2)
    with store.read() as connection:
        payload = connection.execute(select(PAYLOAD).limit(1)).one()
        event = connection.execute(select(EVENT).where(EVENT.c.payload_id == payload.id)).one()
    assert payload_digest(payload.salt, payload.body) == event.payload_digest
    with writing(store.engine) as connection:
        connection.execute(
            PAYLOAD.update().where(PAYLOAD.c.id == payload.id).values(body=None, erased_at=NOW)
        )
    with store.read() as connection:
        after = connection.execute(select(PAYLOAD).where(PAYLOAD.c.id == payload.id)).one()
        kept = connection.execute(select(EVENT).where(EVENT.c.payload_id == payload.id)).one()
    assert after.body is None
    assert kept.payload_digest == event.payload_digest
    recompute(store)


def test_state_and_event_commit_together_or_not_at_all(store: Workspace) -> None:
    with pytest.raises(RuntimeError, match="on the way"), store.write() as tx:  # noqa: PT012
        tx.insert(Ticket, id="t_1", ref="1", opened_at=NOW, updated_at=NOW)
        tx.append(NewEvent("ticket.opened", "system", {}, "t_1"))
        raise RuntimeError("on the way")
    with store.write() as tx, pytest.raises(NotFound):
        tx.ticket("t_1")
    assert recompute(store) == {}


def test_a_ticket_cannot_go_where_its_state_forbids(store: Workspace) -> None:
    with store.write() as tx:
        tx.insert(Ticket, id="t_1", ref="1", opened_at=NOW, updated_at=NOW, status="closed")
    with pytest.raises(IllegalChange), store.write() as tx:
        tx.set_ticket("t_1", status="resolved")


def test_an_action_that_is_not_there_is_named(store: Workspace) -> None:
    with pytest.raises(NotFound, match="a_9"), store.write() as tx:
        tx.set_action("a_9", ActionState.APPROVED, was=[ActionState.PROPOSED])


def test_an_old_epoch_is_fenced(store: Workspace) -> None:
    with store.write() as tx:
        tx.insert(Ticket, id="t_1", ref="1", opened_at=NOW, updated_at=NOW, epoch=4)
        tx.fence("t_1", 4)
        with pytest.raises(Fenced):
            tx.fence("t_1", 3)
