"""Parking, resuming and waking: nothing that people or customers say is lost, or done unread."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from agents.engine.advance import Engine
from agents.engine.journal import Journal
from agents.engine.snapshot import take_snapshot
from data.errors import Fenced
from tests.engine.conftest import Open
from tests.engine.desk import Desk, Faulty


def test_a_run_parks_with_nothing_left_in_memory_and_goes_on_in_another_engine(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    assert one.detail(ticket).runs[0].state == "parked"
    assert not one.column(ticket, "pending")
    asked = one.asked("process_refund")
    one.service.approve(asked.id, by="priya")
    Engine(one.parts_with(one.policy)).advance(ticket)
    assert one.status(ticket) == "resolved"
    assert [r.number for r in one.detail(ticket).runs] == [1]
    assert len(one.effects("process_refund")) == 1


def test_advancing_a_parked_or_ended_ticket_changes_nothing(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    before = (one.detail(ticket), one.events(ticket), one.rows())
    one.engine.advance(ticket)
    assert (one.detail(ticket), one.events(ticket), one.rows()) == before
    one.approve_all()
    before = (one.detail(ticket), one.events(ticket), one.rows())
    one.engine.advance(ticket)
    assert (one.detail(ticket), one.events(ticket), one.rows()) == before


def test_a_message_between_approval_and_execution_is_read_first(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    one.service.receive(ticket, "I want to speak to a human being, please give me a real person.")
    one.run()
    assert one.states(ticket, "process_refund") == ["withdrawn"]
    assert one.effects("process_refund") == []
    assert one.status(ticket) == "escalated"


def test_a_message_that_comes_while_an_execution_starts_is_read_first(desk: Open) -> None:
    """Committed after the engine looked at the ticket, before the decision is spent."""
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    words = "I want to speak to a human being, please give me a real person."
    record = one.reader.record
    said: list[bool] = []

    class Interrupted:
        def __getattr__(self, name: str) -> object:
            return getattr(one.reader, name)

        def record(self, table: str, record_id: str) -> object:
            if not said:
                said.append(True)
                one.service.receive(ticket, words)
            return record(table, record_id)

    Engine(one.parts_with(one.policy, reader=Interrupted())).advance(ticket)  # type: ignore[arg-type]
    assert said
    assert one.effects("process_refund") == []
    assert one.status(ticket) == "escalated"


def test_plain_thanks_do_not_hold_up_what_was_approved(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    one.service.receive(ticket, "Thank you!")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert one.status(ticket) == "resolved"


def test_plain_thanks_leave_a_request_waiting(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.receive(ticket, "Thank you!")
    one.run()
    assert one.status(ticket) == "awaiting_approval"
    one.service.approve(one.asked().id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]


def _commits_of(make: Callable[[], tuple[Desk, str]]) -> int:
    one, ticket = make()
    with one.after_write(0, lambda: None) as count:
        one.engine.advance(ticket)
    return count[0]


@pytest.mark.parametrize("stage", ["arrival", "approved"])
def test_a_message_committed_at_any_point_of_an_advance_is_read(desk: Open, stage: str) -> None:
    """The customer asks for a person between any two transactions; the agents always hear of it."""

    def make() -> tuple[Desk, str]:
        one = desk()
        ticket = one.arrive()
        if stage == "approved":
            one.run()
            one.service.approve(one.asked().id, by="priya")
        return one, ticket

    words = "Stop. I want to speak to a human being, please give me a real person."
    for number in range(1, _commits_of(make) + 1):
        one, ticket = make()
        with one.after_write(number, partial(one.service.receive, ticket, words)):
            one.run()
        assert one.status(ticket) == "escalated", f"after commit {number}"
        assert one.column(ticket, "read_count") == 2
        assert not one.column(ticket, "pending")
        done = one.states(ticket, "process_refund")
        assert len(one.effects("process_refund")) == done.count("verified")
        assert not {"proposed", "approved", "executing"} & set(one.states(ticket))
        if one.effects("process_refund") == []:
            assert not any("refunded" in reply for reply in one.replies(ticket))


def test_a_decision_committed_at_any_point_of_an_advance_is_acted_on(desk: Open) -> None:
    """Two issues ask; while the engine acts on the first decision, the second one is decided."""

    def make() -> tuple[Desk, str]:
        one = desk("approval-rejected-other-issue-done")
        ticket = one.arrive()
        one.run()
        one.service.approve(one.asked("reset_service").id, by="priya")
        return one, ticket

    for number in range(1, _commits_of(make) + 1):
        one, ticket = make()
        refund = one.asked("process_refund")
        with one.after_write(number, partial(one.approve, refund)):
            one.run()
        assert one.states(ticket, "process_refund") == ["verified"], f"after commit {number}"
        assert one.status(ticket) == "resolved"
        assert len(one.sent()) == 1


def test_a_reply_is_not_sent_over_an_unread_message(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    written = "And how do I change my password?"

    def before_reply(one: Desk = one, ticket: str = ticket) -> None:
        if one.states(ticket, "process_refund") == ["verified"]:
            one.service.receive(ticket, written)

    # Right after the refund is on record, before the reply is.
    with one.after_write(2, before_reply):
        one.engine.advance(ticket)
    first = next(
        e
        for e in one.events(ticket)
        if e.kind == "action.executing" and e.data["name"] == "send_reply"
    )
    received = next(e for e in one.events(ticket) if e.kind == "message.received")
    reading = [e for e in one.events(ticket, "triage") if e.data["message"] == 2]
    assert reading
    assert received.position < reading[0].position < first.position


def test_two_engines_on_one_ticket_have_one_set_of_effects(desk: Open) -> None:
    one = desk("wrongful-cancellation")
    ticket = one.arrive()
    engines = [Engine(one.parts_with(one.policy)) for _ in range(2)]
    for _ in range(20):
        gate = threading.Barrier(2)
        problems: list[BaseException] = []

        def advance(
            engine: Engine, gate: threading.Barrier = gate, problems: list[BaseException] = problems
        ) -> None:
            gate.wait()
            try:
                engine.advance(ticket)
            except BaseException as problem:
                problems.append(problem)

        threads = [threading.Thread(target=advance, args=(engine,)) for engine in engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        for request in one.waiting():
            one.approve(request)
        if not one.column(ticket, "pending"):
            break
    assert one.status(ticket) == "resolved"
    done = [a for a in one.actions(ticket) if a.state == "verified"]
    assert len(one.effects()) == len(done) == 7
    assert len(one.detail(ticket).messages) == 2
    positions = [e.position for e in one.events(ticket)]
    assert positions == list(range(1, len(positions) + 1))
    executing = [e.data["action"] for e in one.events(ticket, "action.executing")]
    assert len(executing) == len(set(executing))


def test_what_a_worker_thought_dead_still_holds_is_refused(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    first = Journal(one.store, take_snapshot(one.store, ticket).ticket)
    with first.write():
        pass
    second = Journal(one.store, take_snapshot(one.store, ticket).ticket)
    with second.write():
        pass
    with pytest.raises(Fenced), first.write() as tx:
        tx.set_ticket(ticket, subject="written by the dead")
    with pytest.raises(Fenced), Journal(one.store, {"id": ticket, "epoch": 0}).write():
        pass
    assert one.column(ticket, "subject") == "Charged twice"


def test_an_engine_that_lost_its_ticket_in_a_call_writes_nothing(desk: Open) -> None:
    """While one engine is in the outside call another takes the ticket over and finishes it."""
    one = desk(writer=Faulty)
    ticket = one.arrive()
    one.run()
    one.service.approve(one.asked().id, by="priya")
    faulty: Faulty = one.wrapped  # type: ignore[assignment]
    others: list[None] = []

    def overtake(name: str) -> None:
        if name == "process_refund" and not others:
            others.append(None)
            Engine(one.parts_with(one.policy)).advance(ticket)

    faulty.on_call = overtake
    one.engine.advance(ticket)
    assert others
    assert one.states(ticket, "process_refund") == ["verified"]
    assert len(one.effects("process_refund")) == 1
    assert len(one.sent()) == 1
    assert len(one.replies(ticket)) == 1
    assert len(one.events(ticket, "action.verified")) == 2


def test_a_message_wakes_a_ticket_however_often(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    before = one.column(ticket, "wake_seq")
    for _ in range(3):
        one.service.receive(ticket, "Any news about the double charge?")
    assert one.column(ticket, "wake_seq") == before + 3
    one.run()
    assert one.column(ticket, "read_count") == 4
    assert one.status(ticket) == "awaiting_approval"
    assert len(one.waiting("process_refund")) == 1
