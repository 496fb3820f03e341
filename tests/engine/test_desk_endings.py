"""How tickets end by hand: merged, closed, resolved, opened again."""

import pytest

from agents.errors import NotDecidable, UnknownOutcome
from data.queries.approvals import open_handoffs
from tests.engine.conftest import Open
from tests.engine.desk import Faulty
from tests.engine.hands import HUMAN, asking, escalated, words


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
