"""Forks: the ticket as it was at a step goes on in a copy, and nothing else is touched."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from agents.errors import NotDecidable
from agents.forking.fork import NothingToChange
from agents.policy.model import PACKAGED
from data.errors import NotFound
from tests.engine.played import SCENARIOS, Played, differs, played

Play = Callable[[str], Played]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Plays scenarios."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(played(tmp_path / name, name))


def some_steps(one: Played, ref: str) -> list[int]:
    """The steps that are no mere readings, and a few of those."""
    events = one.events(ref)
    told = [e.position for e in events if e.step is None or e.position % 11 == 0]
    return [told[0], *told[2::5], events[-1].position]


def check_every_way(one: Played) -> None:
    """With nothing changed the end is the same from everywhere, and nothing is touched."""
    before = one.digest()
    for ref in one.stage.ids:
        for step in some_steps(one, ref):
            forked = one.fork(step, ref)
            assert differs(forked) == {}, (ref, step)
            assert forked.not_repeated == [], (ref, step)
    assert one.digest() == before


@pytest.mark.parametrize(
    "scenario",
    ["b1-duplicate-charge", "i3-near-second-try-right", "approval-edited", "several-one-waits"],
)
def test_with_nothing_changed_it_ends_as_it_did_from_every_step(play: Play, scenario: str) -> None:
    check_every_way(play(scenario))


def test_the_original_is_only_read(play: Play) -> None:
    """Every statement that reaches the workspace's database is a reading one."""
    one = play("b1-duplicate-charge")
    seen: list[str] = []

    def heard(*event: Any) -> None:
        seen.append(str(event[2]).split(None, 1)[0].upper())

    listen(one.store.engine, "before_cursor_execute", heard)
    try:
        one.fork(one.step("action.approved"), decide="reject")
    finally:
        remove(one.store.engine, "before_cursor_execute", heard)
    assert set(seen) <= {"SELECT", "BEGIN", "PRAGMA"}
    assert "SELECT" in seen


def test_a_rejection_at_the_decision(play: Play) -> None:
    one = play("wrongful-cancellation")
    before = one.digest()
    step = one.step("action.approved", name="process_refund")
    forked = one.fork(step, decide="reject", named={"decide": "reject"})
    refund = next(a for a in forked.fork.actions if a.id == one.events()[step - 1].data["action"])
    assert (refund.state, refund.decided_by) == ("rejected", "what-if")
    assert forked.base == step - 1
    assert forked.difference["status"] == {"original": "resolved", "fork": "escalated"}
    assert forked.original.status == "resolved"
    (currency,) = forked.original.money
    assert forked.difference["money"][currency] < 0
    assert one.digest() == before


def test_an_edit_of_the_amount(play: Play) -> None:
    one = play("b1-duplicate-charge")
    before = one.digest()
    forked = one.fork(
        one.step("action.approved"), arguments=lambda _: {"amount": 1}, named={"amount": "1"}
    )
    (refund,) = [a for a in forked.fork.actions if a.name == "process_refund"]
    assert (refund.arguments["amount"], refund.state) == (1, "verified")
    assert list(forked.fork.money.values()) == [1]
    (change,) = [a for a in forked.difference["actions"] if a["action"] == "process_refund"]
    assert change["fork"]["arguments"]["amount"] == 1
    assert change["original"]["arguments"]["amount"] > 1
    with pytest.raises(NotDecidable, match="is more than"):
        one.fork(one.step("action.approved"), arguments=lambda _: {"amount": 10**7})
    assert one.digest() == before


def test_another_policy_before_the_proposal(play: Play, tmp_path: Path) -> None:
    one = play("b1-duplicate-charge")
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        PACKAGED.read_text().replace("process_refund: ask", "process_refund: forbidden")
    )
    forked = one.fork(one.step("plan"), places={"policy": strict})
    assert [(a.name, a.state.value) for a in forked.fork.actions if a.name != "send_reply"] == [
        ("process_refund", "refused")
    ]
    assert forked.fork.policy != forked.original.policy
    read = [e for e in forked.events if e.kind == "tool.called"]
    assert read == [], "recorded steps are used as they were recorded"


def test_another_policy_after_the_proposal_asks_again_under_it(play: Play, tmp_path: Path) -> None:
    one = play("b1-duplicate-charge")
    two = tmp_path / "two.yaml"
    two.write_text(PACKAGED.read_text().replace("two_people_over: 20000", "two_people_over: 1"))
    forked = one.fork(one.step("action.approved"), places={"policy": two})
    (refund,) = [a for a in forked.fork.actions if a.name == "process_refund"]
    assert (refund.state, refund.people_needed) == ("proposed", 2)
    assert forked.fork.status == "awaiting_approval"


def test_after_the_execution_what_was_done_stays_done(play: Play) -> None:
    one = play("wrongful-cancellation")
    step = one.step("action.verified", name="process_refund")
    forked = one.fork(step)
    assert differs(forked) == {}
    first = one.events()[step - 1].data["action"]
    assert not any(e.data.get("action") == first for e in forked.events)


def test_nothing_that_comes_later_is_there_before_it(play: Play) -> None:
    """The back office of the fork is that of the step: it refunds what was refunded since."""
    one = play("wrongful-cancellation")
    forked = one.fork(one.step("run.parked"), decide="approve")
    assert set(differs(forked)) <= {"actions"}, "decided by another, done all the same"
    done = [e for e in forked.events if e.kind == "action.verified"]
    assert len(done) == len([a for a in forked.original.actions if a.state == "verified"])


def test_a_record_that_others_changed_later_is_as_it_was(play: Play) -> None:
    one = play("approval-stale-refunded-meanwhile")
    assert "stale" in [a.state for a in one.fork(1).original.actions]
    forked = one.fork(one.step("action.proposed", name="process_refund"))
    (refund,) = [a for a in forked.fork.actions if a.name == "process_refund"]
    assert refund.state == "verified"
    assert differs(one.fork(one.step("action.stale"))) == {}


def test_a_ticket_that_a_person_took_stays_theirs(play: Play) -> None:
    one = play("approval-expired")
    ticket = one.ticket()
    one.stage.service.take(ticket, by="priya", force=True)
    one.stage.service.note(ticket, "looked into it", by="priya")
    one.stage.engine.advance(ticket)
    forked = one.fork(one.step("run.parked"))
    assert forked.fork.status == forked.original.status
    assert [n["kind"] for n in forked.not_repeated] == ["note"]
    after = one.fork(one.step("ticket.taken"))
    assert after.fork.status == after.original.status


def test_what_nobody_decided_waits(play: Play) -> None:
    one = play("b1-duplicate-charge")
    forked = one.fork(one.step("plan"), arguments=lambda _: {"amount": 5})
    assert forked.fork.status == "resolved"
    rejected = one.fork(one.step("plan"), decide="reject")
    assert rejected.fork.status == "escalated"


@pytest.mark.parametrize("step", [0, -1, 10_000])
def test_a_step_that_is_not_there(play: Play, step: int) -> None:
    one = play("b1-duplicate-charge")
    with pytest.raises(NotFound, match=f"no step {step} to fork from; the ticket has steps 1 to"):
        one.fork(step)


def test_a_change_that_finds_nothing_to_change(play: Play) -> None:
    one = play("b1-duplicate-charge")
    with pytest.raises(NothingToChange, match="no request waits for a decision after step"):
        one.fork(len(one.events()), decide="reject")


@pytest.mark.parametrize(
    "scenario", ["n2-same-complaint-again", "trial-shadow-beside-another-issue"]
)
def test_a_fork_of_the_last_step_ends_as_it_did(play: Play, scenario: str) -> None:
    one = play(scenario)
    for ref in one.stage.ids:
        assert differs(one.fork(len(one.events(ref)), ref)) == {}, ref


ALL = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
LONG = bool(os.environ.get("HANDRAIL_TORTURE"))


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="minutes over all scenarios: make torture")
@pytest.mark.parametrize("scenario", ALL)
def test_every_scenario_is_left_untouched_and_ends_as_it_did(play: Play, scenario: str) -> None:
    """From the first, a middle and the last step of each ticket, and with a refusal there."""
    one = play(scenario)
    before, disturbed = one.digest(), bool(one.stage.scenario.changes)
    for ref in one.stage.ids:
        last = len(one.events(ref))
        for step in sorted({1, last // 2, last}):
            forked = one.fork(step, ref)
            # What other systems did after the step does not happen in a fork.
            assert disturbed or differs(forked) == {}, (ref, step, differs(forked))
        with suppress(NothingToChange):
            one.fork(last // 2, ref, decide="reject")
    assert one.digest() == before
