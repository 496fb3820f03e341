"""Intents on trial, and what people practised."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0004"


def upgrade() -> None:
    """Add what says that an issue was planned on trial; earlier ones were not."""
    op.add_column("issue", sa.Column("trial", sa.String(), nullable=True))
    on_trial = sa.text("trial IS NOT NULL")
    op.create_index(
        "ix_issue_trial", "issue", ["intent", "ticket_id"],
        sqlite_where=on_trial, postgresql_where=on_trial,
    )  # fmt: skip
