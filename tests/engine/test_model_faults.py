"""What is wrong between us and a model's service is called what it is."""

import os
import threading
from collections.abc import Iterator

import pytest

from agents.brains.choice import ModelChoice
from agents.brains.client import ModelProcess
from agents.brains.environment import cleaned
from agents.brains.language_model import LanguageModel, Patience
from agents.brains.model_client import LOOPBACK_ONLY
from agents.brains.protocol import Call, ModelRefused, ModelUnavailable
from tests.scripted_model import Reply, ScriptedModel, failed, serving

NAME = "openai/gpt-4o-mini"
QUESTION = Call("billing", ({"role": "user", "content": "?"},))
NOBODY = "http://127.0.0.1:9/v1"
PAGE = "<!doctype html><html><body>It works!</body></html>"
NO_API = "answers, but is no model's API; check --api-base"


@pytest.fixture(scope="module")
def service() -> Iterator[ScriptedModel]:
    with serving() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def process() -> Iterator[ModelProcess]:
    environment = {**os.environ, "OPENAI_API_KEY": "sk-a-key-of-no-use"}
    started = ModelProcess(lambda: cleaned([NAME], None, environment))
    yield started
    started.close()


class Failing:
    """Asks once, and gives the error with the waits before it."""

    def __init__(self, process: ModelProcess, service: ScriptedModel) -> None:
        self.process, self.service = process, service

    def __call__(
        self, api_base: str, *, streamed: bool = False, timeout: float = 20.0
    ) -> tuple[ModelRefused | ModelUnavailable, int]:
        waits: list[float] = []
        choice = ModelChoice(name=NAME, api_base=api_base, retries=1, timeout=timeout)
        environment = {"OPENAI_API_KEY": "sk-a-key-of-no-use"}
        model = LanguageModel(choice, environment, Patience(waits.append), self.process)
        try:
            model.ask(QUESTION, (lambda words: None) if streamed else None)
        except (ModelRefused, ModelUnavailable) as error:
            return error, len(waits)
        pytest.fail("it answered")


@pytest.fixture
def failing(process: ModelProcess, service: ScriptedModel) -> Failing:
    service.forget()
    return Failing(process, service)


@pytest.mark.parametrize("streamed", [False, True])
def test_where_nobody_listens_the_connection_is_refused(failing: Failing, streamed: bool):
    error, waits = failing(NOBODY, streamed=streamed)
    told = "cannot be reached: the connection is refused; is it running there?"
    assert str(error) == f"{NAME} at {NOBODY} {told}"
    assert (type(error), waits) == (ModelUnavailable, 1)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", [200, 404, 405])
def test_a_page_for_people_is_no_api_and_is_not_asked_again(
    failing: Failing, status: int, streamed: bool
):
    failing.service.otherwise = lambda asked: Reply(page=PAGE, status=status)
    error, waits = failing(failing.service.url, streamed=streamed)
    assert str(error) == f"{NAME}: the address {failing.service.url} {NO_API}"
    assert (type(error), waits, len(failing.service.asked)) == (ModelRefused, 0, 1)


@pytest.mark.parametrize("page", ["", "{}", '{"hello": "world"}'])
def test_nor_is_what_answers_otherwise(failing: Failing, page: str):
    failing.service.otherwise = lambda asked: Reply(page=page)
    assert NO_API in str(failing(failing.service.url)[0])


@pytest.mark.parametrize("streamed", [False, True])
def test_a_connection_that_is_closed_is_no_time_out(failing: Failing, streamed: bool):
    failing.service.otherwise = lambda asked: Reply(hang_up=True)
    error, waits = failing(failing.service.url, streamed=streamed)
    closed = "closed the connection before it had answered"
    assert str(error) == f"{NAME} at {failing.service.url} {closed}"
    assert (error.why, waits) == ("the model closed the connection", 1)


def test_a_time_out_is_one(failing: Failing):
    over = threading.Event()
    failing.service.otherwise = lambda asked: Reply("late", until=over)
    error, _ = failing(failing.service.url, timeout=0.5)
    over.set()
    assert "did not answer in time" in str(error)
    assert error.why == "the model did not answer in time"


def test_the_switch_that_forbids_it_is_named(failing: Failing):
    error, waits = failing("")
    assert f"{LOOPBACK_ONLY} is set" in str(error)
    assert (type(error), waits) == (ModelRefused, 0)


def test_trouble_of_the_service_keeps_its_number(failing: Failing):
    failing.service.otherwise = lambda asked: failed(503, "overloaded")
    assert str(failing(failing.service.url)[0]).endswith("cannot be reached (503): overloaded")
