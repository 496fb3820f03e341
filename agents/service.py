"""What people do, from any face: bring tickets in, decide, undo. Every error is one line for a
person."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import digest_of, money_of, target_of
from agents.errors import NotDecidable
from agents.policy.gate import rule_on
from agents.policy.model import Policy
from agents.understanding.secrets import mask_secrets
from data.errors import HandrailError
from data.queries.tickets import DECISION, ISSUE
from data.redaction import redact
from data.store import (
    ACTION,
    MESSAGE,
    PAYLOAD,
    TICKET,
    NewEvent,
    Store,
    Transaction,
    new_payload,
    row_of,
    table,
)
from data.tables import Action, Decision, Message, Ticket
from data.vocabulary import ActionName, ActionState, AgentName, Author, DecisionKind, Gate

MAX_BODY = 1_000_000
"""Characters of one message; longer ones are refused whole."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


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


@dataclass(frozen=True)
class Decided:
    """What became of a decision."""

    action_id: str
    """The action that now stands: the successor after an edit."""
    state: str
    people_missing: int
    """How many other people must still approve."""


class Service:
    """The acts of people on one workspace; holds no handle to any outside system."""

    def __init__(self, store: Store, policy: Policy) -> None:
        """Act on `store` under `policy`."""
        self.store, self.policy = store, policy

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
        return ids

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
            "id": ticket_id, "ref": ref, "channel": new.channel or "email",
            "subject": _shown(new.subject)[:500],
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
    ) -> None:
        """Add a further message of the customer; the agents read it before anything else is
        done."""
        _check_body(body)
        with self.store.write() as tx:
            ticket = tx.ticket(ticket_id)
            if ticket["merged_into"]:
                ticket = tx.ticket(ticket["merged_into"])
            payload_id, digest = tx.add_payload(body)
            tx.insert(
                Message, id=tx.ids("m"), ticket_id=ticket["id"],
                position=_next_position(tx, ticket["id"]), author=Author.CUSTOMER.value,
                name=ticket["requester"], at=at or tx.now, body=_shown(body), payload_id=payload_id,
                external_id=external_id,
            )  # fmt: skip
            tx.set_ticket(ticket["id"], message_count=TICKET.c.message_count + 1)
            tx.wake(ticket["id"])
            data = {"message": digest, "characters": len(body)}
            tx.append(NewEvent("message.received", AgentName.SYSTEM.value, data, ticket["id"]))

    def approve(self, action_id: str, *, by: str, digest: str | None = None) -> Decided:
        """Approve exactly what is proposed; where two people are needed, the second completes it.

        NotDecidable if it is decided, expired, or not what was on screen (`digest`).
        """
        with self.store.write() as tx:
            action = self._decidable(tx, action_id)
            if digest is not None and digest != action["digest"]:
                raise NotDecidable(f"action {action_id} is not what was on screen; look again")
            self._decide(tx, action, DecisionKind.APPROVE, by, None)
            missing = action["people_needed"] - self._approvals(tx, action_id)
            if missing > 0:
                self._tell(tx, action, "action.approved", by, {"people_missing": missing})
                return Decided(action_id, ActionState.PROPOSED, missing)
            tx.set_action(
                action_id,
                ActionState.APPROVED,
                was=[ActionState.PROPOSED],
                decided_by=by,
                decided_at=tx.now,
            )
            self._tell(tx, action, "action.approved", by, {})
            tx.wake(action["ticket_id"])
            return Decided(action_id, ActionState.APPROVED, 0)

    def reject(self, action_id: str, *, by: str, reason: str) -> Decided:
        """Reject it, with a reason that the agents and the next person read."""
        if not reason.strip():
            raise NotDecidable("a rejection needs a reason: say why with --reason")
        with self.store.write() as tx:
            action = self._decidable(tx, action_id)
            self._decide(tx, action, DecisionKind.REJECT, by, reason)
            tx.set_action(
                action_id,
                ActionState.REJECTED,
                was=[ActionState.PROPOSED],
                decided_by=by,
                decided_at=tx.now,
                decision_reason=reason,
            )
            self._tell(tx, action, "action.rejected", by, {"reason": reason})
            tx.wake(action["ticket_id"])
            return Decided(action_id, ActionState.REJECTED, 0)

    def edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> Decided:
        """Approve with changed arguments: a new revision with a new id supersedes this one.

        BadArguments if the changed arguments are not of the action's type; the policy is computed
        again, so that a second person may still be needed.
        """
        with self.store.write() as tx:
            old = self._decidable(tx, action_id)
            name = ActionName(old["name"])
            known = set(old["arguments"])
            unknown = sorted(set(changes) - known)
            if unknown:
                raise NotDecidable(
                    f"{name} has no argument {unknown[0]!r}; it has {', '.join(sorted(known))}"
                )
            arguments = check_arguments(name, {**old["arguments"], **changes})
            if arguments == old["arguments"]:
                raise NotDecidable(
                    "nothing was changed; approve it as it is, or change an argument"
                )
            if target_of(name, arguments) != old["target"]:
                raise NotDecidable("an edit may not aim at another record; reject it and say why")
            self._check_against_records(old, arguments)
            amount, currency = money_of(arguments)
            intent = tx.connection.execute(
                select(ISSUE.c.intent).where(ISSUE.c.id == old["issue_id"])
            ).scalar()
            ruling = rule_on(self.policy, name, amount, intent)
            if ruling.gate is Gate.FORBIDDEN:
                raise NotDecidable(ruling.why)
            new_id, digest = tx.ids("a"), digest_of(name, arguments)
            people = max(ruling.people, 1)
            self._decide(tx, old, DecisionKind.EDIT, by, None)
            tx.set_action(
                action_id, ActionState.WITHDRAWN, was=[ActionState.PROPOSED], superseded_by=new_id,
                decided_by=by, decided_at=tx.now, problem="edited",
            )  # fmt: skip
            approved = people <= 1
            values = {c.name: old[c.name] for c in ACTION.columns} | {
                "id": new_id,
                "arguments": arguments,
                "digest": digest,
                "amount": amount,
                "currency": currency,
                "state": (ActionState.APPROVED if approved else ActionState.PROPOSED).value,
                "gate": ruling.gate.value,
                "people_needed": people,
                "supersedes": action_id,
                "superseded_by": None,
                "idempotency_key": f"{old['ticket_id']}:{new_id}",
                "decided_by": by if approved else None,
                "decided_at": tx.now if approved else None,
                "preview": _edited_preview(old, arguments, amount),
                "problem": None,
            }
            tx.insert(Action, **values)
            self._decide(tx, {**old, "id": new_id, "digest": digest}, DecisionKind.EDIT, by, None)
            self._tell(tx, old, "action.edited", by, {"successor": new_id, "arguments": arguments})
            tx.wake(old["ticket_id"])
            return Decided(new_id, values["state"], people - 1)

    def _check_against_records(self, old: dict[str, Any], arguments: dict[str, Any]) -> None:
        """A refund cannot exceed what was left of its charge when it was proposed."""
        charge = (old["records"].get(old["target"]) or {}).get("fields") or {}
        if old["name"] == ActionName.PROCESS_REFUND and charge:
            left = charge["amount"] - (charge["refunded"] or 0)
            if arguments["amount"] > left:
                raise NotDecidable(
                    f"amount: {arguments['amount']} is more than the {left} left of the charge"
                )
            if arguments["currency"] != charge["currency"]:
                raise NotDecidable(f"currency: the charge is in {charge['currency']}")

    def undo(self, action_id: str, *, by: str) -> None:
        """Ask for an executed action to be taken back; a worker does it and records how that
        went."""
        with self.store.write() as tx:
            action = tx.action(action_id)
            undo = action["undo"] or {}
            if action["state"] not in (ActionState.VERIFIED, ActionState.EXECUTED):
                raise NotDecidable(
                    f"action {action_id} is {action['state']}; only what was done can be undone"
                )
            if not undo.get("possible"):
                raise NotDecidable(f"{action['name']} cannot be undone")
            if action["undo_until"] is not None and action["undo_until"] < tx.now:
                raise NotDecidable(
                    f"{action['name']} could be undone until {_spoken(action['undo_until'])}"
                )
            self._decide(tx, action, DecisionKind.UNDO, by, None)
            self._tell(tx, action, "action.undo_requested", by, {})
            tx.wake(action["ticket_id"])

    def retry(self, ticket_id: str, *, by: str) -> None:
        """Have the agents look at the ticket again, from what is known now."""
        with self.store.write() as tx:
            ticket = tx.ticket(ticket_id)
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

    def _decidable(self, tx: Transaction, action_id: str) -> dict[str, Any]:
        """The action, if a person may decide it now."""
        action = tx.action(action_id)
        if action["superseded_by"]:
            raise NotDecidable(
                f"action {action_id} was replaced by {action['superseded_by']}; decide that one"
            )
        if action["state"] != ActionState.PROPOSED:
            by = f" by {action['decided_by']}" if action["decided_by"] else ""
            raise NotDecidable(
                f"action {action_id} is {action['state']}{by}; there is nothing to decide"
            )
        if action["expires_at"] is not None and action["expires_at"] <= tx.now:
            raise NotDecidable(
                f"action {action_id} expired at {action['expires_at']:%Y-%m-%d %H:%M} UTC"
            )
        return action

    def _decide(
        self,
        tx: Transaction,
        action: dict[str, Any],
        kind: DecisionKind,
        by: str,
        reason: str | None,
    ) -> None:
        same = tx.connection.execute(
            select(DECISION.c.id).where(
                DECISION.c.action_id == action["id"],
                DECISION.c.operator == by,
                DECISION.c.kind == kind.value,
            )
        ).first()
        if same is not None and kind is DecisionKind.UNDO:
            raise NotDecidable(f"{by} asked to undo action {action['id']} already")
        if same is not None or (
            kind is DecisionKind.APPROVE and self._decided_by(tx, action["id"], by)
        ):
            raise NotDecidable(
                f"{by} has approved action {action['id']} already; a second person must"
            )
        tx.insert(
            Decision,
            id=tx.ids("d"),
            action_id=action["id"],
            kind=kind.value,
            operator=by,
            reason=reason,
            digest=action["digest"],
            at=tx.now,
        )

    def _decided_by(self, tx: Transaction, action_id: str, by: str) -> bool:
        query = select(DECISION.c.id).where(
            DECISION.c.action_id == action_id, DECISION.c.operator == by
        )
        return tx.connection.execute(query).first() is not None

    def _approvals(self, tx: Transaction, action_id: str) -> int:
        return int(
            tx.connection.execute(
                select(func.count(func.distinct(DECISION.c.operator))).where(
                    DECISION.c.action_id == action_id,
                    DECISION.c.kind.in_([DecisionKind.APPROVE, DecisionKind.EDIT]),
                )
            ).scalar_one()
        )

    def _tell(
        self, tx: Transaction, action: dict[str, Any], kind: str, by: str, more: dict[str, Any]
    ) -> None:
        data = redact({"action": action["id"], "name": action["name"], "by": by, **more})
        data["by"] = by
        tx.append(NewEvent(kind, AgentName.OPERATOR.value, data, action["ticket_id"]))


def _next_position(tx: Transaction, ticket_id: str) -> int:
    message = table(Message)
    last = tx.connection.execute(
        select(func.max(message.c.position)).where(message.c.ticket_id == ticket_id)
    ).scalar()
    return int(last or 0) + 1


def _spoken(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _check_body(body: str) -> None:
    if len(body) > MAX_BODY:
        raise HandrailError(
            f"a message of {len(body)} characters is too long; at most {MAX_BODY} are taken"
        )


def _shown(text: str) -> str:
    """A customer's text as it may be shown: no secrets, no control characters."""
    return mask_secrets(_CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def _edited_preview(
    old: dict[str, Any], arguments: dict[str, Any], amount: int | None
) -> dict[str, Any] | None:
    """The preview of an edited action: its rows are not known exactly until it runs."""
    preview = dict(old["preview"] or {})
    preview["exact"] = False
    preview["changes"] = []
    if amount is not None:
        preview["money"] = [{**m, "amount": amount} for m in preview.get("money", [])]
    if preview.get("message") and "body" in arguments:
        preview["message"] = {**preview["message"], "body": arguments["body"]}
    return preview
