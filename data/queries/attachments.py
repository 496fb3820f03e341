"""Files that came with the messages of a ticket."""

from sqlalchemy import Connection, select

from data.queries.rows import AttachmentRow
from data.store import MESSAGE, Store, table
from data.tables import Attachment, AttachmentBody

_FILE, _BODY = table(Attachment), table(AttachmentBody)
_NAMES = ("id", "message_id", "position", "name", "kind", "size", "problem")


def attachments_in(connection: Connection, ticket_id: str) -> list[AttachmentRow]:
    """A ticket's files without their contents, in the order in which they came."""
    query = (
        select(*[_FILE.c[name] for name in _NAMES], _BODY.c.body.is_not(None).label("held"))
        .join(MESSAGE, MESSAGE.c.id == _FILE.c.message_id)
        .outerjoin(_BODY, _BODY.c.id == _FILE.c.id)
        .where(_FILE.c.ticket_id == ticket_id)
        .order_by(MESSAGE.c.position, _FILE.c.position)
    )
    return [
        AttachmentRow(
            row.id, row.message_id, row.name, row.kind, row.size,
            row.problem or (None if row.held else "it was erased"),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def attachments_of(store: Store, ticket_id: str) -> list[AttachmentRow]:
    """The same, for who has no connection yet."""
    with store.read() as connection:
        return attachments_in(connection, ticket_id)


def content_of(store: Store, attachment_id: str) -> bytes | None:
    """The content of a file as it came; None if it is not here."""
    with store.read() as connection:
        query = select(_BODY.c.body).where(_BODY.c.id == attachment_id)
        found = connection.execute(query).scalar_one_or_none()
    return bytes(found) if found is not None else None
