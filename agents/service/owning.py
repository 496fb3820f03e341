"""Who has a ticket: taking it from the agents, passing it on, handing it back."""

from typing import Any

from agents.authority import Person, check_may_act, role_of
from agents.endings import (
    accept_handoffs,
    actions_in,
    end_issues,
    end_runs,
    messages_of_customer,
    withdraw,
)
from agents.engine.conversation import add_message
from agents.errors import NotAllowed, NotDecidable
from agents.service.acts import check_not_recorded
from agents.service.by_hand import ByHand
from agents.understanding.secrets import mask_secrets
from agents.understanding.visible import visible
from data.queries.tickets import HANDOFF, RUN
from data.store import TICKET, NewEvent, Transaction
from data.vocabulary import (
    AGENTS_OWN,
    ENDED_TICKETS,
    ActionName,
    ActionState,
    AgentName,
    Author,
    IssueState,
    Role,
    RunState,
    TicketStatus,
)

TAKEN_OVER = "a person took the ticket over"


class Owning(ByHand):
    """Acts that say who has a ticket; what the agents are doing to it then ends at once."""

    def take(self, ticket_id: str, *, by: str, force: bool = False) -> str:
        """Take a ticket; who had it before. It is worked on by this person from now on.

        The agents' answer that waits is withdrawn, so that nothing goes out twice; their other
        requests stay, and are carried out once decided. NotAllowed for what another has, unless a
        supervisor takes it or with `force`.
        """
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_act(person, Role.OPERATOR, "take tickets")
            ticket = self._unmerged(tx, ticket_id)
            self._check_free(ticket, person, force=force)
            if ticket["owner"] == by:
                raise NotDecidable(f"{by} has ticket {ticket['ref']} already")
            self._give(tx, ticket, by, by)
            accept_handoffs(tx, ticket_id, by)
            return str(ticket["owner"])

    def accept(self, ticket_id: str, *, by: str, force: bool = False) -> str:
        """Take a ticket that was handed over to people; the id of its newest hand-over.

        NotDecidable if none waits; NotAllowed for one that waits for another, or that another has,
        unless a supervisor accepts it or with `force`.
        """
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_act(person, Role.OPERATOR, "accept hand-overs")
            ticket = self._unmerged(tx, ticket_id)
            self._check_free(ticket, person, force=force)
            newest = tx.connection.execute(
                HANDOFF.select()
                .where(HANDOFF.c.ticket_id == ticket_id, HANDOFF.c.accepted_at.is_(None))
                .order_by(HANDOFF.c.queued_at.desc(), HANDOFF.c.id.desc())
            ).first()
            if newest is None:
                raise NotDecidable(
                    f"no hand-over of ticket {ticket['ref']} waits; "
                    f"`handrail take {ticket['ref']}` takes it"
                )
            to = newest.assigned_to
            if to not in (None, by) and not force and person.role.rank < Role.SUPERVISOR.rank:
                raise NotAllowed(
                    f"ticket {ticket['ref']} was handed to {to}; "
                    "a supervisor may accept it, or anybody with --force"
                )
            accept_handoffs(tx, ticket_id, by)
            data = {"handoff": newest.id, "skill": newest.skill, "by": by}
            tx.append(NewEvent("handoff.accepted", AgentName.OPERATOR.value, data, ticket_id))
            if ticket["owner"] != by:
                self._give(tx, ticket, by, by)
            elif ticket["status"] == TicketStatus.ESCALATED:
                tx.set_ticket(ticket_id, status=TicketStatus.WORKING.value, escalation=None)
                tx.wake(ticket_id)
            return str(newest.id)

    def assign(self, ticket_id: str, *, to: str, by: str, force: bool = False) -> str:
        """Give a ticket to an operator; who had it before. To `agents` it is handed back.

        NotAllowed for somebody who may not act here, and for what another has, unless a supervisor
        assigns it or with `force`.
        """
        if to == AGENTS_OWN:
            return self.hand_back(ticket_id, by=by, force=force)
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_act(person, Role.OPERATOR, "assign tickets")
            role = role_of(tx.connection, to)
            if role.rank < Role.OPERATOR.rank:
                raise NotAllowed(f"{to} is a {role} and cannot have tickets")
            ticket = self._unmerged(tx, ticket_id)
            self._check_free(ticket, person, force=force)
            if ticket["owner"] == to:
                raise NotDecidable(f"{to} has ticket {ticket['ref']} already")
            accept_handoffs(tx, ticket_id, to)
            self._give(tx, ticket, to, by)
            return str(ticket["owner"])

    def hand_back(self, ticket_id: str, *, by: str, note: str = "", force: bool = False) -> str:
        """Give a ticket back to the agents, with a note for the next person; who had it.

        They go on where they were, or look at it anew; where the customer is awaited, or it has
        ended, they wait for what comes. NotDecidable while an answer of a person is on its way.
        """
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_act(person, Role.OPERATOR, "hand tickets back")
            ticket = tx.ticket(ticket_id)
            if ticket["owner"] == AGENTS_OWN:
                raise NotDecidable(f"the agents have ticket {ticket['ref']} already")
            self._check_free(ticket, person, force=force)
            for action in actions_in(tx, ticket_id, (ActionState.APPROVED, ActionState.EXECUTING)):
                if action["name"] == ActionName.SEND_REPLY and action["proposed_by"]:
                    raise NotDecidable(
                        f"an answer of {action['proposed_by']} is on its way; hand it back when "
                        "it is out"
                    )
            if note.strip():
                self._note(tx, ticket_id, note, by)
            data = {"by": by, "from": ticket["owner"]}
            tx.append(NewEvent("ticket.handed_back", AgentName.OPERATOR.value, data, ticket_id))
            tx.set_ticket(
                ticket_id, owner=AGENTS_OWN, epoch=TICKET.c.epoch + 1,
                **self._for_the_agents(tx, ticket),
            )  # fmt: skip
            tx.wake(ticket_id)
            return str(ticket["owner"])

    def _for_the_agents(self, tx: Transaction, ticket: dict[str, Any]) -> dict[str, Any]:
        """The columns by which the agents know what to do with a ticket that they get back."""
        written = messages_of_customer(tx, ticket["id"])
        if ticket["status"] in (*ENDED_TICKETS, TicketStatus.AWAITING_CUSTOMER):
            end_runs(tx, ticket["id"], "a person answered")
            end_issues(tx, ticket["id"], IssueState.AWAITING_CUSTOMER, was=(IssueState.OPEN,))
            return {"read_count": written}
        under_way = tx.connection.execute(
            RUN.select().where(
                RUN.c.ticket_id == ticket["id"],
                RUN.c.state.in_([RunState.RUNNING.value, RunState.PARKED.value]),
            )
        ).first()
        if under_way is None and ticket["read_count"] >= written:
            return {"read_count": max(0, written - 1)}
        return {}

    def _give(self, tx: Transaction, ticket: dict[str, Any], to: str, by: str) -> None:
        """Make `to` the owner; the agents' work on it that is under way is cut off."""
        if not to.strip() or to == AGENTS_OWN:
            raise NotAllowed(f"{to!r} is no person's name; say who takes it with --as NAME")
        withdraw(tx, ticket["id"], TAKEN_OVER, by, only_answers_of_agents=True)
        status = TicketStatus(ticket["status"])
        asked = actions_in(tx, ticket["id"], (ActionState.PROPOSED,))
        if status is not TicketStatus.AWAITING_CUSTOMER:
            status = TicketStatus.AWAITING_APPROVAL if asked else TicketStatus.WORKING
        data = {"to": to, "by": by, "from": ticket["owner"]}
        kind = "ticket.taken" if to == by else "ticket.assigned"
        tx.append(NewEvent(kind, AgentName.OPERATOR.value, data, ticket["id"]))
        tx.set_ticket(
            ticket["id"], owner=to, status=status.value, escalation=None, ended_at=None,
            epoch=TICKET.c.epoch + 1,
        )  # fmt: skip
        tx.wake(ticket["id"])

    def _check_free(self, ticket: dict[str, Any], person: Person, *, force: bool = False) -> None:
        """NotAllowed for what another has, unless a supervisor acts, or one who insists."""
        owner = ticket["owner"]
        if owner in (AGENTS_OWN, person.name) or force:
            return
        if person.role.rank < Role.SUPERVISOR.rank:
            raise NotAllowed(
                f"{owner} has ticket {ticket['ref']}; ask them, a supervisor, or insist with "
                "--force"
            )

    def _unmerged(self, tx: Transaction, ticket_id: str) -> dict[str, Any]:
        """The ticket; NotDecidable for one whose words stand in another now, or of others."""
        ticket = tx.ticket(ticket_id)
        check_not_recorded(ticket)
        if ticket["merged_into"]:
            other = tx.ticket(ticket["merged_into"])
            raise NotDecidable(
                f"ticket {ticket['ref']} was merged into {other['ref']}; work on that one"
            )
        return ticket

    def _note(self, tx: Transaction, ticket_id: str, body: str, by: str) -> None:
        shown = mask_secrets(visible(body)).strip()
        add_message(tx, ticket_id, Author.NOTE, shown, by)
        data = {"characters": len(shown), "by": by}
        tx.append(NewEvent("note", AgentName.OPERATOR.value, data, ticket_id, payload=shown))
