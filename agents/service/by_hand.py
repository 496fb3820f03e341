"""What operators do themselves: propose an action, take one back, say what became of one."""

from typing import Any

from sqlalchemy import select, update

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import CATALOGUE, digest_of, money_of, target_of
from agents.actions.succession import dropped_after, succeed
from agents.authority import Person, check_may_act, check_may_approve
from agents.engine.conversation import add_message
from agents.errors import NotAllowed, NotDecidable
from agents.policy.gate import Ruling, rule_on
from agents.service.acts import check_not_recorded
from agents.service.adopting import UNDONE, revoke_after
from agents.service.deciding import Decided, Deciding, expiry, spoken
from agents.understanding.visible import visible
from data.queries.tickets import HANDOFF, ISSUE, RUN
from data.redaction import redact
from data.store import ACTION, NewEvent, Transaction
from data.tables import Action, Run
from data.vocabulary import (
    AGENTS_OWN,
    DONE_ACTIONS,
    ActionName,
    ActionState,
    AgentName,
    Author,
    DecisionKind,
    Gate,
    IssueState,
    Role,
    RunState,
    TicketStatus,
)

PENDING = {"exact": False, "pending": True, "changes": [], "money": [], "message": None}
"""The preview of an action whose effect a worker has still to work out."""


class ByHand(Deciding):
    """Actions that come from a person; they pass the same gate and the same executor."""

    def propose(
        self,
        ticket_id: str,
        name: ActionName,
        arguments: dict[str, Any],
        *,
        by: str,
        reason: str = "",
    ) -> str:
        """Propose an action of the catalogue on a ticket; its id.

        It waits for approval like any other, once a worker has worked its effect out.
        BadArguments for arguments that are not of its type, NotAllowed by policy or role.
        """
        if name is ActionName.UNDO:
            raise NotDecidable("`undo ID` takes an action back; it cannot be proposed by its name")
        arguments = check_arguments(name, arguments)
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_act(person, Role.OPERATOR, "propose actions")
            ruling = rule_on(self.policy, name, money_of(arguments)[0], None)
            if ruling.gate is Gate.FORBIDDEN:
                raise NotAllowed(ruling.why)
            action = self._insert(tx, ticket_id, name, arguments, by, ruling, reason=reason)
            tx.wake(ticket_id)
            return str(action["id"])

    def answer(self, ticket_id: str, body: str, *, by: str) -> str:
        """Send the customer a reply that an operator wrote; the id of its action."""
        with self.store.write() as tx:
            person = self._person(tx, by)
            check_may_approve(self.policy, person, ActionName.SEND_REPLY, None, None)
            return self._answer(tx, ticket_id, body, person, None)

    def _answer(
        self,
        tx: Transaction,
        ticket_id: str,
        body: str,
        person: Person,
        then: dict[str, Any] | None,
    ) -> str:
        """A reply that its writer approves; `then` is what its going out means for the ticket."""
        body = visible(body).strip()
        if not body:
            raise NotDecidable("the reply is empty; write what the customer is to read")
        arguments = check_arguments(ActionName.SEND_REPLY, {"ticket": ticket_id, "body": body})
        preview = _first_preview(ActionName.SEND_REPLY, arguments, tx.ticket(ticket_id))
        action = self._insert(
            tx, ticket_id, ActionName.SEND_REPLY, arguments, person.name,
            Ruling(Gate.ASK, 1, "a person wrote it"),
            reason=f"{person.name} answers the customer",
            preview=preview | ({"then": then} if then else {}),
        )  # fmt: skip
        self._approve_own(tx, action, person)
        tx.wake(ticket_id)
        return str(action["id"])

    def undo(self, action_id: str, *, by: str) -> Decided:
        """Ask for an executed action to be taken back; that is an action of its own.

        Who asks approves it, so that it runs at once unless the original took two people. An
        adopted rule that lets such an action run alone is revoked at once.
        NotDecidable where nothing is left to undo or it is too late, NotAllowed beyond the role.
        """
        with self.store.write() as tx:
            original, person = tx.action(action_id), self._person(tx, by)
            self._check_undoable(tx, original)
            amount, currency = original["amount"], original["currency"]
            check_may_approve(self.policy, person, ActionName(original["name"]), amount, currency)
            people = max(original["people_needed"], 1)
            gate = Gate.ASK_TWO if people > 1 else Gate.ASK
            undo = original["undo"] or {}
            action = self._insert(
                tx, original["ticket_id"], ActionName.UNDO, {"action": action_id}, by,
                Ruling(gate, people, "taking back asks who may do it"),
                reason=f"{by} takes back: {original['name'].replace('_', ' ')}",
                amount=amount, currency=currency, undoes=action_id,
                risk=original["risk"],
                preview={
                    **PENDING, "exact": bool(undo.get("changes")), "pending": False,
                    "changes": undo.get("changes") or [],
                    "affects": (original["preview"] or {}).get("affects"),
                },
            )  # fmt: skip
            missing = self._approve_own(tx, action, person)
            self._tell(tx, original, "action.undo_requested", by, {"undo": action["id"]})
            revoke_after(tx, original, UNDONE, by)
            tx.wake(original["ticket_id"])
            state = ActionState.PROPOSED if missing else ActionState.APPROVED
            return Decided(action["id"], state, missing)

    def _check_undoable(self, tx: Transaction, original: dict[str, Any]) -> None:
        name, undo = original["name"], original["undo"] or {}
        done = original["state"] in DONE_ACTIONS
        half_done = original["state"] == ActionState.FAILED and original["result"] is not None
        if original["undoes"]:
            raise NotDecidable("an undoing cannot be undone; propose the action again")
        if original["superseded_by"]:
            raise NotDecidable(
                f"action {original['id']} was replaced by {original['superseded_by']}; undo that"
            )
        if not done and not half_done:
            raise NotDecidable(
                f"action {original['id']} is {original['state']}; only what was done can be undone"
            )
        if not undo.get("possible"):
            raise NotDecidable(f"{name} cannot be undone")
        if original["undo_until"] is not None and original["undo_until"] < tx.now:
            raise NotDecidable(f"{name} could be undone until {spoken(original['undo_until'])}")
        under_way = tx.connection.execute(
            select(ACTION.c.id, ACTION.c.proposed_by).where(
                ACTION.c.undoes == original["id"],
                ACTION.c.superseded_by.is_(None),
                ACTION.c.state.in_(["proposed", "approved", "executing", "unknown"]),
            )
        ).first()
        if under_way is not None:
            raise NotDecidable(
                f"{under_way.proposed_by} asked to undo action {original['id']} already; "
                f"that is {under_way.id}"
            )

    def reconcile(self, action_id: str, *, by: str, happened: bool, note: str) -> Decided:
        """State what was found about an action whose outcome is not known; the run goes on.

        If it happened it counts as executed; if not, it is asked for again as a new revision.
        NotDecidable if the outcome is known, or without a note.
        """
        if not note.strip():
            raise NotDecidable("say what you found, and where, with --note")
        with self.store.write() as tx:
            action, person = tx.action(action_id), self._person(tx, by)
            check_may_approve(
                self.policy, person, ActionName(action["name"]), action["amount"],
                action["currency"],
            )  # fmt: skip
            if action["state"] != ActionState.UNKNOWN:
                raise NotDecidable(
                    f"action {action_id} is {action['state']}; only an unknown outcome needs this"
                )
            found = "happened" if happened else "did not happen"
            text = redact({"note": note})["note"]
            stands, state = action_id, ActionState.EXECUTED
            if happened:
                result = {"stated_by": by, "note": text}
                tx.set_action(
                    action_id, state, was=[ActionState.UNKNOWN], executed_at=tx.now,
                    result=result, problem=f"{by} found that it {found}: {text}",
                )  # fmt: skip
                if action["name"] == ActionName.SEND_REPLY:
                    self._was_answered(tx, action)
            else:
                state = ActionState.FAILED
                problem = f"{by} found that it {found}: {text}"
                tx.set_action(action_id, state, was=[ActionState.UNKNOWN], problem=problem)
                if not action["undoes"]:
                    stands, state = self._again(tx, action, by), ActionState.PROPOSED
            self._tell(tx, action, "action.reconciled", by, {"happened": happened, "note": text})
            if happened and action["undoes"]:
                original = tx.action(action["undoes"])
                tx.set_action(
                    original["id"], ActionState.UNDONE, was=[ActionState(original["state"])]
                )
            if action["issue_id"]:
                self._go_on(tx, action, by)
            tx.wake(action["ticket_id"])
            return Decided(stands, state, 0)

    def _was_answered(self, tx: Transaction, reply: dict[str, Any]) -> None:
        """A reply went out after all: it belongs to the conversation."""
        by = reply["proposed_by"]
        author = Author.OPERATOR if by else Author.AGENT
        add_message(tx, reply["ticket_id"], author, reply["arguments"]["body"], by)
        tx.set_ticket(reply["ticket_id"], answered_at=tx.now)

    def _again(self, tx: Transaction, action: dict[str, Any], by: str) -> str:
        """Ask anew for an action that did not happen, or was dropped after one; the new id.

        What belongs to no issue, an answer, is asked for by the person: no run goes on with it.
        """
        new_id = tx.ids("a")
        people = max(action["people_needed"], 1)
        succeed(
            tx, action, new_id, records={}, people_needed=people,
            expires_at=expiry(tx, self.policy.approval.expires_hours),
            gate=(Gate.ASK_TWO if people > 1 else Gate.ASK).value,
            policy_version=self.policy.version,
            preview={**(action["preview"] or PENDING), "exact": False, "pending": True},
            proposed_by=action["proposed_by"] or (None if action["issue_id"] else by),
        )  # fmt: skip
        tx.connection.execute(
            update(ACTION).where(ACTION.c.id == action["id"]).values(superseded_by=new_id)
        )
        data = {"action": new_id, "name": action["name"], "again": action["id"]}
        agent = AgentName.RESOLUTION.value
        tx.append(NewEvent("action.proposed", agent, redact(data), action["ticket_id"]))
        return new_id

    def _go_on(self, tx: Transaction, action: dict[str, Any], by: str) -> None:
        """Open the issue again: what was dropped after the action is asked for, a run begins."""
        ticket_id, issue_id = action["ticket_id"], action["issue_id"]
        dropped = tx.connection.execute(
            select(ACTION)
            .where(
                ACTION.c.issue_id == issue_id,
                ACTION.c.state == ActionState.WITHDRAWN.value,
                ACTION.c.superseded_by.is_(None),
                ACTION.c.problem == dropped_after(action["name"], ActionState.UNKNOWN),
            )
            .order_by(ACTION.c.position)
        )
        for later in [dict(row) for row in dropped.mappings()]:
            self._again(tx, later, by)
        tx.connection.execute(
            update(ISSUE).where(ISSUE.c.id == issue_id).values(state=IssueState.OPEN.value)
        )
        tx.connection.execute(
            update(HANDOFF)
            .where(HANDOFF.c.ticket_id == ticket_id, HANDOFF.c.accepted_at.is_(None))
            .values(accepted_at=tx.now, accepted_by=by)
        )
        ticket = tx.ticket(ticket_id)
        if ticket["owner"] != AGENTS_OWN:
            return
        newest = tx.connection.execute(
            select(RUN.c.number, RUN.c.state, RUN.c.policy_version)
            .where(RUN.c.ticket_id == ticket_id)
            .order_by(RUN.c.number.desc())
        ).first()
        if newest is not None and newest.state in (RunState.RUNNING, RunState.PARKED):
            return
        number = (newest.number if newest else 0) + 1
        run_id = tx.ids("r")
        tx.insert(
            Run, id=run_id, ticket_id=ticket_id, number=number,
            policy_version=self.policy.version, started_at=tx.now,
        )  # fmt: skip
        data = {"run": number, "after": "an unknown outcome was settled", "by": by}
        tx.append(NewEvent("run.started", AgentName.RESOLUTION.value, data, ticket_id, run_id))
        tx.set_ticket(
            ticket_id, status=TicketStatus.WORKING.value, escalation=None, outcome=None,
            ended_at=None,
        )  # fmt: skip

    def _approve_own(self, tx: Transaction, action: dict[str, Any], person: Person) -> int:
        """The approval of who proposed it; how many further people must approve."""
        self._decide(tx, action, DecisionKind.APPROVE, person, None)
        missing = self._missing(tx, action)
        if missing == 0:
            tx.set_action(
                action["id"], ActionState.APPROVED, was=[ActionState.PROPOSED],
                decided_by=person.name, decided_at=tx.now,
            )  # fmt: skip
        return missing

    def _insert(
        self,
        tx: Transaction,
        ticket_id: str,
        name: ActionName,
        arguments: dict[str, Any],
        by: str,
        ruling: Ruling,
        **more: Any,
    ) -> dict[str, Any]:
        """Insert an action of a person's, waiting to be decided; its columns."""
        ticket, action_id = tx.ticket(ticket_id), tx.ids("a")
        check_not_recorded(ticket)
        amount, currency = money_of(arguments)
        run_id = tx.connection.execute(
            select(RUN.c.id).where(RUN.c.ticket_id == ticket_id).order_by(RUN.c.number.desc())
        ).scalar()
        last = tx.connection.execute(
            select(ACTION.c.position)
            .where(ACTION.c.ticket_id == ticket_id)
            .order_by(ACTION.c.position.desc())
        ).scalar()
        expires = expiry(tx, self.policy.approval.expires_hours)
        values: dict[str, Any] = {
            "id": action_id,
            "ticket_id": ticket_id,
            "run_id": run_id or self._run_by_hand(tx, ticket_id),
            "position": int(last or 0) + 1,
            "name": name.value,
            "arguments": arguments,
            "digest": digest_of(name, arguments),
            "target": target_of(name, arguments),
            "agent": AgentName.OPERATOR.value,
            "gate": ruling.gate.value,
            "risk": CATALOGUE[name].risk,
            "amount": amount,
            "currency": currency,
            "people_needed": max(ruling.people, 1),
            "preview": _first_preview(name, arguments, ticket),
            "policy_version": self.policy.version,
            "proposed_at": tx.now,
            "expires_at": expires,
            "proposed_by": by,
            "idempotency_key": f"{ticket_id}:{action_id}",
            **more,
        }
        if not values.get("reason"):
            values["reason"] = f"{by} proposes it"
        tx.insert(Action, **values)
        self._tell(tx, values, "action.proposed", by, {"arguments": arguments})
        if ticket["timer_at"] is None or ticket["timer_at"] > expires:
            tx.set_ticket(ticket_id, timer_at=expires)
        return tx.action(action_id)

    def _run_by_hand(self, tx: Transaction, ticket_id: str) -> str:
        """A run for a ticket that the agents never looked at, so that its actions belong to one."""
        run_id = tx.ids("r")
        tx.insert(
            Run, id=run_id, ticket_id=ticket_id, number=1, state=RunState.ENDED.value,
            policy_version=self.policy.version, started_at=tx.now, ended_at=tx.now,
        )  # fmt: skip
        return run_id


def _first_preview(
    name: ActionName, arguments: dict[str, Any], ticket: dict[str, Any]
) -> dict[str, Any]:
    amount, currency = money_of(arguments)
    money = [{"amount": amount, "currency": currency, "to": "customer"}] if amount else []
    message = None
    if name in (ActionName.SEND_REPLY, ActionName.SEND_NOTIFICATION):
        message = {
            "to": arguments.get("channel", "ticket"),
            "subject": arguments.get("subject", ""),
            "body": arguments["body"],
        }
    affects = ticket["customer_name"] or ticket["requester"]
    return {**PENDING, "money": money, "message": message, "affects": affects}
