"""When a ticket that failed may be tried again."""

import math

FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0
"""Seconds; each failure in a row doubles the delay."""

STUCK_AFTER = 5
"""From so many failures in a row on, a person should hear of it."""


class Backoff:
    """Keeps failing tickets apart from the others; times are whatever clock the caller uses."""

    def __init__(self) -> None:
        """Nothing has failed."""
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def failed(self, ticket_id: str, now: float, *, times: int = 1) -> int:
        """Count a failure (or several) and put the ticket off; how many there were in a row."""
        failures = self._failures[ticket_id] = self._failures.get(ticket_id, 0) + times
        doubled: float = FIRST_DELAY * 2 ** min(failures - 1, 16)
        self.put_off(ticket_id, now + min(doubled, LONGEST_DELAY))
        return failures

    def put_off(self, ticket_id: str, until: float) -> None:
        """Leave the ticket alone until then, without counting a failure."""
        self._not_before[ticket_id] = until

    def succeeded(self, ticket_id: str) -> None:
        """Forget what went wrong before."""
        self._failures.pop(ticket_id, None)
        self._not_before.pop(ticket_id, None)

    def waiting(self, now: float) -> frozenset[str]:
        """Tickets to leave alone for now."""
        self._not_before = {t: due for t, due in self._not_before.items() if due > now}
        return frozenset(self._not_before)

    def next_due(self) -> float:
        """When the first of them may be tried again; infinity if there is none."""
        return min(self._not_before.values(), default=math.inf)

    def stuck(self, ticket_id: str) -> bool:
        """Whether the ticket has failed so often that only a person helps."""
        return self._failures.get(ticket_id, 0) >= STUCK_AFTER
