"""Files that came with messages; their contents lie in a table of their own."""

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class Attachment(SQLModel, table=True):
    """A file that came with a customer's message; never opened, never read by a model."""

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("message_id", "position"),
        Index("ix_attachment_ticket", "ticket_id", "message_id", "position"),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    message_id: str = Field(foreign_key="message.id")
    position: int
    name: str
    """As the sender called it, made safe to show."""
    kind: str
    """The type that the sender gave, such as image/png; nothing relies on it."""
    size: int
    """Bytes, as far as known."""
    problem: str | None = None
    """Why its content is not here; None if it is."""


class AttachmentBody(SQLModel, table=True):
    """The content of one attachment, as it came; None once it is erased."""

    __tablename__ = "attachment_body"

    id: str = Field(primary_key=True, foreign_key="attachment.id")
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
