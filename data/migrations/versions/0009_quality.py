"""Quality checks of ended tickets and what people say of them; the measures count them.

Tickets that ended before are left to `handrail qa run`.
"""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the tables; the measures are counted anew, with the quality of what was checked."""
    op.create_table(
        "quality_check",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", data.columns.UtcTime(), nullable=False),
        sa.Column("overall", sa.Float(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("checks", data.columns.Json(), nullable=False),
        sa.Column("judge", sa.String(), nullable=True),
        sa.Column("judge_problem", sa.String(), nullable=True),
        sa.Column("cost_micros", sa.Integer(), nullable=False),
        sa.Column("checked_at", data.columns.UtcTime(), nullable=False),
        sa.Column("settled_at", data.columns.UtcTime(), nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_id", "position", "version"),
    )
    op.create_index("ix_quality_check_ended", "quality_check", ["ended_at", "id"])
    op.create_index(
        "ix_quality_check_standing", "quality_check", ["verdict", "ended_at"],
        sqlite_where=sa.text("superseded = 0"), postgresql_where=sa.text("NOT superseded"),
    )  # fmt: skip
    op.create_table(
        "quality_review",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("found", sa.Float(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("signed_in_by", sa.String(), nullable=True),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["quality_check.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_quality_review_ticket", "quality_review", ["ticket_id", "at"])
    op.create_index("ix_quality_review_check", "quality_review", ["check_id", "name", "at"])
    op.add_column("ticket_fact", sa.Column("verdict", sa.String(), nullable=True))
    op.add_column("ticket_fact", sa.Column("checked_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "ticket_fact",
        sa.Column("reviews", data.columns.Json(), nullable=False, server_default="[]"),
    )
    op.execute("DELETE FROM ticket_fact")
    op.execute("DELETE FROM measure_sum")
    op.execute("UPDATE setting SET value = '0' WHERE name = 'measured_to'")
    newest = "SELECT CAST(COALESCE(MAX(id), 0) AS VARCHAR) FROM event"
    op.execute(f"INSERT INTO setting (name, value) SELECT 'checked_to', ({newest})")
