"""Intents on trial: in shadow nothing is done or said, in assist everything asks."""

from typing import Any

import pytest

from agents.policy.model import Policy
from tests.engine.conftest import Open
from tests.engine.desk import Desk, rules


def on_trial(**modes: str) -> Policy:
    """The packaged policy with intents on trial."""
    return Policy.model_validate({**rules().policy.model_dump(mode="json"), "trials": modes})


def _came(one: Desk, ref: str = "T1") -> str:
    ticket = one.arrive(ref)
    one.run()
    return ticket


def _trials(one: Desk, ticket: str) -> list[str | None]:
    return [issue.trial for issue in one.detail(ticket).issues]


def test_in_shadow_nothing_is_done_or_said_and_a_person_has_the_plan(desk: Open) -> None:
    one = desk("wrongful-cancellation", policy=on_trial(billing="shadow", technical="shadow"))
    before = one.rows()
    ticket = _came(one)
    assert one.rows() == before
    assert one.replies(ticket) == []
    assert set(one.states(ticket)) == {"refused"}
    assert {a.name for a in one.actions(ticket)} > {"process_refund", "reinstate_subscription"}
    assert all("in shadow" in (a.problem or "") for a in one.actions(ticket))
    assert all((a.preview or {})["exact"] for a in one.actions(ticket, "process_refund"))
    assert one.status(ticket) == "escalated"
    (handoff,) = one.detail(ticket).handoffs
    planned = [s for s in handoff.summary["next"] if s.startswith("Planned in shadow")]
    assert len(planned) == len(one.actions(ticket))
    assert not any("refused" in s for s in handoff.summary["missing"])
    assert "shadow" in _trials(one, ticket)


@pytest.mark.parametrize(
    "scenario", ["b4-near-day-15", "b5-past-due", "i3-stranger-asks-about-charge"]
)
def test_in_shadow_not_even_an_explanation_or_a_question_goes_out(
    desk: Open, scenario: str
) -> None:
    one = desk(scenario, policy=on_trial(billing="shadow"))
    before = one.rows()
    ticket = _came(one)
    assert one.rows() == before
    assert one.replies(ticket) == []
    assert one.status(ticket) == "escalated"


def test_beside_what_is_in_shadow_the_rest_is_done_and_told(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done", policy=on_trial(billing="shadow"))
    ticket = one.arrive()
    one.approve_all()
    shadowed = {i.id for i in one.detail(ticket).issues if i.trial == "shadow"}
    states = {(a.name, a.state.value) for a in one.actions(ticket) if a.issue_id in shadowed}
    assert states == {("process_refund", "refused")}
    assert "verified" in one.states(ticket, "reset_service")
    (reply,) = one.replies(ticket)
    assert "refund" not in reply.lower()
    assert one.effects("process_refund") == []
    assert one.status(ticket) == "escalated"
    assert "shadow" in one.detail(ticket).outcome["text"]  # type: ignore[index]


def test_in_assist_even_the_answer_asks(desk: Open) -> None:
    one = desk("b5-past-due", policy=on_trial(billing="assist"))
    ticket = _came(one)
    notice = one.asked()
    assert notice.name == "send_notification"
    one.service.approve(notice.id, by="priya")
    one.run()
    assert one.replies(ticket) == []
    reply = one.asked("send_reply")
    one.service.approve(reply.id, by="priya")
    one.run()
    assert len(one.replies(ticket)) == 1
    assert one.status(ticket) == "resolved"
    assert _trials(one, ticket) == ["assist"]


def test_one_intent_in_assist_makes_the_whole_answer_ask(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done", policy=on_trial(technical="assist"))
    ticket = _came(one)
    while waiting := [a for a in one.waiting() if a.name != "send_reply"]:
        one.approve(waiting[0])
        one.run()
    assert one.asked().name == "send_reply"
    assert one.replies(ticket) == []


def test_in_auto_the_gates_decide_and_nothing_is_noted(desk: Open) -> None:
    one = desk("b5-past-due", policy=on_trial(billing="auto"))
    ticket = _came(one)
    assert one.status(ticket) == "resolved"
    assert _trials(one, ticket) == [None]


def test_what_was_approved_before_the_intent_went_into_shadow_is_not_done(desk: Open) -> None:
    one = desk()
    ticket = _came(one)
    one.service.approve(one.asked().id, by="priya")
    one.under(on_trial(billing="shadow"))
    one.run()
    assert one.effects() == []
    assert one.replies(ticket) == []
    assert one.states(ticket, "process_refund") == ["stale", "refused"]
    assert one.status(ticket) == "escalated"


def test_a_second_message_plans_anew_and_the_older_plan_is_out_of_date(desk: Open) -> None:
    one = desk(policy=on_trial(billing="shadow"))
    ticket = _came(one)
    again = "You still charge me although I cancelled in January. Please refund the charge."
    one.service.receive(ticket, again)
    one.run()
    assert one.states(ticket, "process_refund") == ["refused"]
    one.under(on_trial(billing="assist"))
    one.service.receive(ticket, again)
    one.run()
    assert one.states(ticket, "process_refund") == ["stale", "proposed"]
    one.approve_all()
    assert one.states(ticket, "process_refund") == ["stale", "verified"]


def test_a_person_acts_by_hand_on_what_is_in_shadow(desk: Open) -> None:
    one = desk(policy=on_trial(billing="shadow"))
    ticket = _came(one)
    (planned,) = one.actions(ticket, "process_refund")
    done = _by_hand(one, ticket, planned.name, planned.arguments)
    assert one.states(ticket, "process_refund") == ["refused", "verified"]
    assert one.effects("process_refund")[0]["key"].endswith(done)


def _by_hand(one: Desk, ticket: str, name: Any, arguments: dict[str, Any]) -> str:
    action = one.service.propose(ticket, name, arguments, by="priya")
    one.run()
    one.approve(next(a for a in one.waiting() if a.id == action))
    one.run()
    return action
