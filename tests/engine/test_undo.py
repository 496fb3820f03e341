"""Undoing is an action: previewed, authorised as the original was, checked, told the customer."""

import pytest

from agents.connectors.protocols import Effect
from agents.errors import NotDecidable, Retryable, UnknownOutcome
from data.queries.reasons import why_nothing
from tests.engine.conftest import Open
from tests.engine.desk import Desk, Faulty


def done(one: Desk) -> str:
    """A ticket whose refund was carried out and told."""
    ticket = one.arrive()
    one.approve_all()
    return ticket


def test_what_undoing_would_change_is_known_before_and_is_what_it_changes(desk: Open) -> None:
    one = desk()
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    assert refund.undo
    shown = {(c["table"], c["id"]): c["fields"] for c in refund.undo["changes"]}
    one.service.undo(refund.id, by="priya")
    (asked,) = one.actions(ticket, "undo")
    assert asked.preview
    assert asked.preview["exact"]
    assert {(c["table"], c["id"]): c["fields"] for c in asked.preview["changes"]} == shown
    one.run()
    (effect,) = one.effects("undo_process_refund")
    changed = {
        (c["table"], c["id"]): {
            f: [c["before"][f], c["after"][f]]
            for f in c["after"]
            if c["before"][f] != c["after"][f]
        }
        for c in effect["changes"]
    }
    assert changed == shown
    assert one.states(ticket, "process_refund", "undo") == ["undone", "verified"]


def test_what_was_undone_is_not_told_as_done_and_whether_the_customer_knows(desk: Open) -> None:
    one = desk()
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    one.service.undo(refund.id, by="priya")
    one.run()
    nothing = why_nothing(one.detail(ticket))
    assert nothing is not None
    assert nothing.code == "undone"
    assert "priya took it back (process_refund)" in nothing.text
    assert "correction to the customer needs approval" in nothing.text
    one.service.reject(one.asked("send_reply").id, by="priya", reason="I call them")
    one.run()
    nothing = why_nothing(one.detail(ticket))
    assert nothing is not None
    assert "has not been told" in nothing.text


def test_undoing_asks_as_many_people_as_the_original_did(desk: Open) -> None:
    one = desk("approval-two-people")
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    decided = one.service.undo(refund.id, by="priya")
    assert (decided.state, decided.people_missing) == ("proposed", 1)
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    with pytest.raises(NotDecidable, match="second person"):
        one.service.approve(decided.action_id, by="priya")
    one.service.approve(decided.action_id, by="sam")
    one.run()
    assert one.states(ticket, "process_refund") == ["undone"]


def test_nothing_is_undone_twice_at_once(desk: Open) -> None:
    one = desk("approval-two-people")
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    first = one.service.undo(refund.id, by="priya")
    with pytest.raises(NotDecidable, match=f"already; that is {first.action_id}"):
        one.service.undo(refund.id, by="sam")
    one.service.reject(first.action_id, by="sam", reason="leave it")
    one.run()
    assert one.states(ticket, "process_refund", "undo") == ["verified", "rejected"]
    assert one.service.undo(refund.id, by="sam").people_missing == 1


def test_an_undoing_of_what_changed_since_asks_again(desk: Open) -> None:
    one = desk("approval-two-people")
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    first = one.service.undo(refund.id, by="priya")
    one.alter("charges", refund.arguments["charge"], refunded=refund.arguments["amount"] + 100)
    one.service.approve(first.action_id, by="sam")
    one.run()
    stale, again = one.actions(ticket, "undo")
    assert (stale.state, again.state) == ("stale", "proposed")
    assert again.supersedes == stale.id
    assert again.preview
    record = f"charges:{refund.arguments['charge']}"
    assert "refunded" in again.preview["changed"][record]
    assert again.people_needed == 2
    one.approve(again)
    one.run()
    assert one.record("charges", refund.arguments["charge"])["refunded"] == 100


def test_the_customer_is_offered_a_correction_and_gets_it_when_a_person_says_so(desk: Open) -> None:
    one = desk()
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    one.service.undo(refund.id, by="priya")
    one.run()
    assert one.status(ticket) == "resolved"
    offered = one.asked("send_reply")
    assert len(one.sent()) == 1
    assert offered.preview
    assert offered.preview["exact"]
    one.service.approve(offered.id, by="sam")
    one.run()
    assert len(one.sent()) == 2
    said = one.detail(ticket).messages[-1]
    assert (said.author, said.body) == ("operator", offered.arguments["body"])
    assert refund.arguments["charge"] in said.body


def test_a_correction_that_nobody_wants_expires_and_the_ticket_closes_in_its_time(
    desk: Open,
) -> None:
    one = desk()
    ticket = done(one)
    (refund,) = one.actions(ticket, "process_refund")
    one.service.undo(refund.id, by="priya")
    one.run()
    one.pass_time(hours=25)
    one.run()
    assert one.states(ticket, "send_reply")[-1] == "expired"
    assert one.status(ticket) == "resolved"
    one.pass_time(days=6)
    one.run()
    assert one.status(ticket) == "closed"
    assert len(one.sent()) == 1


def test_an_action_undone_in_the_middle_ends_its_issue_and_is_not_told_as_done(desk: Open) -> None:
    one = desk("wrongful-cancellation")
    ticket = one.arrive()
    one.run()
    while not one.actions(ticket, "reinstate_subscription")[0].executed_at:
        one.approve(one.waiting()[0])
        one.run()
    (reinstated,) = one.actions(ticket, "reinstate_subscription")
    one.service.undo(reinstated.id, by="priya")
    one.run()
    assert one.status(ticket) == "escalated"
    outcome = one.detail(ticket).outcome
    assert outcome
    assert outcome["code"] == "undone"
    assert not one.waiting("process_refund")
    assert not one.waiting("issue_credit")
    (subscription,) = [
        r for r in one.reader.table("subscriptions")
        if r["id"] == reinstated.arguments["subscription"]
    ]  # fmt: skip
    assert subscription["status"] == "canceled"


class Botched(Faulty):
    """Refunds, and spoils its own record of it."""

    def execute(self, name, arguments, key, now):
        """Do it, with another result than what is on record."""
        effect = self.inner.execute(name, arguments, key, now)
        if name == "process_refund":
            return Effect(effect.changes, {"refund": "re_nowhere"}, effect.undo_until, True)
        return effect


def test_what_fails_its_check_is_taken_back(desk: Open) -> None:
    one = desk(writer=Botched)
    ticket = one.arrive()
    one.approve_all()
    (refund,) = one.actions(ticket, "process_refund")
    assert refund.state == "failed"
    assert refund.problem
    assert "taken back" in refund.problem
    assert one.record("charges", refund.arguments["charge"])["refunded"] == 0
    assert len(one.events(ticket, "action.compensated")) == 1
    assert one.status(ticket) == "escalated"
    assert not any(refund.arguments["charge"] in reply for reply in one.replies(ticket))
    with pytest.raises(NotDecidable, match="cannot be undone"):
        one.service.undo(refund.id, by="priya")


@pytest.mark.parametrize("failure", [Retryable("down"), UnknownOutcome("no answer")])
def test_what_could_not_be_taken_back_is_said_and_can_be_undone_by_a_person(
    desk: Open, failure: Exception
) -> None:
    one = desk(writer=Botched)
    one.wrapped.before["undo"] = [failure]  # type: ignore[attr-defined]
    ticket = one.arrive()
    one.approve_all()
    (refund,) = one.actions(ticket, "process_refund")
    assert refund.state == "failed"
    assert refund.problem
    assert "taking it back failed" in refund.problem
    one.service.undo(refund.id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["undone"]
    assert one.record("charges", refund.arguments["charge"])["refunded"] == 0
