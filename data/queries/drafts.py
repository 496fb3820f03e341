"""Answers that people have begun and not sent."""

from sqlalchemy import Connection, select

from data.store import table
from data.tables import AnswerDraft

DRAFT = table(AnswerDraft)


def begun_by(connection: Connection, ticket_id: str) -> list[str]:
    """Who has begun an answer to a ticket, the newest first."""
    query = select(DRAFT.c.operator).where(
        DRAFT.c.ticket_id == ticket_id, DRAFT.c.body.is_not(None)
    )
    return list(connection.execute(query.order_by(DRAFT.c.at.desc())).scalars())


def begun_answer(connection: Connection, ticket_id: str, operator: str) -> str | None:
    """The answer that this person has begun; None if there is none."""
    query = select(DRAFT.c.body).where(DRAFT.c.ticket_id == ticket_id, DRAFT.c.operator == operator)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found
