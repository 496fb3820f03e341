"""What every act of a person shares: the store, the policy, and who acts with what authority."""

from pathlib import Path
from typing import Any

from agents.actions.views import public
from agents.authority import Person, person_of
from agents.errors import NotDecidable
from agents.policy.model import Policy
from data.columns import canonical
from data.names import parts_of
from data.redaction import redact
from data.store import NewEvent, Store, Transaction
from data.vocabulary import IMPORTED, AgentName


class Acts:
    """Acts of people on one workspace; holds no handle to any outside system."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        *,
        signed_in_by: str = "word",
        templates: Path | None = None,
    ) -> None:
        """Act on `store` under `policy`; `signed_in_by` says how the person proved who they are.

        `templates` is a folder of the team's own reply texts.
        """
        self.store, self.policy, self.signed_in_by = store, policy, signed_in_by
        self.templates = templates
        store.levels = policy.service_levels.levels

    def _person(self, tx: Transaction, name: str) -> Person:
        """Who acts; NotAllowed for somebody who is no operator here."""
        return person_of(tx.connection, name, self.signed_in_by)

    def _tell(
        self, tx: Transaction, action: dict[str, Any], kind: str, by: str, more: dict[str, Any]
    ) -> None:
        """Append an event about an action; `by` is kept as it is, the rest is redacted."""
        shown, hidden = public({"action": action["id"], "name": action["name"], **more})
        customer = tx.ticket(action["ticket_id"])["customer_name"]
        data = redact(shown, parts_of(customer))
        data["by"] = by
        payload = canonical(hidden) if hidden else None
        event = NewEvent(kind, AgentName.OPERATOR.value, data, action["ticket_id"], payload=payload)
        tx.append(event)


def check_not_recorded(ticket: dict[str, Any]) -> None:
    """NotDecidable for a recorded run of other agents: nothing more happens in it."""
    if ticket["channel"] == IMPORTED:
        raise NotDecidable(
            f"ticket {ticket['ref']} is a recorded run of another agent; it can be looked at, "
            "and nothing else"
        )
