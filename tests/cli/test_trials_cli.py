"""`handrail trials` on real workspaces, and where a scenario's own trials belong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Program, work_off

SHADOW = "policy: 1\napproval: {actions: {}}\ntrials: {billing: shadow}\n"


@pytest.fixture
def planned(new: Callable[[str], Path]) -> Path:
    """A workspace whose only ticket was planned in shadow."""
    path = new("trial-shadow-plans-only")
    (path.parent / "policy.yaml").write_text(SHADOW)
    work_off(path)
    return path


def test_modes_and_tickets(handrail: Program, planned: Path) -> None:
    document = handrail("trials", "billing", "--db", planned, "--json").document
    (trial,) = document["trials"]
    assert (trial["mode"], trial["tickets"], trial["verdicts"]["open"]) == ("shadow", 1, 1)
    assert trial["next"]["mode"] == "assist"
    assert document["total"] == 1
    assert document["tickets"][0]["planned"][0]["action"] == "process_refund"
    told = handrail("trials", "billing", "--db", planned)
    assert (told.code, "shadow" in told.out, "11.50 EUR" in told.out) == (0, True, True)


def test_every_intent_is_named_and_a_later_offset_is_empty(
    handrail: Program, planned: Path
) -> None:
    document = handrail("trials", "--db", planned, "--json").document
    assert [t["intent"] for t in document["trials"]] == [
        "account", "technical", "billing", "product",
    ]  # fmt: skip
    assert "tickets" not in document
    told = handrail("trials", "billing", "--db", planned, "--offset", "5")
    assert "past the last one" in told.err


def test_trials_that_contradict_are_named(process: Program, planned: Path) -> None:
    (planned.parent / "policy.yaml").write_text(
        "policy: 1\napproval: {actions: {}, shadow: [billing]}\ntrials: {billing: assist}\n"
    )
    told = process("trials", "--db", planned)
    assert told.code == 2
    assert "approval.shadow names billing and trials says assist" in told.err
    assert told.err.count("\n") == 1


def test_a_scenarios_trials_are_for_the_policy_to_name(handrail: Program, tmp_path: Path) -> None:
    from tests.cli.conftest import SCENARIOS

    scenario = SCENARIOS / "trial-shadow-plans-only.yaml"
    told = handrail("init", "--db", tmp_path / "w.db", "--scenario", scenario, "--json")
    assert told.code == 0
    assert "`trials: {billing: shadow}`" in told.err
    assert told.document["tickets"] == ["T1"]
