"""Outside systems that fail: tried again where safe, else a person gets what is known."""

import pytest

from agents.errors import OutOfReach, Refused, Retryable, UnknownOutcome
from tests.engine.conftest import Open
from tests.engine.desk import Desk, Faulty, Unreadable


def _faulty(one: Desk) -> Faulty:
    writer = one.wrapped
    assert isinstance(writer, Faulty)
    return writer


def _approved(one: Desk) -> str:
    ticket = one.arrive()
    one.run()
    one.approve(one.waiting()[0])
    return ticket


def test_a_write_that_fails_once_is_tried_again_under_the_same_key(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).before["process_refund"] = [Retryable("busy")]
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    keys = [key for name, key in _faulty(one).calls if name == "process_refund"]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert one.status(ticket) == "resolved"


def test_a_write_that_keeps_failing_goes_to_a_person(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).before["process_refund"] = [Retryable("the provider is down")] * 2
    one.run()
    detail = one.detail(ticket)
    assert one.states(ticket, "process_refund") == ["failed"]
    assert detail.ticket.status == "escalated"
    assert detail.outcome
    assert detail.outcome["code"] == "tool_failed"
    assert "the provider is down" in detail.outcome["text"]
    assert not any("refunded" in reply for reply in one.replies(ticket))
    assert any("the provider is down" in line for line in detail.handoffs[0].summary["missing"])
    one.pass_time(days=3)
    one.run()
    assert one.effects("process_refund") == []


def test_a_refusal_of_the_system_is_not_tried_again(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).before["process_refund"] = [Refused("the card is closed")]
    one.run()
    assert one.states(ticket, "process_refund") == ["failed"]
    assert [n for n, _ in _faulty(one).calls].count("process_refund") == 1
    assert one.status(ticket) == "escalated"


def test_a_timeout_after_the_work_was_done_has_it_once(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).after["process_refund"] = [Retryable("timed out")]
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert len(one.reader.table("refunds")) == 1


def test_a_call_without_an_answer_is_looked_up_by_its_key(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).after["process_refund"] = [UnknownOutcome("no answer")]
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert one.status(ticket) == "resolved"
    assert [n for n, _ in _faulty(one).calls].count("process_refund") == 1


@pytest.mark.parametrize("silence", [UnknownOutcome("cannot be asked"), Retryable("down")])
def test_an_outcome_that_nobody_knows_is_unknown_and_never_tried_again(
    desk: Open, silence: Exception
) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).after["process_refund"] = [UnknownOutcome("no answer")]
    _faulty(one).before["lookup"] = [silence]
    one.run()
    assert one.states(ticket, "process_refund") == ["unknown"]
    detail = one.detail(ticket)
    assert detail.ticket.status == "escalated"
    assert detail.outcome
    assert detail.outcome["code"] == "unknown"
    assert not any("refunded" in reply for reply in one.replies(ticket))
    one.service.receive(ticket, "You charged me twice this month! Please refund the second charge.")
    one.run()
    assert [n for n, _ in _faulty(one).calls].count("process_refund") == 1
    assert len(one.reader.table("refunds")) == 1


def test_what_a_crash_cut_off_is_unknown_where_the_system_cannot_tell(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).after["process_refund"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        one.run()
    assert one.states(ticket, "process_refund") == ["executing"]
    _faulty(one).before["lookup"] = [UnknownOutcome("keys are forgotten after a minute")]
    one.run()
    assert one.states(ticket, "process_refund") == ["unknown"]
    assert [n for n, _ in _faulty(one).calls].count("process_refund") == 1


def test_an_answer_needs_no_lookup_where_nothing_cut_it_off(desk: Open) -> None:
    one = desk("p1-german", writer=Faulty)
    _faulty(one).before["lookup"] = [UnknownOutcome("keys are not kept")] * 9
    ticket = one.arrive()
    one.run()
    assert one.states(ticket, "send_reply") == ["verified"]


@pytest.mark.parametrize("when", ["preview", "process_refund", "send_reply"])
def test_a_system_that_nobody_can_use_is_waited_for(desk: Open, when: str) -> None:
    """However long: nothing fails, nobody is asked to step in, and then all goes on."""
    one = desk(writer=Faulty)
    ticket = one.arrive()
    _faulty(one).before[when] = [OutOfReach("the disk is full")] * 9
    for _ in range(9):
        with pytest.raises(OutOfReach):
            one.approve_all()
        assert one.column(ticket, "pending")
    one.approve_all()
    assert one.states(ticket, "process_refund", "send_reply") == ["verified", "verified"]
    assert one.status(ticket) == "resolved"
    assert one.detail(ticket).handoffs == []
    assert len(one.effects("process_refund")) == 1


def test_an_unknown_refund_is_not_proposed_a_second_time(desk: Open) -> None:
    """Nothing was done as far as the records show, but nobody can tell; so it is not asked anew."""
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).before["process_refund"] = [UnknownOutcome("no answer")]
    one.run()
    one.service.receive(ticket, "You charged me twice this month! Please refund the second charge.")
    one.run()
    assert one.states(ticket, "process_refund") == ["unknown"]
    assert one.waiting() == []


def test_later_actions_of_the_issue_are_dropped_after_a_failure(desk: Open) -> None:
    one = desk("wrongful-cancellation", writer=Faulty)
    ticket = one.arrive()
    one.run()
    for request in one.waiting():
        one.approve(request)
    _faulty(one).before["process_refund"] = [Refused("the card is closed")]
    one.run()
    assert one.states(ticket, "reinstate_subscription") == ["verified"]
    assert one.states(ticket, "process_refund") == ["failed", "withdrawn"]
    assert one.states(ticket, "issue_credit") == ["withdrawn"]
    assert one.status(ticket) == "escalated"


def test_a_reply_that_cannot_be_sent_brings_a_person_and_says_so(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).before["send_reply"] = [Retryable("mail is down")] * 2
    one.run()
    detail = one.detail(ticket)
    assert detail.ticket.status == "escalated"
    assert one.states(ticket, "process_refund", "send_reply") == ["verified", "failed"]
    assert one.replies(ticket) == []
    assert detail.outcome
    assert detail.outcome["code"] == "tool_failed"
    assert one.column(ticket, "answered_at") is None


def test_a_read_that_fails_is_tried_again(desk: Open) -> None:
    plan: dict[str, list[Exception | None]] = {"charges": [None, Retryable("slow"), None]}
    one = desk(reader=lambda inner: Unreadable(inner, plan))
    ticket = one.arrive()
    assert one.run_as_worker() <= 1
    assert one.asked("process_refund").amount == 1150
    assert one.status(ticket) == "awaiting_approval"


@pytest.mark.parametrize("method", ["charges", "subscriptions"])
def test_a_read_that_keeps_failing_goes_to_a_person(desk: Open, method: str) -> None:
    down: list[Exception | None] = [Retryable("billing is down")] * 200
    one = desk(reader=lambda inner: Unreadable(inner, {method: down}))
    ticket = one.arrive()
    one.run_as_worker()
    detail = one.detail(ticket)
    assert detail.ticket.status == "escalated"
    assert detail.outcome
    assert detail.outcome["code"] == "tool_failed"
    assert "billing is down" in detail.outcome["text"]
    assert one.actions(ticket, "process_refund") == []
    assert not one.column(ticket, "pending")


@pytest.mark.parametrize("method", ["customer_by_email", "past_tickets", "record", "staff"])
def test_any_read_that_keeps_failing_ends_the_ticket_with_a_person(desk: Open, method: str) -> None:
    down: list[Exception | None] = [Retryable("the system is down")] * 2000
    one = desk(reader=lambda inner: Unreadable(inner, {method: down}))
    ticket = one.arrive()
    one.run_as_worker()
    if method == "staff":  # Only who takes a hand-over hangs on it.
        assert one.status(ticket) in ("awaiting_approval", "escalated")
        return
    assert one.status(ticket) == "escalated"
    assert one.effects("process_refund") == []


def test_a_look_up_that_fails_after_a_crash_is_waited_for(desk: Open) -> None:
    """The engine dies in the call; the next one cannot look the key up yet and does nothing."""
    one = desk(writer=Faulty)
    ticket = _approved(one)
    faulty = _faulty(one)
    faulty.after["process_refund"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        one.engine.advance(ticket)
    assert one.states(ticket, "process_refund") == ["executing"]
    faulty.before["lookup"] = [Retryable("not reachable")]
    with pytest.raises(Retryable):
        one.engine.advance(ticket)
    assert one.states(ticket, "process_refund") == ["executing"]
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert [n for n, _ in faulty.calls].count("process_refund") == 1


def test_after_a_crash_in_a_call_a_message_does_not_hide_what_was_begun(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).after["process_refund"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        one.engine.advance(ticket)
    one.service.receive(ticket, "I want to speak to a human being, a real person please.")
    one.run()
    assert one.status(ticket) == "escalated"
    assert one.states(ticket, "process_refund") == ["verified"]
    assert len(one.reader.table("refunds")) == 1


@pytest.mark.parametrize("done", [False, True])
def test_after_a_crash_in_the_reply_each_answer_sent_is_in_the_conversation(
    desk: Open, done: bool
) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    plan = _faulty(one).after if done else _faulty(one).before
    plan["send_reply"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        one.engine.advance(ticket)
    one.service.receive(ticket, "And how can I change my password? I forgot it.")
    one.run()
    sent = [n["body"] for n in one.sent()]
    assert sorted(sent) == sorted(one.replies(ticket))
    assert len(sent) == len(set(sent))
    assert "executing" not in one.states(ticket)


def test_a_write_that_does_not_show_fails_its_check(desk: Open) -> None:
    """The system says that it did it, and its records do not bear it out."""

    class Forgetful(Faulty):
        def execute(self, name, arguments, key, now):
            if name == "process_refund":
                return self.inner.preview(name, arguments, key, now)
            return self.inner.execute(name, arguments, key, now)

    one = desk(writer=Forgetful)
    ticket = _approved(one)
    one.run()
    assert one.states(ticket, "process_refund") == ["failed"]
    assert one.status(ticket) == "escalated"
    assert not any("refunded" in reply for reply in one.replies(ticket))


def test_an_undo_whose_answer_was_lost_is_done_once(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    one.run()
    (refund,) = one.actions(ticket, "process_refund")
    one.service.undo(refund.id, by="priya")
    _faulty(one).after["undo"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        one.engine.advance(ticket)
    one.run()
    assert one.states(ticket, "process_refund") == ["undone"]
    assert len(one.effects("undo_process_refund")) == 1
    assert one.record("charges", "ch_de2")["refunded"] == 0


def test_what_was_put_off_is_not_done_upon_records_that_changed_meanwhile(desk: Open) -> None:
    one = desk(writer=Faulty)
    ticket = _approved(one)
    _faulty(one).before["process_refund"] = [OutOfReach("the disk is full")]
    with pytest.raises(OutOfReach):
        one.run()
    (action,) = one.actions(ticket, "process_refund")
    one.alter("charges", action.arguments["charge"], status="disputed")
    one.run()
    assert one.states(ticket, "process_refund") == ["failed"]
    assert one.effects("process_refund") == []
    assert one.status(ticket) == "escalated"
    (problem,) = [a.problem for a in one.actions(ticket, "process_refund")]
    assert problem is not None
    assert "nothing was done" in problem
