"""What language models answered, their words as they come, and what each worker thinks with."""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables, and the workers' column; those that run think with the embedded brain."""
    op.create_table(
        "model_answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("answer", data.columns.Json(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_model_answer_call", "model_answer", ["ticket_id", "digest"], unique=True)
    op.create_table(
        "model_words",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_model_words_ticket_id", "model_words", ["ticket_id"])
    op.add_column(
        "worker", sa.Column("brain", sa.String(), nullable=False, server_default="embedded")
    )
