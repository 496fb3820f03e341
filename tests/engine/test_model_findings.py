"""What a specialist by a model finds is used if it holds; what does not hold does no harm."""

import re
from dataclasses import replace
from typing import Any

import pytest

from agents.brains.faults import Asked, error_of
from agents.brains.protocol import (
    Answer,
    BadAnswer,
    Call,
    Declined,
    ModelRefused,
    ModelUnavailable,
    ToolCall,
)
from agents.policy.model import Alone, Policy
from data.vocabulary import ActionName
from tests.engine.conftest import Open
from tests.engine.desk import Desk, rules
from tests.engine.thinking import (
    Twist,
    Twisted,
    brain_of,
    changed,
    garbled,
    raises,
    reads,
    refund,
)
from tests.honest_model import data_of


def _asides(one: Desk, ticket: str) -> list[tuple[str, str]]:
    return [(e.agent, e.data["why"]) for e in one.events(ticket, "model.set_aside")]


def _letting(*alone: ActionName, **approval: Any) -> Policy:
    """The packaged policy, letting these run without asking."""
    policy = rules().policy
    changes = {"alone": [Alone(action=name) for name in alone], **approval}
    return policy.model_copy(update={"approval": policy.approval.model_copy(update=changes)})


_KEY = Asked("openai/gpt-4o-mini", "OPENAI_API_KEY", has_key=True)


@pytest.mark.parametrize(
    ("problem", "why", "asked"),
    [
        (
            error_of({"kind": "AuthenticationError", "status": 401, "text": "sk-1 is wrong"}, _KEY),
            "the key in OPENAI_API_KEY was refused (401)",
            1,
        ),
        (
            error_of({"kind": "Timeout", "status": 408, "text": ""}, _KEY),
            "the model did not answer in time",
            1,
        ),
        (Declined("no", Answer(""), "the model refused"), "the model refused", 1),
        (
            BadAnswer("calls", Answer(""), "it calls a tool 'refund_all', which is not there"),
            "it calls a tool 'refund_all', which is not there",
            2,
        ),
    ],
)
def test_the_trace_names_what_was_wrong(
    desk: Open, problem: Exception, why: str, asked: int
) -> None:
    model = Twisted(billing=raises(problem))
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    called = [e.data for e in one.events(ticket, "model.called") if e.agent == "billing"]
    assert [data["error"] for data in called] == [why] * asked
    assert ("billing", why) in _asides(one, ticket)
    assert len(model.of["billing"]) == asked


def test_a_run_says_who_thought_and_what_it_took(desk: Open) -> None:
    one = desk(brain=brain_of(Twisted()))
    ticket = one.arrive()
    one.run()
    (run,) = one.detail(ticket).runs
    calls = one.events(ticket, "model.called")
    assert run.brain == "llm:honest"
    assert run.tokens == sum(e.data["tokens"] for e in calls) > 0
    assert run.cost_micros == sum(e.data["cost_micros"] for e in calls) > 0
    assert run.problem is None
    assert {e.agent for e in calls} == {"triage", "billing"}
    assert one.events(ticket, "run.started")[0].data["brain"] == "llm:honest"
    assert one.asked("process_refund").preview is not None
    assert "doubt" not in (one.asked("process_refund").preview or {})


@pytest.mark.parametrize(
    ("twist", "why"),
    [
        (garbled(2), "its answer has not the form"),
        (changed(rule="Z9"), "its rule is none of those there are"),
        (changed(evidence=["charges:ch_ma1"]), "its evidence names a row that was not read"),
        (changed(evidence=[]), "its actions rest on no evidence"),
        (changed(confidence=7), "its confidence is not between 0 and 1"),
        (changed(plan=[]), "its plan lacks actions that the rule asks for"),
        (changed(plan="all of it"), "its plan is not what it must be"),
        (changed(cause=" "), "its cause is empty"),
        (changed(plan=[refund("ch_ma1", 1150, "eur")]), "the customer has no such charge"),
        (changed(plan=[refund("ch_de2", 9000, "eur")]), "more than what is left of the charge"),
        (changed(plan=[refund("ch_de2", 1150, "usd")]), "the charge is in another currency"),
        (changed(plan=[refund("ch_de2", 0, "eur")]), "not of its type"),
        (
            changed(plan=[{"action": "update_crm", "arguments": {}, "reason": ""}]),
            "its action is none of those there are",
        ),
        (
            changed(plan=[{
                "action": "issue_credit", "reason": "",
                "arguments": {"customer": "cus_marlon", "amount": 5, "currency": "eur"},
            }]),
            "an action is for another customer than the ticket's",
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_set_aside_and_the_embedded_finding_stands(
    desk: Open, twist: Twist, why: str
) -> None:
    model = Twisted(billing=twist)
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    ((agent, said),) = _asides(one, ticket)
    assert agent == "billing"
    assert why in said
    assert [(a.arguments["charge"], a.amount) for a in one.waiting()] == [("ch_de2", 1150)]
    (run,) = one.detail(ticket).runs
    assert run.problem == f"billing: {said}; the embedded brain stood in"
    told = [m["content"] for m in model.of["billing"][-1].messages if m["role"] == "user"]
    assert "This does not do" in told[-1]


def test_what_is_corrected_when_told_is_used(desk: Open) -> None:
    one = desk(brain=brain_of(Twisted(billing=garbled(1))))
    ticket = one.arrive()
    one.run()
    assert _asides(one, ticket) == []
    assert one.events(ticket, "diagnosis")[-1].data["by"] == "honest-1"
    assert [e.data.get("error") for e in one.events(ticket, "model.called")].count(None) == 3


@pytest.mark.parametrize("problem", [ModelUnavailable("no route"), ModelRefused("bad key")])
def test_without_the_model_everything_goes_as_without_it(desk: Open, problem: Exception) -> None:
    model = Twisted(triage=raises(problem), billing=raises(problem), resolution=raises(problem))
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.approve_all()
    assert one.status(ticket) == "resolved"
    assert one.states(ticket, "process_refund", "send_reply") == ["verified", "verified"]
    assert len(model.calls) == 2, "a model that is gone is tried once before and once after people"
    assert {agent for agent, _ in _asides(one, ticket)} == {"triage", "billing", "resolution"}


def test_a_tool_that_is_none_of_its_own_or_none_at_all_is_not_read(desk: Open) -> None:
    model = Twisted(product=reads("charges", "wipe_everything"))
    one = desk("p1-german", brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    told = [m for m in model.of["product"][-1].messages if m["role"] == "tool"]
    assert "may not read" in told[0]["content"]
    assert "there is no tool" in told[1]["content"]
    read = [(e.agent, e.data["tool"]) for e in one.events(ticket, "tool.called")]
    assert ("product", "charges") not in read
    assert one.events(ticket, "model.called")[1].data["reads"][:2] == ["unknown", "unknown"]


def test_a_model_that_only_reads_is_left_after_a_while(desk: Open) -> None:
    calls = (ToolCall("c1", "charges", {}),)

    def looping(call: Call, answer: Answer, turn: int) -> Answer:
        return replace(answer, tool_calls=calls, value=None)

    model = Twisted(billing=looping)
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    assert _asides(one, ticket) == [("billing", "it went on reading and came to no answer")]
    assert len(model.of["billing"]) == 12
    assert one.asked("process_refund").amount == 1150


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"steps": 2}, "2 calls"), ({"tokens": 1000}, "1000 tokens"),
        ({"dollars": 0.0002}, "0.0002 dollars"), ({"seconds": 0.9}, "0.9 seconds"),
    ],
)  # fmt: skip
def test_a_run_that_has_used_up_its_limits_goes_on_without_the_model(
    desk: Open, limits: dict[str, Any], why: str
) -> None:
    model = Twisted()
    one = desk(brain=brain_of(model, **limits))
    ticket = one.arrive()
    one.approve_all()
    assert ("billing", f"the run's limit of {why} is reached") in _asides(one, ticket)
    assert one.status(ticket) == "resolved"
    assert len(model.calls) == 2
    assert "limit" in (one.detail(ticket).runs[0].problem or "")


def test_a_refund_that_the_evidence_does_not_bear_out_is_marked(desk: Open) -> None:
    twist = changed(plan=[refund("ch_ca", 1765, "usd")], evidence=["charges:ch_ca"])
    one = desk("b4-near-day-15", brain=brain_of(Twisted(billing=twist)))
    ticket = one.arrive()
    one.run()
    asked = one.asked("process_refund")
    assert (asked.preview or {})["doubt"] == "not borne out by the evidence"
    assert asked.risk == "high"
    assert one.events(ticket, "plan")[-1].data["not_borne_out"] == ["process_refund"]
    found = one.events(ticket, "diagnosis")[-1].data["procedure_finds"]
    assert found == {"rule": "B4", "actions": [], "end": "resolved"}
    one.service.reject(asked.id, by="priya", reason="too old")
    one.approve_all()
    assert one.status(ticket) == "escalated"
    assert one.effects("process_refund") == []


def test_what_the_evidence_does_not_bear_out_never_runs_alone(desk: Open) -> None:
    twist = changed(plan=[refund("ch_ca", 1765, "usd")], evidence=["charges:ch_ca"])
    alone = _letting(ActionName.PROCESS_REFUND)
    one = desk("b4-near-day-15", policy=alone, brain=brain_of(Twisted(billing=twist)))
    ticket = one.arrive()
    one.run()
    asked = one.asked("process_refund")
    assert (asked.gate, asked.people_needed) == ("ask", 1)
    assert one.effects("process_refund") == []
    honest = desk("b4-day-14", policy=alone, brain=brain_of(Twisted()))
    honest.arrive()
    honest.run()
    assert honest.waiting("process_refund") == []
    assert len(honest.effects("process_refund")) == 1
    one.approve(asked)
    one.run()
    assert one.states(ticket, "process_refund") == ["verified"]


def test_a_found_rule_that_plans_nothing_ends_as_the_model_says_with_words_of_its_own(
    desk: Open,
) -> None:
    """The procedure would refund; the model finds another rule, and its own words go out."""
    twist = changed(rule="B8", plan=[], end="awaiting_customer", skill=None)
    model = Twisted(billing=twist, resolution=_asks)
    one = desk(policy=_letting(ActionName.SEND_REPLY), brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "awaiting_customer"
    assert one.replies(ticket) == [_QUESTION]
    (told,) = [e.data for e in one.events(ticket, "diagnosis")]
    assert told["procedure_finds"]["actions"] == ["process_refund"]


_QUESTION = "Hello Delphine, which of the two charges on your statement do you mean? Lumen Cloud"


def _asks(call: Call, answer: Answer, turn: int) -> Answer:
    return replace(answer, text=_QUESTION)


def test_where_no_template_has_words_for_a_finding_a_person_answers(desk: Open) -> None:
    twist = changed(rule="B8", plan=[], end="awaiting_customer", skill=None)
    model = Twisted(billing=twist, resolution=raises(ModelUnavailable("gone")))
    one = desk(brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    assert one.status(ticket) == "escalated"
    (reply,) = one.replies(ticket)
    assert "needs a colleague of mine" in reply


def test_a_model_may_always_leave_an_issue_to_a_person(desk: Open) -> None:
    one = desk(brain=brain_of(Twisted(billing=changed(plan=[], end="escalated", skill="billing"))))
    ticket = one.arrive()
    one.approve_all()
    assert one.status(ticket) == "escalated"
    assert one.actions(ticket, "process_refund") == []
    assert one.detail(ticket).handoffs[0].skill == "billing"


def test_a_notice_in_a_models_own_words_asks_although_the_policy_lets_it_run(desk: Open) -> None:
    notice = {"channel": "email", "subject": "Hello", "body": "We look into your charges."}
    names = ("charge", "amount", "currency", "subscription", "at", "topic")
    planned = {"action": "send_notification", "arguments": {**dict.fromkeys(names), **notice}}
    twist = changed(plan=[{**planned, "reason": "They wait."}], evidence=["charges:ch_ca"])
    one = desk("b4-near-day-15", brain=brain_of(Twisted(billing=twist)))
    one.arrive()
    one.run()
    asked = one.asked("send_notification")
    assert (asked.preview or {})["doubt"] == "not borne out by the evidence"
    assert one.effects("send_notification") == []


def test_a_rules_own_notice_is_not_replaced_by_other_words(desk: Open) -> None:
    def own_words(call: Call, answer: Answer, turn: int) -> Answer:
        for planned in (answer.value or {}).get("plan", []):
            if planned["action"] == "send_notification":
                planned["arguments"] |= {"subject": "Hi", "body": "You get a million."}
        return changed()(call, answer, turn)

    one = desk("wrongful-cancellation", brain=brain_of(Twisted(billing=own_words)))
    ticket = one.arrive()
    one.run()
    assert ("billing", "its plan lacks actions that the rule asks for") in _asides(one, ticket)
    bodies = [a.arguments["body"] for a in one.actions(ticket, "send_notification")]
    assert all("million" not in body for body in bodies)


def test_the_limit_of_all_refunds_holds_whatever_the_rule(desk: Open) -> None:
    one = desk("b7-over-the-limit", brain=brain_of(Twisted(billing=changed(rule="B5"))))
    ticket = one.arrive()
    one.approve_all()
    assert one.actions(ticket, "process_refund") == []
    assert one.status(ticket) == "escalated"
    assert "over the policy's limit" in (one.detail(ticket).outcome or {})["text"]


def test_a_closed_account_a_dispute_and_a_weak_identity_forbid_it_to_a_model_too(
    desk: Open,
) -> None:
    disputed = desk("b6-disputed-charge", brain=brain_of(Twisted(billing=_refunding_all)))
    ticket = disputed.arrive()
    disputed.run()
    assert disputed.actions(ticket, "process_refund") == []
    weak = desk("i4-phone-asks-for-digits", brain=brain_of(Twisted(account=_changing_phone)))
    ticket = weak.arrive()
    weak.run()
    assert weak.actions(ticket, "update_crm") == []
    assert _asides(weak, ticket) == [("account", "changing the phone needs strong identity (I4)")]


def _refunding_all(call: Call, answer: Answer, turn: int) -> Answer:
    """Refunds every charge that it has read."""
    if not answer.value:
        return answer
    rows: list[Any] = []
    for message in call.messages:
        if message["role"] == "tool" and message["name"] == "charges":
            rows = data_of(message["content"])["rows"]
    plan = [refund(r["id"], r["amount"] - r["refunded"], r["currency"]) for r in rows]
    evidence = [r["ref"] for r in rows]
    fields = {"plan": plan, "evidence": evidence, "rule": "B4", "end": "resolved", "skill": None}
    return changed(**fields)(call, answer, turn)


def _changing_phone(call: Call, answer: Answer, turn: int) -> Answer:
    if not answer.value:
        return answer
    words = call.messages[1]["content"]
    phone = re.search(r"\[phone-[a-z]{14}\]", words)
    assert phone is not None
    fields = dict.fromkeys(("name", "email", "language", "address", "company"))
    plan = {
        "action": "update_crm",
        "reason": "",
        "arguments": {"changes": {**fields, "phone": phone[0]}},
    }
    some = re.findall(r"customers:\w+", " ".join(str(m["content"]) for m in call.messages))
    return changed(rule="A1", plan=[plan], end="resolved", skill=None, evidence=some[:1])(
        call, answer, turn
    )


def test_a_stranger_gets_nothing_from_a_model_either(desk: Open) -> None:
    model = Twisted()
    one = desk("i3-stranger-asks-about-charge", brain=brain_of(model))
    ticket = one.arrive()
    one.run()
    assert "billing" not in model.of
    assert [a.name for a in one.actions(ticket)] == ["send_reply"]
    one.approve_all()
    assert one.status(ticket) == "awaiting_customer"
