"""Letting run alone what people always approved, and taking that back."""

from typing import Any

from sqlalchemy import select, update

from agents.authority import check_may_act
from agents.errors import NotDecidable
from agents.policy.adopted import beyond
from agents.policy.suggest import BOUND, FEWEST, Suggestion, suggest
from agents.service.acts import Acts
from data.errors import NotFound
from data.queries.adopted import ADOPTED, AdoptedRow, in_force
from data.queries.proposals import proposals
from data.queries.tickets import ISSUE
from data.store import TICKET, NewEvent, Transaction
from data.tables import AdoptedRule
from data.vocabulary import AgentName, Role

BY_HAND, REJECTED, UNDONE = "by hand", "rejected", "undone"
"""Why a rule was revoked."""


class Adopting(Acts):
    """Adopting the rules that follow from what people decided, and revoking them."""

    def adopt(
        self, suggestion: str, *, by: str, bound: float = BOUND, fewest: int = FEWEST
    ) -> AdoptedRow:
        """Let a class run alone whose rule follows now, by the id that `policy suggest` shows.

        NotDecidable if it does not follow from what was decided so far, or the policy stands
        against it; NotAllowed below an admin.
        """
        found = self._following(suggestion, bound, fewest)
        rule = found.rule
        assert rule is not None
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.ADMIN, "adopt rules")
            against = beyond(self.policy, rule, found.intent)
            if against is not None:
                raise NotDecidable(f"{suggestion}: {against}")
            for row in in_force(tx.connection):
                if (row.action, row.intent, row.up_to) == (rule.action, found.intent, rule.up_to):
                    raise NotDecidable(f"{suggestion} is adopted already, as {row.id}")
            rule_id = tx.ids("ar")
            figures = {
                "action": found.action.value, "intent": found.intent.value, "up_to": rule.up_to,
                "approved": found.approved, "decided": found.decided,
                "lower": round(found.lower, 4), "bound": bound,
            }  # fmt: skip
            tx.insert(AdoptedRule, id=rule_id, **figures, adopted_by=by, adopted_at=tx.now)
            data = {"rule": rule_id, **figures, "by": by}
            tx.append(NewEvent("policy.adopted", AgentName.OPERATOR.value, data))
            return next(row for row in in_force(tx.connection) if row.id == rule_id)

    def _following(self, suggestion: str, bound: float, fewest: int) -> Suggestion:
        found = suggest(self.policy, proposals(self.store), bound=bound, fewest=fewest)
        for each in found:
            if each.rule is not None and each.id == suggestion:
                return each
        like = next((e for e in found if suggestion.startswith(f"{e.action}:{e.intent}")), None)
        if like is None:
            why = "nothing like it asks one person and was decided"
        else:
            why = like.why_not or f"what follows now is {like.id}"
        raise NotDecidable(f"{suggestion} does not follow at {bound:g}: {why}")

    def revoke(self, rule_id: str, *, by: str) -> AdoptedRow:
        """Take an adopted rule back: what it let run asks again from now on.

        NotFound for an id that is no rule's, NotDecidable if it is revoked; NotAllowed below a
        supervisor.
        """
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.SUPERVISOR, "revoke rules")
            found = tx.connection.execute(select(ADOPTED).where(ADOPTED.c.id == rule_id)).first()
            if found is None:
                raise NotFound(f"no adopted rule {rule_id!r}; `handrail policy show` lists them")
            row = AdoptedRow(*found)
            if row.revoked_at is not None:
                raise NotDecidable(f"{rule_id} was revoked already ({row.revoked_why})")
            _revoke(tx, row, BY_HAND, by, None)
            return row


def revoke_after(tx: Transaction, action: dict[str, Any], why: str, by: str) -> list[AdoptedRow]:
    """Revoke the rules that let such an action run alone, since `by` rejected it or undoes it.

    What a person proposed by hand says nothing about the agents' proposals.
    """
    if action["proposed_by"] is not None:
        return []
    rules = [r for r in in_force(tx.connection) if r.action == action["name"]]
    if not rules:
        return []
    intent = _intent(tx, action)
    hit = [
        row for row in rules
        if row.intent == intent and (row.up_to is None or (action["amount"] or 0) <= row.up_to)
    ]  # fmt: skip
    for row in hit:
        _revoke(tx, row, why, by, action["id"])
    return hit


def _intent(tx: Transaction, action: dict[str, Any]) -> str | None:
    """The intent that the policy looked at for it: its issue's, or its ticket's."""
    query = select(TICKET.c.intent).where(TICKET.c.id == action["ticket_id"])
    if action["issue_id"]:
        query = select(ISSUE.c.intent).where(ISSUE.c.id == action["issue_id"])
    found: str | None = tx.connection.execute(query).scalar()
    return found


def _revoke(tx: Transaction, row: AdoptedRow, why: str, by: str, action_id: str | None) -> None:
    tx.connection.execute(
        update(ADOPTED)
        .where(ADOPTED.c.id == row.id, ADOPTED.c.revoked_at.is_(None))
        .values(revoked_at=tx.now, revoked_by=by, revoked_why=why, revoked_for=action_id)
    )
    data = {
        "rule": row.id, "action": row.action, "intent": row.intent, "up_to": row.up_to,
        "why": why, "for": action_id, "by": by,
    }  # fmt: skip
    tx.append(NewEvent("policy.revoked", AgentName.OPERATOR.value, data))
