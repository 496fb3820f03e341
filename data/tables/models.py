"""What language models answered, kept to be used again, and the words of one that still speaks."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from data.columns import Json, UtcTime


class ModelAnswer(SQLModel, table=True):
    """A model's answer to a call of one ticket, for replay, forks and resumed runs."""

    __tablename__ = "model_answer"
    __table_args__ = (Index("ix_model_answer_call", "ticket_id", "digest", unique=True),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    digest: str
    """Of the model, its parameters, the messages, the schema and the tools."""
    at: datetime = Field(sa_type=UtcTime)
    answer: dict[str, Any] | None = Field(default=None, sa_type=Json)


class ModelWords(SQLModel, table=True):
    """What a model has said so far of an answer; the row goes when the answer is there."""

    __tablename__ = "model_words"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    run_id: str
    agent: str
    at: datetime = Field(sa_type=UtcTime)
    text: str
    """As the model was told things: with placeholders for personal data."""
