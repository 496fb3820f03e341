"""Alembic's entry: runs migrations on the connection that the opener passes."""

from alembic import context
from sqlmodel import SQLModel

from data import tables  # noqa: F401  (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
