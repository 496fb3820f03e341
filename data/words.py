"""The words of tickets, indexed for the search, and how many tickets there are in each state.

On SQLite an FTS5 index of its own holds the words of subject, names, ref and messages: one document
a ticket. Triggers note whose words change, with the words as they were indexed; the end of each
`Store.write` brings the index up to date in the same transaction. (A trigger that writes to the
index itself would cost four times as much: SQLite writes the index out after every statement.)
PostgreSQL searches the texts themselves and counts by its indexes.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NOTE = (
    "INSERT OR IGNORE INTO words_due (ticket_id, seq, subject, customer, requester, ref, body) "
    "SELECT id, seq, subject, customer_name, requester, ref, "
    "(SELECT group_concat(body, char(10)) FROM message WHERE ticket_id = ticket.id) "
    "FROM ticket WHERE id = {}"
)

TABLES = (
    "CREATE VIRTUAL TABLE ticket_words USING fts5(subject, customer, requester, ref, body, "
    "content='', tokenize='unicode61 remove_diacritics 2')",
    "CREATE TABLE words_due (ticket_id TEXT PRIMARY KEY, seq INTEGER, subject TEXT, customer TEXT, "
    "requester TEXT, ref TEXT, body TEXT) WITHOUT ROWID",
    "CREATE TABLE ticket_tally (status TEXT PRIMARY KEY, tickets INTEGER NOT NULL) WITHOUT ROWID",
)

TRIGGERS = (
    # The first message is the rule; it costs no look at the ticket.
    "CREATE TRIGGER words_first_message AFTER INSERT ON message WHEN NEW.position = 1 BEGIN "
    "INSERT OR IGNORE INTO words_due (ticket_id, seq) "
    "SELECT id, seq FROM ticket WHERE id = NEW.ticket_id AND seq IS NULL; END",
    "CREATE TRIGGER words_next_message BEFORE INSERT ON message WHEN NEW.position <> 1 BEGIN "
    f"{_NOTE.format('NEW.ticket_id')}; END",
    "CREATE TRIGGER words_message_changes BEFORE UPDATE OF body, ticket_id ON message BEGIN "
    f"{_NOTE.format('OLD.ticket_id')}; {_NOTE.format('NEW.ticket_id')}; END",
    "CREATE TRIGGER words_message_goes BEFORE DELETE ON message BEGIN "
    f"{_NOTE.format('OLD.ticket_id')}; END",
    "CREATE TRIGGER words_ticket_changes BEFORE UPDATE OF subject, customer_name, requester, ref "
    "ON ticket WHEN OLD.subject IS NOT NEW.subject OR OLD.customer_name IS NOT NEW.customer_name "
    "OR OLD.requester IS NOT NEW.requester OR OLD.ref IS NOT NEW.ref BEGIN "
    f"{_NOTE.format('OLD.id')}; END",
    "CREATE TRIGGER words_ticket_goes BEFORE DELETE ON ticket WHEN OLD.seq IS NOT NULL BEGIN "
    f"{_NOTE.format('OLD.id')}; "
    "UPDATE ticket_tally SET tickets = tickets - 1 WHERE status = OLD.status; END",
    # A ticket is counted when its words are indexed, so that arriving costs no trigger of its own.
    "CREATE TRIGGER tally_status AFTER UPDATE OF status ON ticket "
    "WHEN OLD.seq IS NOT NULL AND OLD.status <> NEW.status BEGIN "
    "UPDATE ticket_tally SET tickets = tickets - 1 WHERE status = OLD.status; "
    "INSERT INTO ticket_tally VALUES (NEW.status, 1) "
    "ON CONFLICT (status) DO UPDATE SET tickets = tickets + 1; END",
)

_DUE = (
    "SELECT d.seq, d.subject, d.customer, d.requester, d.ref, d.body, t.id, t.seq, t.status "
    "FROM words_due d LEFT JOIN ticket t ON t.id = d.ticket_id ORDER BY d.seq, t.rowid"
)
_FORGET = (
    "INSERT INTO ticket_words (ticket_words, rowid, subject, customer, requester, ref, body) "
    "VALUES ('delete', ?, ?, ?, ?, ?, ?)"
)
_NOW = (
    "SELECT t.seq, t.subject, t.customer_name, t.requester, t.ref, "
    "(SELECT group_concat(body, char(10)) FROM message WHERE ticket_id = t.id) "
    "FROM words_due d CROSS JOIN ticket t ON t.id = d.ticket_id ORDER BY t.seq"
)
_LEARN = (
    "INSERT INTO ticket_words (rowid, subject, customer, requester, ref, body) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_COUNT = (
    "INSERT INTO ticket_tally VALUES (?, ?) "
    "ON CONFLICT (status) DO UPDATE SET tickets = tickets + excluded.tickets"
)


_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)


def spaced(text: str) -> str:
    """The text with each letter of a script that sets no spaces between words as one of its own.

    Words within such a text are then found as phrases; a query has to be spaced in the same way.
    """
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", text)


def _spaced(row: Sequence[Any]) -> list[Any]:
    return [spaced(value) if isinstance(value, str) else value for value in row]


def keep_words(connection: "Connection") -> None:
    """Index the words that this transaction changed; nothing to do on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return
    raw: Any = connection.connection.dbapi_connection
    if raw.execute("SELECT 1 FROM words_due LIMIT 1").fetchone() is None:
        return
    due = raw.execute(_DUE).fetchall()
    raw.executemany(_FORGET, [_spaced(row[:6]) for row in due if row[0] is not None])
    new = [(row[6], row[8]) for row in due if row[6] is not None and row[7] is None]
    if new:
        last = raw.execute("SELECT coalesce(max(seq), 0) FROM ticket").fetchone()[0]
        raw.executemany(
            "UPDATE ticket SET seq = ? WHERE id = ?",
            [(seq, ticket_id) for seq, (ticket_id, _) in enumerate(new, last + 1)],
        )
        raw.executemany(_COUNT, list(Counter(status for _, status in new).items()))
    raw.executemany(_LEARN, [_spaced(row) for row in raw.execute(_NOW)])
    raw.execute("DELETE FROM words_due")


def index_all(connection: "Connection", at_once: int = 2_000) -> None:
    """Index every ticket that has not been; for a workspace that had no index."""
    raw: Any = connection.connection.dbapi_connection
    note = (
        "INSERT OR IGNORE INTO words_due (ticket_id) SELECT id FROM ticket "
        "WHERE rowid > ? AND seq IS NULL ORDER BY rowid LIMIT ?"
    )
    last = 0
    while True:
        raw.execute(note, (last, at_once))
        found = raw.execute(
            "SELECT max(t.rowid) FROM words_due d JOIN ticket t ON t.id = d.ticket_id"
        ).fetchone()[0]
        if found is None:
            return
        last = found
        keep_words(connection)
