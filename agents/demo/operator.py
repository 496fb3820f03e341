"""The scripted operator of the headless demo: decides by what an action would do, never by ids."""

from agents.errors import BadArguments, NotDecidable
from agents.service import Service
from data.queries.rows import ActionRow
from data.vocabulary import ActionName, DecisionKind

PEOPLE = ("Nora Feldt", "Emeka Obi")
"""Who decides; the second one is asked where two people are needed."""

GOODWILL_LIMIT = 3000
"""Refunds without an error of ours are halved above this many minor units."""


class ScriptedOperator:
    """Approves what is proposed, but for two things that a careful person would not."""

    def __init__(self, service: Service) -> None:
        """Decide through `service`."""
        self._service = service

    def decide(self, action: ActionRow) -> DecisionKind | None:
        """Decide one request; None if it can no longer be decided."""
        doubt = self._doubt(action)
        try:
            if doubt is not None:
                self._service.reject(action.id, by=PEOPLE[0], reason=doubt)
                return DecisionKind.REJECT
            if self._is_dear_goodwill(action):
                return self._halve(action)
            self._approve(action.id, action.people_needed)
        except (NotDecidable, BadArguments):
            return None
        return DecisionKind.APPROVE

    def _doubt(self, action: ActionRow) -> str | None:
        """Why not: an account is not handed to an address outside the customer's own domain."""
        if action.name != ActionName.UPDATE_CRM:
            return None
        new, old = action.arguments["changes"].get("email"), action.requester
        if new and old and new.rpartition("@")[2] != old.rpartition("@")[2]:
            return "The new address is at another domain; call the customer before changing it."
        return None

    def _is_dear_goodwill(self, action: ActionRow) -> bool:
        """Whether it gives back a good deal of money where no error was made (B4)."""
        is_goodwill = action.name == ActionName.PROCESS_REFUND and action.rule == "B4"
        return is_goodwill and action.supersedes is None and (action.amount or 0) > GOODWILL_LIMIT

    def _halve(self, action: ActionRow) -> DecisionKind:
        decided = self._service.edit(
            action.id, by=PEOPLE[0], changes={"amount": (action.amount or 0) // 2}
        )
        if decided.people_missing:
            self._service.approve(decided.action_id, by=PEOPLE[1])
        return DecisionKind.EDIT

    def _approve(self, action_id: str, people: int) -> None:
        for person in PEOPLE[: max(people, 1)]:
            if not self._service.approve(action_id, by=person).people_missing:
                return
