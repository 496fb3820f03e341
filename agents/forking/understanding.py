"""What the agents had understood of a ticket at an earlier moment, from what they recorded then.

Needed only where they thought the ticket through again later, since its rows hold the newest
understanding. Nothing is read anew and no model is asked: a step that was not recorded is an error.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from agents.engine.asking import asking_in
from agents.engine.ends import end_of
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.propose import broken_issues, kept_issues, over_limit
from agents.engine.recording import hand_on, store_issue, store_understanding
from agents.engine.snapshot import Snapshot
from agents.engine.think import think
from agents.engine.thought import Thought
from agents.forking.course import Course, Pass
from agents.forking.rows import Row, TicketRows, rows_at
from agents.understanding.kinds import intent_of
from data.clock import VirtualClock
from data.errors import HandrailError
from data.queries.tickets import ISSUE
from data.store import TICKET, Transaction
from data.tables import Issue
from data.vocabulary import EMBEDDED, ActionState, IssueState


class NotRestorable(HandrailError):
    """What was understood at a step cannot be told any more."""


class Recorded(Journal):
    """A journal that has every step recorded, and writes nothing."""

    def step(
        self,
        name: str,
        agent: str,
        kind: str,
        do: Callable[[], Any],
        view: Callable[[Any], dict[str, Any]],
        keep: Callable[[Any], None] | None = None,
    ) -> Any:
        """The recorded result; NotRestorable if there is none."""
        if name not in self._recorded:
            raise NotRestorable(
                f"step {name!r} was recorded by another version, or erased; fork at a later step"
            )
        return self._recorded[name]

    def note(self, kind: str, agent: str, data: dict[str, Any], **_: Any) -> None:
        """Nothing: what is noted here was noted then."""


def understand_again(parts: Parts, now: TicketRows, course: Course, base: int) -> None:
    """Store in the shadow what the agents had understood by `base`, pass by pass."""
    for one in course.passes():
        if course.complete(one, base):
            _again(parts, now, course, one)


def _again(parts: Parts, now: TicketRows, course: Course, one: Pass) -> None:
    """Think one pass through as it was recorded, and store what it came to."""
    parts.store.clock = VirtualClock(course.moment(one.first))
    snapshot = _snapshot(parts, now, course, one)
    journal = Recorded(parts.store, snapshot.ticket)
    journal.resume(one.run_id)
    brain = next((run["brain"] for run in now.runs if run["id"] == one.run_id), EMBEDDED)
    journal.asking = asking_in(parts, journal, brain)
    thought = think(parts, journal, snapshot)
    if thought.noise:
        return
    found = tuple(m.kind for m in thought.matters if not m.settled)
    if one.kinds and sorted(found) != sorted(one.kinds):
        raise NotRestorable(
            f"what was understood up to step {one.last} cannot be told any more: the rules or the "
            "program have changed since; fork at a later step"
        )
    with parts.store.write() as tx:
        _store(tx, parts, snapshot, thought)
        _name(tx, course.ticket_id, now)


def _store(tx: Transaction, parts: Parts, snapshot: Snapshot, thought: Thought) -> None:
    """What `store_plan` and a hand-over store of a thought, without its actions."""
    store_understanding(tx, snapshot, thought)
    if thought.person:
        taken = {i["position"] for i in snapshot.issues}
        for position, matter in enumerate(thought.matters):
            if matter.stored is None and position not in taken:
                tx.insert(
                    Issue, id=tx.ids("i"), ticket_id=snapshot.ticket["id"], position=position,
                    kind=matter.kind, intent=intent_of(matter.kind).value,
                    confidence=matter.confidence, slots={"clause": matter.clause},
                )  # fmt: skip
        return
    withheld, broken = over_limit(parts.policy, thought), broken_issues(snapshot, thought)
    kept = kept_issues(snapshot, broken)
    for issue in broken.values():
        hand_on(tx, issue)
    for position, matter in enumerate(thought.matters):
        if (matter.stored["id"] if matter.stored else None) not in kept:
            store_issue(tx, snapshot, thought, matter, position, withheld, parts.policy)


def _name(tx: Transaction, ticket_id: str, now: TicketRows) -> None:
    """Give the issues the ids that they have in the log."""
    ids = {issue["position"]: issue["id"] for issue in now.issues}
    for row in tx.connection.execute(select(ISSUE).where(ISSUE.c.ticket_id == ticket_id)).all():
        if row.position not in ids:
            raise NotRestorable("the issues of that time cannot be told any more; fork later")
        if row.id != ids[row.position]:
            tx.connection.execute(
                update(ISSUE).where(ISSUE.c.id == row.id).values(id=ids[row.position])
            )


def _snapshot(parts: Parts, now: TicketRows, course: Course, one: Pass) -> Snapshot:
    """The ticket as that pass found it."""
    before = one.first - 1
    then = rows_at(now, course, before)
    with parts.store.read() as connection:
        known = connection.execute(select(TICKET).where(TICKET.c.id == course.ticket_id))
        issues = connection.execute(
            select(ISSUE).where(ISSUE.c.ticket_id == course.ticket_id).order_by(ISSUE.c.position)
        )
        ticket = dict(known.mappings().one())
        stored = [dict(row) for row in issues.mappings()]
    moved = {name: then.ticket[name] for name in ("status", "owner", "read_count", "failed_tries")}
    then = replace(then, issues=stored, ticket={**ticket, **moved})
    then.issues = issues_at(then, course, before)
    return snapshot_of(then)


def snapshot_of(rows: TicketRows) -> Snapshot:
    """The same as the engine sees it."""
    raw = {payload["id"]: payload["body"] for payload in rows.payloads}
    messages = [
        {**m, "raw": raw.get(m["payload_id"])} for m in rows.messages if m["author"] == "customer"
    ]
    run = rows.runs[-1] if rows.runs else None
    decisions: dict[str, list[Row]] = {}
    for decision in rows.decisions:
        decisions.setdefault(decision["action_id"], []).append(decision)
    return Snapshot(rows.ticket, messages, rows.issues, rows.actions, decisions, run)


def issues_at(rows: TicketRows, course: Course, base: int) -> list[Row]:
    """The issues with the states that they had, from what the newest understanding made of them."""
    done = [p for p in course.passes() if course.complete(p, base)]
    if not done or not rows.issues:
        return rows.issues
    newest, ended, reopened = done[-1], False, set[str | None]()
    by_hand = None
    reconciled = None
    for event in course.events[newest.last : base]:
        if event.kind == "run.ended":
            ended, reopened = True, set()
        elif event.kind == "action.reconciled":
            reconciled = event.data.get("action")
        elif event.kind == "run.started" and "after" in event.data:
            reopened |= {a["issue_id"] for a in rows.actions if a["id"] == reconciled}
        elif event.kind in ("ticket.resolved", "ticket.closed"):
            by_hand = IssueState.RESOLVED.value
    snapshot, found = snapshot_of(rows), []
    for issue in rows.issues:
        opened = {**issue, "state": IssueState.OPEN.value}
        follows = bool((issue["slots"] or {}).get("follows"))
        examined = issue["kind"] in newest.kinds or follows
        if issue["id"] in reopened:
            found.append(opened)
        elif by_hand:
            found.append({**issue, "state": by_hand})
        elif ended and not newest.kinds:
            found.append({**issue, "state": IssueState.ESCALATED.value})
        elif examined and ended:
            state, skill, _ = end_of(snapshot, opened)
            found.append({**issue, "state": state.value, "skill": skill})
        else:
            found.append(opened if examined else issue)
    return found


OPEN_STATES = (ActionState.PROPOSED, ActionState.APPROVED)
"""States of an action whose records follow what the ticket's other actions do."""
