"""Keeping how long a person read what they approved."""

from data.queries.practice import Pace, paces
from data.store import Store
from data.tables import Reading


def note_reading(store: Store, operator: str, actions: int, words: int, seconds: float) -> Pace:
    """Keep that so many words stood there for so long before an approval; their pace by now."""
    with store.write() as tx:
        tx.insert(
            Reading, id=tx.ids("rd"), operator=operator, actions=actions, words=words,
            took_ms=max(0, round(1000 * seconds)), at=tx.now,
        )  # fmt: skip
    return paces(store, operator)[operator]
