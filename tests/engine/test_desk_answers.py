"""What an operator writes: answers, drafts, macros, notes; the priority they set."""

import pytest

from agents.errors import NotDecidable, Retryable, UnknownOutcome
from agents.macros import BadMacro
from data.queries.approvals import open_handoffs
from data.vocabulary import Priority
from tests.engine.conftest import Open
from tests.engine.desk import Faulty
from tests.engine.hands import HUMAN, asking, escalated, policy, words


def test_the_agents_answer_that_waits_is_withdrawn_and_becomes_the_draft(desk: Open) -> None:
    one = desk(policy=policy(send_reply="ask", process_refund="auto"))
    ticket = one.arrive()
    one.run()
    waiting = one.asked("send_reply")
    one.service.take(ticket, by="priya")
    assert one.status(ticket) == "working"
    assert one.states(ticket, "send_reply") == ["withdrawn"]
    assert one.service.draft(ticket).body == waiting.arguments["body"]
    one.service.hand_back(ticket, by="priya")
    one.run()
    assert one.states(ticket, "send_reply") == ["withdrawn", "proposed"]


def test_the_draft_tells_what_it_takes_for_done(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    draft = one.service.draft(ticket)
    assert [each.split(" ")[:2] for each in draft.assumes] == [["process", "refund"]]
    assert one.asked().arguments["charge"] in draft.body
    one.service.reject(one.asked().id, by="priya", reason="no")
    one.run()
    assert one.service.draft(ticket).assumes == ()
    one.service.send(ticket, "I have looked into it.", by="priya")
    one.run()
    assert "refund" not in one.service.draft(ticket).body


def test_an_answer_on_its_way_holds_the_ticket(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.send(ticket, "I look into it.", by="priya")
    with pytest.raises(NotDecidable, match="on its way"):
        one.service.hand_back(ticket, by="priya")
    with pytest.raises(NotDecidable, match="very answer"):
        one.service.send(ticket, "I look into it. ", by="priya")
    one.run()
    one.service.hand_back(ticket, by="priya")
    assert len(one.sent()) == 1


def test_a_reply_resolves_and_what_waited_is_withdrawn(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.send(ticket, "It was given back already.", by="priya", resolve=True)
    assert one.status(ticket) == "awaiting_approval", "nothing has gone out yet"
    one.run()
    assert one.status(ticket) == "resolved"
    assert one.states(ticket, "process_refund") == ["withdrawn"]
    assert one.detail(ticket).runs[-1].state == "ended"
    assert one.detail(ticket).issues[0].state == "resolved"
    assert one.column(ticket, "money_at_risk") == 0
    one.pass_time(days=7, minutes=1)
    one.run()
    assert one.status(ticket) == "closed"
    assert one.column(ticket, "owner") == "agents"


def test_it_is_not_resolved_while_something_is_carried_out(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.take(ticket, by="priya")
    one.service.approve(one.asked().id, by="priya")
    with pytest.raises(NotDecidable, match="process refund"):
        one.service.send(ticket, "Done.", by="priya", resolve=True)
    one.run()
    one.service.send(ticket, "Done.", by="priya", resolve=True)
    one.run()
    assert one.status(ticket) == "resolved"


def test_a_message_that_crosses_the_answer_stays_the_owners_turn(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.service.send(ticket, "All is well again.", by="priya", resolve=True)
    one.service.receive(ticket, "It happened a third time!")
    one.run()
    assert len(one.sent()) == 1
    assert one.status(ticket) == "working"
    assert "written again" in str(one.detail(ticket).outcome)


def test_an_answer_written_before_the_customers_last_words_is_not_sent(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.service.receive(ticket, "One more thing.")
    with pytest.raises(NotDecidable, match="written meanwhile"):
        one.service.send(ticket, "All is well.", by="priya", seen=1)
    assert one.actions(ticket) == []
    assert one.column(ticket, "owner") == "agents"
    one.service.send(ticket, "All is well.", by="priya", seen=2)


def test_an_answered_ticket_closes_by_itself_a_week_after_the_answer(desk: Open) -> None:
    one = desk("e3-wants-a-person")
    ticket = escalated(one)
    one.pass_time(days=10)
    one.run()
    one.service.send(ticket, "I am here. How can I help?", by="priya")
    one.run()
    assert one.status(ticket) == "awaiting_customer"
    one.pass_time(days=6, hours=23)
    one.run()
    assert one.status(ticket) == "awaiting_customer"
    one.pass_time(hours=2)
    one.run()
    assert one.status(ticket) == "closed"
    assert not one.column(ticket, "pending")


def test_what_the_customer_writes_waits_for_the_owner(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.service.send(ticket, "Solved.", by="priya", resolve=True)
    one.run()
    one.service.receive(ticket, "Not at all, please look again.")
    one.run()
    assert one.status(ticket) == "working"
    assert one.column(ticket, "owner") == "priya"
    assert one.actions(ticket, "process_refund") == []
    one.service.hand_back(ticket, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["proposed"]


@pytest.mark.parametrize("problem", [Retryable("no mail goes out"), UnknownOutcome("timed out")])
def test_an_answer_that_does_not_arrive_escalates_to_its_owner(
    desk: Open, problem: Exception
) -> None:
    one = desk(writer=Faulty)
    ticket = one.arrive()
    faulty = one.wrapped
    assert isinstance(faulty, Faulty)
    faulty.before["send_reply"] = [problem, problem]
    one.service.send(ticket, "Hello, I look into it.", by="priya", resolve=True)
    one.run()
    assert one.status(ticket) == "escalated"
    assert one.column(ticket, "owner") == "priya"
    (handoff,) = open_handoffs(one.store)
    assert handoff.assigned_to == "priya"
    assert str(problem) in handoff.reason
    if isinstance(problem, Retryable):
        one.service.send(ticket, "Hello again, I look into it.", by="priya")
        one.run()
        assert one.status(ticket) == "awaiting_customer"
        assert open_handoffs(one.store) == []


def test_what_nobody_sees_is_not_sent(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.service.send(ticket, "All\u200b is\x1b[31m well.\r\nBye", by="priya")
    one.run()
    assert [n["body"] for n in one.sent()] == ["All is well.\nBye"]
    with pytest.raises(NotDecidable, match="empty"):
        one.service.send(ticket, "\u200b", by="priya")


def test_an_empty_answer_or_note_is_not_taken(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    for act in (one.service.send, one.service.note):
        with pytest.raises(NotDecidable, match="empty"):
            act(ticket, "  \n", by="priya")


def test_a_note_reaches_neither_the_customer_nor_the_agents(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.service.note(ticket, f"Careful. {HUMAN} My password is hunter2xyz", by="priya")
    one.run()
    assert one.status(ticket) == "awaiting_approval", "the agents read what was no customer's"
    one.approve_all()
    assert one.sent()
    assert not any("Careful" in n["body"] for n in one.sent())
    (note,) = words(one, ticket, "note")
    assert "hunter2xyz" not in note
    (told,) = one.events(ticket, "note")
    assert "Careful" not in str(told.data)


def test_a_priority_that_a_person_set_stays(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    assert one.service.set_priority(ticket, Priority.URGENT, by="priya") is not Priority.URGENT
    due = one.column(ticket, "due_at")
    one.service.receive(ticket, "Thank you, no hurry. How do I export a report, by the way?")
    one.run()
    assert one.column(ticket, "priority") == "urgent"
    assert one.column(ticket, "due_at") <= due
    with pytest.raises(NotDecidable, match="urgent already"):
        one.service.set_priority(ticket, Priority.URGENT, by="priya")


def test_macros_fill_in_the_ticket_and_say_what_is_wrong(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    texts = {
        "hello": "Hello {{ name }}, about {{ ref }}: {{ subject }}. {{ operator }}",
        "typo": "Hello {{ nmae }}",
        "broken": "Hello {{ name",
        "nasty": "{{ ().__class__.__mro__[1].__subclasses__() }}",
    }
    first = (one.detail(ticket).ticket.customer_name or "").split(" ")[0]
    filled = one.service.macro(ticket, "hello", texts, by="priya")
    assert filled.startswith(f"Hello {first}, about T1: ")
    assert filled.endswith(" priya")
    for name, said in (
        ("typo", "nmae"), ("broken", "no template"), ("nasty", "nasty"), ("gone", "no macro"),
    ):  # fmt: skip
        with pytest.raises(BadMacro, match=said) as wrong:
            one.service.macro(ticket, name, texts, by="priya")
        assert "\n" not in str(wrong.value)


def test_a_field_is_never_a_template_itself(desk: Open) -> None:
    one = desk()
    ticket = one.write("Hi", email=None, subject="{{ operator }}")
    filled = one.service.macro(ticket, "m", {"m": "Re: {{ subject }}"}, by="priya")
    assert filled == "Re: {{ operator }}"
