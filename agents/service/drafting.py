"""What a person begins an answer from: the agents' own draft, and macros."""

from typing import TYPE_CHECKING

from agents.macros import fields_of, fill_macro
from agents.service.acts import Acts
from data.queries.tickets import ticket_detail
from data.vocabulary import Identity

if TYPE_CHECKING:
    from agents.drafting import Draft


class Drafting(Acts):
    """Words for answers; nothing is written to the workspace."""

    def draft(self, ticket_id: str) -> "Draft":
        """The agents' unsent answer, or the one that they would write once their plan is done."""
        from agents.drafting import draft_of
        from agents.replies import Templates

        return draft_of(self.store, Templates(self.templates), self.policy.name, ticket_id)

    def macro(self, ticket_id: str, name: str, macros: dict[str, str], *, by: str) -> str:
        """A macro with the ticket's fields filled in; BadMacro says in a line what is wrong."""
        detail = ticket_detail(self.store, ticket_id)
        fields = fields_of(
            customer=detail.ticket.customer_name,
            known=detail.identity != Identity.UNKNOWN,
            ref=detail.ticket.ref,
            subject=detail.ticket.subject,
            operator=by,
            company=self.policy.name,
        )
        return fill_macro(name, macros, fields)
