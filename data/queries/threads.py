"""Messages by the ids of their channel, so that an answer finds its ticket."""

from collections.abc import Iterable

from sqlalchemy import select

from data.store import MESSAGE, Store

_AT_ONCE = 500


def tickets_of_messages(store: Store, external_ids: Iterable[str]) -> dict[str, str]:
    """Of the channel's message ids, those that the workspace holds: id to ticket."""
    found: dict[str, str] = {}
    wanted = sorted(set(external_ids))
    if not wanted:
        return found
    with store.read() as connection:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            query = select(MESSAGE.c.external_id, MESSAGE.c.ticket_id)
            for row in connection.execute(query.where(MESSAGE.c.external_id.in_(some))):
                found[row.external_id] = row.ticket_id
    return found
