"""Tickets with their messages, issues, runs and hand-overs to people."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from data.columns import Json, UtcTime


def _some(name: str, where: str, *columns: str) -> Index:
    """An index of the rows that fit `where`."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Ticket(SQLModel, table=True):
    """A customer's case; its columns are the present state, its events say how it came to be."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_status_opened", "status", "opened_at", "id"),
        Index("ix_ticket_queue", "status", "priority_rank", "opened_at", "id"),
        Index("ix_ticket_opened", "opened_at", "id"),
        Index("ix_ticket_updated", "status", "updated_at", "id"),
        Index("ix_ticket_requester", "requester", "opened_at"),
        Index("ix_ticket_wake", "pending", "opened_at", "id"),
        Index("ix_ticket_seq", "seq", unique=True),
        # Where few tickets have a value, the others need not pay for it when they arrive.
        _some("ix_ticket_customer", "customer_id IS NOT NULL", "customer_id", "opened_at"),
        _some("ix_ticket_timer", "timer_at IS NOT NULL", "timer_at"),
        _some("ix_ticket_due", "due_at IS NOT NULL", "due_at", "id"),
        _some("ix_ticket_money", "money_at_risk > 0", "money_at_risk", "id"),
        _some("ix_ticket_owner", "owner <> 'agents'", "owner", "opened_at", "id"),
        _some("ix_ticket_tier", "tier IS NOT NULL", "tier", "opened_at", "id"),
        _some("ix_ticket_language", "language <> 'und'", "language", "opened_at", "id"),
        _some("ix_ticket_flags", "flags <> '[]'", "opened_at", "id"),
    )

    id: str = Field(primary_key=True)
    ref: str = Field(unique=True)
    """The name its users know it by: the source's id, or a number of ours."""
    channel: str = "email"
    subject: str = ""
    requester: str | None = None
    """The sender's address in lower case, if one was given."""
    customer_id: str | None = None
    customer_name: str | None = None
    tier: str | None = None
    identity: str = "unknown"
    status: str = "new"
    owner: str = "agents"
    priority: str = "normal"
    priority_rank: int = 2
    intent: str | None = None
    """The first issue's intent."""
    intents: list[str] = Field(default_factory=list, sa_type=Json)
    sentiment: str | None = None
    sentiment_score: float | None = None
    anger: float | None = None
    urgency: float | None = None
    confidence: float | None = None
    language: str = "und"
    flags: list[str] = Field(default_factory=list, sa_type=Json)
    outcome: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Why it ended as it did: {code, rule, text}."""
    escalation: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """{skill, to, kind} while a person is to have it."""
    merged_into: str | None = None
    failed_tries: int = 0
    """Messages whose address or last4 did not fit (POLICY I3)."""
    money_at_risk: int = 0
    """Sum of the amounts that wait for approval, in minor units, whatever the currency."""
    opened_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    timer_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When something must happen although nobody acts: expiry, closing, passing on."""
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When the service level wants the next answer, or the end; None while it asks for nothing."""
    due_from: datetime | None = Field(default=None, sa_type=UtcTime)
    """From when that time runs; None: from when it was opened."""
    seq: int | None = None
    """Its number in the index of words (SQLite); None until its words are indexed."""
    message_count: int = 0
    read_count: int = 0
    """Customer messages that the agents have read."""
    wake_seq: int = 1
    """Raised in the transaction of each change that the agents must look at."""
    read_seq: int = 0
    """The wake_seq that the last advance had read."""
    pending: bool = True
    """wake_seq > read_seq, stored so that workers find it by index."""
    epoch: int = 0
    """Raised by each write of a worker; a write upon an older epoch is refused."""


class Message(SQLModel, table=True):
    """What was said in a ticket, as it may be shown; the raw text is the payload."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("ticket_id", "position"),
        Index("ix_message_external", "external_id"),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    position: int
    author: str
    """customer, agent, operator, or note for an internal note."""
    name: str | None = None
    at: datetime = Field(sa_type=UtcTime)
    body: str
    """With secrets masked (POLICY H2)."""
    payload_id: str | None = Field(default=None, foreign_key="payload.id")
    external_id: str | None = None
    """The channel's own id, such as a Message-ID, by which answers are threaded."""


class Nonce(SQLModel, table=True):
    """The secret of a ticket from which its placeholders for personal data are made."""

    __tablename__ = "nonce"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", unique=True)
    value: str | None = None
    """Random; None once the ticket's personal data is erased."""


class AnswerDraft(SQLModel, table=True):
    """An answer that a person has begun and not sent; it is no part of the ticket's state."""

    __tablename__ = "answer_draft"
    __table_args__ = (UniqueConstraint("ticket_id", "operator"),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    operator: str
    body: str | None = None
    """None once it was sent, thrown away or erased."""
    at: datetime = Field(sa_type=UtcTime)


class Issue(SQLModel, table=True):
    """One thing that a ticket asks for."""

    __tablename__ = "issue"
    __table_args__ = (
        UniqueConstraint("ticket_id", "position"),
        _some("ix_issue_trial", "trial IS NOT NULL", "intent", "ticket_id"),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    position: int
    kind: str
    """What triage recognised."""
    intent: str
    """The section of the rule that handled it, or of the kind while none has."""
    rule: str | None = None
    agent: str | None = None
    state: str = "open"
    confidence: float = 0.0
    cause: str | None = None
    """The diagnosis in a sentence."""
    skill: str | None = None
    """Whom it escalates to."""
    evidence: list[Any] = Field(default_factory=list, sa_type=Json)
    """References table:id of the rows that the diagnosis rests on."""
    slots: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    trial: str | None = None
    """shadow or assist, where its intent was on trial when it was planned."""


class Run(SQLModel, table=True):
    """One pass of the agents over a ticket, from triage until it parks or ends."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("ticket_id", "number"),
        Index("ix_run_started", "started_at", "cost_micros"),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    number: int
    state: str = "running"
    brain: str = "embedded"
    policy_version: str = ""
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    tokens: int = 0
    cost_micros: int = 0
    """Millionths of a US dollar."""
    problem: str | None = None


class Handoff(SQLModel, table=True):
    """A ticket handed to a person with its whole context."""

    __tablename__ = "handoff"
    __table_args__ = (Index("ix_handoff_open", "accepted_at", "queued_at"),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    skill: str
    kind: str
    """warm_transfer, callback or queue."""
    assigned_to: str | None = None
    reason: str
    summary: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """{needs, tried, missing, next}: lists of sentences."""
    wait_minutes: int | None = None
    """Estimated, for a callback."""
    queued_at: datetime = Field(sa_type=UtcTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    accepted_by: str | None = None
