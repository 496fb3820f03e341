"""What time alone brings: expiry, closing, passing on; and the stop button."""

from tests.engine.conftest import Open


def test_a_request_that_nobody_decides_expires_and_never_runs(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    asked = one.asked()
    one.pass_time(hours=23)
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    one.pass_time(hours=2)
    one.run()
    assert one.states(ticket, "process_refund") == ["expired"]
    assert one.effects("process_refund") == []
    detail = one.detail(ticket)
    assert detail.ticket.status == "escalated"
    assert detail.outcome
    assert detail.outcome["code"] == "expired"
    assert [d.kind for d in asked.decisions] == []
    assert len(one.events(ticket, "action.expired")) == 1


def test_a_resolved_ticket_closes_after_seven_days_and_reopens(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.approve_all()
    one.pass_time(days=6, hours=23)
    one.run()
    assert one.status(ticket) == "resolved"
    one.pass_time(hours=2)
    one.run()
    assert one.status(ticket) == "closed"
    assert one.column(ticket, "timer_at") is None
    one.service.receive(ticket, "I was charged twice again this month, please look.")
    one.run()
    assert one.status(ticket) != "closed"
    assert one.column(ticket, "read_count") == 2


def test_a_ticket_that_awaits_the_customer_closes_after_seven_days(desk: Open) -> None:
    one = desk()
    ticket = one.write(
        "Hello, I was charged twice this month, please refund one.",
        email="nobody@elsewhere.example",
    )
    one.run()
    assert one.status(ticket) == "awaiting_customer"
    one.pass_time(days=7, hours=1)
    one.run()
    assert one.status(ticket) == "closed"


def test_an_escalation_goes_to_anyone_after_four_hours(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done")
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked("reset_service").id, by="priya")
    one.service.reject(one.asked("process_refund").id, by="priya", reason="wait for the provider")
    one.run()
    escalation = one.detail(ticket).escalation
    assert escalation
    assert (escalation["skill"], escalation["to"]) == ("billing", None)
    one.pass_time(hours=3, minutes=59)
    one.run()
    assert one.detail(ticket).escalation == escalation
    one.pass_time(minutes=2)
    one.run()
    passed = one.detail(ticket).escalation
    assert passed
    assert passed["to"] == "Hugo"
    assert passed["kind"] == "warm_transfer"
    assert one.detail(ticket).handoffs[-1].assigned_to == "Hugo"
    assert len(one.events(ticket, "handoff.passed_on")) == 1


def test_with_nobody_there_the_timer_comes_again_later_not_at_once(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done")
    one.alter("staff", "Hugo", available=0)
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked("reset_service").id, by="priya")
    one.service.reject(one.asked("process_refund").id, by="priya", reason="wait for the provider")
    one.run()
    one.pass_time(hours=4, minutes=1)
    one.run()
    seconds = one.service.wake_due()
    assert not one.column(ticket, "pending"), "woken for ever"
    assert seconds is not None
    assert seconds > 30
    one.alter("staff", "Hugo", available=1)
    one.pass_time(hours=4)
    one.run()
    passed = one.detail(ticket).escalation
    assert passed
    assert passed["to"] == "Hugo"


def test_a_ticket_for_anyone_goes_to_who_comes_free(desk: Open) -> None:
    one = desk()
    one.alter("staff", "Katja", available=0)
    ticket = one.write("I want to speak to a human being, a real person please.", email=None)
    one.run()
    escalation = one.detail(ticket).escalation
    assert escalation
    assert escalation["to"] is None
    one.alter("staff", "Katja", available=1)
    one.pass_time(hours=4, minutes=1)
    one.run()
    passed = one.detail(ticket).escalation
    assert passed
    assert passed["to"] == "Katja"


def test_the_timer_of_a_ticket_that_a_person_took_does_not_spin(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    with one.store.write() as tx:
        tx.set_ticket(ticket, owner="priya")
    one.pass_time(hours=25)
    one.run()
    one.service.wake_due()
    assert not one.column(ticket, "pending"), "woken for ever"


def test_an_open_ticket_of_a_person_is_left_alone_by_the_agents(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    with one.store.write() as tx:
        tx.set_ticket(ticket, owner="priya")
    one.run()
    assert one.actions(ticket) == []
    assert not one.column(ticket, "pending")


def test_the_stop_button_holds_execution_until_it_is_lifted(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    one.halt()
    one.run()
    assert one.states(ticket, "process_refund") == ["approved"]
    assert one.effects() == []
    assert not one.column(ticket, "pending")
    one.lift(ticket)
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert one.status(ticket) == "resolved"


def test_the_stop_button_for_one_kind_holds_only_that(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done")
    ticket = one.arrive()
    one.run()
    one.halt(action="process_refund")
    for request in one.waiting():
        one.approve(request)
    one.run()
    assert one.states(ticket, "reset_service") == ["verified"]
    assert one.states(ticket, "process_refund") == ["approved"]
    assert one.replies(ticket) == []
    one.lift(ticket)
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]


def test_the_stop_button_for_an_intent_holds_its_issues(desk: Open) -> None:
    one = desk("approval-rejected-other-issue-done")
    ticket = one.arrive()
    one.run()
    one.halt(intent="technical")
    for request in one.waiting():
        one.approve(request)
    one.run()
    assert one.states(ticket, "reset_service") == ["approved"]
    assert one.states(ticket, "process_refund") == ["verified"]


def test_the_stop_button_holds_replies_too(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    one.halt(action="send_reply")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert one.sent() == []
    assert one.replies(ticket) == []
    one.lift(ticket)
    one.run()
    assert len(one.sent()) == len(one.replies(ticket)) == 1
    assert one.status(ticket) == "resolved"


def test_noise_closes_a_ticket_without_an_answer(desk: Open) -> None:
    one = desk()
    ticket = one.write(
        "Automatic reply: I am out of the office until Monday and will answer then.",
        email="delphine.roux@example.com", subject="Out of office",
    )  # fmt: skip
    one.run()
    detail = one.detail(ticket)
    assert detail.ticket.status == "closed"
    assert detail.outcome
    assert detail.outcome["rule"] == "N1"
    assert detail.actions == []
    assert one.sent() == []


def test_the_same_complaint_again_joins_the_open_ticket(desk: Open) -> None:
    one = desk()
    first = one.arrive()
    one.run()
    asked = one.asked()
    second = one.write(
        "Hello, as I wrote, you charged me twice this month, 11.50 € and 11.50 €. Can you fix it?",
        email="delphine.roux@example.com", subject="Charged twice",
    )  # fmt: skip
    one.run()
    merged = one.detail(second)
    assert merged.ticket.status == "closed"
    assert merged.merged_into == first
    assert [run.state for run in merged.runs] == ["ended"]
    assert [m.author for m in one.detail(first).messages] == ["customer", "note"]
    assert one.asked().id == asked.id
    one.service.receive(second, "I want to speak to a human being, a real person please.")
    one.run()
    assert one.status(first) == "escalated"
    assert one.status(second) == "closed"


def test_after_a_merge_the_conversation_stays_in_order(desk: Open) -> None:
    one = desk()
    first = one.arrive()
    one.run()
    one.write(
        "Hello, as I wrote, you charged me twice this month, 11.50 € and 11.50 €. Can you fix it?",
        email="delphine.roux@example.com", subject="Charged twice",
    )  # fmt: skip
    one.run()
    one.approve_all()
    one.service.receive(
        first, "I was charged twice for another month as well, I think. Please look."
    )
    one.run()
    authors = [m.author for m in one.detail(first).messages]
    assert authors[:4] == ["customer", "note", "agent", "customer"]
