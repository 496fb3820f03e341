"""Operators who sign in, decisions that say with what authority, undoing as an action, caps."""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what approvals that can be trusted need."""
    op.create_table(
        "operator",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("passphrase_hash", sa.String(), nullable=True),
        sa.Column("system_user", sa.String(), nullable=True),
        sa.Column("invitation_hash", sa.String(), nullable=True),
        sa.Column("invited_until", data.columns.UtcTime(), nullable=True),
        sa.Column("skills", data.columns.Json(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=True),
        sa.Column("added_at", data.columns.UtcTime(), nullable=False),
        sa.Column("removed_at", data.columns.UtcTime(), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", data.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("expires_at", data.columns.UtcTime(), nullable=False),
        sa.Column("ended_at", data.columns.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["operator"], ["operator.name"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.add_column("action", sa.Column("undoes", sa.String(), nullable=True))
    op.add_column("action", sa.Column("proposed_by", sa.String(), nullable=True))
    op.add_column("action", sa.Column("role_needed", sa.String(), nullable=True))
    op.add_column("action", sa.Column("started_at", data.columns.UtcTime(), nullable=True))
    op.add_column("action", sa.Column("executed_arguments", data.columns.Json(), nullable=True))
    op.create_index("ix_action_started", "action", ["name", "started_at"])
    op.add_column("decision", sa.Column("arguments", data.columns.Json(), nullable=True))
    op.add_column("decision", sa.Column("role", sa.String(), nullable=True))
    op.add_column("decision", sa.Column("signed_in_by", sa.String(), nullable=True))
