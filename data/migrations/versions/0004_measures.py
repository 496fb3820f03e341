"""Answers to surveys, and what is counted from the log for the measures."""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables; counting begins with the first measures that are asked for."""
    op.create_table(
        "survey",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("imported_at", data.columns.UtcTime(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_id", "at"),
    )
    op.create_table(
        "ticket_fact",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("brain", sa.String(), nullable=False),
        sa.Column("opened_at", data.columns.UtcTime(), nullable=False),
        sa.Column("answered_at", data.columns.UtcTime(), nullable=True),
        sa.Column("first_ended_at", data.columns.UtcTime(), nullable=True),
        sa.Column("ended_at", data.columns.UtcTime(), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("assisted", sa.Boolean(), nullable=False),
        sa.Column("agents_ms", sa.BigInteger(), nullable=False),
        sa.Column("people_ms", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("scored_at", data.columns.UtcTime(), nullable=True),
        sa.Column("approvals", data.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    op.create_table(
        "measure_sum",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("sums", data.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "value", "span"),
    )
    op.execute("INSERT INTO setting (name, value) VALUES ('measured_to', '0')")
