"""What people decide: bound to what they saw, spent once; edit, reject, two people, undo."""

import pytest

from agents.errors import BadArguments, NotDecidable
from agents.policy.model import Policy
from tests.engine.conftest import Open
from tests.engine.desk import Desk, rules


def _policy(**approval: object) -> Policy:
    """The packaged policy with other rules for approvals."""
    plain = rules().policy.model_dump(mode="json")
    plain["approval"] |= approval
    return Policy.model_validate(plain)


def _asking(one: Desk) -> str:
    ticket = one.arrive()
    one.run()
    return ticket


def test_a_record_that_changed_makes_the_action_stale_and_asks_again(desk: Open) -> None:
    one = desk("approval-stale-refunded-meanwhile")
    ticket = _asking(one)
    first = one.asked("process_refund")
    one.alter("charges", "ch_eh2", refunded=1000, status="partially_refunded")
    one.service.approve(first.id, by="priya")
    one.run()
    assert one.effects("process_refund") == []
    second = one.asked("process_refund")
    assert second.id != first.id
    assert second.supersedes == first.id
    assert second.arguments["amount"] == 1995
    assert second.decisions == []
    assert one.states(ticket, "process_refund") == ["stale", "proposed"]
    (told,) = one.events(ticket, "action.stale")
    assert told.data["changed"]["charges:ch_eh2"]["refunded"] == [0, 1000]
    with pytest.raises(NotDecidable, match=second.id):
        one.service.approve(first.id, by="priya")
    one.service.approve(second.id, by="priya")
    one.run()
    assert one.record("charges", "ch_eh2")["refunded"] == 2995
    assert "19.95" in one.replies(ticket)[0]


def test_thanks_before_a_record_changed_do_not_end_the_request(desk: Open) -> None:
    one = desk("approval-stale-refunded-meanwhile")
    ticket = _asking(one)
    one.service.receive(ticket, "Thank you!")
    one.run()
    one.alter("charges", "ch_eh2", refunded=1000, status="partially_refunded")
    one.service.approve(one.asked().id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["stale", "proposed"]
    assert one.asked().arguments["amount"] == 1995


def test_a_record_of_somebody_else_does_not_matter(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.alter("charges", "ch_ma1", status="disputed")
    one.alter("customers", "cus_delphine", tier="premium")
    one.service.approve(one.asked().id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]


def test_what_the_ticket_did_itself_makes_nothing_stale(desk: Open) -> None:
    one = desk("wrongful-cancellation")
    ticket = _asking(one)
    for request in one.waiting():
        one.approve(request)
    one.run()
    assert "stale" not in one.states(ticket)
    assert one.status(ticket) == "resolved"


def test_a_rejection_drops_the_later_actions_of_its_issue_only(desk: Open) -> None:
    one = desk("wrongful-cancellation")
    ticket = _asking(one)
    one.approve(one.asked("reinstate_subscription"))
    first, second = one.waiting("process_refund")
    one.run()
    one.service.reject(first.id, by="priya", reason="the provider refunds it")
    one.run()
    assert one.states(ticket, "reinstate_subscription") == ["verified"]
    assert one.states(ticket, "process_refund") == ["rejected", "withdrawn"]
    assert one.states(ticket, "issue_credit") == ["withdrawn"]
    assert one.waiting() == []
    detail = one.detail(ticket)
    assert detail.ticket.status == "escalated"
    assert detail.outcome
    assert "the provider refunds it" in detail.outcome["text"]
    assert "priya" in detail.outcome["text"]
    assert one.effects("process_refund", "issue_credit") == []
    assert not any("39.00" in reply for reply in one.replies(ticket))
    with pytest.raises(NotDecidable, match="withdrawn"):
        one.service.approve(second.id, by="priya")


def test_a_rejection_leaves_the_other_issues_alone(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done")
    ticket = _asking(one)
    one.service.reject(one.asked("process_refund").id, by="priya", reason="not yet")
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    one.service.approve(one.asked("reset_service").id, by="priya")
    one.run()
    assert one.states(ticket, "reset_service") == ["verified"]
    assert one.status(ticket) == "escalated"
    issues = {i.intent: i.state for i in one.detail(ticket).issues}
    assert issues == {"billing": "escalated", "technical": "resolved"}
    (summary,) = [h.summary for h in one.detail(ticket).handoffs]
    assert any("not yet" in line for line in summary["missing"])


def test_a_rejection_needs_a_reason(desk: Open) -> None:
    one = desk()
    _asking(one)
    with pytest.raises(NotDecidable, match="reason"):
        one.service.reject(one.asked().id, by="priya", reason="  ")


def test_what_was_rejected_is_not_proposed_again(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.service.reject(one.asked().id, by="priya", reason="no")
    one.run()
    one.service.receive(ticket, "You charged me twice this month! Please refund the second charge.")
    one.run()
    assert one.states(ticket, "process_refund") == ["rejected"]
    assert one.waiting() == []


def test_an_edit_makes_a_successor_that_is_what_runs(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    old = one.asked()
    decided = one.service.edit(old.id, by="priya", changes={"amount": 500})
    assert decided.action_id != old.id
    assert (decided.state, decided.people_missing) == ("approved", 0)
    one.run()
    before, after = one.actions(ticket, "process_refund")
    assert before.arguments["amount"] == 1150
    assert (before.state, before.superseded_by) == ("withdrawn", after.id)
    assert (after.state, after.supersedes, after.arguments["amount"]) == ("verified", old.id, 500)
    assert one.record("charges", "ch_de2")["refunded"] == 500
    assert "5.00" in one.replies(ticket)[0]
    assert "11.50" not in one.replies(ticket)[0]
    for decide in (
        lambda: one.service.approve(old.id, by="sam"),
        lambda: one.service.reject(old.id, by="sam", reason="no"),
        lambda: one.service.edit(old.id, by="sam", changes={"amount": 1}),
    ):
        with pytest.raises(NotDecidable, match=after.id):
            decide()


def test_after_an_edit_the_original_is_never_proposed_again(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.service.edit(one.asked().id, by="priya", changes={"amount": 500})
    one.service.receive(ticket, "You charged me twice this month! Please refund the second charge.")
    one.run()
    amounts = [a.arguments["amount"] for a in one.actions(ticket, "process_refund")]
    assert amounts == [1150, 500]
    one.service.receive(ticket, "You charged me twice this month! Please refund the second charge.")
    one.run()
    assert [a.arguments["amount"] for a in one.actions(ticket, "process_refund")] == [1150, 500]
    assert one.waiting() == []


def test_an_edited_action_whose_record_changed_asks_again_for_the_edited_amount_or_less(
    desk: Open,
) -> None:
    one = desk()
    ticket = _asking(one)
    one.service.edit(one.asked().id, by="priya", changes={"amount": 500})
    one.alter("charges", "ch_de2", status="disputed")
    one.run()
    assert one.effects("process_refund") == []
    assert all(a.state != "proposed" for a in one.actions(ticket, "process_refund"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"amount": 1151}, "more than the 11.50 EUR left"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": 11.5}, "amount"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"charge": "ch_ma1"}, "another record"),
        ({"charge": ""}, "charge"),
        ({"to": "me"}, "no argument 'to'"),
        ({}, "nothing was changed"),
        ({"amount": 1150}, "nothing was changed"),
    ],
)
def test_an_edit_is_held_to_the_same_rules(
    desk: Open, changes: dict[str, object], problem: str
) -> None:
    one = desk()
    _asking(one)
    asked = one.asked()
    with pytest.raises((NotDecidable, BadArguments), match=problem):
        one.service.edit(asked.id, by="priya", changes=changes)
    assert one.asked() == asked


def test_over_the_limit_two_different_people_are_needed(desk: Open) -> None:
    one = desk("approval-two-people")
    ticket = _asking(one)
    asked = one.asked()
    assert (asked.gate, asked.people_needed) == ("ask_two", 2)
    decided = one.service.approve(asked.id, by="priya")
    assert (decided.state, decided.people_missing) == ("proposed", 1)
    one.run()
    assert one.effects("process_refund") == []
    with pytest.raises(NotDecidable, match="second person"):
        one.service.approve(asked.id, by="priya")
    assert one.service.approve(asked.id, by="sam").state == "approved"
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]


def test_either_of_two_people_may_reject(desk: Open) -> None:
    one = desk("approval-two-people")
    ticket = _asking(one)
    asked = one.asked()
    one.service.approve(asked.id, by="priya")
    one.service.reject(asked.id, by="sam", reason="too much")
    one.run()
    assert one.states(ticket, "process_refund") == ["rejected"]
    assert one.effects("process_refund") == []


def test_who_edits_cannot_be_the_second_person_too(desk: Open) -> None:
    one = desk("approval-two-people")
    ticket = _asking(one)
    asked = one.asked()
    one.service.approve(asked.id, by="sam")
    decided = one.service.edit(asked.id, by="priya", changes={"amount": 24000})
    assert (decided.state, decided.people_missing) == ("proposed", 1)
    with pytest.raises(NotDecidable, match="second person"):
        one.service.approve(decided.action_id, by="priya")
    one.run()
    assert one.effects("process_refund") == []
    # What sam approved was another amount; it takes a decision about this one.
    one.service.approve(decided.action_id, by="sam")
    one.run()
    assert one.states(ticket, "process_refund") == ["withdrawn", "verified"]


def test_an_edit_below_the_limit_needs_one_person(desk: Open) -> None:
    one = desk("approval-two-people")
    _asking(one)
    decided = one.service.edit(one.asked().id, by="priya", changes={"amount": 20000})
    assert (decided.state, decided.people_missing) == ("approved", 0)


def test_undo_within_its_time(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.approve_all()
    (refund,) = one.actions(ticket, "process_refund")
    assert refund.undo
    assert refund.undo["possible"]
    one.pass_time(minutes=59)
    one.service.undo(refund.id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["undone"]
    assert one.record("charges", "ch_de2")["refunded"] == 0
    assert len(one.events(ticket, "action.undone")) == 1
    with pytest.raises(NotDecidable, match="undone"):
        one.service.undo(refund.id, by="sam")
    one.engine.advance(ticket)
    assert len(one.effects("undo_process_refund")) == 1


def test_undo_after_its_time(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.approve_all()
    (refund,) = one.actions(ticket, "process_refund")
    one.pass_time(minutes=61)
    with pytest.raises(NotDecidable, match="could be undone until"):
        one.service.undo(refund.id, by="priya")
    assert one.states(ticket, "process_refund") == ["verified"]


def test_undo_asked_in_time_and_reached_too_late_is_told(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.approve_all()
    (refund,) = one.actions(ticket, "process_refund")
    one.pass_time(minutes=59)
    one.service.undo(refund.id, by="priya")
    one.pass_time(minutes=5)
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    (told,) = one.events(ticket, "action.undo_failed")
    assert "until" in told.data["why"]
    assert not one.column(ticket, "pending")


def test_what_cannot_be_undone_says_so(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.approve_all()
    (reply,) = one.actions(ticket, "send_reply")
    assert reply.undo
    assert not reply.undo["possible"]
    with pytest.raises(NotDecidable, match="cannot be undone"):
        one.service.undo(reply.id, by="priya")


def test_only_what_was_done_can_be_undone(desk: Open) -> None:
    one = desk()
    _asking(one)
    with pytest.raises(NotDecidable, match="only what was done"):
        one.service.undo(one.asked().id, by="priya")


def test_the_policy_may_let_small_amounts_run_alone(desk: Open) -> None:
    policy = _policy(alone=[{"action": "process_refund", "up_to": 1150, "intents": ["billing"]}])
    one = desk(policy=policy)
    ticket = _asking(one)
    assert one.states(ticket, "process_refund") == ["verified"]
    (refund,) = one.actions(ticket, "process_refund")
    assert refund.decided_by == "policy"


def test_an_intent_in_shadow_is_planned_and_never_done(desk: Open) -> None:
    one = desk(policy=_policy(shadow=["billing"]))
    ticket = _asking(one)
    assert one.states(ticket, "process_refund") == ["refused"]
    assert one.effects("process_refund") == []
    assert one.status(ticket) == "escalated"


def test_a_stricter_policy_asks_again_before_anything_runs(desk: Open) -> None:
    """Approved by one; before it runs, the policy asks two: it waits for two."""
    one = desk()
    ticket = _asking(one)
    one.service.approve(one.asked().id, by="priya")
    one.under(_policy(two_people_over=1000))
    one.run()
    assert one.effects("process_refund") == []
    assert one.states(ticket, "process_refund") == ["stale", "proposed"]
    asked = one.asked()
    assert asked.people_needed == 2
    one.approve(asked)
    one.run()
    assert one.states(ticket, "process_refund") == ["stale", "verified"]


def test_a_policy_that_forbids_meanwhile_refuses(desk: Open) -> None:
    one = desk()
    ticket = _asking(one)
    one.service.approve(one.asked().id, by="priya")
    packaged = rules().policy.model_dump(mode="json")["approval"]["actions"]
    actions = {**packaged, "process_refund": "forbidden"}
    one.under(_policy(actions=actions))
    one.run()
    assert one.effects("process_refund") == []
    assert one.states(ticket, "process_refund") == ["stale", "refused"]
    assert one.status(ticket) == "escalated"


def test_a_plan_that_no_longer_fits_after_a_part_was_done_goes_to_a_person(desk: Open) -> None:
    """The charge is disputed when the subscription has been reinstated already."""
    one = desk("wrongful-cancellation")
    ticket = _asking(one)
    one.approve(one.asked("reinstate_subscription"))
    one.run()
    refund = one.waiting("process_refund")[0]
    one.alter("charges", refund.arguments["charge"], status="disputed")
    one.approve(refund)
    one.run()
    for request in one.waiting():
        one.service.reject(request.id, by="priya", reason="the bank decides")
        one.run()
    assert one.states(ticket, "reinstate_subscription") == ["verified"]
    assert one.effects("process_refund") == []
    assert one.status(ticket) == "escalated"
    outcome = one.detail(ticket).outcome
    assert outcome
    assert outcome["code"] in ("stale", "rejected", "policy_refused")
    reply = one.replies(ticket)[-1]
    assert "reinstated" in reply or "active again" in reply
    assert refund.arguments["charge"] not in reply
