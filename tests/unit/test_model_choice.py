"""Which model is asked, with which environment, and how much it may take."""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from agents.brains.choice import HANDED_ON, Limits, ModelChoice, Served, choose, handed_on
from agents.brains.environment import cleaned
from agents.brains.faults import seconds_of
from agents.brains.meter import Meter, Metered
from agents.brains.protocol import Answer, BadAnswer, Call, LimitReached
from agents.brains.shaping import is_strict
from data.errors import HandrailError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SET = ModelChoice(
    name="openai/gpt-4o", api_base="http://127.0.0.1:1/v1", roles={"triage": "openai/gpt-4o-mini"}
)
CALL = Call("billing", ({"role": "user", "content": "?"},))


def test_options_come_before_the_environment_and_that_before_the_settings():
    named = {"HANDRAIL_MODEL": "anthropic/claude-sonnet-4-5"}
    assert choose(SET, {}) == SET
    by_environment = choose(SET, named)
    assert by_environment is not None
    # It is another provider's: the address of the settings is not its own.
    assert (by_environment.name, by_environment.api_base, by_environment.roles) == (
        "anthropic/claude-sonnet-4-5", "", {},
    )  # fmt: skip
    by_option = choose(SET, named, model="openai/o3", api_base="http://127.0.0.1:2/v1")
    assert by_option is not None
    assert by_option.in_order("triage") == (Served("openai/o3", "http://127.0.0.1:2/v1"),)
    assert choose(SET, named, brain="embedded") is None
    assert choose(ModelChoice(), {}) is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"brain": "clever"}, "--brain clever: it is one of embedded, llm"),
        ({"brain": "llm"}, "no model is named; say --model NAME"),
        ({"api_base": "http://127.0.0.1:1"}, "no model is named"),
        ({"model": "nonsense"}, "--model: 'nonsense' names no model; write PROVIDER/MODEL"),
        ({"model": "openai/x@http://me:secret@here/v1"}, "an address holds no password"),
        ({"model": "openai/x", "api_base": "here"}, "'here' is no address"),
    ],
)
def test_what_names_no_model_is_said_in_one_line(options: dict[str, Any], told: str):
    with pytest.raises(HandrailError) as caught:
        choose(ModelChoice(), {}, **options)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


def test_each_model_may_say_where_it_is_served():
    choice = ModelChoice(
        name="openai/mine",
        api_base="http://127.0.0.1:1/v1",
        roles={"billing": "openai/other@http://127.0.0.1:2/v1"},
        fallbacks=("openai/gpt-4o", "anthropic/claude-sonnet-4-5"),
    )
    assert choice.in_order("billing") == (
        Served("openai/other", "http://127.0.0.1:2/v1"),
        Served("openai/gpt-4o", "http://127.0.0.1:1/v1"),
        Served("anthropic/claude-sonnet-4-5"),
    )
    assert choice.models == (
        "openai/mine", "openai/other", "openai/gpt-4o", "anthropic/claude-sonnet-4-5",
    )  # fmt: skip


def test_a_worker_gets_the_whole_choice():
    assert handed_on({HANDED_ON: SET.model_dump_json()}) == SET
    assert handed_on({}) is None
    with pytest.raises(HandrailError, match="holds no choice"):
        handed_on({HANDED_ON: "{"})


def test_the_process_gets_an_allow_list_and_the_keys_of_its_models(
    monkeypatch: pytest.MonkeyPatch,
):
    environment = {
        "PATH": "/bin", "HOME": "/home/me", "HTTPS_PROXY": "http://proxy", "OPENAI_API_KEY": "k1",
        "ANTHROPIC_API_KEY": "k2", "HANDRAIL_TOKEN": "k3", "HANDRAIL_DB": "x",
        "MISTRAL_API_KEY": "",
        "ZENDESK_TOKEN": "k4", "AWS_SECRET_ACCESS_KEY": "k5", "PYTHONPATH": "/tmp",
    }  # fmt: skip

    class Keyring(ModuleType):
        def get_password(self, service: str, name: str) -> str | None:
            return {("handrail", "MISTRAL_API_KEY"): "k6"}.get((service, name))

    monkeypatch.setitem(sys.modules, "keyring", Keyring("keyring"))
    held = cleaned(["gpt-4o", "mistral/large"], None, environment)
    assert {name for name in held if name in environment} == {
        "PATH", "HTTPS_PROXY", "OPENAI_API_KEY", "MISTRAL_API_KEY",
    }  # fmt: skip
    assert held["MISTRAL_API_KEY"] == "k6"
    assert "k2" not in held.values()
    assert "ZENDESK_TOKEN" in cleaned(["gpt-4o"], "ZENDESK_TOKEN", environment)


class Costly:
    """A model whose every answer takes ten tokens and a cent, some of which do not fit."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, call: Call, told: object = None) -> Answer:
        self.asked += 1
        answer = Answer("x", tokens_in=6, tokens_out=4, cost_micros=10_000)
        if self.asked % 2:
            raise BadAnswer("does not fit", answer)
        return answer

    def close(self) -> None:
        """Nothing to give back."""


@pytest.mark.parametrize(
    ("limits", "calls", "told"),
    [
        (Limits(steps=5), 5, "5 answers"),
        (Limits(tokens=35), 4, "35 tokens"),
        (Limits(dollars=0.025), 3, r"\$0\.025"),
        (Limits(seconds=7), 7, "7 seconds"),
    ],
)
def test_a_model_that_goes_on_and_on_is_stopped(limits: Limits, calls: int, told: str):
    costly, now = Costly(), [0.0]
    meter = Meter(limits, lambda: now[0])
    model = Metered(costly, meter)

    def go_on_and_on() -> None:
        for second in range(100):
            now[0] = second
            with suppress(BadAnswer):
                model.ask(CALL)

    with pytest.raises(LimitReached, match=f"the limit of {told} is used up"):
        go_on_and_on()
    assert costly.asked == meter.steps == calls
    assert meter.cost_micros == calls * 10_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12", 12.0), ("1.5", 1.5), ("-3", 0.0), (None, None), ("", None), ("soon", None),
        ("nan", None), ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
    ],
)  # fmt: skip
def test_when_a_service_wants_to_be_asked_again(header: str | None, seconds: float | None):
    assert seconds_of(header, NOW) == seconds


def test_a_strict_schema_is_closed_all_the_way_down():
    closed = {
        "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
        "additionalProperties": False,
    }  # fmt: skip
    assert is_strict({"anyOf": [closed, {**closed, "properties": {"a": closed}}]})
    assert not is_strict({**closed, "required": []})
    assert not is_strict({"type": "array", "items": {**closed, "additionalProperties": True}})
