"""What a workspace says of itself, and the processes that work on it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from data.columns import UtcTime


class Setting(SQLModel, table=True):
    """One named fact of the workspace, such as the offset of its clock."""

    __tablename__ = "setting"

    name: str = Field(primary_key=True)
    value: str


class Worker(SQLModel, table=True):
    """A worker process, alive while its heartbeat is recent."""

    __tablename__ = "worker"

    id: str = Field(primary_key=True)
    """Unique per process; the executor's id in the dispatcher."""
    pid: int
    host: str
    version: str
    started_at: datetime = Field(sa_type=UtcTime)
    heartbeat_at: datetime = Field(sa_type=UtcTime)
    busy: int = 0
    """Tickets being advanced at the last heartbeat."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    problem: str | None = None
    """What keeps it from working, in one line."""
    brain: str = Field(default="embedded", sa_column_kwargs={"server_default": "embedded"})
    """What thinks for its tickets: embedded, or a model's name."""
