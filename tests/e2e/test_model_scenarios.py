"""Scenarios with a model in every role that knows only what its calls tell it: both brains go the
same way through gate, execution and reply."""

import os
from pathlib import Path

import pytest

import data
from agents.brains.llm import llm_brain
from agents.eval.run import Rules, play
from agents.eval.scenario import load_scenario, scenario_files
from tests.honest_model import Choice, HonestModel

SCENARIOS = scenario_files([Path(data.__file__).parent / "scenarios"])
SOME = [
    "a1-new-name", "approval-edited", "b2-charged-after-cancelling-german", "b4-day-14",
    "b7-near-exactly-50000", "c1-confirmed", "e3-wants-a-person", "h1-instruction-beside-request",
    "i3-near-second-try-right", "i4-email-strong", "n2-same-complaint-again", "p1-german",
    "t2-newest-error-decides", "t4-steps-did-not-help", "three-in-one", "wrongful-cancellation",
]  # fmt: skip


def _plays(path: Path) -> HonestModel:
    model = HonestModel()
    rules = Rules.load().thinking_with(llm_brain(model, Choice()))
    _, mismatches = play(load_scenario(path), rules)
    assert [m.as_json() for m in mismatches] == []
    return model


@pytest.mark.parametrize("name", SOME)
def test_a_scenario_ends_as_it_says(name: str) -> None:
    path = SCENARIOS[0].parent / f"{name}.yaml"
    assert _plays(path).calls, "the model was asked"


@pytest.mark.skipif(os.environ.get("HANDRAIL_TEST_SCENARIOS") != "all", reason="make test-model")
@pytest.mark.parametrize(
    "path", [p for p in SCENARIOS if p.stem not in SOME], ids=lambda path: path.stem
)
def test_every_other_scenario_too(path: Path) -> None:
    _plays(path)
