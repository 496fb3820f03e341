"""The people who may look or decide, for listings."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from data.store import Store, table
from data.tables import Operator
from data.vocabulary import Role


@dataclass(frozen=True)
class OperatorRow:
    """One operator; nothing of what proves who they are."""

    name: str
    role: Role
    has_passphrase: bool
    system_user: str | None
    invited_until: datetime | None
    skills: list[str]
    available: bool
    added_by: str | None
    added_at: datetime
    locked_until: datetime | None
    """Until when attempts to sign in are refused; None or past: they are not."""


def operators(store: Store) -> list[OperatorRow]:
    """Everybody who is not removed, those with the most authority first, then by name."""
    operator = table(Operator)
    query = select(operator).where(operator.c.removed_at.is_(None)).order_by(operator.c.name)
    with store.read() as connection:
        rows = [
            OperatorRow(
                o.name, Role(o.role), o.passphrase_hash is not None, o.system_user,
                o.invited_until, o.skills or [], o.available, o.added_by, o.added_at,
                o.locked_until,
            )
            for o in connection.execute(query)
        ]  # fmt: skip
    return sorted(rows, key=lambda row: -row.role.rank)
