"""In which order tickets are taken up."""

from sqlalchemy import and_, or_, select

from data.store import TICKET, Store


def tickets_in_turn(store: Store, limit: int) -> list[str]:
    """Pending tickets, oldest first, at most `limit`; of one sender's, only the oldest.

    What a sender's ticket means may hang on the ones before it (a third complaint within a week,
    the same complaint again), so that several workers must not read them at the same time.
    """
    other = TICKET.alias("other")
    older = or_(
        other.c.opened_at < TICKET.c.opened_at,
        and_(other.c.opened_at == TICKET.c.opened_at, other.c.id < TICKET.c.id),
    )
    before = select(other.c.id).where(
        other.c.requester == TICKET.c.requester, other.c.pending.is_(True), older
    )
    query = (
        select(TICKET.c.id)
        .where(TICKET.c.pending.is_(True), ~before.exists())
        .order_by(TICKET.c.opened_at, TICKET.c.id)
        .limit(limit)
    )
    with store.read() as connection:
        return [row.id for row in connection.execute(query)]
