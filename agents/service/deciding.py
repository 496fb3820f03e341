"""Approving, editing and rejecting what the agents propose."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from agents.actions.catalogue import digest_of, money_of
from agents.actions.succession import succeed
from agents.authority import Person, check_may_act, check_may_approve, has_role, person_of
from agents.errors import NotDecidable
from agents.policy.gate import Ruling, rule_on
from agents.service.acts import Acts
from agents.service.adopting import REJECTED, revoke_after
from agents.service.edits import changed_arguments, edited_preview, left_of_charge
from data.errors import NotFound
from data.queries.tickets import DECISION, ISSUE
from data.store import ACTION, Transaction
from data.tables import Decision
from data.vocabulary import ActionName, ActionState, DecisionKind, Gate, Role

APPROVALS = (DecisionKind.APPROVE.value, DecisionKind.EDIT.value)


@dataclass(frozen=True)
class Decided:
    """What became of a decision."""

    action_id: str
    """The action that now stands: the successor after an edit."""
    state: str
    people_missing: int
    """How many other people must still approve."""


class Deciding(Acts):
    """Decisions, each bound to what was on the screen, each spent once."""

    def approve(self, action_id: str, *, by: str, digest: str | None = None) -> Decided:
        """Approve exactly what is proposed; where two people are needed, the second completes it.

        NotDecidable if it is decided, expired, not what was on screen (`digest`), or its effect is
        not worked out yet; NotAllowed beyond the limits of the person's role.
        """
        with self.store.write() as tx:
            action, person = self._decidable(tx, action_id), self._person(tx, by)
            name = ActionName(action["name"])
            check_may_approve(self.policy, person, name, action["amount"], action["currency"])
            if digest is not None and digest != action["digest"]:
                raise NotDecidable(f"action {action_id} is not what was on screen; look again")
            # An edited action rests on the records that its editor saw; nothing else is known yet.
            if (action["preview"] or {}).get("pending") and not action["records"]:
                raise NotDecidable(
                    f"the effect of action {action_id} is not worked out yet; a worker does that"
                )
            self._decide(tx, action, DecisionKind.APPROVE, person, None)
            missing = self._missing(tx, action)
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
        """Reject it, with a reason that the agents and the next person read.

        What was approved and has not started can be rejected still. An adopted rule that lets
        such an action run alone is revoked by it.
        """
        if not reason.strip():
            raise NotDecidable("a rejection needs a reason: say why with --reason")
        with self.store.write() as tx:
            action, person = self._decidable(tx, action_id, or_approved=True), self._person(tx, by)
            check_may_act(person, Role.OPERATOR, "decide")
            self._decide(tx, action, DecisionKind.REJECT, person, reason)
            tx.set_action(
                action_id,
                ActionState.REJECTED,
                was=[ActionState(action["state"])],
                decided_by=by,
                decided_at=tx.now,
                decision_reason=reason,
            )
            self._tell(tx, action, "action.rejected", by, {"reason": reason})
            revoke_after(tx, action, REJECTED, by)
            tx.wake(action["ticket_id"])
            return Decided(action_id, ActionState.REJECTED, 0)

    def edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> Decided:
        """Approve with changed arguments: a new revision with a new id supersedes this one.

        BadArguments if the changed arguments are not of the action's type; the policy is computed
        again, so that a second person may still be needed.
        """
        with self.store.write() as tx:
            old, person = self._decidable(tx, action_id), self._person(tx, by)
            arguments, ruling = self._edited(old, person, _intent(tx.connection, old), changes)
            amount, currency = money_of(arguments)
            new_id = tx.ids("a")
            self._decide(tx, old, DecisionKind.EDIT, person, None)
            tx.set_action(
                action_id, ActionState.WITHDRAWN, was=[ActionState.PROPOSED], superseded_by=new_id,
                decided_by=by, decided_at=tx.now, problem="edited",
            )  # fmt: skip
            people = max(ruling.people, old["people_needed"] if old["undoes"] else 0, 1)
            successor = succeed(
                tx, old, new_id,
                arguments=arguments, digest=digest_of(ActionName(old["name"]), arguments),
                amount=amount, currency=currency, gate=ruling.gate.value, people_needed=people,
                preview=edited_preview(old, arguments, amount),
            )  # fmt: skip
            self._decide(tx, successor, DecisionKind.EDIT, person, None)
            missing = self._missing(tx, successor)
            state = ActionState.PROPOSED
            if missing == 0:
                state = ActionState.APPROVED
                tx.set_action(
                    new_id, state, was=[ActionState.PROPOSED], decided_by=by, decided_at=tx.now
                )
            self._tell(tx, old, "action.edited", by, {"successor": new_id, "arguments": arguments})
            tx.wake(old["ticket_id"])
            return Decided(new_id, state, missing)

    def check_edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> None:
        """Raise what `edit` would raise about these changes; nothing is changed."""
        with self.store.read() as connection:
            old, person = _found(connection, action_id), self._reader(connection, by)
            self._edited(old, person, _intent(connection, old), changes)

    def most(self, action_id: str, *, by: str) -> int | None:
        """The largest amount, in minor units, that an edit of this person's may set; None: any."""
        with self.store.read() as connection:
            old, person = _found(connection, action_id), self._reader(connection, by)
        role = self.policy.approval.roles.get(person.role)
        limits = [left_of_charge(old), role.up_to if role else None]
        return min((limit for limit in limits if limit is not None), default=None)

    def _reader(self, connection: Connection, name: str) -> Person:
        return person_of(connection, name, self.signed_in_by)

    def _edited(
        self, old: dict[str, Any], person: Person, intent: str | None, changes: dict[str, Any]
    ) -> tuple[dict[str, Any], Ruling]:
        """The arguments after an edit, and what the policy says about them."""
        arguments = changed_arguments(old, changes)
        amount, currency = money_of(arguments)
        check_may_approve(self.policy, person, ActionName(old["name"]), amount, currency)
        ruling = rule_on(self.policy, ActionName(old["name"]), amount, intent)
        if ruling.gate is Gate.FORBIDDEN:
            raise NotDecidable(ruling.why)
        return arguments, ruling

    def _decidable(
        self, tx: Transaction, action_id: str, *, or_approved: bool = False
    ) -> dict[str, Any]:
        """The action, if a person may decide it now."""
        action = tx.action(action_id)
        if action["superseded_by"]:
            raise NotDecidable(
                f"action {action_id} was replaced by {action['superseded_by']}; decide that one"
            )
        if or_approved and action["state"] == ActionState.APPROVED:
            return action
        if action["state"] != ActionState.PROPOSED:
            by = f" by {action['decided_by']}" if action["decided_by"] else ""
            raise NotDecidable(
                f"action {action_id} is {action['state']}{by}; there is nothing to decide"
            )
        if action["expires_at"] is not None and action["expires_at"] <= tx.now:
            raise NotDecidable(f"action {action_id} expired at {spoken(action['expires_at'])}")
        return action

    def _decide(
        self,
        tx: Transaction,
        action: dict[str, Any],
        kind: DecisionKind,
        person: Person,
        reason: str | None,
    ) -> None:
        said = tx.connection.execute(
            select(DECISION.c.kind).where(
                DECISION.c.action_id == action["id"], DECISION.c.operator == person.name
            )
        ).scalars()
        earlier = set(said)
        if kind.value in earlier or (kind is DecisionKind.APPROVE and earlier):
            raise NotDecidable(
                f"{person.name} has approved action {action['id']} already; a second person must"
            )
        tx.insert(
            Decision,
            id=tx.ids("d"),
            action_id=action["id"],
            kind=kind.value,
            operator=person.name,
            reason=reason,
            digest=action["digest"],
            arguments=action["arguments"],
            role=person.role.value,
            signed_in_by=person.signed_in_by,
            at=tx.now,
        )

    def _missing(self, tx: Transaction, action: dict[str, Any]) -> int:
        """How many further people must approve, one of them of the role that is needed."""
        given = tx.connection.execute(
            select(DECISION.c.operator, DECISION.c.role).where(
                DECISION.c.action_id == action["id"],
                DECISION.c.kind.in_(APPROVALS),
                DECISION.c.digest == action["digest"],
            )
        ).all()
        missing: int = max(action["people_needed"] - len({d.operator for d in given}), 0)
        needed = action["role_needed"]
        if needed and not any(has_role(d.role, Role(needed)) for d in given):
            missing = max(missing, 1)
        return missing


def _found(connection: Connection, action_id: str) -> dict[str, Any]:
    row = connection.execute(select(ACTION).where(ACTION.c.id == action_id)).mappings().first()
    if row is None:
        raise NotFound(f"no action {action_id!r}")
    return dict(row)


def _intent(connection: Connection, action: dict[str, Any]) -> str | None:
    found: str | None = connection.execute(
        select(ISSUE.c.intent).where(ISSUE.c.id == action["issue_id"])
    ).scalar()
    return found


def spoken(moment: datetime) -> str:
    """A time in UTC as people read it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def expiry(tx: Transaction, hours: int) -> datetime:
    """When a request that is made now expires."""
    return tx.now + timedelta(hours=hours)
