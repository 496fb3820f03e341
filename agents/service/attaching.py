"""Keeping the files that come with messages, within limits."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import func, select

from agents.understanding.secrets import mask_secrets
from agents.understanding.visible import visible
from data.store import Transaction, table
from data.tables import Attachment, AttachmentBody

MOST_EACH = 5_000_000
"""Bytes of one file whose content is kept."""

MOST_OF_TICKET = 20_000_000
"""Bytes that the files of one ticket may come to."""

_ATTACHMENT = table(Attachment)


class AttachedLike(Protocol):
    """A file as it came."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def content(self) -> bytes | None: ...


def keep_files(
    tx: Transaction, ticket_id: str, message_id: str, files: Sequence[AttachedLike]
) -> None:
    """Store what came with a message; of what is too large, only what it was."""
    if not files:
        return
    kept = select(func.coalesce(func.sum(_ATTACHMENT.c.size), 0)).where(
        _ATTACHMENT.c.ticket_id == ticket_id, _ATTACHMENT.c.problem.is_(None)
    )
    held = int(tx.connection.execute(kept).scalar_one())
    for position, file in enumerate(files, 1):
        problem = _problem(file, held)
        attachment = tx.ids("f")
        tx.insert(
            Attachment, id=attachment, ticket_id=ticket_id, message_id=message_id,
            position=position, name=_shown(file.name, 200) or "attachment",
            kind=_shown(file.kind, 100), size=min(file.size, 2**31 - 1), problem=problem,
        )  # fmt: skip
        if problem is None and file.content is not None:
            held += len(file.content)
            tx.insert(AttachmentBody, id=attachment, body=file.content)


def _problem(file: AttachedLike, held: int) -> str | None:
    if file.content is None:
        return "its content was not in the file that was read"
    if len(file.content) > MOST_EACH:
        return f"larger than {MOST_EACH // 1_000_000} MB"
    if held + len(file.content) > MOST_OF_TICKET:
        return f"the ticket's files come to more than {MOST_OF_TICKET // 1_000_000} MB"
    return None


def _shown(text: str, longest: int) -> str:
    return mask_secrets(" ".join(visible(text[: 4 * longest]).split()))[:longest]
