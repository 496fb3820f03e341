"""Reading for one role with its own tools, and the customer as the specialists see them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from agents.connectors.protocols import Row
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.snapshot import (
    Snapshot,
)
from agents.engine.thought import Thought
from agents.errors import OutOfReach, Retryable
from agents.playbooks.model import Playbook
from agents.toolbox import ToolBox
from data.vocabulary import AgentName

_CONTEXT_MONTHS = timedelta(days=183)


_CONTEXT_ACTIVITY = timedelta(days=30)


def customer_context(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought
) -> dict[str, Any]:
    """The customer as the specialists see them: profile, six months of charges, recent activity."""
    customer = thought.identified.customer
    if customer is None:
        return {}
    now, reader, who = parts.store.clock.now(), parts.reader, customer["id"]
    scores = [r.sentiment_score for r in thought.readings[-5:]]

    def gather() -> dict[str, Any]:
        return {
            "profile": customer,
            "subscriptions": reader.subscriptions(who),
            "charges": reader.charges(who, now - _CONTEXT_MONTHS),
            "activity": reader.activity(who, now - _CONTEXT_ACTIVITY),
            "past_tickets": reader.past_tickets(who)[:10],
            "errors": reader.errors(who, now - _CONTEXT_ACTIVITY),
            "sentiment": round(sum(scores) / len(scores), 3),
        }

    found: dict[str, Any] = journal.step(
        f"context.{snapshot.generation}",
        AgentName.ACCOUNT.value,
        "context",
        gather,
        lambda c: {
            "customer": who, "tier": customer["tier"], "status": customer["status"],
            **{name: len(rows) for name, rows in c.items() if isinstance(rows, list)},
            "sentiment": c["sentiment"],
        },
    )  # fmt: skip
    return found


@dataclass
class _Evidence:
    records: dict[str, list[Row]] = field(default_factory=dict)
    failed: str | None = None


def tool_box(parts: Parts, journal: Journal, playbook: Playbook) -> ToolBox:
    """The read tools of the playbook's role."""
    return ToolBox(
        playbook.agent, playbook.reads, parts.reader, journal, parts.store.clock.now(), parts.sleep
    )


def read_evidence(box: ToolBox, thought: Thought, playbook: Playbook, step: str) -> _Evidence:
    """The rows of every tool of the role, or which tool kept failing."""
    customer = thought.identified.customer
    found = _Evidence()
    for tool in playbook.reads:
        try:
            found.records[tool] = box.call(
                f"{step}.{tool}", tool, customer["id"] if customer else None
            )
        except OutOfReach:
            raise
        except Retryable as problem:
            found.failed = f"{tool}: {problem}"
            break
    return found
