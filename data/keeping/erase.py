"""Forgetting one person: who is meant, which tickets are theirs, and what is left of them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, or_, select, update

from data.errors import HandrailError, NotFound
from data.keeping.closing import close_by_force, what_is_open
from data.keeping.fields import ERASED
from data.keeping.removal import Removal
from data.store import MESSAGE, TICKET, NewEvent, Store, Transaction
from data.vocabulary import AgentName

Record = Mapping[str, Any]
LookUp = Callable[[str], Record | None]
"""The record of a customer outside, by id or by e-mail address; None if there is none."""


class StillOpen(HandrailError):
    """A ticket that still runs, or waits for a decision, keeps its data until it is done."""


class MeansSeveral(HandrailError):
    """A name that leads to more than one person."""


@dataclass(frozen=True)
class Person:
    """Whose data is meant."""

    customer_id: str | None
    addresses: frozenset[str]
    """In lower case."""
    digest: str
    """What the log keeps of who was erased."""
    tickets: list[str]
    """Ids of their tickets, oldest first."""
    refs: list[str]
    """The same tickets as people know them."""


@dataclass(frozen=True)
class Forgotten:
    """What was erased."""

    person: Person
    rows: Counter[str] = field(default_factory=Counter)
    """Table to how many of its rows lost something."""
    closed: list[str] = field(default_factory=list)
    """Refs of tickets that were still open and had to be closed."""
    still_logged: int = 0
    """Entries of the log that hold words of the person nevertheless; they cannot be changed."""


def digest_of(kind: str, name: str) -> str:
    """What the log keeps of who was erased: SHA-256 of `customer:ID`, or `address:…` of a writer
    who is no known customer."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()


def find_person(connection: Connection, name: str, look_up: LookUp = lambda name: None) -> Person:
    """Who is meant by a customer's id, an e-mail address, or a ticket's id or ref.

    Theirs are the tickets of the customer, and those of nobody known that came from an address
    of theirs alone. An address without tickets is a person with none. NotFound for another name
    that leads nowhere; MeansSeveral for an address of several customers.
    """
    name = name.strip()
    record = look_up(name)
    customer_id = _customer(connection, name, record)
    addresses = {name.lower()} if "@" in name and record is None else set()
    alone: str | None = None
    if customer_id is None and not addresses:
        ticket = connection.execute(
            select(TICKET.c.id, TICKET.c.customer_id, TICKET.c.requester).where(
                or_(TICKET.c.id == name, TICKET.c.ref == name)
            )
        ).first()
        if ticket is None:
            raise NotFound(f"no customer and no ticket {name!r} here; name an id, address or ref")
        customer_id, alone = ticket.customer_id, ticket.id
        addresses = {ticket.requester} if ticket.requester and not customer_id else set()
    if customer_id is not None:
        record = record or look_up(customer_id)
        addresses |= _own_addresses(connection, customer_id)
        addresses |= {str(record["email"]).lower()} if record and record.get("email") else set()
    return _person(connection, customer_id, addresses, alone)


def _customer(connection: Connection, name: str, record: Record | None) -> str | None:
    """The customer whose id or address `name` is, as far as tickets or their record tell."""
    if record is not None:
        return str(record["id"])
    if connection.execute(select(TICKET.c.id).where(TICKET.c.customer_id == name)).first():
        return name
    if "@" not in name:
        return None
    found = _customers_at(connection, name.lower())
    if len(found) > 1:
        raise MeansSeveral(f"{name} wrote for {', '.join(sorted(found))}; name one of them")
    return next(iter(found), None)


def _customers_at(connection: Connection, address: str) -> set[str]:
    query = select(TICKET.c.customer_id).where(
        TICKET.c.requester == address, TICKET.c.customer_id.is_not(None)
    )
    return set(connection.execute(query.distinct()).scalars())


def _own_addresses(connection: Connection, customer_id: str) -> set[str]:
    """Addresses from which this customer wrote, and no other one."""
    query = select(TICKET.c.requester).where(
        TICKET.c.customer_id == customer_id, TICKET.c.requester.is_not(None)
    )
    wrote = set(connection.execute(query.distinct()).scalars())
    return {a for a in wrote if _customers_at(connection, a) == {customer_id}}


def _person(
    connection: Connection, customer_id: str | None, addresses: set[str], alone: str | None
) -> Person:
    unknown = TICKET.c.customer_id.is_(None) & TICKET.c.requester.in_(addresses)
    theirs = [unknown, TICKET.c.id == alone]
    if customer_id is not None:
        theirs.append(TICKET.c.customer_id == customer_id)
    rows = connection.execute(
        select(TICKET.c.id, TICKET.c.ref)
        .where(or_(*theirs))
        .order_by(TICKET.c.opened_at, TICKET.c.id)
    ).all()
    if customer_id is not None:
        digest = digest_of("customer", customer_id)
    elif addresses:
        digest = digest_of("address", min(addresses))
    else:
        digest = digest_of("ticket", str(alone))
    return Person(
        customer_id, frozenset(addresses), digest, [r.id for r in rows], [r.ref for r in rows]
    )


def erase_person(store: Store, person: Person, *, by: str, force: bool = False) -> Forgotten:
    """Erase the personal data of `person` from their tickets, in one transaction.

    The events and their chain stay, and so do states, times, amounts and rules; the erasure is an
    event in each ticket's chain and in the workspace's. StillOpen if a ticket runs or waits for
    approval; `force` withdraws what is open and closes it first. Whoever has nothing left is no
    error.
    """
    with store.write() as tx:
        open_ones = what_is_open(tx, person.tickets)
        if open_ones and not force:
            named = ", ".join(f"{o.ref} ({o.why})" for o in open_ones[:5])
            raise StillOpen(
                f"nothing was erased: still open: {named}; decide or wait, or let --force withdraw "
                "what is open and close"
            )
        for ticket in open_ones:
            close_by_force(tx, ticket, by=by)
        removal = Removal(tx, person.tickets)
        rows = removal.apply(by, {"who": person.digest, "why": "erased on request"})
        rows["message"] += _erase_copies(tx, person.tickets)
        done = Forgotten(person, +rows, [o.ref for o in open_ones], removal.still_logged())
        if done.rows:
            data = {"who": person.digest, "by": by, "tickets": len(person.tickets),
                    "erased": dict(sorted(done.rows.items()))}  # fmt: skip
            tx.append(NewEvent("customer.erased", AgentName.OPERATOR.value, data))
    return done


def _erase_copies(tx: Transaction, ticket_ids: Iterable[str]) -> int:
    """What was said in tickets that were merged into those of others stands there as notes."""
    merged = tx.connection.execute(
        select(TICKET.c.ref, TICKET.c.merged_into).where(
            TICKET.c.id.in_(list(ticket_ids)), TICKET.c.merged_into.is_not(None)
        )
    ).all()
    erased = 0
    for row in merged:
        erased += tx.connection.execute(
            update(MESSAGE)
            .where(
                MESSAGE.c.ticket_id == row.merged_into,
                MESSAGE.c.name == f"merged from {row.ref}",
                MESSAGE.c.body != ERASED,
            )
            .values(body=ERASED)
        ).rowcount
    return erased
