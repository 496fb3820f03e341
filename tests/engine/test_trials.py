"""Intents on trial: in shadow nothing is done or said, in assist everything asks."""

from typing import Any

import pytest

from agents.policy.model import Policy
from agents.policy.suggest import wilson
from agents.trials import comparisons, trials, without_personal_data
from data.vocabulary import ActionName
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
    done = _by_hand(one, ticket, ActionName(planned.name), planned.arguments)
    assert one.states(ticket, "process_refund") == ["refused", "verified"]
    assert one.effects("process_refund")[0]["key"].endswith(done)


def _by_hand(one: Desk, ticket: str, name: ActionName, arguments: dict[str, Any]) -> str:
    action = one.service.propose(ticket, name, arguments, by="priya")
    one.run()
    one.approve(next(a for a in one.waiting() if a.id == action))
    one.run()
    return action


def _verdicts(one: Desk) -> list[tuple[str, str]]:
    return [(c.ticket.intent, c.verdict.value) for c in comparisons(one.store)]


def _resolved(one: Desk, ticket: str) -> None:
    one.service.take(ticket, by="priya")
    one.service.resolve(ticket, by="priya", reason="done by hand")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "same"),
        ({"amount": 500}, "other_arguments"),
        ({"charge": "ch_de0"}, "something_else"),
        (None, "people_nothing"),
    ],
)
def test_a_plan_is_compared_with_what_people_did_by_hand(
    desk: Open, changes: dict[str, Any] | None, verdict: str
) -> None:
    one = desk(policy=on_trial(billing="shadow"))
    ticket = _came(one)
    (planned,) = one.actions(ticket, "process_refund")
    if changes is not None:
        _by_hand(one, ticket, ActionName.PROCESS_REFUND, {**planned.arguments, **changes})
    assert _verdicts(one) == [("billing", "open")]
    _resolved(one, ticket)
    assert _verdicts(one) == [("billing", verdict)]
    (billing,) = [t for t in trials(one.store, one.policy) if t.intent == "billing"]
    assert (billing.mode, billing.tickets, billing.compared) == ("shadow", 1, 1)
    assert billing.agreement == (1.0 if verdict == "same" else 0.0)
    assert billing.planned == {"eur": 1150}
    moved = {} if changes is None else {"eur": changes.get("amount", 1150)}
    assert billing.done == moved
    assert (billing.next_mode, billing.gates) == ("assist", {"ask": 1})


def test_what_was_undone_again_counts_as_not_done(desk: Open) -> None:
    one = desk(policy=on_trial(billing="shadow"))
    ticket = _came(one)
    (planned,) = one.actions(ticket, "process_refund")
    done = _by_hand(one, ticket, ActionName.PROCESS_REFUND, planned.arguments)
    one.service.undo(done, by="priya")
    one.run()
    _resolved(one, ticket)
    assert _verdicts(one) == [("billing", "people_nothing")]


def test_where_the_agents_planned_nothing(desk: Open) -> None:
    one = desk("b4-near-day-15", policy=on_trial(billing="shadow"))
    ticket = _came(one)
    assert one.actions(ticket) == []
    customer = one.column(ticket, "customer_id")
    _by_hand(
        one, ticket, ActionName.ISSUE_CREDIT,
        {"customer": customer, "amount": 300, "currency": "eur"},
    )  # fmt: skip
    _resolved(one, ticket)
    assert _verdicts(one) == [("billing", "agents_nothing")]


def test_nothing_planned_and_nothing_done_is_shown_apart(desk: Open) -> None:
    one = desk("b4-near-day-15", policy=on_trial(billing="shadow"))
    _resolved(one, _came(one))
    assert _verdicts(one) == [("billing", "neither")]
    (billing,) = [t for t in trials(one.store, one.policy) if t.intent == "billing"]
    assert (billing.tickets, billing.compared, billing.agreement) == (1, 0, None)


def test_what_people_do_belongs_to_the_intent_it_is_about(desk: Open) -> None:
    one = desk(
        "approval-rejected-other-issue-done",
        policy=on_trial(billing="shadow", technical="shadow"),
    )
    ticket = _came(one)
    (refund,) = one.actions(ticket, "process_refund")
    _by_hand(one, ticket, ActionName.PROCESS_REFUND, refund.arguments)
    _resolved(one, ticket)
    assert sorted(_verdicts(one)) == [("billing", "same"), ("technical", "people_nothing")]


def test_in_assist_decisions_are_what_people_did(desk: Open) -> None:
    one = desk(policy=on_trial(billing="assist"))
    ticket = _came(one)
    one.service.edit(one.asked().id, by="priya", changes={"amount": 1000})
    one.approve_all()
    assert one.status(ticket) == "resolved"
    assert _verdicts(one) == [("billing", "other_arguments")]
    (billing,) = [t for t in trials(one.store, one.policy) if t.intent == "billing"]
    assert billing.next_mode == "auto"
    assert (billing.planned, billing.done) == ({"eur": 1150}, {"eur": 1000})
    under_auto = on_trial(billing="auto")
    assert [t.tickets for t in trials(one.store, under_auto)] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("good", "of", "at_least"), [(0, 0, 0.0), (0, 5, 0.0), (10, 10, 0.7225), (90, 100, 0.8256)]
)
def test_the_lower_bound_of_a_share(good: int, of: int, at_least: float) -> None:
    """Worked out on paper from Wilson's formula."""
    assert wilson(good, of) == pytest.approx(at_least, abs=1e-4)


def test_people_who_only_look_see_no_personal_data_in_it(desk: Open) -> None:
    one = desk("a1-new-name", policy=on_trial(account="shadow"))
    ticket = _came(one)
    (change,) = one.actions(ticket, "update_crm")
    new_name = str(change.arguments["changes"]["name"])
    (found,) = comparisons(one.store)
    assert new_name in str(found.as_json())
    told = str(without_personal_data(found).as_json())
    assert new_name not in told
    assert "update_crm" in told
