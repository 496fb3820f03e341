"""What people practised, and how they read what they decided."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from data.columns import UtcTime


class PracticeCase(SQLModel, table=True):
    """One case of a course, as it was shown to a person and answered; no real ticket is in it."""

    __tablename__ = "practice_case"
    __table_args__ = (
        UniqueConstraint("course", "number"),
        Index("ix_practice_operator", "operator", "shown_at"),
    )

    id: str = Field(primary_key=True)
    course: str
    operator: str
    seed: int
    """By which the course is made again."""
    number: int
    """1, 2, 3 … of `cases`."""
    cases: int
    scenario: str
    wrong: str | None = None
    """What is wrong with the action, as a word of ours; None: it is right."""
    shown_at: datetime = Field(sa_type=UtcTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    approved: bool | None = None
    took_ms: int | None = None
    """From when it stood on the screen to the answer."""


class Reading(SQLModel, table=True):
    """How long what was approved at the console stood there to be read."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_operator", "operator", "at"),)

    id: str = Field(primary_key=True)
    operator: str
    actions: int
    """How many were decided at once."""
    words: int
    """In the previews of all of them."""
    took_ms: int
    """For so long they stood on the screen, one after the other, until the decision."""
    at: datetime = Field(sa_type=UtcTime)
