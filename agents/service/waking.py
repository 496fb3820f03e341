"""Having the agents look at a ticket again: because a person asks, or because its time has come."""

from datetime import timedelta

from sqlalchemy import func, select

from agents.authority import check_may_act
from agents.errors import NotDecidable
from agents.service.acts import Acts, check_not_recorded
from data.store import TICKET, NewEvent
from data.vocabulary import AGENTS_OWN, AgentName, Role


class Waking(Acts):
    """What makes a ticket pending."""

    def retry(self, ticket_id: str, *, by: str) -> None:
        """Have the agents look at the ticket again, from what is known now."""
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.OPERATOR, "send tickets to the agents")
            ticket = tx.ticket(ticket_id)
            check_not_recorded(ticket)
            if ticket["owner"] != AGENTS_OWN:
                raise NotDecidable(
                    f"{ticket['owner']} has ticket {ticket['ref']}; "
                    f"`handrail handback {ticket['ref']}` gives it to the agents"
                )
            tx.append(NewEvent("ticket.retried", AgentName.OPERATOR.value, {"by": by}, ticket_id))
            tx.set_ticket(ticket_id, read_count=max(0, ticket["read_count"] - 1))
            tx.wake(ticket_id)

    def wake_due(self) -> float | None:
        """Wake tickets whose timer has come; seconds until the next one, None if there is none."""
        now = self.store.clock.now()
        with self.store.read() as connection:
            due = connection.execute(
                select(TICKET.c.id)
                .where(TICKET.c.timer_at <= now, TICKET.c.pending.is_(False))
                .limit(500)
            ).all()
            upcoming = connection.execute(
                select(func.min(TICKET.c.timer_at)).where(TICKET.c.timer_at > now)
            ).scalar()
        if due:
            with self.store.write() as tx:
                for row in due:
                    tx.wake(row.id)
        return None if upcoming is None else max(0.0, (upcoming - now) / timedelta(seconds=1))
