"""What a worker needs from whatever carries out its dispatches, and from its store."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

Advance = Callable[[str], None]
"""Advances one ticket until it parks or ends.

Idempotent, and quick where nothing is pending any more. Raises only on faults of ours. Marks the
wake-up that it saw as read when it parks or ends, not before: what is unfinished stays pending, so
that it is found again whatever dies. Once the worker is told to stop, returns after the current
step with the ticket pending still.
"""

PendingTickets = Callable[[int], list[str]]
"""Ids of tickets whose wake-up has not been read, oldest first, at most so many."""

ChangeWatch = Callable[[float], bool]
"""Blocks up to so many seconds; True if the store changed. Called from one thread of its own."""

LiveWorkers = Callable[[], Collection[str]]
"""Ids of the workers whose last heartbeat is recent."""


class HeldElsewhere(Exception):
    """Another worker holds the ticket; it looks for further wake-ups itself before it lets go."""


class NotNow(Exception):
    """What the advance needs cannot be used for now, by any ticket; it is tried again later.

    No failure of the ticket: nobody gives it up for this.
    """


class Abandoned(Exception):
    """The ticket was given up because, again and again, the process that advanced it died."""


@dataclass(frozen=True)
class Settled:
    """A dispatch is over and its ticket may be dispatched again."""

    ticket_id: str
    error: Exception | None
    """What `advance` raised, or why it was not called; None if it returned."""


class Dispatcher(Protocol):
    """Carries out dispatches; no ticket is advanced twice at a time, in whichever process."""

    def launch(self, settled: Callable[[Settled], None]) -> None:
        """Take up work; `settled` is told, from any thread, of each dispatch that is over."""

    def room(self) -> int:
        """How many more tickets may be started now."""

    def running(self) -> frozenset[str]:
        """Tickets being advanced by this process."""

    def start(self, ticket_id: str) -> None:
        """Have a ticket advanced; its end, or the refusal, is told to `settled`."""

    def tend(self, live_workers: LiveWorkers) -> None:
        """Resume what workers held that are not among the live ones."""

    def idle(self) -> bool:
        """Whether no worker, this or another, holds a ticket."""

    def close(self) -> None:
        """Let running advances return, then give everything back."""
