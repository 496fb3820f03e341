"""Dispatch without threads, processes or a database of its own: for scenarios and tests."""

from collections import Counter
from collections.abc import Callable

from agents.runtime.protocol import Advance, LiveWorkers, PendingTickets, Settled

MOST_ROUNDS = 200
"""No honest ticket wakes itself so often without waiting for anybody."""


class InlineDispatcher:
    """Advances a ticket in the calling thread, before `start` returns."""

    def __init__(self, advance: Advance) -> None:
        """Dispatch to `advance`."""
        self._advance = advance
        self._settled: Callable[[Settled], None] = lambda _: None

    def drain(self, pending: PendingTickets) -> int:
        """Advance pending tickets, oldest first, until none is; how often one was advanced.

        What `advance` raises comes through: a scenario has found a fault.
        """
        rounds: Counter[str] = Counter()
        while tickets := pending(1):
            rounds.update(tickets)
            if rounds[tickets[0]] > MOST_ROUNDS:
                raise RuntimeError(
                    f"ticket {tickets[0]} is still pending after {MOST_ROUNDS} advances: "
                    "advance has to read its wake-up"
                )
            self._advance(tickets[0])
        return rounds.total()

    def launch(self, settled: Callable[[Settled], None]) -> None:
        """Tell `settled` of every dispatch."""
        self._settled = settled

    def room(self) -> int:
        """One at a time."""
        return 1

    def running(self) -> frozenset[str]:
        """Nothing, whenever somebody else can ask."""
        return frozenset()

    def start(self, ticket_id: str) -> None:
        """Advance the ticket here and now."""
        error: Exception | None = None
        try:
            self._advance(ticket_id)
        except Exception as fault:
            error = fault
        self._settled(Settled(ticket_id, error))

    def tend(self, live_workers: LiveWorkers) -> None:
        """No other worker leaves anything to this one."""

    def idle(self) -> bool:
        """Nothing is held between two calls."""
        return True

    def close(self) -> None:
        """Nothing to give back."""
