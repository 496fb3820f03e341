"""What a person begins an answer from: the agents' own draft, macros, what they wrote before."""

from typing import TYPE_CHECKING

from sqlalchemy import update

from agents.authority import check_may_act
from agents.macros import fields_of, fill_macro
from agents.service.acts import Acts
from agents.understanding.visible import visible
from data.queries.drafts import DRAFT, begun_answer
from data.queries.tickets import ticket_detail
from data.store import Transaction
from data.tables import AnswerDraft
from data.vocabulary import Identity, Role

if TYPE_CHECKING:
    from agents.drafting import Draft


class Drafting(Acts):
    """Words for answers; only what a person has begun is written to the workspace."""

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

    def begun(self, ticket_id: str, *, by: str) -> str | None:
        """The answer that `by` has begun and not sent; None if there is none."""
        with self.store.read() as connection:
            return begun_answer(connection, ticket_id, by)

    def keep_begun(self, ticket_id: str, body: str, *, by: str) -> None:
        """Keep the answer that `by` has begun, in place of what was kept; an empty one is dropped.

        It is nothing that happened to the ticket: the log does not tell of it.
        """
        body = visible(body)
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.OPERATOR, "write answers")
            tx.ticket(ticket_id)
            if not _put(tx, ticket_id, by, body if body.strip() else None) and body.strip():
                tx.insert(
                    AnswerDraft, id=tx.ids("b"), ticket_id=ticket_id, operator=by, body=body,
                    at=tx.now,
                )  # fmt: skip


def drop_begun(tx: Transaction, ticket_id: str, by: str) -> None:
    """Drop what `by` has begun, now that an answer of theirs goes out."""
    _put(tx, ticket_id, by, None)


def _put(tx: Transaction, ticket_id: str, by: str, body: str | None) -> bool:
    """Put these words in place of what is kept; whether something was."""
    mine = (DRAFT.c.ticket_id == ticket_id) & (DRAFT.c.operator == by)
    changed = tx.connection.execute(update(DRAFT).where(mine).values(body=body, at=tx.now))
    return changed.rowcount > 0
