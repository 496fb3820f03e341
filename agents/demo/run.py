"""Making the demo's workspace, and running all of it without a screen."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agents.connectors.embedded.world import fill
from agents.demo.feed import Customers, feed
from agents.demo.operator import ScriptedOperator
from agents.demo.summary import DemoSummary, summarise
from agents.demo.tickets import DemoTicket, demo_tickets
from agents.demo.world import SEED, make_world
from agents.engine.advance import Engine
from agents.runtime.inline import InlineDispatcher
from agents.service import Service
from agents.turns import tickets_in_turn
from agents.wiring import Places, backoffice_of, open_parts
from data.database import parse_url
from data.errors import WorkspaceUnusable
from data.queries.approvals import pending_approvals
from data.queries.rows import ActionRow
from data.vocabulary import DecisionKind
from data.workspace import Workspace, open_workspace

__all__ = ["Demo", "Happened", "demo_at", "feed", "make_demo", "run_demo", "run_headless"]

FILE = "lumen-cloud.db"
"""The demo's workspace in its folder."""

LIMIT_SECONDS = 240.0
"""When a headless run is ended although tickets are left."""

_TOGETHER = 6
"""Tickets that arrive before the operator looks at the requests again."""


@dataclass(frozen=True)
class Demo:
    """A demo that is ready: its workspace, and the tickets that are to arrive in it."""

    place: str
    tickets: list[DemoTicket]


@dataclass(frozen=True)
class Happened:
    """Something worth a line while the demo runs."""

    kind: str
    """arrived, answered, or what was decided: approve, edit, reject."""
    text: str


def make_demo(folder: Path, seed: int = SEED) -> Path:
    """A fresh demo workspace in `folder`, with its back office beside it; the workspace's path."""
    path = folder / FILE
    demo_at(str(path), seed=seed)
    return path


def demo_at(place: str, *, seed: int = SEED, places: Places | None = None) -> Demo:
    """Make the demo at a path or URL; WorkspaceUnusable if there is a workspace already."""
    url = parse_url(place)
    path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if path is not None and path.exists() and path.stat().st_size:
        raise WorkspaceUnusable(f"{path} is there already; the demo wants a fresh workspace")
    world = make_world(datetime.now(UTC), seed)
    workspace = open_workspace(place)
    try:
        backoffice = backoffice_of(workspace, places or Places())
        if backoffice.exists() and backoffice.stat().st_size:
            raise WorkspaceUnusable(
                f"the back office {backoffice} is there already; move it away or name another file"
            )
        if tickets_in_turn(workspace, 1):
            raise WorkspaceUnusable("the workspace has tickets; the demo wants a fresh one")
        fill(backoffice, world.rows)
    except BaseException:
        if path is not None:
            workspace.close()
            with suppress(OSError):
                path.unlink()
        raise
    finally:
        workspace.close()
    return Demo(place, demo_tickets(world, seed))


def run_headless(
    folder: Path, on_event: Callable[[Happened], None], *, seed: int = SEED,
    limit_seconds: float = LIMIT_SECONDS,
) -> DemoSummary:  # fmt: skip
    """Run the whole demo in a fresh workspace in `folder`, with the scripted operator."""
    began = time.monotonic()
    demo = demo_at(str(folder / FILE), seed=seed)
    return run_demo(demo, on_event, began=began, limit_seconds=limit_seconds)


def run_demo(
    demo: Demo, on_event: Callable[[Happened], None], *, began: float | None = None,
    places: Places | None = None, limit_seconds: float = LIMIT_SECONDS,
) -> DemoSummary:  # fmt: skip
    """Let the tickets of a demo arrive, be worked on, decided and answered until nothing moves."""
    began = time.monotonic() if began is None else began
    with _headless(demo, places or Places(), on_event) as run:
        finished = run.play(began + limit_seconds)
        wall = time.monotonic() - began
        return summarise(run.workspace, run.customers.names, run.seconds, wall, finished=finished)


@contextmanager
def _headless(
    demo: Demo, places: Places, on_event: Callable[[Happened], None]
) -> Iterator["_Headless"]:
    workspace = open_workspace(demo.place, create=False)
    try:
        with open_parts(workspace, places) as parts:
            service = Service(workspace, parts.policy)
            yield _Headless(workspace, Engine(parts), service, demo.tickets, on_event)
    finally:
        workspace.close()


class _Headless:
    """The inline runtime, the customers and the operator, in one thread."""

    def __init__(
        self, workspace: Workspace, engine: Engine, service: Service, tickets: list[DemoTicket],
        on_event: Callable[[Happened], None],
    ) -> None:  # fmt: skip
        self.workspace = workspace
        self.customers = Customers(service, tickets)
        self.seconds: dict[str, float] = defaultdict(float)
        self._engine, self._on_event = engine, on_event
        self._operator = ScriptedOperator(service)
        self._dispatcher = InlineDispatcher(self._advance)

    def play(self, deadline: float) -> bool:
        """Until nothing moves or the time is up; whether it came to rest."""
        while time.monotonic() < deadline:
            arrived = self._arrive()
            self._dispatcher.drain(lambda limit: tickets_in_turn(self.workspace, limit))
            moved = self._decide() + self._answer()
            if not arrived and not moved:
                return True
        return False

    def _arrive(self) -> int:
        for number in range(_TOGETHER):
            if self.customers.next_after is None:
                return number
            ticket = self.customers.write_next()
            self._on_event(Happened("arrived", ticket.subject))
        return _TOGETHER

    def _advance(self, ticket_id: str) -> None:
        began = time.perf_counter()
        self._engine.advance(ticket_id)
        self.seconds[ticket_id] += time.perf_counter() - began

    def _decide(self) -> int:
        decided = 0
        for action in pending_approvals(self.workspace):
            decision = self._operator.decide(action)
            if decision is not None:
                decided += 1
                self._on_event(Happened(decision.value, _told(action, decision)))
        return decided

    def _answer(self) -> int:
        awaited = self.customers.awaited()
        for ticket_id in awaited:
            self.customers.answer(ticket_id)
            self._on_event(Happened("answered", self.customers.names[ticket_id]))
        return len(awaited)


def _told(action: ActionRow, decision: DecisionKind) -> str:
    people = (
        " (two people)" if action.people_needed > 1 and decision is DecisionKind.APPROVE else ""
    )
    return f"{action.name} for {action.customer_name or action.requester or '?'}{people}"
