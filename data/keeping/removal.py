"""Taking personal data out of tickets: their rows, the payloads beside their log, the file."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import bindparam, event, select, update
from sqlmodel import SQLModel

from data.database import make_engine
from data.keeping.fields import ERASED, ERASES, Row
from data.keeping.words import Words, details_in, texts_in
from data.names import parts_of
from data.store import EVENT, MESSAGE, PAYLOAD, NewEvent, Store, Transaction
from data.vocabulary import AgentName, Author
from data.workspace import Workspace

TABLES = SQLModel.metadata.tables
_BODY = TABLES["attachment_body"]
AT_ONCE = 500
"""Tickets whose rows are read and written together."""

_PAGES_AT_ONCE = 500
"""Pages of the index of words that one step merges."""

_NOTHING_MERGED = 2
"""Changes that SQLite counts of a step which found nothing to merge are fewer."""


@contextmanager
def forgetting(workspace: Workspace) -> Iterator[Store]:
    """A store on the same workspace whose connections overwrite what they erase (SQLite)."""
    engine = make_engine(workspace.url)
    if workspace.url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA secure_delete=ON"))
    try:
        store = Store(engine, workspace.clock, workspace.ids)
        store.levels = workspace.levels
        yield store
    finally:
        engine.dispose()


def clear_file(store: Store, *, compact: bool = False) -> bool:
    """Rid SQLite's file of words that its tables no longer hold; whether all of that was done.

    The index of words is merged, which drops those of earlier texts, and the write-ahead log
    emptied; False where another process reads an older state for longer than the busy timeout.
    `compact` writes the database anew, which leaves nothing in pages that were freed before;
    writers wait meanwhile.
    """
    if store.engine.dialect.name != "sqlite":
        return True
    _merge_index(store)
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if compact:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, _, _ = cursor.fetchone() or (1, 0, 0)
        return not busy
    finally:
        connection.close()


def _merge_index(store: Store) -> None:
    """Merge the index of words into one segment, in steps, so that writers come to their turn."""
    pages = -_PAGES_AT_ONCE
    while True:
        with store.write() as tx:
            raw: Any = tx.connection.connection.dbapi_connection
            before = raw.total_changes
            raw.execute(
                "INSERT INTO ticket_words (ticket_words, rank) VALUES ('merge', ?)", (pages,)
            )
            if raw.total_changes - before < _NOTHING_MERGED:
                return
        pages = _PAGES_AT_ONCE


class Removal:
    """The personal data of some tickets, as it stands in a transaction."""

    def __init__(self, tx: Transaction, ticket_ids: list[str]) -> None:
        """Read the rows of `ticket_ids`; nothing is changed yet."""
        self._tx, self._ids = tx, ticket_ids
        self._rows: dict[str, list[Row]] = {name: [] for name in ERASES}
        self._ticket_of: dict[str, str] = {}
        """Ticket of each action, for the decisions about it."""
        self.words = {ticket_id: Words() for ticket_id in ticket_ids}
        for start in range(0, len(ticket_ids), AT_ONCE):
            self._read(ticket_ids[start : start + AT_ONCE])
        self._listen()

    def _read(self, ids: list[str]) -> None:
        for name, rows in self._rows.items():
            table = TABLES[name]
            query = select(table)
            if name == "ticket":
                query = query.where(table.c.id.in_(ids))
            elif name == "decision":
                action = TABLES["action"]
                query = query.join(action, action.c.id == table.c.action_id)
                query = query.where(action.c.ticket_id.in_(ids))
            else:
                query = query.where(table.c.ticket_id.in_(ids))
            rows += [dict(row) for row in self._tx.connection.execute(query).mappings()]
        for action_row in self._rows["action"]:
            self._ticket_of[action_row["id"]] = action_row["ticket_id"]
        raw = select(MESSAGE.c.ticket_id, PAYLOAD.c.body).join(
            PAYLOAD, PAYLOAD.c.id == MESSAGE.c.payload_id
        )
        for row in self._tx.connection.execute(raw.where(MESSAGE.c.ticket_id.in_(ids))):
            self.words[row.ticket_id].add_said([row.body])

    def _listen(self) -> None:
        """Learn what each customer said, and by what they are known."""
        for row in self._rows["ticket"]:
            known = self.words[row["id"]]
            known.add_details([row["requester"], *parts_of(row["customer_name"])])
            known.add_said([row["subject"]])
        for row in self._rows["message"]:
            if row["author"] == Author.CUSTOMER and row["body"] != ERASED:
                self.words[row["ticket_id"]].add_said([row["body"]])
                self.words[row["ticket_id"]].add_details([row["name"]])
        for row in self._rows["issue"]:
            clause = (row["slots"] or {}).get("clause") or ""
            if clause != ERASED and " " in clause:
                self.words[row["ticket_id"]].add_details([clause])
        for row in self._rows["action"]:
            for held in ("arguments", "executed_arguments", "records", "preview"):
                found = (d for d in details_in(row[held]) if d != ERASED)
                self.words[row["ticket_id"]].add_details(found)

    def apply(self, by: str, why: dict[str, Any]) -> Counter[str]:
        """Erase it, with an event in the chain of each ticket that held something.

        `why` stands in these events; it must be free of personal data. How many rows of each
        table lost something; erased again, it is none.
        """
        self._erase_attachments()
        held: dict[str, Counter[str]] = {ticket_id: Counter() for ticket_id in self._ids}
        for ticket_id, number in self._erase_payloads():
            held[ticket_id]["payload"] += number
        for name, rows in self._rows.items():
            changed = [c for c in (self._changes(name, row) for row in rows) if c is not None]
            for ticket_id, _ in changed:
                held[ticket_id][name] += 1
            self._write(name, [values for _, values in changed])
        total: Counter[str] = Counter()
        for ticket_id, counts in held.items():
            if counts:
                data = {**why, "by": by, "erased": dict(sorted(counts.items()))}
                kept = NewEvent("ticket.erased", AgentName.OPERATOR.value, data, ticket_id)
                self._tx.append(kept)
                total += counts
        return total

    def _changes(self, name: str, row: Row) -> tuple[str, Row] | None:
        """The ticket and the new values of a row that holds something; None for others."""
        ticket_id = self._of(name, row)
        after = {c: erase(row[c], row, self.words[ticket_id]) for c, erase in ERASES[name].items()}
        if all(row[column] == value for column, value in after.items()):
            return None
        return ticket_id, {"row_id": row["id"], **{f"new_{c}": v for c, v in after.items()}}

    def _of(self, name: str, row: Row) -> str:
        if name == "ticket":
            return str(row["id"])
        return self._ticket_of[row["action_id"]] if name == "decision" else str(row["ticket_id"])

    def _write(self, name: str, changes: list[Row]) -> None:
        if not changes:
            return
        table = TABLES[name]
        values: Row = {column: bindparam(f"new_{column}") for column in ERASES[name]}
        if name == "ticket":
            # A worker that still has the ticket as it was writes nothing of it back.
            values["epoch"] = table.c.epoch + 1
        statement = update(table).where(table.c.id == bindparam("row_id")).values(values)
        self._tx.connection.execute(statement, changes)

    def _erase_attachments(self) -> None:
        """Take the contents of files away; what they were called goes with their rows."""
        ids = [row["id"] for row in self._rows["attachment"]]
        for start in range(0, len(ids), AT_ONCE):
            some = _BODY.c.id.in_(ids[start : start + AT_ONCE])
            self._tx.connection.execute(update(_BODY).where(some).values(body=None))

    def _erase_payloads(self) -> Iterator[tuple[str, int]]:
        for start in range(0, len(self._ids), AT_ONCE):
            yield from self._erase_some_payloads(self._ids[start : start + AT_ONCE])

    def _erase_some_payloads(self, ids: list[str]) -> Iterable[tuple[str, int]]:
        held: dict[str, str] = {}
        for source, key in ((EVENT, EVENT.c.chain), (MESSAGE, MESSAGE.c.ticket_id)):
            query = (
                select(PAYLOAD.c.id, key.label("ticket"))
                .join(source, source.c.payload_id == PAYLOAD.c.id)
                .where(key.in_(ids), PAYLOAD.c.body.is_not(None))
            )
            held |= {row.id: row.ticket for row in self._tx.connection.execute(query)}
        statement = update(PAYLOAD).where(PAYLOAD.c.id == bindparam("payload_id"))
        if held:
            self._tx.connection.execute(
                statement.values(body=None, erased_at=self._tx.now),
                [{"payload_id": payload} for payload in held],
            )
        return Counter(held.values()).items()

    def still_logged(self) -> int:
        """Entries of the tickets' logs that hold a detail or words of the customer in their data.

        There should be none: entries are redacted when they are written, and never change.
        """
        found = 0
        for start in range(0, len(self._ids), AT_ONCE):
            query = select(EVENT.c.chain, EVENT.c.step, EVENT.c.data).where(
                EVENT.c.chain.in_(self._ids[start : start + AT_ONCE])
            )
            for row in self._tx.connection.execute(query):
                words = self.words[row.chain]
                texts = [row.step or "", *texts_in(json.loads(row.data))]
                found += any(words.held_by(text) for text in texts)
        return found
