"""Actions, the decisions about them, and the stop button."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from data.columns import Json, UtcTime


class Action(SQLModel, table=True):
    """A typed write proposed by the agents; one row is one revision of its arguments."""

    __tablename__ = "action"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        Index("ix_action_state", "state", "proposed_at", "id"),
        Index("ix_action_ticket", "ticket_id", "position"),
        Index("ix_action_target", "name", "target", "state"),
        Index("ix_action_started", "name", "started_at"),
        Index(
            "ix_action_proposed",
            "ticket_id",
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    run_id: str = Field(foreign_key="run.id")
    issue_id: str | None = Field(default=None, foreign_key="issue.id")
    position: int
    """Order within the ticket; an issue's actions run in it."""
    name: str
    arguments: dict[str, Any] = Field(sa_type=Json)
    digest: str
    """SHA-256 of name and canonical arguments; what a decision binds to."""
    target: str
    """The record it writes to, as table:id; with the name it tells one request from another."""
    agent: str
    state: str = "proposed"
    gate: str
    rule: str | None = None
    """The rule of the policy that asks for it."""
    reason: str
    """Why the agents propose it, in a sentence."""
    risk: str = "low"
    amount: int | None = None
    """Minor units."""
    currency: str | None = None
    people_needed: int = 0
    preview: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """The effect before it happens: {exact, rows, money, message, affects}."""
    undo: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """{possible, until, how}."""
    records: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """table:id of each record read, with its revision and fields as they were."""
    policy_version: str = ""
    proposed_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcTime)
    decision_reason: str | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    idempotency_key: str
    executed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    result: dict[str, Any] | None = Field(default=None, sa_type=Json)
    undo_until: datetime | None = Field(default=None, sa_type=UtcTime)
    attempts: int = 0
    problem: str | None = None
    """Why it failed, went stale, was refused or withdrawn."""
    undoes: str | None = None
    """The action that this one takes back."""
    proposed_by: str | None = None
    """The operator who proposed it; None: the agents did."""
    role_needed: str | None = None
    """The least role of which one approval must be, where a cap or the policy asks for it."""
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When the decision was spent; what daily caps count by."""
    executed_arguments: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """What was really carried out, stored when it starts."""


class Decision(SQLModel, table=True):
    """What one person said about one action, once."""

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("action_id", "operator", "kind"),)

    id: str = Field(primary_key=True)
    action_id: str = Field(foreign_key="action.id")
    kind: str
    operator: str
    reason: str | None = None
    digest: str
    """Of the arguments that the person saw."""
    arguments: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """The arguments that were decided."""
    role: str | None = None
    """The role in which the person decided."""
    signed_in_by: str | None = None
    """How they proved who they are: passphrase, token, system user, or their word alone."""
    at: datetime = Field(sa_type=UtcTime)
    spent_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Halt(SQLModel, table=True):
    """A pressed stop button: nothing that fits it starts until it is lifted."""

    __tablename__ = "halt"

    id: str = Field(primary_key=True)
    action: str | None = None
    intent: str | None = None
    by: str
    at: datetime = Field(sa_type=UtcTime)
    lifted_by: str | None = None
    lifted_at: datetime | None = Field(default=None, sa_type=UtcTime)
