"""The first schema."""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "chain",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.String(), nullable=False),
        sa.Column("payload_id", sa.String(), nullable=True),
        sa.Column("payload_digest", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("chain", "position"),
    )
    op.create_index("ix_event_step", "event", ["run_id", "step"], unique=True)
    op.create_table(
        "halt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", data.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "payload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("erased_at", data.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("requester", sa.String(), nullable=True),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("customer_name", sa.String(), nullable=True),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("priority_rank", sa.Integer(), nullable=False),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("intents", data.columns.Json(), nullable=False),
        sa.Column("sentiment", sa.String(), nullable=True),
        sa.Column("sentiment_score", sa.Float(), nullable=True),
        sa.Column("anger", sa.Float(), nullable=True),
        sa.Column("urgency", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("flags", data.columns.Json(), nullable=False),
        sa.Column("outcome", data.columns.Json(), nullable=True),
        sa.Column("escalation", data.columns.Json(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("money_at_risk", sa.Integer(), nullable=False),
        sa.Column("opened_at", data.columns.UtcTime(), nullable=False),
        sa.Column("updated_at", data.columns.UtcTime(), nullable=False),
        sa.Column("answered_at", data.columns.UtcTime(), nullable=True),
        sa.Column("ended_at", data.columns.UtcTime(), nullable=True),
        sa.Column("timer_at", data.columns.UtcTime(), nullable=True),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("read_count", sa.Integer(), nullable=False),
        sa.Column("wake_seq", sa.Integer(), nullable=False),
        sa.Column("read_seq", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ref"),
    )
    op.create_index("ix_ticket_customer", "ticket", ["customer_id", "opened_at"], unique=False)
    op.create_index("ix_ticket_opened", "ticket", ["opened_at", "id"], unique=False)
    op.create_index("ix_ticket_queue", "ticket", ["priority_rank", "opened_at", "id"], unique=False)
    op.create_index("ix_ticket_requester", "ticket", ["requester", "opened_at"], unique=False)
    op.create_index(
        "ix_ticket_status_opened", "ticket", ["status", "opened_at", "id"], unique=False
    )
    op.create_index("ix_ticket_timer", "ticket", ["timer_at"], unique=False)
    op.create_index("ix_ticket_updated", "ticket", ["updated_at", "id"], unique=False)
    op.create_index("ix_ticket_wake", "ticket", ["pending", "opened_at", "id"], unique=False)
    op.create_table(
        "worker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", data.columns.UtcTime(), nullable=False),
        sa.Column("heartbeat_at", data.columns.UtcTime(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("ended_at", data.columns.UtcTime(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "handoff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("skill", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("assigned_to", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("summary", data.columns.Json(), nullable=False),
        sa.Column("wait_minutes", sa.Integer(), nullable=True),
        sa.Column("queued_at", data.columns.UtcTime(), nullable=False),
        sa.Column("accepted_at", data.columns.UtcTime(), nullable=True),
        sa.Column("accepted_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_handoff_open", "handoff", ["accepted_at", "queued_at"], unique=False)
    op.create_index(op.f("ix_handoff_ticket_id"), "handoff", ["ticket_id"], unique=False)
    op.create_table(
        "issue",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("agent", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("skill", sa.String(), nullable=True),
        sa.Column("evidence", data.columns.Json(), nullable=False),
        sa.Column("slots", data.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_id", "position"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("payload_id", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["payload_id"],
            ["payload.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_id", "position"),
    )
    op.create_index("ix_message_external", "message", ["external_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("brain", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("started_at", data.columns.UtcTime(), nullable=False),
        sa.Column("ended_at", data.columns.UtcTime(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_id", "number"),
    )
    op.create_table(
        "action",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("issue_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("arguments", data.columns.Json(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("risk", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("people_needed", sa.Integer(), nullable=False),
        sa.Column("preview", data.columns.Json(), nullable=True),
        sa.Column("undo", data.columns.Json(), nullable=True),
        sa.Column("records", data.columns.Json(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("proposed_at", data.columns.UtcTime(), nullable=False),
        sa.Column("expires_at", data.columns.UtcTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", data.columns.UtcTime(), nullable=True),
        sa.Column("decision_reason", sa.String(), nullable=True),
        sa.Column("supersedes", sa.String(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("executed_at", data.columns.UtcTime(), nullable=True),
        sa.Column("result", data.columns.Json(), nullable=True),
        sa.Column("undo_until", data.columns.UtcTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
    )
    op.create_index("ix_action_state", "action", ["state", "proposed_at", "id"], unique=False)
    op.create_index("ix_action_target", "action", ["name", "target", "state"], unique=False)
    op.create_index("ix_action_ticket", "action", ["ticket_id", "position"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", data.columns.UtcTime(), nullable=False),
        sa.Column("spent_at", data.columns.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("action_id", "operator", "kind"),
    )
