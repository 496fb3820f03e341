"""An operator's work on a ticket: answering, notes, priority, duplicates, ending; being there."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from agents.actions.catalogue import digest_of
from agents.authority import Person, check_may_act, check_may_approve, person_of
from agents.endings import BEGUN, actions_in, end_ticket, messages_of_customer
from agents.engine.conversation import add_message
from agents.errors import NotDecidable
from agents.roster import Roster, known_row, set_row, tell
from agents.service.drafting import drop_begun
from agents.service.owning import Owning
from agents.understanding.visible import visible
from data.store import MESSAGE, TICKET, NewEvent, Transaction
from data.vocabulary import (
    AGENTS_OWN,
    ENDED_TICKETS,
    ActionName,
    ActionState,
    AgentName,
    Author,
    Priority,
    Role,
    TicketStatus,
)


class DeskWork(Owning):
    """What people do with tickets themselves; each act is one transaction."""

    def send(
        self,
        ticket_id: str,
        body: str,
        *,
        by: str,
        resolve: bool = False,
        force: bool = False,
        seen: int | None = None,
    ) -> str:
        """Answer the customer; the id of the action that carries it out. Who answers takes it.

        Once it is out the ticket awaits the customer, or is resolved; if it cannot be sent, the
        ticket is escalated to who has it. NotDecidable for an empty answer, for one that is on its
        way already, to resolve while something of the ticket is being carried out, and if the
        customer has written more messages than the `seen` ones that the writer had before them.
        """
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_approve(self.policy, person, ActionName.SEND_REPLY, None, None)
            ticket = self._unmerged(tx, ticket_id)
            self._check_free(ticket, person, force=force)
            self._check_new(tx, ticket_id, body)
            written = messages_of_customer(tx, ticket_id)
            if seen is not None and written > seen:
                raise NotDecidable("the customer has written meanwhile; read that first")
            if resolve:
                self._check_nothing_begun(tx, ticket, (ActionState.APPROVED, *BEGUN))
            if ticket["owner"] != by or ticket["status"] in ENDED_TICKETS:
                self._give(tx, ticket, by, by)
            status = TicketStatus.RESOLVED if resolve else TicketStatus.AWAITING_CUSTOMER
            then = {"status": status.value, "seen": written}
            drop_begun(tx, ticket_id, by)
            return self._answer(tx, ticket_id, body, person, then)

    def _check_new(self, tx: Transaction, ticket_id: str, body: str) -> None:
        """NotDecidable if the very same answer is on its way."""
        arguments = {"ticket": ticket_id, "body": visible(body).strip()}
        digest = digest_of(ActionName.SEND_REPLY, arguments)
        for action in actions_in(tx, ticket_id, (ActionState.APPROVED, ActionState.EXECUTING)):
            if action["digest"] == digest:
                raise NotDecidable(f"this very answer is on its way already ({action['id']})")

    def note(self, ticket_id: str, body: str, *, by: str) -> None:
        """Add an internal note, which neither the customer nor the agents read."""
        if not body.strip():
            raise NotDecidable("the note is empty; write what the next person should know")
        with self.store.write() as tx:
            self._may(tx, by, "write notes")
            tx.ticket(ticket_id)
            self._note(tx, ticket_id, body, by)

    def set_priority(self, ticket_id: str, priority: Priority, *, by: str) -> Priority:
        """Set the priority, which the agents then leave as it is; what it was."""
        with self.store.write() as tx:
            self._may(tx, by, "change priorities")
            was = Priority(tx.ticket(ticket_id)["priority"])
            if was is priority:
                raise NotDecidable(f"its priority is {priority} already")
            data = {"from": was.value, "to": priority.value, "by": by}
            tx.append(NewEvent("ticket.priority_set", AgentName.OPERATOR.value, data, ticket_id))
            tx.set_ticket(ticket_id, priority=priority.value)
            return was

    def merge(self, ticket_id: str, *, into: str, by: str, force: bool = False) -> None:
        """Merge a duplicate: its words are added to the other ticket, and it is closed.

        What the customer writes in it later goes to the other. What waits in it is withdrawn.
        NotDecidable where they cannot be one, or something of the duplicate is being carried out.
        """
        with self.store.write() as tx:
            person = self._may(tx, by, "merge tickets")
            ticket, other = self._unmerged(tx, ticket_id), self._unmerged(tx, into)
            self._check_free(ticket, person, force=force)
            _check_one(ticket, other)
            self._check_nothing_begun(tx, ticket, BEGUN)
            name = f"merged from {ticket['ref']}"
            words = tx.connection.execute(
                MESSAGE.select()
                .where(MESSAGE.c.ticket_id == ticket_id, MESSAGE.c.author == Author.CUSTOMER.value)
                .order_by(MESSAGE.c.position)
            ).all()
            for message in words:
                add_message(tx, into, Author.NOTE, message.body, name, message.at)
            data = {"into": other["ref"], "from": ticket["ref"], "by": by}
            for chain in (ticket_id, into):
                tx.append(NewEvent("ticket.merged", AgentName.OPERATOR.value, data, chain))
            outcome = {
                "code": "merged", "rule": None, "text": f"{by} merged it into {other['ref']}.",
            }  # fmt: skip
            end_ticket(tx, ticket_id, TicketStatus.CLOSED, outcome, by)
            tx.set_ticket(ticket_id, merged_into=into, epoch=TICKET.c.epoch + 1)
            tx.wake(ticket_id)

    def close(self, ticket_id: str, *, by: str, reason: str, force: bool = False) -> None:
        """Close a ticket without an answer; what waits in it is withdrawn.

        NotDecidable without a reason, if it is closed, or if something is being carried out.
        """
        self._end(ticket_id, TicketStatus.CLOSED, by, reason, force=force)

    def resolve(self, ticket_id: str, *, by: str, reason: str, force: bool = False) -> None:
        """Say that a ticket is resolved, without a further answer; else like `close`."""
        self._end(ticket_id, TicketStatus.RESOLVED, by, reason, force=force)

    def _end(
        self, ticket_id: str, status: TicketStatus, by: str, reason: str, *, force: bool
    ) -> None:
        if not reason.strip():
            raise NotDecidable("say why with --reason")
        with self.store.write() as tx:
            person = self._may(tx, by, "end tickets")
            ticket = self._unmerged(tx, ticket_id)
            self._check_free(ticket, person, force=force)
            if ticket["status"] in (status, TicketStatus.CLOSED):
                raise NotDecidable(f"ticket {ticket['ref']} is {ticket['status']} already")
            self._check_nothing_begun(tx, ticket, BEGUN)
            timer = None
            if status is TicketStatus.RESOLVED:
                timer = tx.now + timedelta(days=self.policy.tickets.close_after_days)
                if ticket["owner"] == AGENTS_OWN:
                    self._give(tx, ticket, by, by)
            outcome = {"code": "by_hand", "rule": None, "text": f"{by}: {reason.strip()}"}
            end_ticket(tx, ticket_id, status, outcome, by, timer_at=timer)
            tx.set_ticket(ticket_id, epoch=TICKET.c.epoch + 1)
            tx.wake(ticket_id)

    def set_availability(self, name: str, available: bool, *, by: str) -> None:
        """Say whether a person can be handed tickets now; they may, and a supervisor."""
        with self.store.write() as tx:
            if by != name:
                check_may_act(self._person(tx, by), Role.SUPERVISOR, "say this for others")
            else:
                self._may(tx, by, "be handed tickets")
            known_row(tx.connection, name)
            set_row(tx, name, available=available)
            tell(tx, "available" if available else "away", name, by=by)

    def set_skills(self, name: str, skills: Iterable[str], *, by: str) -> list[str]:
        """Say what a person takes on; an admin may, and the person. The skills as stored."""
        with self.store.read() as connection:
            person_of(connection, by, self.signed_in_by)
        return Roster(self.store).set_skills(name, skills, by)

    def _may(self, tx: Transaction, by: str, what: str) -> Person:
        person = self._person(tx, by)
        check_may_act(person, Role.OPERATOR, what)
        return person

    def _check_nothing_begun(
        self, tx: Transaction, ticket: dict[str, Any], states: tuple[ActionState, ...]
    ) -> None:
        """NotDecidable while an action of the ticket is in one of these states."""
        for action in actions_in(tx, ticket["id"], states):
            way = (
                "has an unknown outcome; reconcile it first"
                if action["state"] == ActionState.UNKNOWN
                else f"is {action['state']}; wait until it is done, or reject it"
            )
            name = action["name"].replace("_", " ")
            raise NotDecidable(f"{name} ({action['id']}) {way}")


def _check_one(ticket: dict[str, Any], other: dict[str, Any]) -> None:
    """NotDecidable where two tickets cannot be one."""
    if ticket["id"] == other["id"]:
        raise NotDecidable(f"ticket {ticket['ref']} cannot be merged into itself")
    if other["status"] in ENDED_TICKETS:
        raise NotDecidable(
            f"ticket {other['ref']} is {other['status']}; merge into one that is open"
        )
    known = ticket["customer_id"], other["customer_id"]
    if all(known) and known[0] != known[1]:
        raise NotDecidable(f"tickets {ticket['ref']} and {other['ref']} are of different customers")
