"""A crowd of tickets of every kind on one workspace, and what stands in the end."""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.schema import TABLES, key_of
from agents.connectors.embedded.world import fill
from agents.demo.tickets import DemoTicket, demo_tickets
from agents.demo.world import World, make_world
from agents.policy.model import PACKAGED, load_policy
from agents.service import NewTicket, Service
from data.audit.verify import verify
from data.queries.tickets import ticket_detail
from data.store import TICKET, Store
from data.vocabulary import ActionState
from data.workspace import Workspace, open_workspace
from tests.engine.plain import plain, plain_rows, timeless

NOW = datetime(2026, 4, 22, 16, 45, tzinfo=UTC)
WORKSPACE, BACK_OFFICE, LEASES = "crowd.db", "crowd.backoffice.db", "crowd.dbos.db"
STAFF = [
    {"name": "Odile Marchand", "skills": ["billing", "technical", "account"], "available": True},
    {"name": "Tom Sheridan", "skills": ["product"], "available": False},
    {"name": "Ellen Voss", "skills": ["privacy"], "available": False},
]
"""One person for everything: who has the fewest cases would hang on who came first."""

TWO_PEOPLE = 3500
"""From which amount on two people decide."""

FEW = (
    "twice", "ended_by_mistake", "recent_charge", "three_in_one", "other_address", "leaving",
    "new_email", "furious", "nothing_found", "mismatch",
)  # fmt: skip
"""Cases of the short form: every action, one and two people, edits, answers, hand-overs."""


@dataclass(frozen=True)
class Crowd:
    """Who is in the company, and what they write."""

    world: World
    tickets: list[DemoTicket]

    @property
    def answers(self) -> dict[str, list[str]]:
        """What the customer of each ticket answers, in turn, when they are asked."""
        return {ref_of(number): t.answers for number, t in enumerate(self.tickets)}


@cache
def crowd(*, few: bool = False) -> Crowd:
    """The same people and the same words each time."""
    world = make_world(NOW)
    world.rows["staff"][:] = STAFF
    tickets = demo_tickets(world)
    return Crowd(world, [t for t in tickets if t.name in FEW] if few else tickets)


def ref_of(number: int) -> str:
    """What the ticket is called in every run."""
    return f"C{number + 1:02}"


def found_crowd(folder: Path, people: Crowd, *, synchronous: str = "FULL") -> None:
    """Make workspace and back office in `folder`, with every ticket waiting."""
    fill(folder / BACK_OFFICE, people.world.rows, synchronous=synchronous)
    store = open_workspace(str(folder / WORKSPACE), started=NOW)
    policy = PACKAGED.read_text()
    policy = policy.replace("two_people_over: 20000", f"two_people_over: {TWO_PEOPLE}")
    (folder / "policy.yaml").write_text(policy)
    begin = NOW - timedelta(minutes=len(people.tickets))
    Service(store, load_policy(folder / "policy.yaml")).ingest_many(
        [
            NewTicket(
                ref_of(number), ticket.subject, ticket.body, ticket.email,
                at=begin + timedelta(minutes=number),
            )
            for number, ticket in enumerate(people.tickets)
        ]
    )  # fmt: skip
    store.close()


class Ends:
    """What stands in a folder once everything has come to rest."""

    def __init__(self, folder: Path) -> None:
        """Read all of it."""
        store = open_workspace(str(folder / WORKSPACE), create=False)
        reader = EmbeddedReader(folder / BACK_OFFICE)
        self.rows = {name: reader.table(name) for name in TABLES}
        self.ids = dict(_refs(store))
        self.tickets = {ref: _ticket(store, ticket_id) for ref, ticket_id in self.ids.items()}
        self.problems = [*_broken_record(store), *_not_once(store, self.rows)]
        reader.close()
        store.close()

    def as_json(
        self, without: Collection[str] = (), rows: Collection[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        """Everything that two runs must have in common, but for some tickets and rows."""
        kept = {ref: ticket for ref, ticket in self.tickets.items() if ref not in without}
        back_office = {
            name: plain_rows([row for row in found if (name, row[key_of(name)]) not in rows])
            for name, found in self.rows.items()
        }
        return {"tickets": kept, "back office": back_office}

    def effects_of(self, ref: str) -> list[str]:
        """What the ticket changed in the back office, but for answers and what was taken back."""
        return sorted(
            timeless(json.dumps(plain([effect["action"], effect["arguments"]])))
            for effect in self.rows["effects"]
            if effect["key"].startswith(f"{self.ids[ref]}:")
            and effect["action"] != "send_reply"
            and not effect["action"].startswith("undo_")
        )

    def touched(self, refs: Collection[str]) -> set[tuple[str, str]]:
        """The rows, by table and key, that the actions of these tickets wrote."""
        whose = tuple(f"{self.ids[ref]}:" for ref in refs)
        found = set()
        for effect in self.rows["effects"]:
            if effect["key"].startswith(whose):
                found |= {("effects", effect["id"])}
                found |= {(change["table"], change["id"]) for change in effect["changes"]}
        return found


def _refs(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        query = select(TICKET.c.ref, TICKET.c.id).order_by(TICKET.c.ref)
        return [(row.ref, row.id) for row in connection.execute(query)]


def _ticket(store: Store, ticket_id: str) -> dict[str, Any]:
    detail = ticket_detail(store, ticket_id)
    ticket = detail.ticket
    found: dict[str, Any] = plain(
        {
            "status": ticket.status.value,
            "intents": ticket.intents,
            "flags": ticket.flags,
            "priority": ticket.priority.value,
            "identity": detail.identity,
            "outcome": detail.outcome,
            "escalation": detail.escalation,
            "handoffs": [[h.skill, h.kind, h.assigned_to, h.reason] for h in detail.handoffs],
            "merged": detail.merged_into is not None,
            "messages": [[m.author, m.name, timeless(m.body)] for m in detail.messages],
            "issues": [[i.kind, i.rule, i.state, i.cause, i.skill] for i in detail.issues],
            "runs": [[r.number, r.state] for r in detail.runs],
            "actions": [_action(a) for a in detail.actions],
        }
    )
    return found


def _action(action: Any) -> list[Any]:
    # Who decided what was dropped unseen hangs on whether they were faster than the worker.
    dropped = action.state is ActionState.WITHDRAWN
    return [
        action.name, json.loads(timeless(json.dumps(action.arguments))), action.state.value,
        None if dropped else action.decided_by, action.problem, action.people_needed,
        None if dropped else sorted(d.operator for d in action.decisions),
    ]  # fmt: skip


def _broken_record(store: Workspace) -> list[str]:
    return [f"the record: {found}" for found in verify(store).breaks]


def _not_once(store: Workspace, rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Effects that happened twice, or that no action of the workspace stands for."""
    problems = []
    keys = Counter(row["key"] for row in rows["effects"])
    problems += [f"{key} took effect {n} times" for key, n in keys.items() if n > 1]
    with store.read() as connection:
        stored = connection.exec_driver_sql("SELECT idempotency_key, state FROM action").all()
    states = {row[0]: row[1] for row in stored}
    done = {key for key, state in states.items() if state in ("verified", "executed", "undone")}
    problems += [f"{key} is done, without an effect" for key in done - set(keys)]
    problems += [
        f"{key} took effect, and is {states.get(key)}"
        for key in set(keys) - done
        if states.get(key) not in ("failed", "unknown")
    ]
    for charge in rows["charges"]:
        standing = sum(
            r["amount"] for r in rows["refunds"]
            if r["charge"] == charge["id"] and r["status"] != "canceled"
        )  # fmt: skip
        if standing and standing != charge["refunded"]:
            problems.append(f"{charge['id']} shows {charge['refunded']}, refunds are {standing}")
    return problems


def difference(calm: Any, found: Any, where: str = "") -> str | None:
    """The first thing in which two ends differ, with its place; None if they are equal."""
    if isinstance(calm, dict) and isinstance(found, dict):
        for key in {**calm, **found}:
            told = difference(calm.get(key), found.get(key), f"{where}/{key}")
            if told:
                return told
        return None
    if isinstance(calm, list) and isinstance(found, list):
        for number, (one, other) in enumerate(zip(calm, found, strict=False)):
            told = difference(one, other, f"{where}[{number}]")
            if told:
                return told
        if len(calm) != len(found):
            more, less = (calm, found) if len(calm) > len(found) else (found, calm)
            which = "calm run" if more is calm else "other run"
            return f"{where}: only the {which} has {more[len(less)]!r}"
        return None
    return None if calm == found else f"{where}: {calm!r} became {found!r}"
