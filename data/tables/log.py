"""The append-only event log, the payloads beside it, and the heads of its hash chains."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from data.columns import UtcTime

_SERIAL = BigInteger().with_variant(Integer, "sqlite")


class Event(SQLModel, table=True):
    """One thing that happened; never changed, never removed."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("chain", "position"),
        Index("ix_event_step", "run_id", "step", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_SERIAL)
    """Grows with each commit; the cursor of the change feed."""
    chain: str
    """The ticket's id, or empty for what belongs to none."""
    position: int
    """1, 2, 3 … within the chain."""
    run_id: str | None = None
    step: str | None = None
    """The name of the recorded step within its run; a step found here is not run again."""
    at: datetime = Field(sa_type=UtcTime)
    agent: str
    kind: str
    data: str
    """Canonical JSON, redacted."""
    payload_id: str | None = None
    payload_digest: str | None = None
    """Salted SHA-256 of the payload, which stays when the payload is erased."""
    hash: str
    """SHA-256 over the hash before it and every stored column above."""


class Payload(SQLModel, table=True):
    """Raw text that an event or message stands on; may be erased, its digest may not."""

    __tablename__ = "payload"

    id: str = Field(primary_key=True)
    salt: str
    body: str | None
    erased_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Chain(SQLModel, table=True):
    """The head of one hash chain; it advances by compare-and-set."""

    __tablename__ = "chain"

    id: str = Field(primary_key=True)
    position: int
    hash: str


class StateMark(SQLModel, table=True):
    """What a ticket's rows came to when they were committed with an event, as a digest."""

    __tablename__ = "state_mark"

    ticket_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    """Of the last event of the commit in the ticket's log."""
    digest: str
    """Of the state; replaying the log must come to the same."""
