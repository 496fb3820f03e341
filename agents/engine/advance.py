"""Advancing one ticket: what to do now, from what its rows say."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from agents.endings import end_runs
from agents.engine import by_hand, executor
from agents.engine.asking import asking_in
from agents.engine.conversation import add_message
from agents.engine.handoff import looks_again, pass_on
from agents.engine.journal import Journal
from agents.engine.model_words import at_once_by_model
from agents.engine.owned import where_it_stands
from agents.engine.parts import Parts
from agents.engine.propose import store_plan
from agents.engine.recording import store_understanding
from agents.engine.settle import end_run, escalate_at_once, mark_read, settle, settle_owned
from agents.engine.snapshot import Snapshot, first_expiry, snapshot_in, take_snapshot
from agents.engine.starting import Unread
from agents.engine.think import think
from agents.engine.thought import Thought, intents_of
from agents.engine.understand import skill_told
from agents.understanding.kinds import intent_of
from agents.understanding.visible import visible
from data.errors import Fenced
from data.names import parts_of
from data.queries.tickets import ISSUE, RUN
from data.store import NewEvent, Transaction
from data.tables import Issue, Run
from data.vocabulary import (
    AGENTS_OWN,
    EMBEDDED,
    ActionState,
    AgentName,
    Author,
    IssueState,
    RunState,
    TicketStatus,
)

_ROUNDS = 12
"""How often one advance may find that things changed under it before it leaves the rest to the
next."""


class Engine:
    """Moves tickets on. Safe to call for one ticket from many workers: only one of them writes."""

    def __init__(self, parts: Parts) -> None:
        """Work with `parts`, whose policy is as its file says."""
        self.parts, self._file = parts, parts.policy

    def advance(self, ticket_id: str) -> None:
        """Do for a ticket what can be done now; return when it waits for somebody or has ended.

        Restartable at any point: recorded steps are not run again, and what was begun is looked up.
        """
        for _ in range(_ROUNDS):
            # Rules are adopted and revoked while a worker runs.
            self.parts = self.parts.keeping_up(self._file)
            snapshot = take_snapshot(self.parts.store, ticket_id)
            if not snapshot.ticket["pending"]:
                return
            try:
                self._once(snapshot)
            except Fenced:
                return
            except Unread:
                continue

    def _once(self, snapshot: Snapshot) -> None:
        ticket = snapshot.ticket
        journal = Journal(self.parts.store, ticket)
        journal.names = parts_of(ticket["customer_name"])
        run = snapshot.run
        owned = ticket["owner"] != AGENTS_OWN
        if owned or any(a["proposed_by"] for a in snapshot.actions):
            by_hand.carry_on(self.parts, journal, snapshot)
            if owned:
                self._settle_begun(journal, snapshot)
                settle_owned(self.parts, journal, ticket["id"])
            seen, snapshot = ticket["wake_seq"], take_snapshot(self.parts.store, ticket["id"])
            # What came in meanwhile is looked at next time.
            ticket = snapshot.ticket
            ticket["wake_seq"] = seen
        if owned:
            self._leave_to_owner(journal, snapshot)
            return
        if run is not None and run["state"] in (RunState.RUNNING, RunState.PARKED):
            journal.resume(run["id"])
            journal.asking = asking_in(self.parts, journal, run["brain"])
        if any(
            a["state"] == ActionState.EXECUTING and a["proposed_by"] is None
            for a in snapshot.actions
        ):
            self._settle_begun(journal, snapshot)
            snapshot = take_snapshot(self.parts.store, ticket["id"])
        if snapshot.unread or ticket["status"] == TicketStatus.NEW:
            self._think(journal, snapshot)
            return
        if run is not None and run["state"] == RunState.RUNNING and not self._has_plan(snapshot):
            self._think(journal, snapshot)
            return
        if run is not None and run["state"] in (RunState.RUNNING, RunState.PARKED):
            self._settle(journal, snapshot.ticket["id"])
            return
        self._by_time(journal, snapshot)

    def _has_plan(self, snapshot: Snapshot) -> bool:
        return any(i["state"] == IssueState.OPEN for i in snapshot.issues)

    def _think(self, journal: Journal, snapshot: Snapshot) -> None:
        """A run of thinking, then as far as it goes without people."""
        self._begin(journal, snapshot)
        thought = think(self.parts, journal, snapshot)
        if thought.noise:
            if self._close_noise(journal, snapshot, thought):
                self._settle(journal, snapshot.ticket["id"])
            return
        if thought.person:
            self._hand_over(journal, snapshot, thought, thought.person)
            return
        if thought.merge_into:
            self._merge(journal, snapshot, thought)
            return
        store_plan(self.parts, journal, snapshot, thought)
        self._settle(journal, snapshot.ticket["id"])

    def _settle(self, journal: Journal, ticket_id: str) -> None:
        """Settle, thinking anew each time a record changed under a decision."""
        while settle(self.parts, journal, ticket_id) == "rethink":
            snapshot = take_snapshot(self.parts.store, ticket_id)
            thought = think(self.parts, journal, snapshot)
            store_plan(self.parts, journal, snapshot, thought)

    def _begin(self, journal: Journal, snapshot: Snapshot) -> None:
        """Start a run, or take up one that was cut off; recorded with the first write."""
        run, parts = snapshot.run, self.parts
        if run is not None and run["state"] == RunState.RUNNING:
            return
        with journal.write() as tx:
            if run is not None and run["state"] == RunState.PARKED:
                end_run(tx, snapshot, RunState.ENDED, "the customer wrote again")
            run_id = tx.ids("r")
            number = (run["number"] if run else 0) + 1
            brain = parts.brain.name if parts.brain else EMBEDDED
            tx.insert(
                Run, id=run_id, ticket_id=snapshot.ticket["id"], number=number, brain=brain,
                policy_version=parts.policy.version, started_at=tx.now,
            )  # fmt: skip
            journal.begin(run_id)
            journal.asking = asking_in(parts, journal, brain)
            data = {"run": number, "brain": brain, "policy": parts.policy.version}
            journal.tell(tx, "run.started", data)

    def _hand_over(
        self, journal: Journal, snapshot: Snapshot, thought: Thought, person: tuple[str, str]
    ) -> None:
        """The whole ticket to a person at once, with what was understood of it, in one write.

        In two, a ticket cut off in between would look as if it had a plan that holds nothing.
        """
        rule, reason = person
        first = snapshot.issues[0]["intent"] if snapshot.issues else None
        if thought.matters:
            first = intents_of(thought.matters)[0].value
        skill = "account" if rule == "I3" else first or skill_told(thought.readings)
        summary = at_once_by_model(self.parts, journal, snapshot, thought, reason)
        with journal.write() as tx:
            self._store_understanding(tx, snapshot, thought)
            stored = snapshot_in(tx.connection, snapshot.ticket["id"])
            # What came in meanwhile has not been read.
            stored.ticket["wake_seq"] = snapshot.ticket["wake_seq"]
            escalate_at_once(self.parts, tx, journal, stored, rule, reason, skill, summary)

    def _store_understanding(self, tx: Transaction, snapshot: Snapshot, thought: Thought) -> None:
        store_understanding(tx, snapshot, thought)
        taken = {i["position"] for i in snapshot.issues}
        for position, matter in enumerate(thought.matters):
            if matter.stored is not None or position in taken:
                continue
            tx.insert(
                Issue,
                id=tx.ids("i"),
                ticket_id=snapshot.ticket["id"],
                position=position,
                kind=matter.kind,
                intent=intent_of(matter.kind).value,
                confidence=matter.confidence,
                slots={"clause": matter.clause},
            )

    def _close_noise(self, journal: Journal, snapshot: Snapshot, thought: Thought) -> bool:
        """N1: noise closes a ticket that asked for nothing; one that did goes on as it was.

        Whether requests are open still, so that the run goes on.
        """
        keep = any(
            a["state"] in (ActionState.PROPOSED, ActionState.APPROVED) for a in snapshot.actions
        )
        if keep:
            with journal.write() as tx:
                tx.set_ticket(snapshot.ticket["id"], read_count=len(snapshot.messages))
            return True
        ticket, reading = snapshot.ticket, thought.readings[-1]
        first = ticket["read_count"] == 0
        with journal.write() as tx:
            changes: dict[str, Any] = {"read_count": len(snapshot.messages)}
            if first:
                outcome = {
                    "code": "noise",
                    "rule": "N1",
                    "text": f"{thought.noise}: nothing is asked for",
                }
                customer = thought.identified.customer
                changes |= {
                    "status": TicketStatus.CLOSED.value,
                    "outcome": outcome,
                    "intent": "escalate",
                    "intents": ["escalate"],
                    "ended_at": tx.now,
                    "language": thought.language,
                    "sentiment": reading.sentiment.value,
                    "sentiment_score": reading.sentiment_score,
                    "anger": reading.anger,
                    "urgency": reading.urgency,
                    "customer_id": customer["id"] if customer else None,
                    "customer_name": visible(customer["name"]) if customer else None,
                    "timer_at": None,
                }
            else:
                changes |= self._after_noise(tx, snapshot, thought)
            data = {"status": changes.get("status", ticket["status"]), "outcome": {"code": "noise"}}
            journal.tell(tx, "run.ended", data)
            tx.connection.execute(
                update(RUN).where(RUN.c.id == journal.run_id).values(state=RunState.ENDED.value)
            )
            mark_read(tx, snapshot, **changes)
        return False

    def _after_noise(self, tx: Transaction, snapshot: Snapshot, thought: Thought) -> dict[str, Any]:
        """Plain thanks: what awaited the customer is settled, nothing else changes."""
        if thought.noise != "thanks" or snapshot.ticket["status"] != TicketStatus.AWAITING_CUSTOMER:
            return {}
        for issue in snapshot.issues:
            if issue["state"] == IssueState.AWAITING_CUSTOMER:
                tx.connection.execute(
                    update(ISSUE)
                    .where(ISSUE.c.id == issue["id"])
                    .values(state=IssueState.RESOLVED.value)
                )
        outcome = {
            "code": "confirmed",
            "rule": "N1",
            "text": "The customer says thanks; nothing is open.",
        }
        return {"status": TicketStatus.RESOLVED.value, "outcome": outcome, "ended_at": tx.now}

    def _merge(self, journal: Journal, snapshot: Snapshot, thought: Thought) -> None:
        """N2: the same complaint again joins the open ticket; its words are added there."""
        other = thought.merge_into
        assert other is not None
        with journal.write() as tx:
            store_understanding(tx, snapshot, thought)
            name = f"merged from {snapshot.ticket['ref']}"
            for message in snapshot.messages:
                add_message(tx, other["id"], Author.NOTE, message["body"], name, message["at"])
            data = {"into": other["ref"], "from": snapshot.ticket["ref"]}
            journal.tell(tx, "ticket.merged", data)
            tx.append(NewEvent("ticket.merged", AgentName.COORDINATOR.value, data, other["id"]))
            end_run(tx, snapshot_in(tx.connection, snapshot.ticket["id"]), RunState.ENDED)
            text = f"The same complaint as {other['ref']}, which is open."
            mark_read(
                tx,
                snapshot,
                status=TicketStatus.CLOSED.value,
                merged_into=other["id"],
                outcome={"code": "merged", "rule": "N2", "text": text},
                ended_at=tx.now,
                timer_at=None,
            )

    def _leave_to_owner(self, journal: Journal, snapshot: Snapshot) -> None:
        """What a person has taken is theirs; only time can end it without them."""
        with journal.write() as tx:
            if tx.ticket(journal.ticket_id)["wake_seq"] > snapshot.ticket["wake_seq"]:
                mark_read(tx, snapshot)
                return
            changes = where_it_stands(snapshot)
            if changes["status"] == snapshot.ticket["status"]:
                changes |= self._close_in_time(tx, journal, snapshot)
            if changes.get("ended_at"):
                end_runs(tx, snapshot.ticket["id"])
                changes |= {"owner": AGENTS_OWN, "read_count": len(snapshot.messages)}
            times = [t for t in (changes.get("timer_at"), first_expiry(snapshot)) if t is not None]
            mark_read(tx, snapshot, **changes | {"timer_at": min(times, default=None)})

    def _by_time(self, journal: Journal, snapshot: Snapshot) -> None:
        """Nobody wrote and nothing runs: what time alone brings."""
        ticket, parts = snapshot.ticket, self.parts
        due = ticket["timer_at"] is not None and ticket["timer_at"] <= parts.store.clock.now()
        with journal.write() as tx:
            changes: dict[str, Any] = {}
            if due and ticket["status"] == TicketStatus.ESCALATED:
                escalation = pass_on(parts, tx, snapshot)
                if escalation:
                    shown = {k: escalation[k] for k in ("skill", "to", "kind")}
                    changes = {"escalation": shown, "timer_at": None}
                    journal.tell(tx, "handoff.passed_on", shown)
                else:
                    changes = {"timer_at": looks_again(tx, ticket["escalation"] or {})}
            elif due:
                changes = self._close_in_time(tx, journal, snapshot)
            if due:
                expiry = by_hand.next_expiry(snapshot)
                times = [t for t in (changes.get("timer_at"), expiry) if t is not None]
                changes["timer_at"] = min(times, default=None)
            mark_read(tx, snapshot, **changes)

    def _close_in_time(
        self, tx: Transaction, journal: Journal, snapshot: Snapshot
    ) -> dict[str, Any]:
        """Close what was resolved, or awaited the customer, for as long as the policy says."""
        ticket, run, days = snapshot.ticket, snapshot.run, self.parts.policy.tickets
        if ticket["status"] not in (TicketStatus.RESOLVED, TicketStatus.AWAITING_CUSTOMER):
            return {}
        ended = run["ended_at"] if run else None
        moments = [m for m in (ended, ticket["answered_at"]) if m is not None]
        since = ticket["ended_at"] or max(moments, default=ticket["updated_at"])
        closes = since + timedelta(days=days.close_after_days)
        if tx.now < closes:
            return {"timer_at": closes}
        journal.tell(tx, "ticket.closed", {"after_days": days.close_after_days})
        return {"status": TicketStatus.CLOSED.value, "ended_at": tx.now}

    def _settle_begun(self, journal: Journal, snapshot: Snapshot) -> None:
        """Bring what was begun before a crash to its end, before anything is read or decided."""
        for action in snapshot.actions:
            if action["state"] == ActionState.EXECUTING and action["proposed_by"] is None:
                executor.execute(self.parts, journal, action)
