"""How far the log stands still: up to where no event can come in between any more."""

from datetime import timedelta

from sqlalchemy import func, select

from data.store import EVENT, Store

PATIENCE = timedelta(seconds=10)
"""After which a transaction that has written an event has committed or failed."""


def newest_settled(store: Store) -> int:
    """The newest event before which none is missing; 0 if there is none.

    PostgreSQL gives ids out before the commit, so that its newest ones are left for later.
    """
    if store.engine.dialect.name == "postgresql":
        query = select(EVENT.c.id).where(EVENT.c.at <= store.clock.now() - PATIENCE)
        query = query.order_by(EVENT.c.id.desc()).limit(1)
    else:
        query = select(func.max(EVENT.c.id))
    with store.read() as connection:
        return int(connection.execute(query).scalar() or 0)
