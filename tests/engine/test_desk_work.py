"""An operator's work: taking tickets over, answering, handing back, merging, ending."""

import pytest

from agents.engine.handoff import staff_with
from agents.errors import NotAllowed, NotDecidable, Retryable, UnknownOutcome
from agents.macros import BadMacro
from agents.policy.model import Policy
from data.queries.approvals import open_handoffs
from data.store import table
from data.tables import Operator
from data.vocabulary import ActionName, Priority
from tests.engine.conftest import Open
from tests.engine.desk import Desk, Faulty, rules

HUMAN = "Stop. I want to speak to a human being, please give me a real person."


def policy(**actions: str) -> Policy:
    """The packaged policy with other gates."""
    plain = rules().policy.model_dump(mode="json")
    plain["approval"]["actions"] |= actions
    return Policy.model_validate(plain)


def staffed(one: Desk, **roles: str) -> None:
    """The workspace gets operators who have signed in."""
    with one.store.write() as tx:
        for name, role in roles.items():
            tx.insert(Operator, name=name, role=role, passphrase_hash="x", added_at=tx.now)
    one.service.signed_in_by = "passphrase"


def skilled(one: Desk, name: str, *skills: str, available: bool = True) -> None:
    """An operator says what they take on."""
    with one.store.write() as tx:
        tx.connection.execute(
            table(Operator)
            .update()
            .where(table(Operator).c.name == name)
            .values(skills=list(skills), available=available)
        )


def asking(one: Desk) -> str:
    """A ticket whose refund waits for a person."""
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    return ticket


def escalated(one: Desk) -> str:
    """A ticket that was handed to a person."""
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "escalated"
    return ticket


def words(one: Desk, ticket: str, author: str) -> list[str]:
    return [m.body for m in one.detail(ticket).messages if m.author == author]


# Taking and handing back.


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


# Answers.


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


# Notes, priority.


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


# Merging and ending.


def test_a_duplicate_joins_the_other_ticket(desk: Open) -> None:
    one = desk()
    first = asking(one)
    second = one.write("The same thing again, please refund me.", email=None)
    one.run()
    one.service.merge(second, into=first, by="priya")
    one.run()
    assert one.status(second) == "closed"
    assert one.detail(second).merged_into == first
    assert words(one, first, "note") == ["The same thing again, please refund me."]
    assert one.column(second, "owner") == "agents"
    assert one.states(first, "process_refund") == ["proposed"]
    one.service.receive(second, "Any news?")
    assert words(one, first, "customer")[-1] == "Any news?"
    with pytest.raises(NotDecidable, match="was merged into"):
        one.service.take(second, by="priya")
    with pytest.raises(NotDecidable, match="was merged into"):
        one.service.merge(first, into=second, by="priya")


def test_what_waits_in_a_duplicate_is_withdrawn_and_what_runs_refuses_it(desk: Open) -> None:
    one = desk(writer=Faulty)
    first = asking(one)
    second = one.write("Something else.", email=None)
    one.run()
    faulty = one.wrapped
    assert isinstance(faulty, Faulty)
    faulty.before["process_refund"] = [UnknownOutcome("timed out")]
    one.service.approve(one.asked("process_refund").id, by="priya")
    one.run()
    with pytest.raises(NotDecidable, match="reconcile"):
        one.service.merge(first, into=second, by="priya")
    action = one.actions(first, "process_refund")[0]
    one.service.reconcile(action.id, by="priya", happened=False, note="not in the books")
    one.run()
    assert one.waiting("process_refund")
    one.service.merge(first, into=second, by="priya")
    one.run()
    assert not one.waiting("process_refund")
    assert one.effects("process_refund") == []
    assert one.status(first) == "closed"


def test_tickets_that_cannot_be_one_are_not_merged(desk: Open) -> None:
    one = desk("e5-near-second-ticket")
    first = one.arrive()
    one.run()
    with pytest.raises(NotDecidable, match="into itself"):
        one.service.merge(first, into=first, by="priya")
    second = one.write("Hello there, what is this?", email=None)
    one.service.close(second, by="priya", reason="nothing asked")
    with pytest.raises(NotDecidable, match="is closed"):
        one.service.merge(first, into=second, by="priya")
    third = one.write("I was charged twice.", email=None)
    with one.store.write() as tx:
        tx.set_ticket(first, customer_id="cus_a")
        tx.set_ticket(third, customer_id="cus_b")
    with pytest.raises(NotDecidable, match="different customers"):
        one.service.merge(third, into=first, by="priya")


def test_a_closed_ticket_is_done_and_goes_back_to_the_agents(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.take(ticket, by="priya")
    with pytest.raises(NotDecidable, match="why"):
        one.service.close(ticket, by="priya", reason=" ")
    one.service.close(ticket, by="priya", reason="handled on the phone")
    one.run()
    assert one.status(ticket) == "closed"
    assert one.states(ticket, "process_refund") == ["withdrawn"]
    assert one.replies(ticket) == []
    assert one.column(ticket, "owner") == "agents"
    assert "handled on the phone" in str(one.detail(ticket).outcome)
    with pytest.raises(NotDecidable, match="closed already"):
        one.service.close(ticket, by="priya", reason="again")
    one.service.receive(ticket, HUMAN)
    one.run()
    assert one.status(ticket) == "escalated"


def test_resolving_without_a_reply(desk: Open) -> None:
    one = desk("e3-wants-a-person")
    ticket = escalated(one)
    one.service.resolve(ticket, by="priya", reason="called back")
    one.run()
    assert one.status(ticket) == "resolved"
    assert one.column(ticket, "owner") == "priya"
    assert open_handoffs(one.store) == []
    assert one.column(ticket, "timer_at") is not None


def test_who_takes_a_closed_ticket_opens_it_again(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.close(ticket, by="priya", reason="by mistake")
    one.service.take(ticket, by="priya")
    assert one.status(ticket) == "working"
    one.service.send(ticket, "Sorry, we are still at it.", by="priya")
    one.run()
    assert one.status(ticket) == "awaiting_customer"


# Hand-overs.


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


# Macros.


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
