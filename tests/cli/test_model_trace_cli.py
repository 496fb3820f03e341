"""What people see of a model's work: its steps, what they took, what stands in doubt."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.brains.protocol import ModelUnavailable
from agents.engine.advance import Engine
from agents.runtime.inline import InlineDispatcher
from agents.turns import tickets_in_turn
from agents.understanding.model import packaged_model
from agents.wiring import Places, open_parts
from data.workspace import open_workspace
from tests.cli.conftest import Program
from tests.engine.thinking import Twisted, brain_of, changed, raises, refund


@pytest.fixture
def doubted(new: Callable[[str], Path]) -> Path:
    """A workspace whose model wants a refund that the evidence does not bear out."""
    twist = changed(plan=[refund("ch_ca", 1765, "usd")], evidence=["charges:ch_ca"])
    return _thought(new("b4-near-day-15"), Twisted(billing=twist))


def _thought(path: Path, model: Twisted) -> Path:
    workspace = open_workspace(str(path), create=False, synchronous="OFF")
    try:
        with open_parts(workspace, Places()) as parts:
            engine = Engine(replace(parts, brain=brain_of(model)))
            InlineDispatcher(engine.advance).drain(lambda n: tickets_in_turn(workspace, n))
    finally:
        workspace.close()
    return path


def test_show_tells_each_call_with_its_tokens_cost_and_time(
    handrail: Program, doubted: Path
) -> None:
    said = handrail("show", "T1", "--db", doubted).out
    assert "billing     ▸ model: asks for customer, plans" in said
    assert "▸ model: answers · honest-1 (500 ms · 860 tokens · $0.000" in " ".join(said.split())
    assert "run 1 · llm:honest · 2,660 tokens · $" in said
    assert "! not borne out by the evidence" in said
    assert "▸ plan: process_refund · not borne out by the evidence: process_refund" in said
    document = handrail("show", "T1", "--db", doubted, "--json").document
    (action,) = document["actions"]
    assert action["preview"]["doubt"] == "not borne out by the evidence"
    assert action["risk"] == "high"
    (run,) = document["ticket"]["runs"]
    assert run["brain"] == "llm:honest"
    assert run["tokens"] > 0 < run["cost_micros"]


def test_approvals_mark_what_is_in_doubt(handrail: Program, doubted: Path) -> None:
    assert "Refund a charge (in doubt)" in handrail("approvals", "--db", doubted).out
    (asked,) = handrail("approvals", "--db", doubted, "--json").document["approvals"]
    assert asked["preview"]["doubt"] == "not borne out by the evidence"


def test_show_tells_where_the_embedded_brain_stood_in(
    handrail: Program, new: Callable[[str], Path]
) -> None:
    model = Twisted(billing=raises(ModelUnavailable("connection refused by 10.0.0.1")))
    path = _thought(new("b1-duplicate-charge"), model)
    said = handrail("show", "T1", "--db", path).out
    assert "! model: the model cannot be reached" in said
    assert "! model set aside: " in said
    assert "! billing: the model cannot be reached; the embedded brain stood in" in said
    assert "10.0.0.1" not in said
    document = handrail("show", "T1", "--db", path, "--json").document
    assert "the embedded brain stood in" in document["ticket"]["runs"][0]["problem"]


def test_prompts_of_the_workspace_are_checked_with_file_and_line(
    handrail: Program, new: Callable[[str], Path]
) -> None:
    path = new("b1-duplicate-charge")
    (path.parent / "prompts").mkdir()
    (path.parent / "prompts" / "triage.md").write_text("Read it.\n{{ secret }}\n")
    ran = handrail("policy", "show", "--db", path)
    assert ran.code == 2
    assert "triage.md:2: 'secret' is not known here" in ran.err


@pytest.mark.parametrize("command", ["show", "replay"])
def test_triage_names_the_model_that_answered(
    handrail: Program, doubted: Path, command: str
) -> None:
    assert _triage_step(handrail(command, "T1", "--db", doubted).out).endswith(" · honest-1)")


@pytest.mark.parametrize("command", ["show", "replay"])
def test_triage_tells_how_the_version_of_a_fitted_model_begins(
    handrail: Program, worked: Callable[[str], Path], command: str
) -> None:
    said = handrail(command, "T1", "--db", worked("wrongful-cancellation")).out
    assert _triage_step(said).endswith(f" · {packaged_model().version[:15]})")


def _triage_step(said: str) -> str:
    (step,) = [line for line in said.splitlines() if "▸ triage:" in line]
    return step
