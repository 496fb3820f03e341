"""People, workers, the clock and other systems at the same approvals, in any order.

Two workers on the same files, two consoles and a shell, an expiry timer and a back office that
changes by itself. Whatever comes between whatever: nothing is done twice, nothing without a valid
decision, and no ticket is lost.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from agents.engine.advance import Engine
from agents.errors import NotDecidable, Retryable, UnknownOutcome
from data.errors import IllegalChange
from data.queries.queue import pending_tickets
from data.queries.tickets import DECISION
from data.store import ACTION
from data.vocabulary import ActionState, TicketStatus
from tests.engine.desk import PEOPLE, Desk, Faulty

LONG = bool(os.environ.get("HANDRAIL_TORTURE"))
RESTING = {
    TicketStatus.AWAITING_CUSTOMER, TicketStatus.ESCALATED, TicketStatus.RESOLVED,
    TicketStatus.CLOSED,
}  # fmt: skip
LATE = (NotDecidable, IllegalChange)
"""Somebody was faster."""

picks = st.integers(0, 5)
people = st.sampled_from([*PEOPLE, "kim"])
moments = st.integers(1, 12)
failures = st.sampled_from([Retryable("down"), UnknownOutcome("no answer")])


class Interleavings(RuleBasedStateMachine):
    """One desk, and everybody who can touch it."""

    def __init__(self) -> None:
        """A workspace with two tickets that ask for money, and two workers."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="handrail-interleavings-"))
        self.desk = Desk(self.folder, "approval-two-people", writer=Faulty)
        self.faulty: Any = self.desk.wrapped
        self.workers = [Engine(self.desk.parts), Engine(self.desk.parts)]
        self.tickets = [self.desk.arrive()]
        self.charge = ""

    def teardown(self) -> None:
        """Whatever happened, everything comes to rest, and every ticket says why."""
        try:
            self.faulty.before.clear()
            self.faulty.after.clear()
            self._attempt(lambda: self.desk.service.go(by=PEOPLE[0]))
            self._settle_down()
            for ticket in self.tickets:
                detail = self.desk.detail(ticket)
                assert detail.ticket.status in RESTING, detail.ticket.status
                assert detail.outcome is not None
                open_states = {a.state for a in detail.actions} & {
                    ActionState.APPROVED, ActionState.EXECUTING, ActionState.PROPOSED,
                }  # fmt: skip
                assert not open_states, open_states
            self.nothing_is_done_without_a_valid_decision()
        finally:
            self.desk.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _settle_down(self) -> None:
        for _ in range(30):
            self.desk.run()
            waiting = self.desk.waiting()
            if not waiting:
                return
            for asked in waiting:
                with suppress(*LATE):
                    self.desk.service.reject(asked.id, by="kim", reason="the day is over")
        raise AssertionError("requests keep coming")

    def _attempt(self, act: Callable[[], object]) -> None:
        with suppress(*LATE):
            act()

    def _asked(self, pick: int) -> str | None:
        waiting = self.desk.waiting()
        return waiting[pick % len(waiting)].id if waiting else None

    def _approve(self, pick: int, by: str) -> None:
        asked = self._asked(pick)
        if asked:
            self._attempt(lambda: self.desk.service.approve(asked, by=by))

    def _reject(self, pick: int, by: str) -> None:
        asked = self._asked(pick)
        if asked:
            self._attempt(lambda: self.desk.service.reject(asked, by=by, reason="no"))

    def _edit(self, pick: int, by: str, amount: int) -> None:
        waiting = self.desk.waiting("process_refund")
        if waiting:
            asked = waiting[pick % len(waiting)]
            self._attempt(
                lambda: self.desk.service.edit(asked.id, by=by, changes={"amount": amount})
            )

    def _undo(self, pick: int, by: str) -> None:
        done = [a for t in self.tickets for a in self.desk.actions(t) if a.executed_at]
        if done:
            action = done[pick % len(done)]
            self._attempt(lambda: self.desk.service.undo(action.id, by=by))

    def _reconcile(self, pick: int, by: str) -> None:
        unknown = [
            a for t in self.tickets for a in self.desk.actions(t) if a.state is ActionState.UNKNOWN
        ]
        if not unknown:
            return
        action = unknown[pick % len(unknown)]
        happened = self.faulty.inner.lookup(self._key(action.id)) is not None
        self._attempt(
            lambda: self.desk.service.reconcile(
                action.id, by=by, happened=happened, note="looked it up"
            )
        )

    def _key(self, action_id: str) -> str:
        with self.desk.store.read() as connection:
            query = select(ACTION.c.idempotency_key).where(ACTION.c.id == action_id)
            return str(connection.execute(query).scalar_one())

    def _record_changes(self, share: int) -> None:
        charges = self.desk.reader.table("charges")
        charge = charges[share % len(charges)]
        if charge["status"] == "succeeded":
            self.desk.alter("charges", charge["id"], status="disputed")
        elif charge["status"] == "disputed":
            self.desk.alter("charges", charge["id"], status="succeeded")

    def _act(self, what: str, pick: int, by: str) -> None:
        """One act of somebody, as it may come between two commits of a worker."""
        match what:
            case "approve":
                self._approve(pick, by)
            case "reject":
                self._reject(pick, by)
            case "edit":
                self._edit(pick, by, 15_000 + pick)
            case "undo":
                self._undo(pick, by)
            case "change":
                self._record_changes(pick)
            case "stop":
                self._attempt(lambda: self.desk.service.stop(by=by))
            case "go":
                self._attempt(lambda: self.desk.service.go(by=by))
            case "customer":
                self.desk.service.receive(
                    self.tickets[pick % len(self.tickets)], "Any news about my refund?"
                )
            case "time":
                self.desk.pass_time(hours=7)
            case "worker":
                for ticket in pending_tickets(self.desk.store, 5):
                    self.workers[1].advance(ticket)

    acts = st.sampled_from(
        ["approve", "approve", "reject", "edit", "undo", "change", "stop", "go", "customer", "time",
         "worker"]
    )  # fmt: skip

    @rule(pick=picks, by=people)
    def approve(self, pick: int, by: str) -> None:
        self._approve(pick, by)

    @rule(pick=picks, by=people)
    def approve_at_two_consoles_at_once(self, pick: int, by: str) -> None:
        asked = self._asked(pick)
        if asked:
            for _ in range(2):
                self._attempt(lambda: self.desk.service.approve(asked, by=by))

    @rule(what=acts, pick=picks, by=people)
    def act(self, what: str, pick: int, by: str) -> None:
        self._act(what, pick, by)

    @rule(pick=picks, by=people)
    def reconcile(self, pick: int, by: str) -> None:
        self._reconcile(pick, by)

    @rule()
    def work(self) -> None:
        self.desk.run()

    @rule(number=moments, what=acts, pick=picks, by=people)
    def somebody_acts_while_a_worker_is_at_it(
        self, number: int, what: str, pick: int, by: str
    ) -> None:
        pending = pending_tickets(self.desk.store, 5)
        if not pending:
            return
        with self.desk.after_write(number, lambda: self._act(what, pick, by)):
            self.workers[0].advance(pending[0])

    @rule(
        failure=st.sampled_from([Retryable("down"), UnknownOutcome("no answer")]),
        after=st.booleans(),
    )
    def the_back_office_fails_next(self, failure: Exception, after: bool) -> None:
        plan = self.faulty.after if after else self.faulty.before
        if after and isinstance(failure, Retryable):
            return
        plan["process_refund"] = [failure]

    @invariant()
    def nothing_is_refunded_twice(self) -> None:
        refunds = self.desk.reader.table("refunds")
        for charge in self.desk.reader.table("charges"):
            standing = [
                r["amount"] for r in refunds
                if r["charge"] == charge["id"] and r["status"] != "canceled"
            ]  # fmt: skip
            assert sum(standing) == (charge["refunded"] or 0)
            assert sum(standing) <= charge["amount"]

    @invariant()
    def nothing_is_done_without_a_valid_decision(self) -> None:
        with self.desk.store.read() as connection:
            actions = {row.idempotency_key: row for row in connection.execute(select(ACTION))}
            decisions = connection.execute(select(DECISION)).all()
        for effect in self.desk.effects():
            action = actions[effect["key"].removesuffix(":compensation")]
            assert effect["arguments"] in (
                action.executed_arguments, {"undoes": _undone(actions, action)},
            )  # fmt: skip
            let = [
                d for d in decisions
                if d.action_id == action.id and d.kind != "reject" and d.digest == action.digest
            ]  # fmt: skip
            assert all(d.spent_at is not None for d in let)
            assert len({d.operator for d in let}) >= max(action.people_needed, 1)
            if action.expires_at is not None:
                assert all(d.at <= action.expires_at for d in let)
            assert action.state not in ("rejected", "expired", "refused", "withdrawn", "stale")

    @invariant()
    def no_two_revisions_of_one_request_are_carried_out(self) -> None:
        keys = [e["key"] for e in self.desk.effects("process_refund")]
        assert len(keys) == len(set(keys))


def _undone(actions: dict[str, Any], action: Any) -> str | None:
    """The key of the action that this one takes back."""
    return next((key for key, row in actions.items() if row.id == action.undoes), None)


Interleavings.TestCase.settings = settings(
    max_examples=300 if LONG else 12,
    stateful_step_count=40 if LONG else 14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = Interleavings.TestCase
