"""Roles, daily caps and the stop button hold at the moment an action starts."""

import pytest

from agents.errors import NotAllowed, NotDecidable
from agents.policy.model import Policy
from data.tables import Operator
from data.vocabulary import ActionName, Intent
from tests.engine.conftest import Open
from tests.engine.desk import Desk, rules


def policy(**approval: object) -> Policy:
    """The packaged policy with other rules for approvals."""
    plain = rules().policy.model_dump(mode="json")
    plain["approval"] |= approval
    return Policy.model_validate(plain)


def staffed(one: Desk, **roles: str) -> None:
    """The workspace gets operators who have signed in."""
    with one.store.write() as tx:
        for name, role in roles.items():
            tx.insert(Operator, name=name, role=role, passphrase_hash="x", added_at=tx.now)
    one.service.signed_in_by = "passphrase"


def test_who_is_nobody_here_decides_nothing(desk: Open) -> None:
    one = desk()
    staffed(one, ada="admin", olga="operator", vera="viewer")
    ticket = one.arrive()
    one.run()
    asked = one.asked()
    with pytest.raises(NotAllowed, match="no operator"):
        one.service.approve(asked.id, by="mallory")
    for act in (one.service.approve, lambda i, by: one.service.reject(i, by=by, reason="no")):
        with pytest.raises(NotAllowed, match="viewer"):
            act(asked.id, by="vera")
    assert one.states(ticket, "process_refund") == ["proposed"]
    assert one.service.approve(asked.id, by="olga").state == "approved"


def test_an_operator_approves_up_to_the_limit_of_the_role(desk: Open) -> None:
    one = desk(policy=policy(roles={"operator": {"up_to": 100}}))
    staffed(one, ada="admin", olga="operator", sue="supervisor")
    one.arrive()
    one.run()
    asked = one.asked()
    with pytest.raises(NotAllowed, match=r"up to 1\.00 EUR"):
        one.service.approve(asked.id, by="olga")
    assert one.service.approve(asked.id, by="sue").state == "approved"


def test_an_edit_is_held_to_the_limit_of_the_changed_amount(desk: Open) -> None:
    one = desk(policy=policy(roles={"operator": {"up_to": 500}}))
    staffed(one, ada="admin", olga="operator")
    one.arrive()
    one.run()
    asked = one.asked()
    with pytest.raises(NotAllowed, match=r"up to 5\.00"):
        one.service.edit(asked.id, by="olga", changes={"amount": asked.arguments["amount"] - 1})
    assert one.service.edit(asked.id, by="olga", changes={"amount": 400}).state == "approved"


def test_a_cap_that_is_reached_asks_a_supervisor_instead_of_running(desk: Open) -> None:
    capped = policy(caps=[{"action": "process_refund", "count": 1}])
    one = desk("b7-near-exactly-50000", policy=capped)
    staffed(one, ada="admin", olga="operator", omar="operator", sue="supervisor")
    ticket = one.arrive()
    one.run()
    for asked in one.waiting("process_refund"):
        one.service.approve(asked.id, by="olga")
        if asked.people_needed > 1:
            one.service.approve(asked.id, by="omar")
    one.run()
    assert sorted(one.states(ticket, "process_refund"))[-1] == "verified"
    assert len(one.effects("process_refund")) == 1
    held = one.waiting("process_refund")[0]
    assert held.role_needed == "supervisor"
    assert held.problem
    assert "a day is the cap" in held.problem
    with pytest.raises(NotDecidable):
        one.service.approve(held.id, by="olga")
    one.service.approve(held.id, by="sue")
    one.run()
    assert len(one.effects("process_refund")) == 2


def test_a_cap_holds_what_runs_alone_and_counts_by_the_day(desk: Open) -> None:
    alone = policy(
        alone=[{"action": "process_refund"}], caps=[{"action": "process_refund", "amount": 1}]
    )
    one = desk(policy=alone)
    ticket = one.arrive()
    one.run()
    held = one.asked("process_refund")
    assert held.role_needed == "supervisor"
    assert one.effects("process_refund") == []
    one.service.approve(held.id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]


@pytest.mark.parametrize(
    ("action", "intent"),
    [(None, None), (ActionName.PROCESS_REFUND, None), (None, Intent.BILLING)],
)
def test_the_stop_button_holds_and_going_on_wakes_what_it_held(
    desk: Open, action: ActionName | None, intent: Intent | None
) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.stop(by="priya", action=action, intent=intent)
    with pytest.raises(NotDecidable, match="stopped already, by priya"):
        one.service.stop(by="sam", action=action, intent=intent)
    one.service.approve(one.asked().id, by="priya")
    one.run()
    assert one.states(ticket, "process_refund") == ["approved"]
    assert one.effects() == []
    assert one.service.go(by="sam") == 1
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]
    assert one.status(ticket) == "resolved"
    with pytest.raises(NotDecidable, match="nothing is stopped"):
        one.service.go(by="sam")


def test_a_stop_for_another_kind_holds_nothing(desk: Open) -> None:
    one = desk()
    one.service.stop(by="priya", action=ActionName.RESET_SERVICE)
    one.service.stop(by="priya", intent=Intent.TECHNICAL)
    ticket = one.arrive()
    one.approve_all()
    assert one.status(ticket) == "resolved"


def test_what_is_held_can_still_be_rejected(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    asked = one.asked()
    one.service.stop(by="priya", action=ActionName.PROCESS_REFUND)
    one.service.approve(asked.id, by="priya")
    one.run()
    one.service.reject(asked.id, by="sam", reason="we looked again")
    one.run()
    assert one.states(ticket, "process_refund") == ["rejected"]
    assert one.status(ticket) == "escalated"


def test_an_operator_stops_and_a_supervisor_lets_go(desk: Open) -> None:
    one = desk()
    staffed(one, ada="admin", olga="operator", sue="supervisor", vera="viewer")
    with pytest.raises(NotAllowed, match="viewer"):
        one.service.stop(by="vera")
    one.service.stop(by="olga")
    with pytest.raises(NotAllowed, match="supervisor must"):
        one.service.go(by="olga")
    assert one.service.go(by="sue") == 1


def test_a_reply_asks_where_the_policy_says_so(desk: Open) -> None:
    actions = rules().policy.model_dump(mode="json")["approval"]["actions"]
    one = desk(policy=policy(actions={**actions, "send_reply": "ask"}))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    asked = one.asked("send_reply")
    assert one.status(ticket) == "awaiting_approval"
    assert one.sent() == []
    body = asked.arguments["body"] + "\n\nPS: sorry again."
    one.service.edit(asked.id, by="priya", changes={"body": body})
    one.run()
    assert one.replies(ticket) == [body]
    assert one.status(ticket) == "resolved"


def test_a_reply_that_a_person_rejects_is_not_sent_and_the_ticket_is_theirs(desk: Open) -> None:
    actions = rules().policy.model_dump(mode="json")["approval"]["actions"]
    one = desk(policy=policy(actions={**actions, "send_reply": "ask"}))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    one.service.reject(one.asked("send_reply").id, by="priya", reason="the tone is wrong")
    one.run()
    assert one.sent() == []
    assert one.status(ticket) == "escalated"
