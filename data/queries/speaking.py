"""The words of models that speak now."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from data.plain import to_micros
from data.queries.queue import runner

if TYPE_CHECKING:
    from data.store import Store

SILENT = timedelta(minutes=2)
"""Words to which nothing was added for so long are of a worker that is gone."""


@dataclass(frozen=True)
class Speaking:
    """What an agent's model has said so far of its answer."""

    id: str
    run_id: str
    agent: str
    text: str


def speaking(store: "Store", ticket_id: str) -> list[Speaking]:
    """Who speaks about a ticket now, who began first first."""
    query = (
        "SELECT id, run_id, agent, text FROM model_words "
        "WHERE ticket_id = :ticket AND at >= :since ORDER BY id"
    )
    since = to_micros(store.clock.now() - SILENT)
    with store.read() as connection:
        rows = runner(connection)(query, {"ticket": ticket_id, "since": since})
    return [Speaking(*row) for row in rows]
