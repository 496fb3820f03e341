"""Rules adopted from decisions: in force at once for every worker, and revoked by one refusal."""

from typing import Any

import pytest

from agents.engine.advance import Engine
from agents.errors import NotAllowed, NotDecidable
from agents.operators import Operators
from agents.policy.adopted import policy_now
from agents.policy.suggest import Suggestion
from data.errors import NotFound
from data.queries.adopted import AdoptedRow, adopted_rules
from data.queries.proposals import proposals
from data.store import EVENT
from data.vocabulary import Role
from tests.engine.conftest import Open
from tests.engine.desk import Desk, rules


def adopt(one: Desk) -> AdoptedRow:
    """Let the kind of refund that waits run alone, from the only decision there is."""
    return one.service.adopt(suggested(one).id, by="priya", bound=0.05, fewest=1)


def suggested(one: Desk) -> Suggestion:
    from agents.policy.suggest import suggest

    (found,) = suggest(rules().policy, proposals(one.store), bound=0.05, fewest=1)
    assert found.rule is not None
    return found


def approved_once(desk: Open) -> Desk:
    """A desk at which one refund was approved as it was proposed, and carried out."""
    one = desk()
    one.arrive()
    one.approve_all()
    return one


def again(one: Desk) -> str:
    """The same customer's case once more, as a further charge that is doubled."""
    refund = next(a for a in one.detail(_first(one)).actions if a.name == "process_refund")
    charge = refund.arguments["charge"]
    one.alter("charges", charge, refunded=0, status="succeeded")
    one.pass_time(days=8)
    ticket = one.scenario.tickets[0]
    return one.write(ticket.body, email=ticket.email, subject=ticket.subject)


def _first(one: Desk) -> str:
    return next(iter(proposals(one.store))).ticket_id


def log(one: Desk, kind: str) -> list[dict[str, Any]]:
    import json

    with one.store.read() as connection:
        found = connection.execute(EVENT.select().where(EVENT.c.kind == kind))
        return [json.loads(row.data) for row in found]


def test_what_was_adopted_runs_alone_for_a_worker_that_runs_already(desk: Open) -> None:
    one = approved_once(desk)
    rule = adopt(one)
    assert policy_now(one.store, rules().policy).version != rules().policy.version
    ticket = again(one)
    one.run()
    (refund,) = one.actions(ticket, "process_refund")
    assert (refund.state, refund.decided_by) == ("verified", "policy")
    told = log(one, "policy.adopted")
    assert [(t["rule"], t["by"], t["approved"], t["decided"]) for t in told] == [
        (rule.id, "priya", 1, 1)
    ]


def test_one_undoing_revokes_it_and_the_next_asks_again(desk: Open) -> None:
    one = approved_once(desk)
    rule = adopt(one)
    ticket = again(one)
    one.run()
    (refund,) = one.actions(ticket, "process_refund")
    one.service.undo(refund.id, by="sam")
    (row,) = adopted_rules(one.store)
    assert (row.id, row.revoked_by, row.revoked_why) == (rule.id, "sam", "undone")
    assert row.revoked_for == refund.id
    (told,) = log(one, "policy.revoked")
    assert (told["rule"], told["why"], told["for"]) == (rule.id, "undone", refund.id)
    one.run()
    third = again(one)
    one.run()
    assert one.states(third, "process_refund") == ["proposed"]


def test_one_rejection_in_its_class_revokes_it(desk: Open) -> None:
    one = desk()
    one.arrive()
    one.approve_all()
    ticket = again(one)
    one.run()
    adopt(one)
    one.service.reject(one.asked("process_refund").id, by="sam", reason="not this one")
    (row,) = adopted_rules(one.store)
    assert (row.revoked_by, row.revoked_why) == ("sam", "rejected")
    one.run()
    assert one.states(ticket, "process_refund") == ["rejected"]


def test_a_rejection_beyond_its_limit_leaves_it(desk: Open) -> None:
    one = approved_once(desk)
    adopt(one)
    ticket = again(one)
    one.halt()
    one.run()
    from data.queries.adopted import ADOPTED

    with one.store.write() as tx:
        tx.connection.execute(ADOPTED.update().values(up_to=1))
    (refund,) = one.actions(ticket, "process_refund")
    one.service.reject(refund.id, by="sam", reason="too much")
    assert [row.revoked_at for row in adopted_rules(one.store)] == [None]


def test_what_a_revoked_rule_had_let_through_asks_before_it_starts(desk: Open) -> None:
    one = approved_once(desk)
    rule = adopt(one)
    ticket = again(one)
    one.halt()
    one.run()
    assert one.states(ticket, "process_refund") == ["approved"]
    one.service.revoke(rule.id, by="priya")
    one.lift(ticket)
    one.run()
    assert one.states(ticket, "process_refund") == ["stale", "proposed"]
    assert len(one.effects("process_refund")) == 1


def test_revoked_between_the_look_and_the_start_does_not_run(desk: Open) -> None:
    one = approved_once(desk)
    rule = adopt(one)
    ticket = again(one)
    one.halt()
    one.run()
    one.lift(ticket)
    engine = Engine(one.parts)
    with one.before_write(1, lambda: _revoke(one, rule.id)):
        engine.advance(ticket)
    one.run()
    assert one.states(ticket, "process_refund") == ["stale", "proposed"]


def _revoke(one: Desk, rule_id: str) -> None:
    from sqlalchemy import update

    from data.queries.adopted import ADOPTED

    with one.store.engine.begin() as connection:
        connection.execute(
            update(ADOPTED).where(ADOPTED.c.id == rule_id).values(revoked_at=one.clock.now())
        )


def test_only_an_admin_adopts_and_only_what_follows(desk: Open) -> None:
    one = approved_once(desk)
    with pytest.raises(NotDecidable, match="1 decided, 30 are wanted"):
        one.service.adopt(suggested(one).id, by="priya")
    with pytest.raises(NotDecidable, match="what follows now is"):
        one.service.adopt("process_refund:billing:99", by="priya", bound=0.05, fewest=1)
    with pytest.raises(NotDecidable, match="nothing like it"):
        one.service.adopt("issue_credit:billing:5", by="priya", bound=0.05, fewest=1)
    with pytest.raises(NotFound, match="no adopted rule 'ar_x'"):
        one.service.revoke("ar_x", by="priya")
    rule = adopt(one)
    with pytest.raises(NotDecidable, match="adopted already"):
        adopt(one)
    one.service.revoke(rule.id, by="priya")
    with pytest.raises(NotDecidable, match="revoked already"):
        one.service.revoke(rule.id, by="priya")
    people = Operators(one.store)
    people.found("priya")
    people.add("sam", Role.SUPERVISOR, by="priya")
    one.service.signed_in_by = "token"
    with pytest.raises(NotAllowed, match="may not adopt rules"):
        one.service.adopt(suggested(one).id, by="sam", bound=0.05, fewest=1)
