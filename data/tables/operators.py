"""The people who may decide, and their sign-ins."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from data.columns import Json, UtcTime


class Operator(SQLModel, table=True):
    """A person who may look or decide, within the limits of a role."""

    __tablename__ = "operator"

    name: str = Field(primary_key=True)
    role: str
    passphrase_hash: str | None = None
    """Argon2id; None until the person has set a passphrase."""
    system_user: str | None = None
    """The system's user who made the workspace, and needs no passphrase while alone."""
    invitation_hash: str | None = None
    invited_until: datetime | None = Field(default=None, sa_type=UtcTime)
    skills: list[str] = Field(default_factory=list, sa_type=Json)
    available: bool = True
    added_by: str | None = None
    added_at: datetime = Field(sa_type=UtcTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    failed_attempts: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcTime)


class SignIn(SQLModel, table=True):
    """A session token that was given out; only its hash is kept."""

    __tablename__ = "sign_in"

    id: str = Field(primary_key=True)
    operator: str = Field(foreign_key="operator.name")
    token_hash: str = Field(unique=True)
    at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
