"""How good tickets were handled: what the checks found, and what people say of that."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from data.columns import Json, UtcTime


class QualityCheck(SQLModel, table=True):
    """What one version of the checks found of one end of a ticket."""

    __tablename__ = "quality_check"
    __table_args__ = (
        UniqueConstraint("ticket_id", "position", "version"),
        Index("ix_quality_check_ended", "ended_at", "id"),
        Index(
            "ix_quality_check_standing",
            "verdict",
            "ended_at",
            sqlite_where=text("superseded = 0"),
            postgresql_where=text("NOT superseded"),
        ),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    position: int
    """Of the event in the ticket's log by which it ended."""
    version: int
    """Of the checks."""
    ended_at: datetime = Field(sa_type=UtcTime)
    overall: float | None = None
    """0 to 1, with what people corrected; None where nothing could be told."""
    verdict: str
    """A `Verdict`, of `overall`."""
    checks: list[Any] = Field(default_factory=list, sa_type=Json)
    """[{name, score, reason, events, by}]; score None: no data, events: positions in the log."""
    judge: str | None = None
    """The model that looked at it too."""
    judge_problem: str | None = None
    """Why the model that is configured did not."""
    cost_micros: int = 0
    """Of the judge, millionths of a US dollar."""
    checked_at: datetime = Field(sa_type=UtcTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When people had said something of each score that did not pass."""
    superseded: bool = False
    """Whether the ticket was checked again since."""


class QualityReview(SQLModel, table=True):
    """What a person said of one score; the newest for a check is the one that counts."""

    __tablename__ = "quality_review"
    __table_args__ = (
        Index("ix_quality_review_ticket", "ticket_id", "at"),
        Index("ix_quality_review_check", "check_id", "name", "at"),
    )

    id: str = Field(primary_key=True)
    check_id: str = Field(foreign_key="quality_check.id")
    ticket_id: str = Field(foreign_key="ticket.id")
    name: str
    """A `QualityName`."""
    found: float | None = None
    """The score that the person saw."""
    score: float
    """What it should be."""
    agreed: bool
    note: str | None = None
    operator: str
    role: str | None = None
    signed_in_by: str | None = None
    at: datetime = Field(sa_type=UtcTime)
