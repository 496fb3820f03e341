"""Who has a ticket: taking it over, handing it back, accepting, assigning."""

import pytest

from agents.engine.handoff import staff_with
from agents.errors import NotAllowed, NotDecidable
from data.queries.approvals import open_handoffs
from data.vocabulary import ActionName
from tests.engine.conftest import Open
from tests.engine.desk import Desk, Faulty
from tests.engine.hands import HUMAN, asking, escalated, skilled, staffed, words


def test_the_agents_leave_a_taken_ticket_alone_and_the_owner_answers(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    assert one.service.take(ticket, by="priya") == "agents"
    one.run()
    assert one.actions(ticket) == []
    assert (one.column(ticket, "owner"), one.status(ticket)) == ("priya", "working")
    one.service.send(ticket, "Hello, I look into it. Which month was it?", by="priya")
    one.run()
    assert one.status(ticket) == "awaiting_customer"
    assert words(one, ticket, "operator") == ["Hello, I look into it. Which month was it?"]
    assert [n["body"] for n in one.sent()] == words(one, ticket, "operator")
    (reply,) = one.actions(ticket, "send_reply")
    assert (reply.state.value, reply.decided_by) == ("verified", "priya")


def test_taking_cuts_off_the_work_that_is_under_way(desk: Open) -> None:
    """Between any two commits of an advance: nothing is proposed or sent afterwards."""
    one = desk()
    ticket = one.arrive()
    with one.after_write(0, lambda: None) as count:
        one.engine.advance(ticket)
    for number in range(1, count[0]):
        one = desk()
        ticket = one.arrive()
        seen: list[int] = []

        def take(one: Desk = one, ticket: str = ticket, seen: list[int] = seen) -> None:
            one.service.take(ticket, by="priya")
            seen.append(len(one.actions(ticket)))

        with one.after_write(number, take):
            one.run()
        assert seen == [len(one.actions(ticket))], f"after commit {number}"
        assert one.sent() == []
        assert not one.column(ticket, "pending")


def test_an_answer_that_was_begun_when_the_ticket_was_taken_is_recorded_once(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = one.arrive("T1", body="How do I export a report?")
    faulty = one.wrapped
    assert isinstance(faulty, Faulty)
    taken: list[str] = []

    def take(name: str) -> None:
        if name == "send_reply" and not taken:
            taken.append(one.service.take(ticket, by="priya"))

    faulty.on_call = take
    one.run()
    assert taken == ["agents"]
    assert len(one.sent()) == 1
    assert one.states(ticket, "send_reply") == ["verified"]
    assert len(one.replies(ticket)) == 1
    assert one.column(ticket, "owner") == "priya"


def test_what_is_approved_on_a_taken_ticket_is_carried_out_and_handed_back_goes_on(
    desk: Open,
) -> None:
    one = desk()
    ticket = asking(one)
    one.service.take(ticket, by="priya")
    assert one.status(ticket) == "awaiting_approval"
    one.service.approve(one.asked().id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert one.status(ticket) == "working"
    assert one.column(ticket, "money_at_risk") == 0
    assert one.replies(ticket) == []
    one.service.hand_back(ticket, by="priya", note="The refund is done.")
    one.run()
    assert one.status(ticket) == "resolved"
    assert len(one.replies(ticket)) == 1
    assert words(one, ticket, "note") == ["The refund is done."]


def test_handed_back_after_the_end_the_agents_look_anew(desk: Open) -> None:
    one = desk("e3-wants-a-person")
    ticket = escalated(one)
    one.service.take(ticket, by="priya")
    assert one.status(ticket) == "working"
    runs = len(one.detail(ticket).runs)
    one.service.hand_back(ticket, by="priya")
    one.run()
    assert len(one.detail(ticket).runs) == runs + 1
    assert one.column(ticket, "owner") == "agents"


def test_handed_back_unchanged_the_customer_is_not_told_the_same_again(desk: Open) -> None:
    one = desk("b9-invoice-copy")
    ticket = escalated(one)
    assert len(one.replies(ticket)) == 1
    one.service.take(ticket, by="priya")
    one.service.hand_back(ticket, by="priya")
    one.run()
    assert one.status(ticket) == "escalated"
    assert len(one.replies(ticket)) == 1


def test_handed_back_while_the_customer_is_awaited_the_agents_say_nothing(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.take(ticket, by="priya")
    one.service.reject(one.asked().id, by="priya", reason="I ask first")
    one.service.send(ticket, "Which of the two do you mean?", by="priya")
    one.run()
    one.service.hand_back(ticket, by="priya")
    one.run()
    assert one.status(ticket) == "awaiting_customer"
    assert one.replies(ticket) == []
    one.service.receive(ticket, HUMAN)
    one.run()
    assert one.status(ticket) == "escalated"


def test_who_has_it_is_told_and_only_a_supervisor_or_one_who_insists_takes_it(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    staffed(one, ada="admin", olga="operator", omar="operator", sue="supervisor", vera="viewer")
    with pytest.raises(NotAllowed, match="viewer"):
        one.service.take(ticket, by="vera")
    one.service.take(ticket, by="olga")
    for act in (
        lambda: one.service.take(ticket, by="omar"),
        lambda: one.service.send(ticket, "Hello", by="omar"),
        lambda: one.service.close(ticket, by="omar", reason="spam"),
        lambda: one.service.hand_back(ticket, by="omar"),
        lambda: one.service.assign(ticket, to="omar", by="omar"),
    ):
        with pytest.raises(NotAllowed, match="olga has ticket"):
            act()
    assert one.service.take(ticket, by="omar", force=True) == "olga"
    assert one.service.take(ticket, by="sue") == "omar"
    with pytest.raises(NotDecidable, match="sue has"):
        one.service.take(ticket, by="sue")
    with pytest.raises(NotAllowed, match="viewer"):
        one.service.assign(ticket, to="vera", by="sue")
    with pytest.raises(NotAllowed, match="no operator"):
        one.service.assign(ticket, to="mallory", by="sue")
    assert one.service.assign(ticket, to="olga", by="sue") == "sue"
    told = [e.data["to"] for e in one.events(ticket, "ticket.taken", "ticket.assigned")]
    assert told == ["olga", "omar", "sue", "olga"]


def test_the_agents_look_again_only_at_what_they_have(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.take(ticket, by="priya")
    with pytest.raises(NotDecidable, match="handback"):
        one.service.retry(ticket, by="sam")
    with pytest.raises(NotAllowed, match="no person"):
        one.service.take(ticket, by="agents")


def test_an_accepted_hand_over_is_a_persons(desk: Open) -> None:
    one = desk("e3-wants-a-person")
    ticket = escalated(one)
    (handoff,) = open_handoffs(one.store)
    assert one.service.accept(ticket, by=handoff.assigned_to or "priya") == handoff.id
    assert open_handoffs(one.store) == []
    detail = one.detail(ticket)
    assert detail.handoffs[0].accepted_by == detail.ticket.owner
    assert (detail.ticket.status.value, detail.escalation) == ("working", None)
    with pytest.raises(NotDecidable, match="no hand-over"):
        one.service.accept(ticket, by=detail.ticket.owner)


def test_what_was_handed_to_another_takes_a_supervisor(desk: Open) -> None:
    one = desk("e3-wants-a-person")
    staffed(one, ada="admin", olga="operator")
    ticket = escalated(one)
    (handoff,) = open_handoffs(one.store)
    assert handoff.assigned_to not in (None, "olga")
    with pytest.raises(NotAllowed, match="was handed to"):
        one.service.accept(ticket, by="olga")
    one.service.accept(ticket, by="olga", force=True)
    assert one.column(ticket, "owner") == "olga"


def test_operators_with_the_skill_are_handed_tickets_while_they_are_there(desk: Open) -> None:
    one = desk("b7-over-the-limit")
    staffed(one, ada="admin", olga="operator", vera="viewer")
    one.alter("staff", "Katja", available=0)
    skilled(one, "olga", "billing")
    skilled(one, "vera", "billing")
    ticket = one.arrive()
    one.run()
    for request in one.waiting():
        for person in ("ada", "olga")[: max(request.people_needed, 1)]:
            one.service.approve(request.id, by=person)
    one.run()
    escalation = one.detail(ticket).escalation
    assert escalation
    assert escalation["to"] == "olga"
    one.service.set_availability("olga", False, by="olga")
    with pytest.raises(NotAllowed, match="say this for others"):
        one.service.set_availability("ada", False, by="olga")
    other = one.write(HUMAN, email=None)
    one.run()
    assert one.detail(other).escalation != escalation
    assert (one.detail(other).escalation or {}).get("to") != "olga"


def test_the_people_of_both_systems_are_one_list() -> None:
    staff = [{"name": "Katja", "skills": ["billing"], "available": True}]
    operators = [
        {"name": "Katja", "skills": ["technical"], "available": False},
        {"name": "olga", "skills": ["billing"], "available": True},
    ]
    assert staff_with(staff, []) == staff
    assert staff_with(staff, operators) == [
        {"name": "Katja", "skills": ["billing", "technical"], "available": False},
        {"name": "olga", "skills": ["billing"], "available": True},
    ]
    assert staff == [{"name": "Katja", "skills": ["billing"], "available": True}]


def test_a_proposal_on_a_taken_ticket_waits_and_runs(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.take(ticket, by="priya")
    one.service.reject(one.asked().id, by="priya", reason="a credit instead")
    one.run()
    assert one.status(ticket) == "working"
    customer = one.column(ticket, "customer_id")
    credit = {"customer": customer, "amount": 500, "currency": "eur"}
    action = one.service.propose(ticket, ActionName.ISSUE_CREDIT, credit, by="priya")
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    assert one.column(ticket, "money_at_risk") == 500
    one.service.approve(action, by="sam")
    one.run()
    assert one.states(ticket, "issue_credit") == ["verified"]
    assert one.status(ticket) == "working"
