"""Rules that were adopted from what people decided."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from data.columns import UtcTime


class AdoptedRule(SQLModel, table=True):
    """An action that an admin lets run alone for one intent, until that is revoked."""

    __tablename__ = "adopted_rule"

    id: str = Field(primary_key=True)
    action: str
    intent: str
    up_to: int | None = None
    """Minor units; None: the action moves no money."""
    approved: int
    """How many of the `decided` requests people had approved unchanged."""
    decided: int
    lower: float
    """Wilson's lower bound of that share."""
    bound: float
    """What it had to reach."""
    adopted_by: str
    adopted_at: datetime = Field(sa_type=UtcTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    revoked_by: str | None = None
    """Who revoked it, or decided what did."""
    revoked_why: str | None = None
    """by hand, rejected or undone."""
    revoked_for: str | None = None
    """The action that was rejected or undone."""
