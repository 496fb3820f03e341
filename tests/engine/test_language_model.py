"""A language model over HTTP, through the real litellm in its process, by a scripted service."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from agents.brains.choice import Limits, ModelChoice
from agents.brains.client import PROGRAM, ModelProcess
from agents.brains.environment import cleaned
from agents.brains.language_model import LanguageModel, Patience
from agents.brains.meter import Meter, Metered
from agents.brains.model_client import LARGEST_BODY, fault_of
from agents.brains.protocol import (
    Answer,
    BadAnswer,
    Call,
    ModelRefused,
    ModelUnavailable,
    ToolSpec,
)
from tests.scripted_model import Reply, ScriptedModel, failed, said, serving

KEY = "sk-a-key-that-nobody-may-see"
NATIVE = "openai/gpt-4o-mini"
"""A model with tool calls of its own."""
PLAIN = "openai/some-local-model"
"""One of which that is not known."""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

KIND = {
    "type": "object",
    "properties": {"kind": {"enum": ["refund", "credit"]}, "sure": {"type": "number"}},
    "required": ["kind"],
    "additionalProperties": False,
}
CHARGES = ToolSpec(
    "read_charges",
    "The charges of a customer.",
    {
        "type": "object",
        "properties": {"customer": {"type": "string"}},
        "required": ["customer"],
        "additionalProperties": False,
    },
)
QUESTION = Call(
    "billing", ({"role": "system", "content": "Help."}, {"role": "user", "content": "?"})
)
SHAPED = replace(QUESTION, schema=KIND)
TOOLED = replace(QUESTION, tools=(CHARGES,), schema=KIND)


@pytest.fixture(scope="module")
def service() -> Iterator[ScriptedModel]:
    with serving() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def process() -> Iterator[ModelProcess]:
    """One process for all tests here, since it takes seconds to start."""
    environment = {**os.environ, "OPENAI_API_KEY": KEY, "HANDRAIL_TOKEN": "not for it"}
    started = ModelProcess(lambda: cleaned([NATIVE], None, environment), grace=2.0)
    yield started
    started.close()


class Asking:
    """A model of the scripted service, with time that stands still and is written down."""

    def __init__(self, service: ScriptedModel, process: ModelProcess) -> None:
        self.service, self.process = service, process
        self.waits: list[float] = []

    def model(self, name: str = NATIVE, **how: Any) -> LanguageModel:
        patience = Patience(self.waits.append, lambda: 1.0, lambda: NOW)
        choice = ModelChoice(name=name, api_base=self.service.url, **how)
        environment = {**os.environ, "OPENAI_API_KEY": KEY}
        return LanguageModel(choice, environment, patience, self.process)

    def ask(self, call: Call, *replies: Reply, told: Any = None, **how: Any) -> Answer:
        self.service.will(*replies)
        return self.model(**how).ask(call, told)

    def fails(self, call: Call, *replies: Reply, told: Any = None, **how: Any) -> str:
        """The text of the error that the call ends in, which shows no key."""
        with pytest.raises((ModelRefused, ModelUnavailable, BadAnswer)) as caught:
            self.ask(call, *replies, told=told, **how)
        self.error = caught.value
        assert KEY not in str(caught.value)
        assert "\n" not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def asking(service: ScriptedModel, process: ModelProcess) -> Asking:
    service.forget()
    return Asking(service, process)


def test_words_come_as_they_are_written_and_cost_what_the_price_list_says(asking: Asking):
    told: list[str] = []
    answer = asking.ask(QUESTION, Reply("a charge too many", usage=(1000, 100)), told=told.append)
    assert (answer.text, "".join(told), len(told) > 1) == ("a charge too many",) * 2 + (True,)
    assert (answer.tokens_in, answer.tokens_out, answer.model) == (1000, 100, NATIVE)
    # 0.15 and 0.60 dollars for a million tokens.
    assert answer.cost_micros == 150 + 60
    assert asking.service.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("streamed", [False, True])
def test_tokens_are_counted_where_the_service_does_not_say(asking: Asking, streamed: bool):
    told = (lambda words: None) if streamed else None
    answer = asking.ask(QUESTION, Reply("one two three four", usage=None), told=told)
    assert 4 <= answer.tokens_out <= 6
    assert 5 <= answer.tokens_in <= 30
    assert answer.cost_micros > 0


def test_an_answer_fits_its_schema(asking: Asking):
    assert asking.ask(SHAPED, said({"kind": "refund"})).value == {"kind": "refund"}
    (asked,) = asking.service.asked
    assert asked["response_format"]["json_schema"]["schema"] == KIND
    assert asked["temperature"] == 0


def test_a_schema_in_words(asking: Asking):
    fenced = Reply('```json\n{"kind": "credit"}\n```')
    assert asking.ask(SHAPED, fenced, answers="prompt").value == {"kind": "credit"}
    (asked,) = asking.service.asked
    assert "response_format" not in asked
    assert json.dumps(KIND) in asked["messages"][0]["content"]


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        (said({"kind": "gift"}), "kind: is none of refund, credit"),
        (said({"sure": 1}), "the answer: kind is missing"),
        (said({"kind": "refund", "sure": "very"}), "sure: is no number"),
        (said({"kind": "refund", "more": 1}), "has a field that is not asked for"),
        (said([1]), "no JSON object"),
        (Reply('{"kind": "ref'), "no JSON"),
        (Reply('{"kind": "refund", "sure": NaN}'), "NaN is no number"),
        (Reply('{"kind": "refund", "sure": 1e999}'), "a number in it is too large"),
        (Reply('{"kind": "refund", "sure": 1' + "0" * 400 + "}"), "a number in it is too large"),
        (said({"kind": "\ud800 lone"}), "a character that is none"),
        (said({"kind": "\0"}), "a character that is none"),
        (Reply("[" * 100_000), "nested too deeply"),
        (Reply('{"kind": ' + "[" * 30 + "]" * 30 + "}"), "nested too deeply"),
        (said({"kind": ["refund"] * 5_000}), "more than 1,000 values"),
        (Reply(tools=(("read_charges", "{}"),) * 100), "calls more than 32 tools"),
        (Reply(""), "the answer is empty"),
        (Reply("I had to", finish="length"), "cut off at 1000 tokens"),
        (Reply(refusal="I cannot help with this."), "the model refused"),
        (Reply("", finish="content_filter"), "the answer was filtered by the provider"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_in_a_wrong_form_names_the_field_and_was_charged(
    asking: Asking, reply: Reply, wrong: str
):
    assert wrong in asking.fails(SHAPED, reply)
    assert isinstance(asking.error, BadAnswer)
    assert asking.error.answer is not None
    assert (asking.error.answer.tokens_in, asking.error.answer.tokens_out) == (20, 5)
    assert (len(asking.service.asked), asking.waits) == (1, [])


@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_no_character_is_in_no_answer(asking: Asking, streamed: bool):
    told: list[str] = []
    reply = Reply("half \ud800, whole: 12\U0001f600, none \0.")
    answer = asking.ask(QUESTION, reply, told=told.append if streamed else None)
    assert answer.text == "half \ufffd, whole: 12\U0001f600, none ."
    assert "\ud800" not in "".join(told)
    (call,) = asking.ask(
        TOOLED, Reply(tools=(("read_charges", '{"customer": "\ud800"}'),))
    ).tool_calls
    assert (call.arguments, call.raw) == ({"customer": "\ufffd"}, '{"customer": "\ufffd"}')


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "reply", [Reply("word " * 2_000), Reply("word", padding=LARGEST_BODY)], ids=["words", "body"]
)
def test_an_answer_that_does_not_end_is_given_up_and_charged_once(
    asking: Asking, reply: Reply, streamed: bool
):
    told = (lambda words: None) if streamed else None
    text = asking.fails(replace(QUESTION, max_tokens=77), reply, Reply("never asked"), told=told)
    assert "the answer went on beyond 77 tokens" in text
    assert isinstance(asking.error, BadAnswer)
    assert asking.error.answer is not None
    assert (asking.error.answer.text, asking.error.answer.tokens_out) == ("", 77)
    assert (len(asking.service.asked), asking.waits) == (1, [])


@pytest.mark.parametrize("usage", [(-500_000, -50), (10**9, 10**9), (-1, 3)])
def test_tokens_that_cannot_be_are_counted_here(asking: Asking, usage: tuple[int, int]):
    answer = asking.ask(QUESTION, Reply("one two three four", usage=usage))
    assert 5 <= answer.tokens_in <= 30
    assert 3 <= answer.tokens_out <= 6
    assert 1 <= answer.cost_micros <= 10


@pytest.mark.parametrize("streamed", [False, True])
def test_tools_are_called_side_by_side(asking: Asking, streamed: bool):
    calls = (("read_charges", '{"customer": "c1"}'), ("read_charges", '{"customer": "c2"}'))
    told = (lambda words: None) if streamed else None
    answer = asking.ask(TOOLED, Reply(tools=calls), told=told)
    assert [call.arguments for call in answer.tool_calls] == [
        {"customer": "c1"},
        {"customer": "c2"},
    ]
    assert len({call.id for call in answer.tool_calls}) == 2
    (asked,) = asking.service.asked
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["read_charges"]
    # The final answer's form is told in words, since a format may forbid the tools.
    assert json.dumps(KIND) in asked["messages"][0]["content"]


def test_after_the_tools_the_answer_must_fit(asking: Asking):
    assert asking.ask(TOOLED, said({"kind": "refund"})).value == {"kind": "refund"}
    assert "kind is missing" in asking.fails(TOOLED, said({"tool": "read_charges"}))


@pytest.mark.parametrize("name", [NATIVE, PLAIN])
def test_an_unknown_tool_is_no_answer(asking: Asking, name: str):
    reply = Reply(tools=(("refund_all", "{}"),))
    if name == PLAIN:
        reply = said({"tool": "refund_all", "arguments": {}})
    text = asking.fails(TOOLED, reply, name=name)
    assert "calls a tool 'refund_all'; there are read_charges" in text
    assert isinstance(asking.error, BadAnswer)
    assert asking.error.why == "it calls a tool 'refund_all', which is not there"


def test_arguments_that_are_no_object_are_told_apart(asking: Asking):
    (call,) = asking.ask(TOOLED, Reply(tools=(("read_charges", '{"customer": '),))).tool_calls
    assert (call.arguments, call.raw) == (None, '{"customer": ')


def test_a_model_without_tools_calls_them_by_a_schema(asking: Asking):
    before = {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "1",
                "type": "function",
                "function": {"name": "read_charges", "arguments": '{"customer": "c0"}'},
            }
        ],
    }
    given = {"role": "tool", "tool_call_id": "1", "content": "no charges"}
    call = replace(TOOLED, messages=(*TOOLED.messages, before, given))
    reading = said({"tool": "read_charges", "arguments": {"customer": "c1"}})
    (made,) = asking.ask(call, reading, name=PLAIN).tool_calls
    assert (made.name, made.arguments) == ("read_charges", {"customer": "c1"})
    (asked,) = asking.service.asked
    assert "tools" not in asked
    forms = asked["response_format"]["json_schema"]["schema"]["anyOf"]
    assert forms[0]["properties"]["tool"] == {"const": "read_charges"}
    assert forms[1] == KIND
    told = [(message["role"], message["content"]) for message in asked["messages"][-2:]]
    assert told == [
        ("assistant", '{"tool": "read_charges", "arguments": {"customer": "c0"}}'),
        ("user", "read_charges gave:\nno charges"),
    ]
    assert asking.ask(call, said({"kind": "credit"}), name=PLAIN).value == {"kind": "credit"}
    free = replace(call, schema=None)
    assert asking.ask(free, said({"text": "None is due."}), name=PLAIN).text == "None is due."


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (
            failed(401, f"Incorrect API key provided: {KEY}"),
            "OPENAI_API_KEY was not accepted (401)",
        ),
        (failed(403, "no"), "OPENAI_API_KEY does not allow this (403)"),
        (failed(404, "no such model", "model_not_found"), "there is no such model at http"),
        (failed(400, f"wrong parameter near {KEY}"), "was refused (400)"),
        (failed(429, "over quota", "insufficient_quota"), "has no credit left"),
    ],
    ids=["401", "403", "404", "400", "no credit"],
)
def test_what_will_not_get_better_is_not_tried_again(asking: Asking, reply: Reply, told: str):
    text = asking.fails(QUESTION, reply, Reply("never asked"))
    assert told in text
    assert NATIVE in text
    assert isinstance(asking.error, ModelRefused)
    assert (len(asking.service.asked), asking.waits) == (1, [])


@pytest.mark.parametrize("key", ["sk-test", 'a/key+that=is "quoted"', "x", "sk-" + "y" * 60])
def test_no_fault_shows_a_key_however_short_and_wherever_it_is_kept(
    monkeypatch: pytest.MonkeyPatch, key: str
):
    monkeypatch.setenv("SUPPORT_LINE", key)
    monkeypatch.setenv("OPENAI_API_KEY", key + "2")
    spelled = (key, quote(key, safe=""), json.dumps(key)[1:-1], key + "2")
    echoed = ValueError(f"boom {', '.join(spelled)}: axe \x1b[31m" + "z" * 580 + key)
    text = fault_of(echoed, "SUPPORT_LINE")["text"]
    assert text.startswith(
        "boom [SUPPORT_LINE], [SUPPORT_LINE], [SUPPORT_LINE], [OPENAI_API_KEY]: axe [31m"
    )
    assert key == "x" or key[:6] not in text


def test_a_missing_key_is_named(service: ScriptedModel, process: ModelProcess):
    service.forget()
    choice = ModelChoice(name=f"{NATIVE}@{service.url}", key_variable="SUPPORT_KEY")
    service.will(failed(401, "who are you"))
    model = LanguageModel(choice, {}, process=process)
    with pytest.raises(ModelRefused, match="there is no key; set SUPPORT_KEY, or keep it in the"):
        model.ask(QUESTION)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Sun, 01 Mar 2026 12:00:09 GMT", 9.0), ("0", 0.5), ("soon", 0.5)],
)
def test_a_service_that_asks_to_wait_is_waited_for(asking: Asking, header: str, seconds: float):
    answer = asking.ask(QUESTION, failed(429, "slow down", retry_after=header), Reply("now"))
    assert (answer.text, asking.waits) == ("now", [seconds])


def test_a_service_that_asks_to_wait_for_long_is_not(asking: Asking):
    assert "overloaded (429)" in asking.fails(QUESTION, failed(429, "later", retry_after="3600"))
    assert isinstance(asking.error, ModelUnavailable)


def test_a_service_in_trouble_is_tried_again_with_growing_delays(asking: Asking):
    troubles = [failed(status, "trouble") for status in (500, 502, 503)]
    assert asking.ask(QUESTION, *troubles, Reply("at last")).text == "at last"
    assert asking.waits == [0.5, 1.0, 2.0]
    assert "cannot be reached (500)" in asking.fails(QUESTION, *[failed(500, "trouble")] * 4)
    assert isinstance(asking.error, ModelUnavailable)
    assert len(asking.service.asked) == 8


def test_the_next_model_is_asked_where_one_fails(asking: Asking):
    replies = (failed(401, "no"), failed(503, "trouble"), Reply("the third"))
    fallbacks = ("openai/gpt-4o", "openai/gpt-4.1")
    answer = asking.ask(QUESTION, *replies, fallbacks=fallbacks, retries=0)
    assert (answer.text, answer.model) == ("the third", "openai/gpt-4.1")
    assert [asked["model"] for asked in asking.service.asked] == [
        "gpt-4o-mini",
        "gpt-4o",
        "gpt-4.1",
    ]
    text = asking.fails(QUESTION, *replies[:2], fallbacks=fallbacks[:1], retries=0)
    assert isinstance(asking.error, ModelUnavailable)
    assert ("(401)" in text, "(503)" in text) == (True, True)


def test_each_agent_has_its_own_model(asking: Asking):
    asking.ask(QUESTION, Reply("x"), roles={"billing": "openai/gpt-4o"})
    asking.ask(replace(QUESTION, role="product"), Reply("x"), roles={"billing": "openai/gpt-4o"})
    assert [asked["model"] for asked in asking.service.asked] == ["gpt-4o", "gpt-4o-mini"]


def test_a_stream_that_is_cut_is_begun_anew_and_paid_for_twice(asking: Asking):
    told: list[str] = []
    cut, whole = Reply("a charge too many", cut_after=3), Reply("a charge too many")
    answer = asking.ask(QUESTION, cut, whole, told=told.append)
    assert "".join(told[told.index("") :]) == answer.text == "a charge too many"
    assert answer.tokens_out > 5
    text = asking.fails(QUESTION, cut, cut, retries=1, told=told.append)
    assert "the answer was cut off on its way" in text
    assert isinstance(asking.error, BadAnswer)
    assert asking.error.answer is not None
    assert asking.error.answer.tokens_out > 2


def test_attempts_that_came_to_nothing_are_counted_with_what_follows(asking: Asking):
    told: list[str] = []
    cut, gone = Reply("a charge too many", cut_after=3), failed(401, "no")
    fallback = ("openai/gpt-4o",)
    answer = asking.ask(
        QUESTION, cut, gone, Reply("x", usage=(20, 1)), told=told.append, fallbacks=fallback
    )
    assert (answer.text, answer.model) == ("x", "openai/gpt-4o")
    assert answer.tokens_in > 20
    meter = Meter(Limits())
    asking.service.will(cut, gone)
    with pytest.raises(ModelRefused):
        Metered(asking.model(), meter).ask(QUESTION, told.append)
    assert (meter.steps, meter.cost_micros > 0) == (1, True)


def test_an_answer_that_does_not_come_is_given_up(asking: Asking):
    never = threading.Event()
    try:
        text = asking.fails(QUESTION, Reply("late", until=never), timeout=0.3, retries=0)
    finally:
        never.set()
    assert "did not answer in time" in text
    assert isinstance(asking.error, ModelUnavailable)


def test_calls_go_side_by_side_as_many_as_allowed(asking: Asking):
    both = threading.Barrier(2, timeout=60)
    inside, most = [0], [0]
    lock = threading.Lock()

    def meet(asked: dict[str, Any]) -> Reply:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        both.wait()
        with lock:
            inside[0] -= 1
        return Reply(asked["messages"][-1]["content"])

    asking.service.otherwise = meet
    model = asking.model(concurrency=2)
    calls = [replace(QUESTION, messages=({"role": "user", "content": str(n)},)) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(model.ask, calls))
    assert [answer.text for answer in answers] == list("012345")
    assert most == [2]


def test_a_killed_process_is_started_again(asking: Asking):
    asking.ask(QUESTION, Reply("x"))
    pid = asking.process.pid
    assert pid is not None

    def kill(asked: dict[str, Any]) -> Reply:
        os.kill(pid, signal.SIGKILL)
        asking.service.otherwise = lambda asked: Reply("from the new one")
        return Reply("from the old one")

    asking.service.otherwise = kill
    assert asking.model().ask(QUESTION).text == "from the new one"
    assert asking.process.pid not in (None, pid)


def test_a_process_that_hangs_is_started_again(asking: Asking):
    asking.ask(QUESTION, Reply("x"))
    pid = asking.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert asking.ask(QUESTION, Reply("from the new one"), timeout=1).text == "from the new one"
    assert asking.process.pid not in (None, pid)


def test_a_process_that_is_lost_time_and_again_is_told():
    lost = ModelProcess(lambda: {"PATH": "/nowhere", "PYTHONHOME": "/nowhere"})
    model = LanguageModel(ModelChoice(name=NATIVE), {}, process=lost)
    with pytest.raises(ModelUnavailable, match="the model's process ended, twice"):
        model.ask(QUESTION)


def test_the_process_ends_with_who_started_it():
    child = subprocess.Popen(
        [sys.executable, "-P", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    out, _ = child.communicate(timeout=60)
    assert out == b""
    assert child.returncode == 0


def test_no_model_beyond_this_computer_is_asked_in_tests(asking: Asking):
    model = LanguageModel(ModelChoice(name=NATIVE), {"OPENAI_API_KEY": KEY}, process=asking.process)
    with pytest.raises(ModelRefused, match="only models of this computer are asked"):
        model.ask(QUESTION)


def test_the_process_knows_nothing_of_the_workspace(asking: Asking):
    asking.ask(QUESTION, Reply("x"))
    with open(f"/proc/{asking.process.pid}/environ", "rb") as file:
        held = dict(line.split("=", 1) for line in file.read().decode().split("\0") if line)
    assert held["OPENAI_API_KEY"] == KEY
    assert held["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert not {"HOME", "HANDRAIL_TOKEN", "HANDRAIL_DB", "ANTHROPIC_API_KEY"} & held.keys()
    with open(f"/proc/{asking.process.pid}/cmdline", "rb") as file:
        assert KEY.encode() not in file.read()
