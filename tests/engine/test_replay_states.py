"""Replaying a ticket's log comes to the states that were recorded of it, step by step.

Every other test of the engine checks that too: `conftest.py` replays what a desk leaves behind.
"""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from agents.eval.run import Stage
from agents.eval.scenario import load_scenario, scenario_files
from data.queries.masked import names_of
from data.queries.rows import EventRow
from data.queries.tickets import ticket_detail, ticket_events
from data.redaction import redact
from data.replay.checking import Checked, check_all, check_ticket
from data.replay.fold import Fold, state_after
from data.replay.record import NOW, State, recorded
from data.store import Store
from tests.engine.conftest import Open
from tests.engine.desk import SCENARIOS, Desk, rules
from tests.engine.hands import asking

SAMPLE = (
    "wrongful-cancellation", "approval-edited", "approval-expired", "n1-spam-and-plain-thanks",
    "approval-stale-refunded-meanwhile", "n2-same-complaint-again", "three-in-one",
)  # fmt: skip
ALL = [path.stem for path in scenario_files([SCENARIOS])]


def played(name: str, folder: Path) -> Stage:
    stage = Stage(load_scenario(SCENARIOS / f"{name}.yaml"), folder, rules(), approve_all=False)
    stage.play()
    return stage


def without_now(events: list[EventRow]) -> list[EventRow]:
    """The events as they were written before commits told the state."""
    return [
        EventRow(**{**vars(e), "data": {k: v for k, v in e.data.items() if k != NOW}})
        for e in events
    ]


def rows_of(store: Store, ticket_id: str) -> State:
    with store.read() as connection:
        return recorded(connection, ticket_id)


def check_causes(stage: Stage, ticket_id: str) -> None:
    """Each issue's cause is the one that was diagnosed of it, as far as the log told one."""
    issues = state_after(ticket_events(stage.store, ticket_id))["issues"]
    detail = ticket_detail(stage.store, ticket_id)
    for issue in detail.issues:
        told = issues[str(issue.position)]
        assert told.get("cause") in (None, redact(issue.cause, names_of(detail))), issue.kind


def check_scenario(name: str, folder: Path) -> Checked:
    """Replayed as recorded; and the meaning of the events alone leads to the same ends."""
    stage = played(name, folder)
    try:
        checked = check_all(stage.store)
        for ticket_id in stage.ids.values():
            rows = rows_of(stage.store, ticket_id)
            check_causes(stage, ticket_id)
            told = state_after(without_now(ticket_events(stage.store, ticket_id)))
            # The priority is left out: a tier may raise it, which older events do not tell.
            for field in ("status", "owner"):
                assert told["ticket"][field] == rows["ticket"][field], (name, field)
            assert list(told["actions"]) == sorted(
                rows["actions"], key=lambda a: rows["actions"][a]["position"]
            )
            for action_id, action in rows["actions"].items():
                for field in ("name", "state", "decided_by", "supersedes", "superseded_by"):
                    assert told["actions"][action_id].get(field) == action[field], (name, field)
        return checked
    finally:
        stage.close()


@pytest.mark.parametrize("name", SAMPLE)
def test_a_scenario_replays_to_its_recorded_states(name: str, tmp_path: Path) -> None:
    checked = check_scenario(name, tmp_path)
    assert checked.differences == []
    assert checked.marks >= 2


@pytest.mark.slow
def test_every_scenario_replays_to_its_recorded_states() -> None:
    found: list[Any] = []
    for name in ALL:
        with tempfile.TemporaryDirectory() as folder:
            checked = check_scenario(name, Path(folder))
            assert checked.marks >= 1, name
            found += [(name, difference) for difference in checked.differences]
    assert found == []


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
