"""How a ticket stands, in what two ways of it can be compared by."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from agents.actions.catalogue import aim_of
from data.queries.rows import ActionRow
from data.queries.tickets import ticket_detail, ticket_events
from data.store import Store
from data.vocabulary import DONE_ACTIONS, ActionName, ActionState, Author


@dataclass(frozen=True)
class Way:
    """One way that a ticket went."""

    status: str
    outcome: dict[str, Any] | None
    escalation: dict[str, Any] | None
    actions: list[ActionRow]
    """The revisions that stand."""
    money: dict[str, int]
    """Minor units that were moved, by currency."""
    reply: str
    """Everything that the agents answered."""
    steps: int
    cost_micros: int
    policy: str
    """The version of the newest run's."""

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "status": self.status,
            "outcome": self.outcome,
            "escalation": self.escalation,
            "actions": [action_json(action) for action in self.actions],
            "money": self.money,
            "reply": self.reply,
            "steps": self.steps,
            "cost": self.cost_micros,
            "policy": self.policy,
        }


def action_json(action: ActionRow) -> dict[str, Any]:
    """An action as a comparison shows it."""
    return {
        "id": action.id,
        "action": action.name,
        "arguments": action.executed_arguments or action.arguments,
        "state": action.state.value,
        "gate": action.gate.value,
        "amount": action.amount,
        "currency": action.currency,
        "decided_by": action.decided_by,
    }


def way_of(store: Store, ticket_id: str) -> Way:
    """How the ticket stands in this store."""
    detail = ticket_detail(store, ticket_id)
    stands = [a for a in detail.actions if a.superseded_by is None]
    money: Counter[str] = Counter()
    for action in stands:
        moved = action.state in DONE_ACTIONS and action.name != ActionName.UNDO
        if moved and action.amount is not None and action.currency:
            money[action.currency] += action.amount
    return Way(
        detail.ticket.status.value,
        detail.outcome,
        detail.escalation,
        stands,
        dict(sorted(money.items())),
        "\n\n".join(m.body for m in detail.messages if m.author == Author.AGENT),
        len(ticket_events(store, ticket_id)),
        sum(run.cost_micros for run in detail.runs),
        _policy(store, ticket_id),
    )


def _policy(store: Store, ticket_id: str) -> str:
    from sqlalchemy import select

    from data.queries.tickets import RUN

    query = select(RUN.c.policy_version).where(RUN.c.ticket_id == ticket_id)
    with store.read() as connection:
        return str(connection.execute(query.order_by(RUN.c.number.desc())).scalar() or "")


def difference(original: Way, fork: Way) -> dict[str, Any]:
    """What is otherwise in the fork; None where nothing is."""
    currencies = sorted({*original.money, *fork.money})
    money = {
        currency: fork.money.get(currency, 0) - original.money.get(currency, 0)
        for currency in currencies
    }
    return {
        "status": _both(original.status, fork.status),
        "actions": _actions(original.actions, fork.actions) or None,
        "money": {c: amount for c, amount in money.items() if amount} or None,
        "reply": _both(original.reply, fork.reply),
        "steps": (fork.steps - original.steps) or None,
        "cost": (fork.cost_micros - original.cost_micros) or None,
    }


def _both(one: str, other: str) -> dict[str, str] | None:
    return None if one == other else {"original": one, "fork": other}


def _actions(original: list[ActionRow], fork: list[ActionRow]) -> list[dict[str, Any]]:
    """The actions that are not the same in both, in pairs; None where one has no such action."""
    return [
        {"action": pair.name, "original": _told(one), "fork": _told(other)}
        for one, other in paired(original, fork)
        if (pair := one or other) is not None and _compared(one) != _compared(other)
    ]


def paired(
    original: list[ActionRow], fork: list[ActionRow]
) -> list[tuple[ActionRow | None, ActionRow | None]]:
    """Actions of both with the same aim side by side, the others alone."""
    left = list(fork)
    pairs: list[tuple[ActionRow | None, ActionRow | None]] = []
    for one in original:
        other = next((o for o in left if _aim(o) == _aim(one)), None)
        if other is not None:
            left.remove(other)
        pairs.append((one, other))
    return [*pairs, *((None, other) for other in left)]


def _aim(action: ActionRow) -> tuple[str, ...]:
    return (action.name, *aim_of(ActionName(action.name), action.arguments))


def _compared(action: ActionRow | None) -> Any:
    if action is None:
        return None
    arguments = {} if action.name == ActionName.SEND_REPLY else action.arguments
    return (_settled(action.state), arguments)


def _settled(state: ActionState) -> str:
    return ActionState.VERIFIED.value if state in DONE_ACTIONS else state.value


def _told(action: ActionRow | None) -> dict[str, Any] | None:
    return None if action is None else action_json(action)
