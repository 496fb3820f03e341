"""What customers say of the service, and what is counted beforehand for the measures."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from data.columns import Json, UtcTime


class Survey(SQLModel, table=True):
    """A customer's answer to how satisfied they were with a ticket."""

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("ticket_id", "at"),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    score: int
    """1 to 5, 5 for very satisfied."""
    comment: str | None = None
    """With secrets masked."""
    at: datetime = Field(sa_type=UtcTime)
    """When the customer answered."""
    imported_at: datetime = Field(sa_type=UtcTime)
    imported_by: str


class TicketFact(SQLModel, table=True):
    """What the measures know of one ticket: derived, and made anew from log and rows at any time.

    Whoever changes what a column says empties this table, `measure_sum` and the setting
    `measured_to` in the migration that comes with it.
    """

    __tablename__ = "ticket_fact"

    ticket_id: str = Field(primary_key=True)
    intent: str
    agent: str
    """The agent of the first issue."""
    channel: str
    brain: str
    """Of the newest run."""
    opened_at: int = Field(sa_type=BigInteger)
    """Microseconds since 1970, as all times here."""
    answered_at: int | None = Field(default=None, sa_type=BigInteger)
    """The first answer."""
    first_ended_at: int | None = Field(default=None, sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    """The end that stands; None while it is open."""
    ending: str | None = None
    """How it ended: a word of `data.measures.story.Ending`."""
    messages: int
    """Written by the customer, but for those that ask and tell nothing."""
    answers: int
    """Sent to the customer."""
    reopened: int
    escalated: bool
    assisted: bool
    """Whether a person decided, took, answered or ended anything of it."""
    agents_ms: int = Field(sa_type=BigInteger)
    """Milliseconds in which agents were at work on it."""
    people_ms: int = Field(sa_type=BigInteger)
    """Milliseconds in which a person had it in hand."""
    cost_micros: int = Field(sa_type=BigInteger)
    score: int | None = None
    """The newest answer of a survey."""
    scored_at: int | None = Field(default=None, sa_type=BigInteger)
    approvals: list[Any] = Field(default_factory=list, sa_type=Json)
    """What the agents asked people: [asked at, intent, agent, result, milliseconds, undone]."""
    verdict: str | None = None
    """Of the newest quality check."""
    checked_at: int | None = Field(default=None, sa_type=BigInteger)
    """When the end that it is about came."""
    reviews: list[Any] = Field(default_factory=list, sa_type=Json)
    """What people said of its scores: [at, agreed]."""


class MeasureSum(SQLModel, table=True):
    """Sums over the tickets of one day or month (UTC): of all, or of one value of a dimension."""

    __tablename__ = "measure_sum"

    dimension: str = Field(primary_key=True)
    """all, intent, agent, channel or model."""
    value: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    """A day as 2026-03-09, or a month as 2026-03."""
    sums: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """Name to whole number, zeros left out."""
