"""A real language model through the real client: transport and forms; its judgement is chance."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agents.brains.choice import ModelChoice
from agents.brains.language_model import LanguageModel
from agents.brains.protocol import BadAnswer, Call, ToolSpec
from tests.local_model import NAME, THERE, serving_locally

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.skipif(not THERE, reason="the group local-model is not installed"),
]

SCHEMA = {
    "type": "object",
    "properties": {
        "intent": {"enum": ["billing", "technical", "account"]},
        "urgent": {"type": "boolean"},
    },
    "required": ["intent", "urgent"],
    "additionalProperties": False,
}
WHOSE = {
    "type": "object",
    "properties": {"customer": {"enum": ["c1", "c2"]}},
    "required": ["customer"],
    "additionalProperties": False,
}
TOOLS = (
    ToolSpec("read_charges", "The charges of a customer.", WHOSE),
    ToolSpec("read_logs", "What the service logged for a customer.", WHOSE),
)
CALL = Call(
    "triage",
    (
        {"role": "system", "content": "You sort support tickets."},
        {"role": "user", "content": "Customer c1 writes: I was charged twice. Read first."},
    ),
    SCHEMA,
    max_tokens=120,
)


@pytest.fixture(scope="module")
def model() -> Iterator[LanguageModel]:
    with serving_locally() as address:
        served = LanguageModel(ModelChoice(name=NAME, api_base=address, timeout=300), os.environ)
        yield served
        served.close()


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_fits_its_schema(model: LanguageModel, streamed: bool):
    words: list[str] = []
    answer = model.ask(CALL, words.append if streamed else None)
    assert answer.value is not None
    assert answer.value.keys() == {"intent", "urgent"}
    assert answer.tokens_in > 10 < answer.tokens_out
    assert "".join(words) == (answer.text if streamed else "")


def test_a_tool_is_called_by_the_form_of_the_answer(model: LanguageModel):
    answer = model.ask(replace(CALL, tools=TOOLS))
    if not answer.tool_calls:
        assert answer.value is not None
        return
    (call,) = answer.tool_calls
    assert call.name in {tool.name for tool in TOOLS}
    assert call.arguments is not None
    assert call.arguments["customer"] in ("c1", "c2")


def test_an_answer_that_is_too_long_is_told(model: LanguageModel):
    with pytest.raises(BadAnswer, match="cut off at 3 tokens"):
        model.ask(replace(CALL, max_tokens=3))
