"""Letting the demo's tickets arrive, and its customers answer, while somebody watches."""

import logging
import threading
import time
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from agents.demo.tickets import DemoTicket
from agents.service import NewTicket, Service
from data.errors import HandrailError
from data.store import TICKET, Store
from data.vocabulary import TicketStatus

LOOK_SECONDS = 0.5
"""Between two looks for customers who are awaited."""

THINKING_SECONDS = 5.0
"""What a customer takes for an answer, at pace 1."""

log = logging.getLogger(__name__)


class Customers:
    """The demo's customers: they write their tickets and answer what they are asked."""

    def __init__(self, service: Service, tickets: Sequence[DemoTicket]) -> None:
        """Write through `service`."""
        self._service = service
        self._coming = list(tickets)
        self._answers: dict[str, list[str]] = {}
        self.names: dict[str, str] = {}
        """Id of each ticket that has arrived, to the demo's name for it."""

    @property
    def next_after(self) -> float | None:
        """When the next ticket arrives, in seconds from the beginning; None after the last."""
        return self._coming[0].after if self._coming else None

    def write_next(self) -> DemoTicket:
        """Let the next ticket arrive."""
        ticket = self._coming.pop(0)
        new = NewTicket(None, ticket.subject, ticket.body, ticket.email, "email")
        ticket_id = self._service.ingest(new)
        self.names[ticket_id] = ticket.name
        if ticket.answers:
            self._answers[ticket_id] = list(ticket.answers)
        return ticket

    def awaited(self) -> list[str]:
        """Tickets whose customer is asked for something and has an answer."""
        return awaited_customers(self._service.store, [t for t, a in self._answers.items() if a])

    def answer(self, ticket_id: str) -> None:
        """Send the customer's next answer."""
        self._service.receive(ticket_id, self._answers[ticket_id].pop(0))


def awaited_customers(store: Store, ticket_ids: Sequence[str]) -> list[str]:
    """Those of the tickets that await their customer and have nothing unread."""
    if not ticket_ids:
        return []
    query = select(TICKET.c.id).where(
        TICKET.c.id.in_(ticket_ids),
        TICKET.c.status == TicketStatus.AWAITING_CUSTOMER.value,
        TICKET.c.pending.is_(False),
    )
    with store.read() as connection:
        found = {row.id for row in connection.execute(query)}
    return [ticket_id for ticket_id in ticket_ids if ticket_id in found]


def feed(
    service: Service, tickets: Sequence[DemoTicket], stop: threading.Event, pace: float = 1.0
) -> None:
    """Let the tickets arrive and their customers answer until `stop` is set.

    A `pace` of 2 is twice as fast. Meant for a thread of its own. A moment in which the workspace
    cannot be written is waited out.
    """
    customers, began = Customers(service, tickets), time.monotonic()
    asked_at: dict[str, float] = {}
    while not stop.is_set():
        now = time.monotonic()
        try:
            due = customers.next_after
            if due is not None and now - began >= due / pace:
                customers.write_next()
                continue
            for ticket_id in customers.awaited():
                if now - asked_at.setdefault(ticket_id, now) >= THINKING_SECONDS / pace:
                    del asked_at[ticket_id]
                    customers.answer(ticket_id)
        except (HandrailError, SQLAlchemyError):
            log.warning("the demo could not write; it tries again", exc_info=True)
        due = customers.next_after
        left = LOOK_SECONDS if due is None else max(began + due / pace - time.monotonic(), 0.0)
        stop.wait(min(left, LOOK_SECONDS))
