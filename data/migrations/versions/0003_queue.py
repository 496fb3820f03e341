"""What the queue needs at any size: words, counts, times to answer by, indexes in its orders."""

import sqlalchemy as sa
from alembic import op

import data.columns
from data import words

revision = "0003"
down_revision = "0002"

_HOUR = 3_600_000_000
_FIRST_ANSWER = {0: 1, 1: 4, 2: 24, 3: 48}
"""Hours to the first answer by priority rank, as the program's own service levels say."""

_PARTIAL = {
    "ix_ticket_timer": (["timer_at"], "timer_at IS NOT NULL"),
    "ix_ticket_customer": (["customer_id", "opened_at"], "customer_id IS NOT NULL"),
    "ix_ticket_due": (["due_at", "id"], "due_at IS NOT NULL"),
    "ix_ticket_money": (["money_at_risk", "id"], "money_at_risk > 0"),
    "ix_ticket_owner": (["owner", "opened_at", "id"], "owner <> 'agents'"),
    "ix_ticket_tier": (["tier", "opened_at", "id"], "tier IS NOT NULL"),
    "ix_ticket_language": (["language", "opened_at", "id"], "language <> 'und'"),
    "ix_ticket_flags": (["opened_at", "id"], "flags <> '[]'"),
}


def upgrade() -> None:
    """Add the columns, rearrange the indexes, and take up the tickets that are there."""
    op.add_column("ticket", sa.Column("seq", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("due_at", data.columns.UtcTime(), nullable=True))
    op.add_column("ticket", sa.Column("due_from", data.columns.UtcTime(), nullable=True))
    for name in ("queue", "updated", "timer", "customer"):
        op.drop_index(f"ix_ticket_{name}", "ticket")
    op.create_index("ix_ticket_queue", "ticket", ["status", "priority_rank", "opened_at", "id"])
    op.create_index("ix_ticket_updated", "ticket", ["status", "updated_at", "id"])
    op.create_index("ix_ticket_seq", "ticket", ["seq"], unique=True)
    op.create_index("ix_run_started", "run", ["started_at", "cost_micros"])
    _give_times()
    for name, (columns, where) in _PARTIAL.items():
        held = sa.text(where)
        op.create_index(name, "ticket", columns, sqlite_where=held, postgresql_where=held)
    proposed = sa.text("state = 'proposed'")
    op.create_index(
        "ix_action_proposed", "action", ["ticket_id"],
        sqlite_where=proposed, postgresql_where=proposed,
    )  # fmt: skip
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in words.TABLES:
            op.execute(statement)
        words.index_all(connection)


def _give_times() -> None:
    """A time to answer by for what is open and on our side."""
    hours = " ".join(f"WHEN {rank} THEN {count}" for rank, count in _FIRST_ANSWER.items())
    op.execute(
        f"UPDATE ticket SET due_at = opened_at + {_HOUR} * CASE priority_rank {hours} ELSE 24 END "
        "WHERE status IN ('working', 'awaiting_approval', 'escalated')"
    )
