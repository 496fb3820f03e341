"""The read tools of one role: what it has not declared, it cannot reach."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agents.connectors.protocols import Reader, Row
from agents.engine.journal import Journal
from agents.errors import NotAllowed, Retryable
from data.vocabulary import AgentName

ATTEMPTS = 3
"""How often a failing read is tried."""


class ToolBox:
    """Read tools of one role for one customer; every call is a recorded step."""

    def __init__(
        self,
        agent: AgentName,
        allowed: list[str],
        reader: Reader,
        journal: Journal,
        now: datetime,
        sleep: Callable[[float], None],
    ) -> None:
        """Allow `agent` the tools named in `allowed`."""
        self._agent, self._allowed = agent, frozenset(allowed)
        self._reader, self._journal, self._now, self._sleep = reader, journal, now, sleep

    def call(self, step: str, tool: str, customer_id: str | None) -> list[Row]:
        """The rows of a tool; NotAllowed if the role may not use it, Retryable if it keeps
        failing."""
        if tool not in self._allowed:
            raise NotAllowed(f"the role {self._agent} may not read {tool!r}")
        rows: list[Row] = self._journal.step(
            step,
            self._agent.value,
            "tool.called",
            lambda: self._insist(tool, customer_id),
            lambda rows: {
                "tool": tool,
                "input": {"customer": customer_id} if customer_id and tool not in _WORLD else {},
                "rows": len(rows),
                "found": [str(r.get("id") or r.get("name") or "") for r in rows[:12]],
            },
        )
        return rows

    def _insist(self, tool: str, customer_id: str | None) -> list[Row]:
        for attempt in range(ATTEMPTS):
            try:
                return self._read(tool, customer_id)
            except Retryable as problem:
                self._journal.note(
                    "tool.failed",
                    self._agent.value,
                    {"tool": tool, "error": str(problem), "attempt": attempt + 1},
                )
                if attempt + 1 == ATTEMPTS:
                    raise
                self._sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    def _read(self, tool: str, customer_id: str | None) -> list[Row]:
        reader = self._reader
        match tool:
            case "plans":
                return reader.plans()
            case "services":
                return reader.services()
            case "articles":
                return reader.articles()
            case "staff":
                return reader.staff()
        if customer_id is None:
            return []
        match tool:
            case "customer":
                found = reader.customer(customer_id)
                return [found] if found else []
            case "subscriptions":
                return reader.subscriptions(customer_id)
            case "charges":
                return reader.charges(customer_id)
            case "refunds":
                return reader.refunds(customer_id)
            case "activity":
                return reader.activity(customer_id)
            case "errors":
                return reader.errors(customer_id, self._now - timedelta(days=30))
            case "resets":
                return reader.resets(customer_id, self._now - timedelta(days=30))
            case "past_tickets":
                return reader.past_tickets(customer_id)[:10]
        raise NotAllowed(f"there is no tool {tool!r}")


_WORLD = frozenset({"plans", "services", "articles", "staff"})
