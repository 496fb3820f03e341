"""What the service tells before a decision, and lifting one stop among several."""

from typing import Any

import pytest

from agents.errors import BadArguments, NotAllowed, NotDecidable
from data.queries.health import halts_in_force, health
from data.vocabulary import ActionName, Intent
from tests.engine.conftest import Open
from tests.engine.test_limits import policy, staffed


@pytest.mark.parametrize(
    "changes",
    [{"amount": 1151}, {"amount": 0}, {"amount": "much"}, {"currency": "usd"}, {}, {"to": "me"},
     {"charge": "ch_ma1"}],
)  # fmt: skip
def test_an_edit_is_checked_in_the_words_of_the_edit_itself(
    desk: Open, changes: dict[str, Any]
) -> None:
    one = desk()
    one.arrive()
    one.run()
    asked = one.asked()
    with pytest.raises((NotDecidable, BadArguments)) as checked:
        one.service.check_edit(asked.id, by="priya", changes=changes)
    with pytest.raises((NotDecidable, BadArguments)) as edited:
        one.service.edit(asked.id, by="priya", changes=changes)
    assert str(checked.value) == str(edited.value)


def test_checking_an_edit_changes_nothing(desk: Open) -> None:
    one = desk()
    one.arrive()
    one.run()
    asked, last = one.asked(), health(one.store).last_event
    one.service.check_edit(asked.id, by="priya", changes={"amount": 1000})
    assert one.asked() == asked
    assert health(one.store).last_event == last


def test_the_most_that_an_edit_may_set_is_what_is_left_and_what_the_role_allows(desk: Open) -> None:
    one = desk(policy=policy(roles={"operator": {"up_to": 500}}))
    staffed(one, ada="admin", olga="operator")
    one.arrive()
    one.run()
    asked = one.asked()
    assert one.service.most(asked.id, by="ada") == 1150
    assert one.service.most(asked.id, by="olga") == 500
    one.service.check_edit(asked.id, by="olga", changes={"amount": 500})
    with pytest.raises(NotAllowed, match=r"up to 5\.00"):
        one.service.check_edit(asked.id, by="olga", changes={"amount": 501})


def test_one_stop_among_several_is_lifted_by_its_id(desk: Open) -> None:
    one = desk()
    everything = one.service.stop(by="olga")
    refunds = one.service.stop(by="sue", action=ActionName.PROCESS_REFUND)
    billing = one.service.stop(by="sue", intent=Intent.BILLING)
    assert [h.id for h in halts_in_force(one.store)] == [everything, refunds, billing]
    assert one.service.go(by="sue", halt=everything) == 1
    assert [(h.id, h.by) for h in halts_in_force(one.store)] == [(refunds, "sue"), (billing, "sue")]
    with pytest.raises(NotDecidable, match="not stopped"):
        one.service.go(by="sue", halt=everything)
