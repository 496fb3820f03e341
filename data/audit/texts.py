"""The raw texts beside the log: each must fit the digest that the log holds of it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, or_, select

from data.audit.findings import Break, Findings, readable
from data.store import EVENT, MESSAGE, PAYLOAD

SALT_LENGTH = 16
"""Characters of a salt; with another length, a digest would fit a text cut at another place."""

_AT_ONCE = 200
"""Messages looked at together."""


def digest_of(salt: Any, body: Any) -> str | None:
    """What `payload_digest` gives; None for what is no text with a salt of ours."""
    try:
        return sha256((salt + body).encode()).hexdigest() if len(salt) == SALT_LENGTH else None
    except (TypeError, AttributeError, UnicodeError):
        return None


def text_problem(
    payload_id: str | None, digest: str | None, salt: str | None, body: str | None
) -> str | None:
    """What is wrong with an event's text that does not fit; None if it was erased."""
    if digest is None:
        return f"names the text {payload_id} but holds no digest of it"
    if salt is None:
        return f"its text {payload_id} is missing" if payload_id else "its text is not named"
    if body is None:
        return None
    return f"its text {payload_id} does not fit its digest: the text was changed"


def check_messages(connection: Connection, found: Findings) -> None:
    """Each raw message must be one that its ticket's log tells of, unless it was erased."""
    query = (
        select(MESSAGE.c.ticket_id, PAYLOAD.c.id, PAYLOAD.c.salt, PAYLOAD.c.body)
        .outerjoin(PAYLOAD, PAYLOAD.c.id == MESSAGE.c.payload_id)
        .where(MESSAGE.c.payload_id.is_not(None))
        .order_by(MESSAGE.c.ticket_id, MESSAGE.c.position)
    )
    streamed = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    for rows in streamed.partitions():
        _check_some(connection, found, rows)


def _check_some(connection: Connection, found: Findings, rows: Sequence[Any]) -> None:
    chains = {readable(row.ticket_id) for row in rows}
    first = select(EVENT.c.chain, EVENT.c.data).where(
        EVENT.c.chain.in_(chains), EVENT.c.position == 1
    )
    opened = {row.chain: str(row.data) for row in connection.execute(first)}
    for chain, payload_id, salt, body in rows:
        found.texts += 1
        if payload_id is None:
            found.add(Break("the text of one of its messages is missing", chain))
        elif body is None:
            found.erased += 1
        else:
            digest = digest_of(salt, body)
            told = digest is not None and (
                digest in opened.get(chain, "") or _tells(connection, chain, digest)
            )
            if not told:
                what = f"the text {payload_id} of one of its messages was changed: no event fits it"
                found.add(Break(what, chain))


def _tells(connection: Connection, chain: str, digest: str) -> bool:
    """Whether an event of the chain holds the digest."""
    holds = or_(EVENT.c.payload_digest == digest, EVENT.c.data.contains(digest))
    query = select(EVENT.c.id).where(EVENT.c.chain == readable(chain), holds).limit(1)
    return connection.execute(query).first() is not None
