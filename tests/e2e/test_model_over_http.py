"""Scenarios with a model behind HTTP, through the real client in its process."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import data
from agents.brains.choice import ModelChoice
from agents.brains.language_model import LanguageModel
from agents.brains.llm import llm_brain
from agents.eval.run import Rules, play
from agents.eval.scenario import load_scenario
from tests.cli.conftest import command
from tests.honest_service import HonestService
from tests.scripted_model import ScriptedModel, failed, serving

SCENARIOS = Path(data.__file__).parent / "scenarios"
NATIVE = "openai/gpt-4o-mini"


@pytest.fixture(scope="module")
def service() -> Iterator[ScriptedModel]:
    with serving() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def model(service: ScriptedModel) -> Iterator[LanguageModel]:
    choice = ModelChoice(name=NATIVE, api_base=service.url, retries=0)
    found = LanguageModel(choice, {**os.environ, "OPENAI_API_KEY": "sk-none"})
    yield found
    found.close()


@pytest.mark.parametrize(
    "name", ["wrongful-cancellation", "three-in-one", "i4-email-strong", "t3-other-error-code"]
)
def test_a_scenario_ends_as_it_says(
    name: str, service: ScriptedModel, model: LanguageModel
) -> None:
    honest = HonestService()
    service.forget()
    service.otherwise = honest
    rules = Rules.load().thinking_with(llm_brain(model, model.choice))
    _, mismatches = play(load_scenario(SCENARIOS / f"{name}.yaml"), rules)
    assert [m.as_json() for m in mismatches] == []
    assert {call.role for call in honest.model.calls} >= {"triage"}
    assert len(service.asked) == len(honest.model.calls) > 3


def test_a_service_that_fails_leaves_it_to_the_embedded_brain(
    service: ScriptedModel, model: LanguageModel
) -> None:
    service.forget()
    service.otherwise = lambda asked: failed(401, "Incorrect API key provided")
    rules = Rules.load().thinking_with(llm_brain(model, model.choice))
    _, mismatches = play(load_scenario(SCENARIOS / "b1-duplicate-charge.yaml"), rules)
    assert [m.as_json() for m in mismatches] == []
    assert 1 <= len(service.asked) <= 4


@pytest.mark.slow
def test_eval_runs_scenarios_with_a_model(tmp_path: Path, service: ScriptedModel) -> None:
    service.forget()
    service.otherwise = HonestService()
    paths = [SCENARIOS / "b4-day-14.yaml", SCENARIOS / "p1-german.yaml"]
    ran = subprocess.run(
        command("eval", *paths, "--model", NATIVE, "--api-base", service.url, "--json"),
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "OPENAI_API_KEY": "sk-none", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert document["passed"] == 2
    assert document["model"]["name"] == NATIVE
    assert document["model"]["set_aside"] == 0
    assert document["model"]["calls"] == len(service.asked) > 6
