"""The record can be checked: what is changed in it is found, and named."""

import re
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.audit.anchor import take_anchor
from data.audit.findings import NAMED, Findings
from data.audit.links import link_hash
from data.audit.verify import verify
from data.columns import from_micros
from data.store import NewEvent, event_hash
from data.workspace import Workspace
from tests.audit_support import Change, close_up, forge, logged

COLUMNS = (
    "id", "chain", "position", "run_id", "step", "at", "agent", "kind", "data", "payload_id",
    "payload_digest", "hash",
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.db"


@pytest.fixture
def store(db: Path) -> Iterator[Workspace]:
    workspace = logged(db)
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One that each example puts back as it was."""
    workspace = logged(tmp_path_factory.mktemp("shared") / "w.db")
    yield workspace
    workspace.close()


def first(found: Findings) -> tuple[str | None, int | None, int | None, str]:
    assert found.first is not None, "nothing was found"
    return found.first.ref, found.first.position, found.first.event, found.first.what


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(
    '\x00\x1f"\\\n\b\f\r\t\x7f  é€😀/', max_size=20
)


@given(
    before=st.text("0123456789abcdef", min_size=64, max_size=64),
    chain=texts,
    position=st.integers(1, 2**40),
    run_id=st.none() | texts,
    step=st.none() | texts,
    at=st.integers(-(2**45), 2**52),
    agent=texts,
    kind=texts,
    data=texts,
    digest=st.none() | texts,
)
def test_the_fast_link_is_the_stored_one(
    before: str, chain: str, position: int, run_id: str | None, step: str | None, at: int,
    agent: str, kind: str, data: str, digest: str | None,
):  # fmt: skip
    row = {
        "chain": chain, "position": position, "run_id": run_id, "step": step,
        "at": from_micros(at), "agent": agent, "kind": kind, "data": data,
        "payload_digest": digest,
    }  # fmt: skip
    assert link_hash(
        before, chain, position, run_id, step, at, agent, kind, data, digest
    ) == event_hash(before, row)


@pytest.mark.parametrize("bare", [True, False])
def test_an_untouched_log_is_fine(store: Workspace, bare: bool):
    anchor = take_anchor(store)
    found = verify(store, anchor, bare=bare)
    assert found.breaks == []
    assert (found.events, found.chains, found.texts, found.erased) == (14, 4, 9, 0)


def test_what_is_not_utf_8_is_read_by_the_driver_alone(store: Workspace, db: Path):
    forge(db, "UPDATE event SET data = CAST(x'7b2266fe227d' AS TEXT) WHERE id = 5")
    found = verify(store)
    assert first(found)[:3] == ("T2", 2, 5)
    assert found.events == 14


SWAP = (
    "UPDATE event SET position = -1 WHERE id = 4",
    "UPDATE event SET position = 2 WHERE id = 7",
    "UPDATE event SET position = 3 WHERE id = 4",
)
SWAP_WHAT_THEY_SAY = (
    "UPDATE event SET step = NULL WHERE id IN (4, 7)",
    "UPDATE event SET data = (SELECT data FROM event WHERE id = 11 - e.id) "
    "FROM (SELECT id, data FROM event) e WHERE e.id = event.id AND event.id IN (4, 7)",
)
PUT_IN = (
    "UPDATE event SET id = id + 100 WHERE id > 4",
    "UPDATE event SET id = id - 99 WHERE id > 4",
    "UPDATE event SET position = position + 100 WHERE chain = 't_1' AND position > 2",
    "UPDATE event SET position = position - 99 WHERE chain = 't_1' AND position > 2",
    "INSERT INTO event SELECT 5, chain, 3, run_id, 'new', at, agent, kind, data, NULL, NULL, hash "
    "FROM event WHERE id = 4",
    "UPDATE chain SET position = 5 WHERE id = 't_1'",
)

FOUND: dict[str, tuple[tuple[Change, ...], tuple[Any, ...]]] = {
    "data": (
        ("UPDATE event SET data = replace(data, '1', '2') WHERE id = 7",),
        ("T1", 3, 7, "does not fit its hash"),
    ),
    "time": (
        ("UPDATE event SET at = at - 1 WHERE id = 8",),
        ("T2", 3, 8, "does not fit its hash"),
    ),
    "a time that is a text": (
        ("UPDATE event SET at = 'now' WHERE id = 8",),
        ("T2", 3, 8, "does not fit its hash"),
    ),
    "bytes in place of a text": (
        ("UPDATE event SET data = CAST(data AS BLOB) WHERE id = 8",),
        ("T2", 3, 8, "does not fit its hash"),
    ),
    "the first event": (
        ("UPDATE event SET kind = 'ticket.closed' WHERE id = 1",),
        ("T1", 1, 1, "does not fit its hash"),
    ),
    "the workspace's own": (
        ("UPDATE event SET data = '{}' WHERE id = 13",),
        (None, 1, 13, "does not fit its hash"),
    ),
    "removed from the middle": (
        ("DELETE FROM event WHERE id = 4",),
        ("T1", None, 7, "position 3 comes after position 1: position 2 is missing"),
    ),
    "several removed": (
        ("DELETE FROM event WHERE id IN (4, 7)",),
        ("T1", None, 10, "positions 2 to 3 are missing"),
    ),
    "removed, and the rest moved up": (
        (
            "DELETE FROM event WHERE id = 4",
            "UPDATE event SET position = position - 1 WHERE chain = 't_1' AND position > 2",
            "UPDATE chain SET position = 3 WHERE id = 't_1'",
            close_up,
        ),
        ("T1", 2, 6, "does not fit its hash"),
    ),
    "the end removed": (
        ("DELETE FROM event WHERE id = 10",),
        ("T1", None, None, "its head stands at 4, its last event at 3: the end was removed"),
    ),
    "the end removed and the head moved back": (
        (
            "DELETE FROM event WHERE id = 10",
            "UPDATE chain SET position = 3, hash = (SELECT hash FROM event WHERE id = 7) "
            "WHERE id = 't_1'",
        ),
        (None, None, None, "event 10 is missing"),
    ),
    "a chain removed with its head": (
        ("DELETE FROM event WHERE chain = 't_2'", "DELETE FROM chain WHERE id = 't_2'"),
        ("T2", None, None, "has no log"),
    ),
    "a chain removed, and its ticket": (
        (
            "DELETE FROM event WHERE chain = 't_2'",
            "DELETE FROM chain WHERE id = 't_2'",
            "DELETE FROM message WHERE ticket_id = 't_2'",
            "DELETE FROM ticket WHERE id = 't_2'",
        ),
        (None, None, None, "event 2 is missing"),
    ),
    "all events of a chain": (
        ("DELETE FROM event WHERE chain = 't_2'",),
        ("T2", None, None, "has a head but no events"),
    ),
    "put in": (PUT_IN, ("T1", 3, 5, "does not fit its hash")),
    "put in at the end": (
        (
            "INSERT INTO event SELECT 15, chain, 5, run_id, 'new', at, agent, kind, data, NULL, "
            "NULL, hash FROM event WHERE id = 10",
            "UPDATE chain SET position = 5 WHERE id = 't_1'",
        ),
        ("T1", 5, 15, "does not fit its hash"),
    ),
    "put in without the head": (
        ("INSERT INTO event SELECT 15, 't_4', 1, NULL, NULL, at, agent, kind, data, NULL, NULL, "
         "hash FROM event WHERE id = 10",),
        (None, 1, 15, "does not fit its hash"),
    ),
    "two swapped": (SWAP, ("T1", None, 4, "position 3 comes after position 1")),
    "what two say swapped": (SWAP_WHAT_THEY_SAY, ("T1", 2, 4, "does not fit its hash")),
    "moved to another ticket": (
        ("UPDATE event SET chain = 't_9' WHERE id = 10",),
        (None, None, 10, "position 4 comes after position 0"),
    ),
    "a head's hash": (
        ("UPDATE chain SET hash = CASE WHEN hash LIKE 'a%' THEN 'b' ELSE 'a' END "
         "|| substr(hash, 2) WHERE id = 't_3'",),
        ("T3", 4, None, "its head does not fit its last event"),
    ),
    "a head moved back": (
        ("UPDATE chain SET position = 2, hash = (SELECT hash FROM event WHERE id = 6) "
         "WHERE id = 't_3'",),
        ("T3", 3, None, "goes on after its head at position 2"),
    ),
    "a head removed": (
        ("DELETE FROM chain WHERE id = ''",),
        (None, 2, None, "has events but no head"),
    ),
    "an id": (
        ("UPDATE event SET id = 20 WHERE id = 14",),
        (None, None, None, "events 14 to 19 are missing"),
    ),
    "an id below all": (
        ("UPDATE event SET id = -5 WHERE id = 1",),
        (None, None, None, "event -5 has an id that the log does not give"),
    ),
    "a text": (
        ("UPDATE payload SET body = 'other' WHERE body = 'found 0 for 2'",),
        ("T2", 2, 5, "the text was changed"),
    ),
    "a text cut elsewhere": (
        ("UPDATE payload SET salt = salt || substr(body, 1, 1), body = substr(body, 2) "
         "WHERE body = 'found 0 for 2'",),
        ("T2", 2, 5, "the text was changed"),
    ),
    "a text that is not UTF-8": (
        ("UPDATE payload SET body = CAST(x'fe' AS TEXT) WHERE body = 'found 0 for 2'",),
        ("T2", 2, 5, "the text was changed"),
    ),
    "a text removed": (
        ("DELETE FROM payload WHERE body = 'found 0 for 2'",),
        ("T2", 2, 5, "is missing"),
    ),
    "a text no longer named": (
        ("UPDATE event SET payload_id = NULL WHERE id = 5",),
        ("T2", 2, 5, "its text is not named"),
    ),
    "a text without a digest": (
        ("UPDATE event SET payload_id = 'p_9' WHERE id = 8",),
        ("T2", 3, 8, "holds no digest of it"),
    ),
    "the text of another event": (
        ("UPDATE event SET payload_id = (SELECT payload_id FROM event WHERE id = 4) "
         "WHERE id = 5",),
        ("T2", 2, 5, "the text was changed"),
    ),
    "a message": (
        ("UPDATE payload SET body = 'pay me' WHERE body LIKE 'I am 3%'",),
        ("T3", None, None, "of one of its messages was changed"),
    ),
    "a message that is not UTF-8": (
        ("UPDATE payload SET body = CAST(x'fe' AS TEXT) WHERE body LIKE 'I am 3%'",),
        ("T3", None, None, "of one of its messages was changed"),
    ),
}  # fmt: skip


# Only SQLite stores what is not UTF-8, and there the driver reads.
READ = [(name, bare) for name in FOUND for bare in (True, False) if bare or "UTF-8" not in name]


@pytest.mark.parametrize(("name", "bare"), READ)
def test_it_is_found_and_named(store: Workspace, db: Path, name: str, bare: bool):
    changes, expected = FOUND[name]
    forge(db, *changes)
    *where, what = first(verify(store, bare=bare))
    assert tuple(where) == expected[:3]
    assert expected[3] in what


def test_a_whole_chain_in_one_line(store: Workspace, db: Path):
    forge(db, "UPDATE event SET at = at + 1 WHERE id = 8")
    found = verify(store).first
    assert found is not None
    assert found.text == (
        "ticket T2, position 3, event 8: does not fit its hash: it was changed, "
        "or what stands before it"
    )


def test_many_breaks_are_counted_and_some_kept(store: Workspace, db: Path):
    for _ in range(40):
        with store.write() as tx:
            tx.append(NewEvent("noted", "system", {}, "t_1"))
    forge(db, "UPDATE event SET at = at + 1 WHERE kind = 'noted'")
    found = verify(store)
    assert found.broken == 40
    assert len(found.breaks) == NAMED


def test_what_follows_a_broken_event_is_not_told_again(store: Workspace, db: Path):
    forge(db, "UPDATE event SET data = '{}' WHERE id = 4")
    assert verify(store).broken == 1


def test_an_erased_text_is_fine_and_counted(store: Workspace):
    with store.write() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE payload SET body = NULL, erased_at = 1 WHERE body LIKE 'found 0%' "
            "OR body LIKE 'I am 2%'"
        )
    found = verify(store)
    assert (found.broken, found.texts, found.erased) == (0, 9, 4)


def test_a_later_message_is_found_in_a_later_event(store: Workspace, db: Path):
    with store.write() as tx:
        payload, digest = tx.add_payload("and another thing")
        tx.connection.exec_driver_sql(
            "INSERT INTO message (id, ticket_id, position, author, at, body, payload_id) "
            "VALUES ('m_9', 't_2', 2, 'customer', 0, 'and another thing', ?)",
            (payload,),
        )
        tx.append(NewEvent("message.received", "system", {"message": digest}, "t_2"))
    assert verify(store).broken == 0
    forge(db, "UPDATE payload SET body = 'other' WHERE body = 'and another thing'")
    assert first(verify(store))[0] == "T2"


@pytest.mark.parametrize(
    "name",
    ["event_no_update", "event_no_delete", "event_no_replace", "payload_no_replace",
     "payload_erase_only"],
)  # fmt: skip
def test_a_trigger_that_is_gone_or_blunted_is_said(store: Workspace, db: Path, name: str):
    with closing(sqlite3.connect(db, isolation_level=None)) as forger:
        text = forger.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        forger.execute(f"DROP TRIGGER {name}")
        assert f"trigger {name} is missing" in first(verify(store))[3]
        forger.execute(re.sub(r"RAISE\(ABORT, '[^']*'\)", "1", text))
        assert f"trigger {name} was changed" in first(verify(store))[3]
        forger.execute(f"DROP TRIGGER {name}")
        forger.execute(text)
    assert verify(store).breaks == []


@settings(deadline=None)
@given(
    event=st.integers(1, 14),
    column=st.sampled_from(COLUMNS),
    where=st.integers(0, 200),
    flip=st.integers(1, 255),
)
def test_any_byte_of_any_column(shared: Workspace, event: int, column: str, where: int, flip: int):
    path = Path(str(shared.url.database))
    (old,) = ask(path, f"SELECT {column} FROM event WHERE id = ?", event)
    raw = bytearray(str(old or "\0").encode())
    raw[where % len(raw)] ^= flip
    new: Any = bytes(raw)
    if column == "id":
        assume(raw.isdigit())
        new = int(raw)
    put = f"UPDATE event SET {column} = {'?' if column == 'id' else 'CAST(? AS TEXT)'} WHERE id = ?"
    try:
        forge(path, lambda db: db.execute(put, (new, event)))
    except sqlite3.IntegrityError:
        return
    event_now = new if column == "id" else event
    try:
        # A column of numbers takes " 1" for 1, and such a change is none.
        (now,) = ask(path, f"SELECT CAST({column} AS BLOB) FROM event WHERE id = ?", event_now)
        assume(old is None or now != str(old).encode())
        assert verify(shared).broken
    finally:
        back = f"UPDATE event SET {column} = ? WHERE id = ?"
        forge(path, lambda db: db.execute(back, (old, event_now)))


def ask(path: Path, query: str, event: int) -> Any:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, (event,)).fetchone()


def test_memory_does_not_grow_with_the_events(store: Workspace):
    def grown_to(count: int) -> int:
        while True:
            with store.write() as tx:
                for _ in range(500):
                    tx.append(NewEvent("noted", "system", {"text": "x" * 200}, "t_1"))
            if verify(store).events >= count:
                break
        tracemalloc.start()
        verify(store)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few = grown_to(1_000)
    assert grown_to(6_000) < few * 1.5


def test_progress_is_told(store: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("data.audit.verify.PROGRESS_EVERY", 5)
    told: list[int] = []
    verify(store, progress=told.append)
    assert told == [14]
