"""Tickets and messages come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from agents.endings import messages_of_customer
from agents.service.acts import Acts, check_not_recorded
from agents.service.attaching import AttachedLike, keep_files
from agents.surveys import answered_by
from agents.understanding.secrets import mask_secrets
from agents.understanding.visible import visible
from data.errors import HandrailError
from data.store import MESSAGE, PAYLOAD, TICKET, NewEvent, Transaction, new_payload, row_of, table
from data.tables import Message, Ticket
from data.vocabulary import AGENTS_OWN, ENDED_TICKETS, IMPORTED, AgentName, Author, TicketStatus

MAX_BODY = 1_000_000
"""Characters of one message; longer ones are refused whole."""


class DuplicateTicket(HandrailError):
    """A ticket with this ref is in the workspace already."""


@dataclass(frozen=True)
class NewTicket:
    """A ticket as it arrives."""

    ref: str | None
    subject: str
    body: str
    email: str | None = None
    channel: str = "email"
    at: datetime | None = None
    """When it was written, in UTC; now if not given."""
    external_id: str | None = None
    """The channel's own id, by which answers are threaded."""
    attachments: Sequence[AttachedLike] = ()


class Arrivals(Acts):
    """Storing what customers write."""

    def ingest(self, new: NewTicket) -> str:
        """Store a ticket for the agents; its id. DuplicateTicket if its ref is there already."""
        found = self.ingest_many([new])[0]
        if found is None:
            raise DuplicateTicket(f"ticket {new.ref!r} is in the workspace already")
        return found

    def ingest_many(self, batch: list[NewTicket]) -> list[str | None]:
        """Store many tickets in one transaction; None in place of the id for a ref that is
        there."""
        for new in batch:
            _check_body(new.body)
        with self.store.write() as tx:
            refs = [new.ref for new in batch if new.ref]
            there = set(
                tx.connection.execute(select(TICKET.c.ref).where(TICKET.c.ref.in_(refs))).scalars()
            )
            number = int(
                tx.connection.execute(select(func.count()).select_from(TICKET)).scalar_one()
            )
            ids: list[str | None] = []
            rows: dict[str, list[dict[str, Any]]] = {"ticket": [], "payload": [], "message": []}
            for new in batch:
                if new.ref and new.ref in there:
                    ids.append(None)
                    continue
                number += 1
                ref = new.ref or self._free_ref(tx, number, there)
                there.add(ref)
                ids.append(self._open(tx, new, ref, rows))
            if rows["ticket"]:
                tx.connection.execute(insert(TICKET), rows["ticket"])
                tx.connection.execute(insert(PAYLOAD), rows["payload"])
                tx.connection.execute(insert(MESSAGE), rows["message"])
            opened = [new for new, ticket_id in zip(batch, ids, strict=True) if ticket_id]
            for new, message in zip(opened, rows["message"], strict=True):
                keep_files(tx, message["ticket_id"], message["id"], new.attachments)
        return ids

    def with_another_text(self, batch: list[NewTicket]) -> set[str]:
        """The refs of `batch` under which a ticket is there that came with another text."""
        new = {one.ref: one for one in batch if one.ref}
        query = select(TICKET.c.ref, TICKET.c.subject, PAYLOAD.c.body)
        query = query.join(MESSAGE, MESSAGE.c.ticket_id == TICKET.c.id)
        query = query.join(PAYLOAD, PAYLOAD.c.id == MESSAGE.c.payload_id)
        query = query.where((MESSAGE.c.position == 1) & TICKET.c.ref.in_(new))
        with self.store.read() as connection:
            return {
                row.ref
                for row in connection.execute(query)
                # What was erased is compared with nothing.
                if row.body is not None
                and (row.subject, row.body) != (_title(new[row.ref]), new[row.ref].body)
            }

    def _free_ref(self, tx: Transaction, number: int, there: set[str]) -> str:
        while True:
            ref = str(1000 + number)
            taken = (
                ref in there
                or tx.connection.execute(select(TICKET.c.id).where(TICKET.c.ref == ref)).first()
            )
            if not taken:
                return ref
            number += 1

    def _open(
        self, tx: Transaction, new: NewTicket, ref: str, rows: dict[str, list[dict[str, Any]]]
    ) -> str:
        ticket_id, at = tx.ids("t"), new.at or tx.now
        ticket = {
            "id": ticket_id, "ref": ref, "channel": _channel(new.channel),
            "subject": _title(new),
            "requester": new.email.strip().lower() if new.email else None,
            "opened_at": at, "updated_at": tx.now, "message_count": 1,
        }  # fmt: skip
        payload, digest = new_payload(tx.ids, new.body)
        message = {
            "id": tx.ids("m"), "ticket_id": ticket_id, "position": 1,
            "author": Author.CUSTOMER.value, "name": ticket["requester"], "at": at,
            "body": _shown(new.body), "payload_id": payload["id"], "external_id": new.external_id,
        }  # fmt: skip
        rows["ticket"].append(row_of(Ticket, ticket))
        rows["payload"].append(payload)
        rows["message"].append(row_of(Message, message))
        data = {
            "channel": ticket["channel"],
            "ref": ref,
            "message": digest,
            "characters": len(new.body),
            **_counted(new.attachments),
        }
        tx.append(NewEvent("ticket.opened", AgentName.SYSTEM.value, data, ticket_id))
        return ticket_id

    def receive(
        self,
        ticket_id: str,
        body: str,
        *,
        at: datetime | None = None,
        external_id: str | None = None,
        attachments: Sequence[AttachedLike] = (),
    ) -> None:
        """Add a further message of the customer; the agents read it before anything else is done.

        On a ticket that a person has it waits for them. A score that answers a survey is taken in
        as that, and wakes nobody.
        """
        _check_body(body)
        with self.store.write() as tx:
            ticket = tx.ticket(ticket_id)
            check_not_recorded(ticket)
            if ticket["merged_into"]:
                ticket = tx.ticket(ticket["merged_into"])
            payload_id, digest = tx.add_payload(body)
            read = ticket["read_count"] == messages_of_customer(tx, ticket["id"])
            scored = read and answered_by(tx, ticket, body, at or tx.now, digest)
            message_id = tx.ids("m")
            tx.insert(
                Message, id=message_id, ticket_id=ticket["id"],
                position=_next_position(tx, ticket["id"]), author=Author.CUSTOMER.value,
                name=ticket["requester"], at=at or tx.now, body=_shown(body), payload_id=payload_id,
                external_id=external_id,
            )  # fmt: skip
            keep_files(tx, ticket["id"], message_id, attachments)
            count: dict[str, Any] = {"message_count": TICKET.c.message_count + 1}
            if scored:
                tx.set_ticket(ticket["id"], **count, read_count=TICKET.c.read_count + 1)
                return
            tx.set_ticket(ticket["id"], **count, **_back_to_owner(ticket))
            tx.wake(ticket["id"])
            data = {"message": digest, "characters": len(body), **_counted(attachments)}
            tx.append(NewEvent("message.received", AgentName.SYSTEM.value, data, ticket["id"]))


def _counted(attachments: Sequence[AttachedLike]) -> dict[str, int]:
    """How many files came, for the log; what they are called is the customer's words."""
    return {"attachments": len(attachments)} if attachments else {}


def _channel(named: str) -> str:
    """The channel of a ticket that comes in; that of recorded runs is none."""
    return named if named not in ("", IMPORTED) else "email"


def _back_to_owner(ticket: dict[str, Any]) -> dict[str, Any]:
    """What changes when the customer writes on a ticket that a person has: it is their turn."""
    rests = ENDED_TICKETS | {TicketStatus.AWAITING_CUSTOMER}
    if ticket["owner"] == AGENTS_OWN or ticket["status"] not in rests:
        return {}
    return {"status": TicketStatus.WORKING.value, "ended_at": None, "timer_at": None}


def _next_position(tx: Transaction, ticket_id: str) -> int:
    message = table(Message)
    last = tx.connection.execute(
        select(func.max(message.c.position)).where(message.c.ticket_id == ticket_id)
    ).scalar()
    return int(last or 0) + 1


def _check_body(body: str) -> None:
    if len(body) > MAX_BODY:
        raise HandrailError(
            f"a message of {len(body)} characters is too long; at most {MAX_BODY} are taken"
        )


def _title(new: NewTicket) -> str:
    return _shown(new.subject)[:500]


def _shown(text: str) -> str:
    """A customer's text as it may be shown: no secrets, escape codes or hidden characters."""
    return mask_secrets(visible(text))
