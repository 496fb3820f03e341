"""The index of words: filled from an older workspace, kept by whatever changes the tickets."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text, update

from agents.policy.model import load_policy
from agents.service import NewTicket, Service
from data.clock import CountingIds, VirtualClock
from data.database import APPLICATION_ID, make_engine, parse_url, writing
from data.store import MESSAGE, TICKET
from data.words import spaced
from data.workspace import NEWEST, Workspace, known_revisions, open_workspace
from tests.tui.rows import add_ticket, make_store

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    made = make_store(tmp_path)
    yield made
    made.close()


def found(store: Workspace, words: str) -> list[str]:
    """The refs of the tickets in which the words occur."""
    query = (
        "SELECT ref FROM ticket WHERE seq IN "
        "(SELECT rowid FROM ticket_words WHERE ticket_words MATCH :words) ORDER BY ref"
    )
    with store.read() as connection:
        return [row.ref for row in connection.execute(text(query), {"words": words})]


def tally(store: Workspace) -> dict[str, int]:
    with store.read() as connection:
        rows = connection.execute(text("SELECT status, tickets FROM ticket_tally"))
        return {row.status: row.tickets for row in rows if row.tickets}


def test_the_newest_revision_is_the_one_that_the_program_writes() -> None:
    assert known_revisions()[0] == NEWEST


def test_what_arrives_is_found_by_any_of_its_words(store: Workspace) -> None:
    service = Service(store, load_policy(None))
    service.ingest_many(
        [
            NewTicket("A-1", "Überweisung fehlt", "Wo bleibt mein Geld?", "Jana@Example.com"),
            NewTicket("A-2", "Charged twice", "I was charged twice for May.", "bo@example.com"),
        ]
    )
    assert found(store, "uberweisung") == ["A-1"]
    assert found(store, '"jana example"') == ["A-1"]
    assert found(store, "charg*") == ["A-2"]
    assert found(store, '"charged twice"') == ["A-2"]
    assert found(store, "example") == ["A-1", "A-2"]
    assert tally(store) == {"new": 2}


def test_words_of_scripts_without_spaces_are_found_within(store: Workspace) -> None:
    with store.write() as tx:
        add_ticket(tx, "T-1", "五月の請求書が違う", "ใบแจ้งหนี้ผิด")
        add_ticket(tx, "T-2", "請求が違う", "other")
    assert found(store, f'"{spaced("請求書")}"') == ["T-1"]
    assert found(store, f'"{spaced("請求")}"') == ["T-1", "T-2"]
    assert found(store, f'"{spaced("แจ้งหนี้")}"') == ["T-1"]
    with store.write() as tx:
        tx.connection.execute(update(TICKET).values(subject="erased"))
        tx.connection.execute(update(MESSAGE).values(body="erased"))
    assert found(store, f'"{spaced("請")}"') == []
    assert found(store, f'"{spaced("แ")}"') == []


def test_a_further_message_is_found_beside_the_first(store: Workspace) -> None:
    service = Service(store, load_policy(None))
    ticket = service.ingest(NewTicket("A-1", "Invoice", "Where is it?", "a@example.com"))
    service.receive(ticket, "I mean the invoice of February.")
    assert found(store, "where AND february") == ["A-1"]


def test_what_is_changed_or_erased_vanishes(store: Workspace) -> None:
    with store.write() as tx:
        add_ticket(tx, "T-1", "My card", "It ends with 4242, says Priyanka")
        add_ticket(tx, "T-2", "My card", "It ends with 4242, says Priyanka")
    assert found(store, "priyanka") == ["T-1", "T-2"]
    with store.write() as tx:
        tx.connection.execute(
            update(MESSAGE).where(MESSAGE.c.ticket_id == "t_t-1").values(body="[erased]")
        )
        tx.connection.execute(
            update(TICKET)
            .where(TICKET.c.id == "t_t-1")
            .values(subject="[erased]", customer_name=None, requester=None)
        )
    assert found(store, "priyanka") == ["T-2"]
    assert found(store, "ada OR card") == ["T-2"]
    assert found(store, "erased") == ["T-1"]
    with store.write() as tx:
        tx.connection.execute(text("DELETE FROM message WHERE ticket_id = 't_t-2'"))
        tx.connection.execute(text("DELETE FROM ticket WHERE id = 't_t-2'"))
    assert found(store, "priyanka OR ada") == []
    assert tally(store) == {"working": 1}


def test_a_change_that_is_rolled_back_changes_no_word(store: Workspace) -> None:
    def fail() -> None:
        with store.write() as tx:
            add_ticket(tx, "T-2", "Another", "never stored")
            tx.connection.execute(update(MESSAGE).values(body="never stored"))
            raise RuntimeError

    with store.write() as tx:
        add_ticket(tx, "T-1", "Subject", "words that stay")
    with pytest.raises(RuntimeError):
        fail()
    assert found(store, "never") == []
    assert found(store, "stay") == ["T-1"]
    assert tally(store) == {"working": 1}


def test_states_are_counted_as_they_change(store: Workspace) -> None:
    with store.write() as tx:
        for number in range(3):
            add_ticket(tx, f"T-{number}", "s", "b", status="new")
        tx.set_ticket("t_t-0", status="working")
    with store.write() as tx:
        tx.set_ticket("t_t-1", status="working")
        tx.set_ticket("t_t-0", status="resolved")
    assert tally(store) == {"new": 1, "working": 1, "resolved": 1}


def test_an_older_workspace_is_taken_up_with_its_tickets(tmp_path: Path) -> None:
    from data.workspace import _config

    place = tmp_path / "old.db"
    engine = make_engine(parse_url(str(place)))
    opened = int((NOW - timedelta(hours=30)).timestamp() * 1_000_000)
    with writing(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        for number, status in enumerate(("new", "working", "resolved")):
            connection.execute(
                text(
                    "INSERT INTO ticket VALUES (:id, :ref, 'email', 'Café closed', 'a@example.com',"
                    " NULL, NULL, NULL, 'unknown', :status, 'agents', 'high', 1, NULL, '[]', NULL,"
                    " NULL, NULL, NULL, NULL, 'en', '[]', NULL, NULL, NULL, 0, 0, :at, :at, NULL,"
                    " NULL, NULL, 1, 0, 1, 0, 1, 0)"
                ),
                {"id": f"t_{number}", "ref": f"R{number}", "status": status, "at": opened},
            )
            connection.execute(
                text(
                    "INSERT INTO message VALUES (:id, :ticket, 1, 'customer', NULL, :at, "
                    ":body, NULL, NULL)"
                ),
                {"id": f"m_{number}", "ticket": f"t_{number}", "at": opened, "body": f"w{number}"},
            )
    engine.dispose()

    store = open_workspace(str(place), clock=VirtualClock(NOW), ids=CountingIds())
    try:
        assert found(store, "cafe") == ["R0", "R1", "R2"]
        assert found(store, "w1") == ["R1"]
        assert tally(store) == {"new": 1, "working": 1, "resolved": 1}
        with store.read() as connection:
            rows = connection.execute(text("SELECT ref, due_at FROM ticket ORDER BY ref"))
            due = {row.ref: row.due_at for row in rows}
        assert due == {"R0": None, "R1": opened + 4 * 3_600_000_000, "R2": None}
        Service(store, load_policy(None)).receive("t_2", "once more")
        assert found(store, "w2 AND more") == ["R2"]
    finally:
        store.close()
    assert place.with_suffix(".0002.bak").exists()


def test_a_copy_made_by_vacuum_finds_the_same(store: Workspace, tmp_path: Path) -> None:
    with store.write() as tx:
        for number in range(5):
            add_ticket(tx, f"T-{number}", "s", f"word{number}")
    copy = tmp_path / "copy.db"
    with sqlite3.connect(tmp_path / "w.db") as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    other = open_workspace(str(copy), create=False)
    try:
        assert found(other, "word3") == ["T-3"]
    finally:
        other.close()
