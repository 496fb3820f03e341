"""Replaying a ticket's log comes to the states that were recorded of it, step by step.

Every other test of the engine checks that too: `conftest.py` replays what a desk leaves behind. So
does `test_scenarios.py` with every packaged scenario.
"""

from pathlib import Path

import pytest
from sqlalchemy import text

from agents.eval.run import Stage
from agents.eval.scenario import load_scenario
from data.replay.checking import check_all, check_ticket
from data.replay.fold import Fold
from data.replay.record import NOW
from data.store import Store
from tests.engine.conftest import Open
from tests.engine.desk import SCENARIOS, Desk, rules
from tests.engine.hands import asking
from tests.replayed import replay_faults

SAMPLE = (
    "wrongful-cancellation", "approval-edited", "approval-expired", "n1-spam-and-plain-thanks",
    "approval-stale-refunded-meanwhile", "n2-same-complaint-again", "three-in-one",
)  # fmt: skip


@pytest.mark.parametrize("name", SAMPLE)
def test_a_scenario_replays_to_its_recorded_states(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    stage = Stage(scenario, tmp_path, rules(), approve_all=False)
    try:
        stage.play()
        assert replay_faults(stage) == []
        assert check_all(stage.store).marks >= 2
    finally:
        stage.close()


def test_a_row_that_changed_past_the_log_is_named(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.checked = False
    (refund,) = one.actions(ticket, "process_refund")
    with one.store.write() as tx:
        statement = text("UPDATE action SET state = 'approved', decided_by = 'nobody'")
        tx.connection.execute(statement)
    (found,) = check_ticket(one.store, ticket).differences
    assert found.step == len(one.events(ticket))
    assert f"action {refund.id} state" in found.what
    assert f"action {refund.id} decided_by" in found.what


def test_the_first_step_that_differs_is_named(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.reject(one.asked().id, by="priya", reason="not owed")
    one.run()
    one.checked = False
    (rejected,) = one.events(ticket, "action.rejected")
    with one.store.write() as tx:
        tx.connection.execute(
            text("UPDATE state_mark SET digest = 'x' WHERE position >= :from"),
            {"from": rejected.position},
        )
    (found,) = check_ticket(one.store, ticket).differences
    assert found.step == rejected.position


def test_a_mark_without_its_step_is_named(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.checked = False
    with one.store.write() as tx:
        statement = text("INSERT INTO state_mark VALUES (:ticket, 999, 'x')")
        tx.connection.execute(statement, {"ticket": ticket})
    (found,) = check_ticket(one.store, ticket).differences
    assert found.step == 999


def test_another_process_that_goes_on_with_a_ticket_tells_its_state_whole(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    other = Store(one.store.engine, one.clock, one.store.ids)
    with other.write() as tx:
        tx.set_ticket(ticket, priority="urgent")
        tx.set_ticket(ticket, status="working")
    last = one.events(ticket)[-1]
    assert last.kind == "ticket.moved"
    assert last.data[NOW]["ticket"]["owner"] == "agents"
    with one.store.write() as tx:
        tx.set_ticket(ticket, status="awaiting_approval")
    assert check_ticket(one.store, ticket).differences == []


def test_a_change_of_status_that_nothing_tells_is_told_as_one(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    with one.store.write() as tx:
        tx.set_ticket(ticket, status="working")
    last = one.events(ticket)[-1]
    assert (last.kind, last.data) == ("ticket.moved", {NOW: {"ticket": {"status": "working"}}})


def test_what_is_rolled_back_is_not_taken_for_recorded(desk: Open) -> None:
    one = desk()
    ticket = asking(one)

    def cut_off() -> None:
        with one.store.write() as tx:
            tx.set_ticket(ticket, status="working")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut_off()
    one.service.reject(one.asked().id, by="priya", reason="not owed")
    one.run()
    assert check_ticket(one.store, ticket).differences == []


def test_the_state_before_an_edit_and_after_it(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    old = one.asked()
    one.service.edit(old.id, by="priya", changes={"amount": 100})
    fold, states = Fold(), {}
    for event in one.events(ticket):
        fold.hear(event)
        states[event.kind] = fold.copy().state
    proposed = states["action.proposed"]["actions"][old.id]
    assert (proposed["state"], proposed["amount"]) == ("proposed", old.amount)
    edited = states["action.edited"]["actions"]
    new_id = edited[old.id]["superseded_by"]
    assert edited[old.id]["state"] == "withdrawn"
    assert (edited[new_id]["state"], edited[new_id]["amount"]) == ("approved", 100)
    assert edited[new_id]["arguments"]["amount"] == 100
    assert edited[old.id]["arguments"]["amount"] == old.amount
    assert [d["by"] for d in edited[new_id]["decisions"]] == ["priya"]


def test_checking_is_read_only(desk: Open) -> None:
    one: Desk = desk()
    ticket = asking(one)
    before = len(one.events(ticket))
    assert check_all(one.store).steps == before
    assert len(one.events(ticket)) == before
