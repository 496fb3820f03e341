"""Intents on trial, what people practised, and files that came with messages."""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column, which earlier issues lack, and the tables."""
    op.add_column("issue", sa.Column("trial", sa.String(), nullable=True))
    on_trial = sa.text("trial IS NOT NULL")
    op.create_index(
        "ix_issue_trial", "issue", ["intent", "ticket_id"],
        sqlite_where=on_trial, postgresql_where=on_trial,
    )  # fmt: skip
    op.create_table(
        "practice_case",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("scenario", sa.String(), nullable=False),
        sa.Column("wrong", sa.String(), nullable=True),
        sa.Column("shown_at", data.columns.UtcTime(), nullable=False),
        sa.Column("answered_at", data.columns.UtcTime(), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("course", "number"),
    )
    op.create_index("ix_practice_operator", "practice_case", ["operator", "shown_at"])
    op.create_table(
        "reading",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("actions", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reading_operator", "reading", ["operator", "at"])
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", "position"),
    )
    of_ticket = ["ticket_id", "message_id", "position"]
    op.create_index("ix_attachment_ticket", "attachment", of_ticket)
    op.create_table(
        "attachment_body",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["attachment.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
