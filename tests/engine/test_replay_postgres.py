"""States are recorded and replayed on PostgreSQL as they are on SQLite."""

import pytest

from data.replay.checking import check_all
from data.workspace import open_workspace
from tests.engine.conftest import Open
from tests.postgres_support import server


@pytest.mark.postgres
@pytest.mark.slow
def test_a_refund_replays_as_it_was_recorded(desk: Open) -> None:
    one = desk("approval-two-people")
    one.store.close()
    with server() as running:
        url = running.url(running.new_database())
        one.store = open_workspace(url, clock=one.clock, ids=one.store.ids)
        one.under(one.policy)
        ticket = one.arrive()
        one.approve_all()
        (refund,) = one.actions(ticket, "process_refund")
        for person in ("priya", "sam"):
            if one.waiting("undo"):
                one.service.approve(one.asked("undo").id, by=person)
            else:
                one.service.undo(refund.id, by=person)
            one.run()
        assert "undone" in one.states(ticket, "process_refund")
        checked = check_all(one.store)
        assert checked.differences == []
        assert checked.marks >= 8
        one.checked = False
        one.store.close()
