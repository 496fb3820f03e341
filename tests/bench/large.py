"""A workspace of any size, written fast: tickets of two years, most of them ended."""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from data.clock import CountingIds
from data.columns import canonical
from data.service_levels import ServiceLevels
from data.store import ACTION, CHAIN, EVENT, GENESIS, MESSAGE, TICKET, event_hash, row_of, table
from data.tables import Action, Message, Run, Ticket
from data.vocabulary import Priority
from data.workspace import Workspace, open_workspace
from tests.bench.tickets import anything

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
YEARS = timedelta(days=730)
BATCH = 2_500

_RECENT = 20_000
"""So many tickets, the newest but at most half, are mostly open: history grows behind them."""
_STATUSES = {
    "closed": 25, "resolved": 25, "awaiting_customer": 15, "new": 15, "escalated": 10,
    "working": 5, "awaiting_approval": 5,
}  # fmt: skip
_EARLIER = {"closed": 9_900, "resolved": 90, "awaiting_customer": 5, "escalated": 5}
_PRIORITIES = {"normal": 60, "high": 20, "low": 15, "urgent": 5}
_INTENTS = {"billing": 40, "technical": 30, "account": 15, "product": 12, "escalate": 3}
_TIERS = {"standard": 75, "premium": 20, "enterprise": 5}
_LANGUAGES = {"en": 70, "de": 12, "es": 10, "fr": 6, "pt": 2}
_CHANNELS = {"email": 70, "chat": 20, "phone": 7, "web": 3}
_OURS = ("awaiting_approval", "working", "escalated")
_RARE = "zarathustra"
"""A word in a few tickets of any workspace."""


def _draws(rng: random.Random, shares: dict[str, int], count: int) -> list[str]:
    return rng.choices(list(shares), list(shares.values()), k=count)


def make_large(place: Path, tickets: int, seed: int = 7) -> Workspace:
    """A workspace with so many tickets, open on its file; the same for the same seed."""
    workspace = open_workspace(str(place), started=NOW, synchronous="OFF")
    rng = random.Random(seed)
    texts, ids = anything(5_000, seed), CountingIds()
    with workspace.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA cache_size=-200000")
    batch = min(BATCH, max(1, tickets // 20))
    for start in range(0, tickets, batch):
        numbers = range(start, min(start + batch, tickets))
        rows: dict[Any, list[dict[str, Any]]] = {
            t: [] for t in (TICKET, MESSAGE, table(Run), ACTION, EVENT, CHAIN)
        }
        recent = start >= tickets - min(_RECENT, tickets // 2)
        drawn_at_once = _drawn(rng, len(numbers), _STATUSES if recent else _EARLIER)
        for number, *drawn in zip(numbers, *drawn_at_once, strict=True):
            opened = NOW - YEARS * (1 - (number + 1) / tickets)
            for source, row in _rows(rng, ids, number, opened, texts[number % len(texts)], drawn):
                rows[source].append(row)
        with workspace.write() as tx:
            for source, some in rows.items():
                if some:
                    tx.connection.execute(insert(source), some)
    with workspace.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return workspace


def _drawn(rng: random.Random, count: int, statuses: dict[str, int]) -> Iterator[list[str]]:
    for shares in (statuses, _PRIORITIES, _INTENTS, _TIERS, _LANGUAGES, _CHANNELS):
        yield _draws(rng, shares, count)


def _rows(
    rng: random.Random, ids: CountingIds, number: int, opened: datetime, text: Any, drawn: list[str]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    status, priority, intent, tier, language, channel = drawn
    ticket, rank = ids("t"), Priority(priority).rank
    seen = status != "new"
    owner = "agents"
    if status == "escalated" and number % 3:
        owner = rng.choice(["Maya", "Wanjiru", "Kofi", "Ines"])
    due = None
    if status in _OURS:
        due = ServiceLevels().due(Priority(priority), NOW - timedelta(hours=rng.random() * 60),
                                  answered=False)  # fmt: skip
    amount = rng.randrange(500, 60_000) if status == "awaiting_approval" else 0
    name = text.email.split("@")[0].rstrip("0123456789").replace(".", " ").title()
    yield TICKET, row_of(Ticket, {
        "id": ticket, "ref": f"R-{number}", "channel": channel, "subject": text.subject,
        "requester": f"{number}.{text.email}", "customer_name": name if seen else None,
        "customer_id": f"cus_{number % 50_000}" if seen else None, "tier": tier if seen else None,
        "status": status, "owner": owner, "priority": priority, "priority_rank": rank,
        "intent": intent if seen else None, "intents": [intent] if seen else [],
        "language": language if seen else "und", "money_at_risk": amount,
        "flags": ["instruction_attempt"] if number % 500 == 3 else [], "opened_at": opened,
        "updated_at": opened + timedelta(hours=rng.random() * 4), "message_count": 1,
        "pending": status == "new", "due_at": due,
    })  # fmt: skip
    body = f"{text.body} {_RARE}" if number % 100_000 == 17 else text.body
    yield MESSAGE, row_of(Message, {
        "id": f"m_{number}", "ticket_id": ticket, "position": 1, "author": "customer",
        "name": name, "at": opened, "body": body,
    })  # fmt: skip
    event: dict[str, Any] = {
        "chain": ticket, "position": 1, "run_id": None, "step": None, "at": opened,
        "agent": "system", "kind": "ticket.opened", "data": canonical({"ref": f"R-{number}"}),
        "payload_id": None, "payload_digest": None,
    }  # fmt: skip
    event["hash"] = event_hash(GENESIS, event)
    yield EVENT, event
    yield CHAIN, {"id": ticket, "position": 1, "hash": event["hash"]}
    if not seen:
        return
    run = {"id": f"r_{number}", "ticket_id": ticket, "number": 1, "started_at": opened}
    yield table(Run), row_of(Run, {**run, "cost_micros": rng.randrange(5_000)})
    if amount:
        yield ACTION, row_of(Action, {
            "id": f"a_{number}", "ticket_id": ticket, "run_id": f"r_{number}", "position": 1,
            "name": "process_refund", "arguments": {"charge": f"ch_{number}", "amount": amount},
            "digest": f"d{number}", "target": f"charges:ch_{number}", "agent": "billing",
            "gate": "ask", "reason": "Charged twice.", "amount": amount, "currency": "usd",
            "proposed_at": opened, "idempotency_key": f"k{number}",
        })  # fmt: skip


if __name__ == "__main__":
    make_large(Path(sys.argv[1]), int(sys.argv[2])).close()
