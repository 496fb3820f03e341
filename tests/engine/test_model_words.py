"""A model's answers and summaries: from the facts, asked first, sent as they were approved."""

from dataclasses import replace
from typing import Any

import pytest

from agents.brains.protocol import Answer, Call, ModelUnavailable
from tests.engine.conftest import Open
from tests.engine.thinking import Twisted, brain_of, changed, raises, says
from tests.honest_model import data_of

_KIND = "Hello Delphine, sorry for the double charge: 11.50 EUR (ch_de2) is on its way back. Lumen"


def test_a_models_words_ask_first_and_go_out_as_they_were_approved(desk: Open) -> None:
    model = Twisted(resolution=says(_KIND))
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    asked = one.asked("send_reply")
    assert asked.arguments["body"] == _KIND
    assert (asked.preview or {})["by"] == "llm:honest"
    assert "llm:honest wrote it" in asked.reason
    assert one.replies(ticket) == []
    one.restart(brain_of(model))
    one.approve(asked)
    one.run()
    assert one.replies(ticket) == [_KIND]
    assert one.status(ticket) == "resolved"
    assert len(model.of["resolution"]) == 1, "what was written for these facts is used again"


def test_it_is_sent_as_approved_by_a_worker_that_has_no_model(desk: Open) -> None:
    one = desk(brain=brain_of(Twisted(resolution=says(_KIND))))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    one.approve(one.asked("send_reply"))
    one.restart(None)
    one.run()
    assert one.replies(ticket) == [_KIND]
    assert one.states(ticket, "send_reply") == ["verified"]


def test_a_person_may_change_a_models_words(desk: Open) -> None:
    one = desk(brain=brain_of(Twisted(resolution=says(_KIND))))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    one.service.edit(one.asked("send_reply").id, by="priya", changes={"body": "As you wish."})
    one.run()
    assert one.replies(ticket) == ["As you wish."]


def test_words_for_facts_that_changed_meanwhile_are_not_sent(desk: Open) -> None:
    model = Twisted()
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    old = one.asked("send_reply")
    (refund,) = one.actions(ticket, "process_refund")
    one.service.undo(refund.id, by="priya")
    one.run()
    for waiting in one.waiting("undo"):
        one.approve(waiting)
    one.run()
    assert one.states(ticket, "process_refund") == ["undone"]
    states = {a.id: a.state for a in one.actions(ticket, "send_reply")}
    assert states[old.id] == "stale"
    new = one.asked("send_reply")
    assert "refunded" not in new.arguments["body"]
    assert len(model.of["resolution"]) == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Hello Delphine, we have refunded 99.00 EUR to you, as promised.", "an amount"),
        ("Hello Delphine, we have refunded 11.50 EUR of ch_ma1 to you.", "a reference"),
        ("Hello Delphine, your credit: go to https://pay.evil.example/now please.", "a link"),
        ("Hello Delphine, we credited your balance for the trouble, with kind regards.", "credit"),
        (
            "Hello [name-abcdefghijklmn], we have refunded 11.50 EUR. Kind regards, L.",
            "placeholder",
        ),
        ("", "characters long"),
    ],
)
def test_words_beyond_the_facts_do_not_go_out(desk: Open, words: str, why: str) -> None:
    model = Twisted(resolution=says(words))
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    one.approve(one.asked("process_refund"))
    one.run()
    (reply,) = one.replies(ticket)
    assert "We have refunded 11.50 EUR (ch_de2)" in reply, "the template answers, and alone"
    (aside,) = one.events(ticket, "model.set_aside")
    assert aside.agent == "resolution"
    assert why in aside.data["why"]
    assert len(model.of["resolution"]) == 2


def test_a_refund_that_was_rejected_is_not_told_as_done(desk: Open) -> None:
    words = "Hello Delphine, we have refunded you. Kind regards from all of us."
    one = desk(brain=brain_of(Twisted(resolution=says(words))))
    ticket = one.arrive()
    one.run()
    one.service.reject(one.asked("process_refund").id, by="priya", reason="no")
    one.run()
    (reply,) = one.replies(ticket)
    assert "refunded" not in reply
    (aside,) = one.events(ticket, "model.set_aside")
    assert aside.data["why"] == "it speaks of a process_refund that was not carried out"


def test_the_person_who_takes_over_reads_the_models_summary(desk: Open) -> None:
    missing = ["We do not know who writes."]
    lines = {"needs": ["a person"], "tried": [], "missing": missing, "next": ["Call them today."]}
    one = desk("e3-wants-a-person", brain=brain_of(Twisted(escalation=changed(**lines))))
    ticket = one.arrive()
    one.run()
    assert one.detail(ticket).handoffs[0].summary == lines


@pytest.mark.parametrize(
    "lines",
    [
        {"needs": []}, {"missing": []}, {"next": "call"}, {"tried": [7]}, {"needs": ["x" * 700]},
        {"tried": ["500.00 USD were refunded"]}, {"next": ["Pay at https://evil.example/x"]},
    ],
)  # fmt: skip
def test_a_summary_that_is_none_is_the_embedded_one(desk: Open, lines: dict[str, Any]) -> None:
    one = desk("e3-wants-a-person", brain=brain_of(Twisted(escalation=changed(**lines))))
    ticket = one.arrive()
    one.run()
    summary = one.detail(ticket).handoffs[0].summary
    assert "Decide what to do" in summary["next"][0]
    assert one.events(ticket, "model.set_aside")[0].agent == "escalation"


def test_a_summary_after_work_was_done_is_the_models_too(desk: Open) -> None:
    model = Twisted()
    one = desk("several-one-escalates", brain=brain_of(model))
    ticket = one.arrive()
    one.approve_all()
    assert one.status(ticket) == "escalated"
    facts = data_of(model.of["escalation"][-1].messages[1]["content"])
    assert one.detail(ticket).handoffs[0].summary["tried"] == facts["tried"] != []


def test_what_no_two_issues_may_lose(desk: Open) -> None:
    """The coordinator would drop the issue that has something to be done."""

    def drops(call: Call, answer: Answer, turn: int) -> Answer:
        issues = data_of(call.messages[1]["content"])
        busy = next(i["issue"] for i in issues if i["actions"])
        other = next(i["issue"] for i in issues if i["issue"] != busy)
        return changed(same=[{"issue": busy, "as_issue": other}])(call, answer, turn)

    one = desk("three-in-one", brain=brain_of(Twisted(coordinator=drops)))
    ticket = one.arrive()
    one.run()
    (aside,) = one.events(ticket, "model.set_aside")
    assert aside.agent == "coordinator"
    assert len({a.issue_id for a in one.waiting()}) >= 2


def test_streamed_words_are_heard_by_whom_they_are_told(desk: Open) -> None:
    heard: list[tuple[str, str, str]] = []

    class Speaking(Twisted):
        def ask(self, call: Call, told: Any = None) -> Answer:
            answer = super().ask(call, told)
            if told is not None:
                told(answer.text[:5])
            return answer

    one = desk(brain=brain_of(Speaking()))
    one.engine.parts = replace(
        one.parts, told=lambda t, run, agent: lambda words: heard.append((t, agent, words))
    )
    ticket = one.arrive()
    one.run()
    assert {(t, agent) for t, agent, _ in heard} == {(ticket, "triage"), (ticket, "billing")}


def test_a_model_that_comes_back_writes_again(desk: Open) -> None:
    down = [True]

    def sometimes(call: Call, answer: Answer, turn: int) -> Answer:
        if down[0]:
            return raises(ModelUnavailable("no route"))(call, answer, turn)
        return answer

    one = desk(brain=brain_of(Twisted(triage=sometimes)))
    ticket = one.arrive()
    one.run()
    assert [e.agent for e in one.events(ticket, "model.set_aside")] == ["triage", "billing"]
    down[0] = False
    one.approve(one.asked("process_refund"))
    one.run()
    assert one.asked("send_reply").preview
