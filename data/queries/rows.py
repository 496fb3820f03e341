"""The shapes that the queries return; plain values, safe to hand between threads."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from data.vocabulary import ActionState, Gate, Priority, TicketStatus

EMBEDDED = "embedded"
"""The brain that asks no language model."""


@dataclass(frozen=True)
class TicketRow:
    """One line of the queue."""

    id: str
    ref: str
    status: TicketStatus
    priority: Priority
    intent: str | None
    intents: list[str]
    subject: str
    requester: str | None
    customer_name: str | None
    tier: str | None
    owner: str
    flags: list[str]
    opened_at: datetime
    updated_at: datetime
    money_at_risk: int
    """Minor units that wait for approval."""
    message_count: int
    due_at: datetime | None = None
    """When the service level wants the next answer, or the end."""


@dataclass(frozen=True)
class Page:
    """Some lines of the queue and how many there are in all."""

    rows: list[TicketRow]
    total: int
    exact: bool = True
    """Whether `total` is all of them, not just how far was counted."""


@dataclass(frozen=True)
class MessageRow:
    """What was said, masked; `author` is customer, agent, operator or note."""

    id: str
    position: int
    author: str
    name: str | None
    at: datetime
    body: str


@dataclass(frozen=True)
class AttachmentRow:
    """A file that came with a message, without its content."""

    id: str
    message_id: str
    name: str
    kind: str
    size: int
    """Bytes, as far as known."""
    problem: str | None
    """Why its content is not here; None if it is."""


@dataclass(frozen=True)
class IssueRow:
    """One thing that a ticket asks for, and what was found."""

    id: str
    position: int
    kind: str
    intent: str
    rule: str | None
    agent: str | None
    state: str
    confidence: float
    cause: str | None
    skill: str | None
    evidence: list[str]
    trial: str | None = None
    """shadow or assist, where its intent was on trial."""


@dataclass(frozen=True)
class DecisionRow:
    """What one person said about an action."""

    kind: str
    operator: str
    reason: str | None
    at: datetime
    role: str | None = None
    signed_in_by: str | None = None
    """How they proved who they are."""


@dataclass(frozen=True)
class ActionRow:
    """One action, one revision of its arguments."""

    id: str
    ticket_id: str
    ticket_ref: str
    subject: str
    requester: str | None
    customer_name: str | None
    issue_id: str | None
    position: int
    name: str
    arguments: dict[str, Any]
    digest: str
    target: str
    agent: str
    state: ActionState
    gate: Gate
    rule: str | None
    reason: str
    risk: str
    amount: int | None
    currency: str | None
    people_needed: int
    preview: dict[str, Any] | None
    undo: dict[str, Any] | None
    proposed_at: datetime
    expires_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    supersedes: str | None
    superseded_by: str | None
    executed_at: datetime | None
    undo_until: datetime | None
    problem: str | None
    undoes: str | None = None
    """The action that this one takes back."""
    proposed_by: str | None = None
    """The operator who proposed it; None: the agents did."""
    role_needed: str | None = None
    executed_arguments: dict[str, Any] | None = None
    """What was carried out, where it started."""
    idempotency_key: str = ""
    """By which the outside system knows it."""
    started_at: datetime | None = None
    """When it was last begun."""
    decisions: list[DecisionRow] = field(default_factory=list)


@dataclass(frozen=True)
class EventRow:
    """One event as it may be shown; `data` is redacted."""

    id: int
    position: int
    run_id: str | None
    step: str | None
    at: datetime
    agent: str
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class RunRow:
    """One pass of the agents."""

    id: str
    number: int
    state: str
    brain: str
    started_at: datetime
    ended_at: datetime | None
    tokens: int
    cost_micros: int
    problem: str | None


@dataclass(frozen=True)
class HandoffRow:
    """A hand-over to a person."""

    id: str
    ticket_id: str
    ticket_ref: str
    subject: str
    skill: str
    kind: str
    assigned_to: str | None
    reason: str
    summary: dict[str, Any]
    wait_minutes: int | None
    queued_at: datetime
    accepted_at: datetime | None
    accepted_by: str | None


@dataclass(frozen=True)
class TicketDetail:
    """A ticket with everything that belongs to it, oldest first."""

    ticket: TicketRow
    channel: str
    identity: str
    customer_id: str | None
    sentiment: str | None
    sentiment_score: float | None
    anger: float | None
    urgency: float | None
    confidence: float | None
    language: str
    outcome: dict[str, Any] | None
    escalation: dict[str, Any] | None
    merged_into: str | None
    messages: list[MessageRow]
    issues: list[IssueRow]
    runs: list[RunRow]
    actions: list[ActionRow]
    handoffs: list[HandoffRow]
    attachments: list[AttachmentRow] = field(default_factory=list)
    begun_by: list[str] = field(default_factory=list)
    """Who has begun an answer and not sent it."""


@dataclass(frozen=True)
class WorkerRow:
    """A worker process; alive if its heartbeat is recent."""

    id: str
    pid: int
    host: str
    started_at: datetime
    heartbeat_at: datetime
    busy: int
    alive: bool
    problem: str | None
    brain: str
    """What thinks for its tickets: embedded, or a model's name."""


@dataclass(frozen=True)
class Health:
    """How the workspace does, for the status line."""

    by_status: dict[TicketStatus, int]
    approvals: int
    money_at_risk: dict[str, int]
    """Minor units by currency."""
    oldest_approval_at: datetime | None
    oldest_open_at: datetime | None
    waiting: int
    """Tickets that the agents have yet to look at."""
    workers: list[WorkerRow]
    halts: list[str]
    """What the stop button holds, each in words."""
    spend_today_micros: int
    last_event: int
    unknown: int = 0
    """Actions of which nobody knows whether they happened."""

    @property
    def models(self) -> list[str]:
        """The language models that living workers think with; none where all are embedded."""
        return sorted({worker.brain for worker in self.workers if worker.alive} - {EMBEDDED})


@dataclass(frozen=True)
class HaltRow:
    """A pressed stop button; without action and intent it holds everything."""

    id: str
    action: str | None
    intent: str | None
    by: str
    at: datetime
