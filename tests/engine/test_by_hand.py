"""What operators do themselves: proposals, answers, and stating what became of an action."""

import pytest

from agents.errors import BadArguments, NotAllowed, NotDecidable, UnknownOutcome
from data.vocabulary import ActionName
from tests.engine.conftest import Open
from tests.engine.desk import Desk, Faulty, rules


def test_a_proposal_waits_until_its_effect_is_known_and_then_for_a_person(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.approve_all()
    credit = {"customer": "cus_de", "amount": 500, "currency": "eur"}
    customer = one.column(ticket, "customer_id")
    credit["customer"] = customer
    action = one.service.propose(ticket, ActionName.ISSUE_CREDIT, credit, by="priya")
    with pytest.raises(NotDecidable, match="not worked out"):
        one.service.approve(action, by="priya")
    one.run()
    asked = one.asked("issue_credit")
    assert asked.preview
    assert asked.preview["exact"]
    assert {c["table"] for c in asked.preview["changes"]} == {"credits", "customers"}
    assert one.effects("issue_credit") == []
    one.service.approve(action, by="sam")
    one.run()
    assert one.states(ticket, "issue_credit") == ["verified"]
    assert one.record("customers", customer)["balance"] == 500


def test_what_the_system_refuses_is_refused_before_anybody_is_asked(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.approve_all()
    (refund,) = one.actions(ticket, "process_refund")
    too_much = {**refund.arguments, "amount": 10 * refund.arguments["amount"]}
    one.service.propose(ticket, ActionName.PROCESS_REFUND, too_much, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified", "refused"]
    assert not one.waiting()


def test_a_proposal_of_the_wrong_shape_is_not_taken(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    with pytest.raises(BadArguments, match="amount"):
        one.service.propose(
            ticket, ActionName.ISSUE_CREDIT,
            {"customer": "c", "amount": -5, "currency": "eur"}, by="priya",
        )  # fmt: skip
    with pytest.raises(NotDecidable, match="undo ID"):
        one.service.propose(ticket, ActionName.UNDO, {"action": "a"}, by="priya")
    assert one.actions(ticket) == []


def test_the_policy_is_asked_about_proposals_too(desk: Open) -> None:
    plain = rules().policy.model_dump(mode="json")
    plain["approval"]["actions"]["issue_credit"] = "forbidden"
    one = desk(policy=type(rules().policy).model_validate(plain))
    ticket = one.arrive()
    credit = {"customer": "c", "amount": 5, "currency": "eur"}
    with pytest.raises(NotAllowed, match="forbids"):
        one.service.propose(ticket, ActionName.ISSUE_CREDIT, credit, by="priya")


def test_an_answer_of_an_operators_goes_out_once_in_their_name(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.approve_all()
    sent = len(one.sent())
    one.service.answer(ticket, "We called your bank.", by="priya")
    one.run()
    one.engine.advance(ticket)
    assert len(one.sent()) == sent + 1
    last = one.detail(ticket).messages[-1]
    assert (last.author, last.name, last.body) == ("operator", "priya", "We called your bank.")


def unknown(one: Desk, name: str) -> str:
    """A ticket on which nobody knows whether an action of this name was carried out."""
    faulty = one.wrapped
    assert isinstance(faulty, Faulty)
    faulty.before[name] = [UnknownOutcome("no answer")]
    ticket = one.arrive()
    one.run()
    for _ in range(6):
        if "unknown" in one.states(ticket, name):
            return ticket
        one.approve(one.waiting()[0])
        one.run()
    raise AssertionError("the action was never carried out")


def test_what_happened_after_all_is_counted_and_the_rest_of_the_plan_goes_on(desk: Open) -> None:
    one = desk("wrongful-cancellation", writer=Faulty)
    ticket = unknown(one, "process_refund")
    assert one.status(ticket) == "escalated"
    assert not one.waiting()
    action = next(a for a in one.actions(ticket, "process_refund") if a.state == "unknown")
    one.service.reconcile(action.id, by="priya", happened=True, note="the bank shows it")
    one.approve_all()
    assert "executed" in one.states(ticket, "process_refund")
    assert one.actions(ticket, "issue_credit")[-1].state == "verified"
    assert one.status(ticket) == "resolved"
    (told,) = one.events(ticket, "action.reconciled")
    assert (told.data["by"], told.data["happened"]) == ("priya", True)


def test_what_did_not_happen_is_asked_for_again_and_never_repeated_by_itself(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = unknown(one, "process_refund")
    (action,) = one.actions(ticket, "process_refund")
    one.run()
    assert one.effects("process_refund") == []
    decided = one.service.reconcile(action.id, by="priya", happened=False, note="not in the books")
    one.run()
    asked = one.asked("process_refund")
    assert asked.id == decided.action_id
    assert asked.preview
    assert asked.preview["exact"]
    assert one.effects("process_refund") == []
    one.approve(asked)
    one.run()
    assert one.states(ticket, "process_refund") == ["failed", "verified"]
    assert len(one.effects("process_refund")) == 1
    assert one.status(ticket) == "resolved"


@pytest.mark.parametrize(
    ("happened", "moment"),
    [
        (True, "before_write"),
        pytest.param(True, "after_write", marks=pytest.mark.slow),
        pytest.param(False, "before_write", marks=pytest.mark.slow),
        (False, "after_write"),
    ],
)
def test_what_is_settled_while_a_worker_ends_the_run_is_gone_on_with(
    desk: Open, happened: bool, moment: str
) -> None:
    """A person may look it up between any two reads and writes of the worker that did not know."""
    settled = []
    for number in range(1, 9):
        one = desk("wrongful-cancellation", writer=Faulty)
        assert isinstance(one.wrapped, Faulty)
        ticket = one.arrive()
        one.run()
        for asked in one.waiting():
            one.approve(asked)
        one.wrapped.before["process_refund"] = [UnknownOutcome("no answer")]

        def settle(one: Desk = one, ticket: str = ticket) -> None:
            for action in one.actions(ticket, "process_refund"):
                if action.state == "unknown":
                    one.service.reconcile(action.id, by="priya", happened=happened, note="seen")

        with getattr(one, moment)(number, settle):
            one.engine.advance(ticket)
        settled.append("unknown" not in one.states(ticket, "process_refund"))
        settle()
        one.approve_all()
        assert one.waiting() == []
        assert one.status(ticket) == "resolved"
        assert "credited" in one.replies(ticket)[-1]
    assert True in settled
    assert False in settled


def test_an_answer_that_went_out_after_all_stands_in_the_conversation(desk: Open) -> None:
    one = desk("p1-german", writer=Faulty)
    ticket = unknown(one, "send_reply")
    assert one.replies(ticket) == []
    (action,) = one.actions(ticket, "send_reply")
    one.service.reconcile(action.id, by="priya", happened=True, note="it is in the outbox")
    one.run()
    assert one.replies(ticket) == [action.arguments["body"]]
    assert one.column(ticket, "answered_at") is not None
    assert one.states(ticket, "send_reply") == ["executed"]


def test_an_answer_that_did_not_go_out_can_be_sent_after_all(desk: Open) -> None:
    one = desk("p1-german", writer=Faulty)
    ticket = unknown(one, "send_reply")
    (action,) = one.actions(ticket, "send_reply")
    one.service.reconcile(action.id, by="priya", happened=False, note="the outbox is empty")
    one.run()
    one.approve(one.asked("send_reply"))
    one.run()
    assert one.states(ticket, "send_reply") == ["failed", "verified"]
    assert [s["body"] for s in one.sent()] == [action.arguments["body"]]
    last = one.detail(ticket).messages[-1]
    assert (last.author, last.name) == ("operator", "priya")


def test_only_an_unknown_outcome_is_reconciled_and_only_with_a_note(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = unknown(one, "process_refund")
    (action,) = one.actions(ticket, "process_refund")
    with pytest.raises(NotDecidable, match="note"):
        one.service.reconcile(action.id, by="priya", happened=True, note="  ")
    one.service.reconcile(action.id, by="priya", happened=True, note="seen")
    with pytest.raises(NotDecidable, match="only an unknown"):
        one.service.reconcile(action.id, by="sam", happened=True, note="seen")
