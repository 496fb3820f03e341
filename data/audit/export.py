"""One ticket's record in one file that can be checked anywhere, personal data masked or not."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from data.audit.rows import COLUMNS, events_as_stored, snapshot
from data.audit.texts import digest_of
from data.columns import canonical
from data.errors import HandrailError, NotFound
from data.names import parts_of
from data.redaction import mask, mask_text
from data.store import ACTION, CHAIN, EVENT, MESSAGE, PAYLOAD, TICKET, NewEvent, Store
from data.vocabulary import AgentName

VERSION = 1
_OPEN = ("id", "ref", "status", "channel", "language", "intents", "customer_id", "owner")
_TIMES = ("opened_at", "updated_at", "answered_at", "ended_at")
_WHY = ("outcome", "escalation", "merged_into")
_PERSONAL = ("subject", "requester", "customer_name")
_ACTIONS = ("id", "name", "state", "rule", "decided_by", "decision_reason", "problem")


@dataclass(frozen=True)
class Exported:
    """What was written."""

    ticket: str
    masked: bool
    events: int
    texts: int
    sealed: int
    """Events that hold personal data themselves: what hides it also hides how their hash came."""
    sha256: str
    """Of all lines but the last, which holds it."""


def write_export(store: Store, ticket_id: str, out: BinaryIO, *, by: str, masked: bool) -> Exported:
    """Write the record of a ticket to `out` as JSON Lines; `by` is the person who asks.

    A line that says what it is and why the ticket stands as it does, a line for each event, the
    head of the chain, and the digest of the lines. Unmasked, the raw texts follow their events.
    NotFound if there is no such ticket.
    """
    with snapshot(store.engine) as connection:
        writer = _Writer(out)
        ticket = _ticket(connection, ticket_id)
        texts = {} if masked else _messages(connection, ticket_id)
        names = _names(ticket) if masked else ()
        writer.line(_header(connection, ticket, by, store.clock.now(), names, masked=masked))
        for event, salt, body in _events(connection, ticket_id):
            hidden = _hide(event, names) if masked else []
            writer.events += 1
            writer.sealed += bool(hidden)
            writer.line({**event, "masked": hidden} if hidden else event)
            if not masked:
                for text in _texts(event, salt, body, texts):
                    writer.texts += 1
                    writer.line(text)
        head = connection.execute(select(CHAIN).where(CHAIN.c.id == ticket_id)).first()
        if head is not None:
            writer.line({"head": {"chain": head.id, "position": head.position, "hash": head.hash}})
        digest = writer.end()
    return Exported(ticket_id, masked, writer.events, writer.texts, writer.sealed, digest)


def record_export(store: Store, exported: Exported, *, by: str, signed_in_by: str) -> None:
    """Put on record, in the workspace's own chain, who took which file, and how they proved it."""
    data = {
        "ticket": exported.ticket,
        "by": by,
        "signed_in_by": signed_in_by,
        "masked": exported.masked,
        "events": exported.events,
        "sha256": exported.sha256,
    }
    with store.write() as tx:
        tx.append(NewEvent("audit.exported", AgentName.OPERATOR.value, data))


class _Writer:
    """Writes lines, counts them by kind, and takes their digest."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._digest = out, hashlib.sha256()
        self.events = self.texts = self.sealed = 0

    def line(self, content: dict[str, Any]) -> None:
        try:
            line = encoded(content)
        except UnicodeEncodeError as problem:
            raise HandrailError(
                "the record holds text that is not UTF-8; `handrail audit verify` says where"
            ) from problem
        self._digest.update(line)
        self._out.write(line)

    def end(self) -> str:
        digest = self._digest.hexdigest()
        self._out.write(encoded({"sha256": digest}))
        return digest


def encoded(content: dict[str, Any]) -> bytes:
    """A line of the file."""
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


def _ticket(connection: Connection, ticket_id: str) -> dict[str, Any]:
    names = (*_OPEN, *_TIMES, *_WHY, *_PERSONAL)
    query = select(*[TICKET.c[name] for name in names]).where(TICKET.c.id == ticket_id)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"no ticket {ticket_id!r}")
    return dict(row._mapping)


def _names(ticket: dict[str, Any]) -> tuple[str, ...]:
    """What a masked file must not hold besides what is found by its form."""
    requester = ticket["requester"]
    return (*([requester] if requester else []), *parts_of(ticket["customer_name"]))


def _header(
    connection: Connection,
    ticket: dict[str, Any],
    by: str,
    now: datetime,
    names: tuple[str, ...],
    *,
    masked: bool,
) -> dict[str, Any]:
    query = select(*[ACTION.c[name] for name in _ACTIONS]).where(ACTION.c.ticket_id == ticket["id"])
    actions = [dict(row._mapping) for row in connection.execute(query.order_by(ACTION.c.position))]
    told: dict[str, Any] = {name: ticket[name] for name in _OPEN if name != "id"}
    told |= {name: _stamp(ticket[name]) for name in _TIMES}
    told |= {name: ticket[name] for name in _WHY} | {"actions": actions}
    if masked:
        told = mask(told, names)
    else:
        told |= {name: ticket[name] for name in _PERSONAL}
    begin = {"handrail_export": VERSION, "ticket": ticket["id"], "masked": masked}
    return begin | {"exported_at": _stamp(now), "by": by} | told


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _events(
    connection: Connection, ticket_id: str
) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
    """Each event of the ticket with the salt and the body of its text."""
    query = events_as_stored().where(EVENT.c.chain == ticket_id)
    for row in connection.execute(query.execution_options(yield_per=200)):
        *stored, salt, body = row
        event = dict(zip(COLUMNS, stored, strict=True))
        yield {"event": event.pop("id"), **event}, salt, body


def _hide(event: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """Mask what personal data an event holds; the columns that this changed."""
    hidden = []
    try:
        told = json.loads(event["data"])
        data = canonical(mask(told, names)) if mask(told, names) != told else event["data"]
    except ValueError:
        data = mask_text(event["data"], names)
    step = mask_text(event["step"], names) if event["step"] else event["step"]
    for name, shown in (("data", data), ("step", step)):
        if shown != event[name]:
            event[name] = shown
            hidden.append(name)
    return hidden


def _messages(connection: Connection, ticket_id: str) -> dict[str, dict[str, Any]]:
    """The raw messages of a ticket by their digests; erased ones are left out."""
    query = (
        select(PAYLOAD.c.id, PAYLOAD.c.salt, PAYLOAD.c.body)
        .join(MESSAGE, MESSAGE.c.payload_id == PAYLOAD.c.id)
        .where(MESSAGE.c.ticket_id == ticket_id, PAYLOAD.c.body.is_not(None))
    )
    found = {}
    for payload_id, salt, body in connection.execute(query):
        digest = digest_of(salt, body)
        if digest is not None:
            found[digest] = {"text": payload_id, "digest": digest, "salt": salt, "body": body}
    return found


def _texts(
    event: dict[str, Any], salt: str | None, body: str | None, messages: dict[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The texts that belong to an event."""
    if event["payload_digest"] is not None:
        text = {"text": event["payload_id"], "digest": event["payload_digest"]}
        yield {**text, "erased": True} if body is None else {**text, "salt": salt, "body": body}
    for digest, message in messages.items():
        if digest in event["data"]:
            yield message
