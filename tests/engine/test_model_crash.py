"""A worker that dies between a model's call and a commit: what was recorded is not asked again."""

from collections import Counter
from dataclasses import asdict
from json import dumps, loads

import pytest

from agents.brains.protocol import Answer, Call, ToolCall
from agents.engine.asking import answer_of
from tests.engine.conftest import Open
from tests.engine.thinking import Twisted, brain_of, garbled


class Died(BaseException):
    """The process is gone."""


def _key(call: Call) -> tuple[str, int]:
    return call.role, len(call.messages)


def _played(desk: Open, number: int | None, *, before: bool = False) -> tuple[list[str], Counter]:
    """A ticket worked to its end, with a death at one write; how it ended, and what was asked."""
    model = Twisted()
    one = desk(brain=brain_of(model))
    ticket = one.arrive()

    def die() -> None:
        raise Died

    died = False
    for _ in range(4):
        try:
            if number is None or died:
                one.approve_all()
            elif before:
                with one.before_write(number, die):
                    one.approve_all()
            else:
                with one.after_write(number, die):
                    one.approve_all()
        except Died:
            died = True
            one.restart(brain_of(model))
            continue
        break
    end = [one.status(ticket), *one.states(ticket), *one.replies(ticket)]
    assert len(one.effects("process_refund")) == 1
    (run,) = one.detail(ticket).runs
    recorded = one.events(ticket, "model.called")
    assert run.tokens == sum(e.data["tokens"] for e in recorded)
    assert len({e.step for e in recorded}) == len(recorded)
    return end, Counter(map(_key, model.calls))


def test_after_a_death_past_any_commit_no_call_is_asked_twice(desk: Open) -> None:
    calm, asked = _played(desk, None)
    assert set(asked.values()) == {1}
    for number in range(1, 14):
        end, again = _played(desk, number)
        assert end == calm, number
        assert again == asked, f"asked again after a death past commit {number}"


@pytest.mark.slow
def test_after_a_death_before_a_commit_one_call_at_most_is_lost(desk: Open) -> None:
    calm, asked = _played(desk, None)
    for number in range(1, 14):
        end, again = _played(desk, number, before=True)
        assert end == calm, number
        assert sum((again - asked).values()) <= 1, number


def test_a_call_whose_answer_had_not_the_form_is_recorded_too(desk: Open) -> None:
    model = Twisted(billing=garbled(2))
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    asked = len(model.calls)
    one.restart(brain_of(model))
    one.approve(one.asked("process_refund"))
    one.run()
    assert [c.role for c in model.calls[asked:]] == ["resolution"]
    assert len(one.events(ticket, "model.set_aside")) == 1


@pytest.mark.parametrize("twice", [False, True])
def test_an_answer_comes_back_from_the_record_as_it_was(twice: bool) -> None:
    calls = (ToolCall("c1", "charges", {"a": 1}, '{"a":1}'),) * (1 + twice)
    answer = Answer("x", {"a": [1]}, calls, "tool_calls", "m", 1, 2, 3, 0.5, True)
    assert answer_of(loads(dumps(asdict(answer)))) == answer
