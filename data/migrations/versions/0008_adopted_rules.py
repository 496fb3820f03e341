"""Rules adopted from what people decided."""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "adopted_rule",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=True),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("lower", sa.Float(), nullable=False),
        sa.Column("bound", sa.Float(), nullable=False),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column("adopted_at", data.columns.UtcTime(), nullable=False),
        sa.Column("revoked_at", data.columns.UtcTime(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_why", sa.String(), nullable=True),
        sa.Column("revoked_for", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
