"""Rules that were adopted from what people decided, in force and revoked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from data.store import Store, table
from data.tables import AdoptedRule

ADOPTED = table(AdoptedRule)


@dataclass(frozen=True)
class AdoptedRow:
    """One adopted rule; see `data.tables.policy`."""

    id: str
    action: str
    intent: str
    up_to: int | None
    approved: int
    decided: int
    lower: float
    bound: float
    adopted_by: str
    adopted_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_why: str | None
    revoked_for: str | None


_ALL = select(ADOPTED).order_by(ADOPTED.c.adopted_at, ADOPTED.c.id)
_IN_FORCE = _ALL.where(ADOPTED.c.revoked_at.is_(None))


def in_force(connection: Connection) -> list[AdoptedRow]:
    """Those that hold now, as the connection's transaction sees them; oldest first."""
    return [AdoptedRow(*row) for row in connection.execute(_IN_FORCE)]


def adopted_rules(store: Store) -> list[AdoptedRow]:
    """All that ever were, oldest first."""
    with store.read() as connection:
        return [AdoptedRow(*row) for row in connection.execute(_ALL)]
