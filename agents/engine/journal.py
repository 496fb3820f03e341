"""What one worker holds of a ticket: its recorded steps, and the fence around its writes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from agents.actions.views import public
from data.columns import canonical
from data.redaction import redact
from data.store import EVENT, PAYLOAD, NewEvent, Store, Transaction

if TYPE_CHECKING:
    from agents.engine.asking import Asking

FLUSH_SECONDS = 0.05
"""Recorded reads are committed together, but never later than this after the first of them."""


class Journal:
    """One pass over one ticket by one worker.

    Steps that only read are kept until the next write, or until they took `FLUSH_SECONDS`;
    then they commit together. Each write raises the ticket's epoch; if another worker wrote since
    the ticket was read, that write and every later one is refused with Fenced.
    """

    def __init__(self, store: Store, ticket: dict[str, Any]) -> None:
        """Hold `ticket`, as it was read."""
        self.store = store
        self.ticket_id: str = ticket["id"]
        self.run_id: str | None = None
        self.names: tuple[str, ...] = ()
        """The customer's names, hidden in what is logged."""
        self.asking: Asking | None = None
        """A model's part in the run; None: the embedded brain thinks alone."""
        self._epoch: int = ticket["epoch"]
        self._lock = threading.RLock()
        self._waiting: list[NewEvent] = []
        self._since = time.monotonic()
        self._recorded: dict[str, Any] = {}

    def begin(self, run_id: str) -> None:
        """Write for a new run, which has recorded nothing yet."""
        self.run_id, self._recorded = run_id, {}

    def resume(self, run_id: str) -> None:
        """Look up what this run has recorded already."""
        self.run_id = run_id
        query = (
            select(EVENT.c.step, PAYLOAD.c.body)
            .join(PAYLOAD, PAYLOAD.c.id == EVENT.c.payload_id)
            .where(EVENT.c.run_id == run_id, EVENT.c.step.is_not(None))
        )
        with self.store.read() as connection:
            for step, body in connection.execute(query):
                if body is not None:
                    self._recorded[step] = json.loads(body)

    def step(
        self,
        name: str,
        agent: str,
        kind: str,
        do: Callable[[], Any],
        view: Callable[[Any], dict[str, Any]],
        keep: Callable[[Any], None] | None = None,
    ) -> Any:
        """The result of a step (a JSON value): recorded earlier in this run, or done and recorded
        now.

        `view` is what the log shows of it; the result itself is kept as the payload. `keep` commits
        it, where it is not to wait for the next write.
        """
        if name in self._recorded:
            return self._recorded[name]
        start = time.perf_counter()
        result = do()
        data = {**view(result), "ms": round((time.perf_counter() - start) * 1000, 2)}
        self.note(kind, agent, data, step=name, payload=json.dumps(result, default=str))
        self._recorded[name] = result
        if keep is not None:
            keep(result)
        with self._lock:
            if time.monotonic() - self._since > FLUSH_SECONDS:
                with self.write():
                    pass
        return result

    def recorded(self, prefix: str) -> list[tuple[str, Any]]:
        """The steps of this run that are recorded under names that begin so."""
        found = list(self._recorded.items())
        return [(name, result) for name, result in found if name.startswith(prefix)]

    def note(
        self,
        kind: str,
        agent: str,
        data: dict[str, Any],
        *,
        step: str | None = None,
        payload: str | None = None,
    ) -> None:
        """Append an event with the next write; personal data is taken out of `data`."""
        with self._lock:
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(
                NewEvent(
                    kind,
                    agent,
                    redact(data, self.names),
                    self.ticket_id,
                    self.run_id,
                    step,
                    payload,
                    self.store.clock.now(),
                )
            )

    def tell(
        self,
        tx: Transaction,
        kind: str,
        data: dict[str, Any],
        *,
        agent: str = "resolution",
        payload: str | None = None,
    ) -> None:
        """Append an event within a transaction that is under way.

        Personal data is taken out of `data`; `payload`, or what was taken out, is kept beside it.
        """
        shown, hidden = public(data)
        if payload is None and hidden is not None:
            payload = canonical(hidden)
        shown = redact(shown, self.names)
        tx.append(NewEvent(kind, agent, shown, self.ticket_id, self.run_id, None, payload))

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that first makes sure that the ticket is still ours."""
        with self._lock:
            with self.store.write() as tx:
                tx.fence(self.ticket_id, self._epoch)
                waiting, self._waiting = self._waiting, []
                for event in waiting:
                    tx.append(event)
                yield tx
            self._epoch += 1
