"""Every packaged scenario ends as it says, by itself and after others in one process."""

from pathlib import Path

import pytest

import data
from agents.eval.run import Rules, Stage, play, run_scenario
from agents.eval.scenario import load_scenario, scenario_files
from agents.quality.checks import check_by_rule
from agents.quality.dossier import AT_REST, read_dossier
from agents.quality.found import overall, verdict_of
from data.vocabulary import QualityName, Verdict
from tests.replayed import replay_faults

SCENARIOS = scenario_files([Path(data.__file__).parent / "scenarios"])


@pytest.fixture(scope="session")
def rules() -> Rules:
    return Rules.load()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, rules: Rules) -> None:
    faults: list[str] = []

    def look(stage: Stage) -> None:
        faults.extend(quality_faults(stage) + replay_faults(stage))

    _, mismatches = play(load_scenario(path), rules, look=look)
    assert [m.as_json() for m in mismatches] == []
    assert faults == []


def quality_faults(stage: Stage) -> list[str]:
    """What the quality checks say against the tickets, each of which has come to an end."""
    found = []
    for ref, ticket_id in stage.ids.items():
        dossier = read_dossier(stage.store, ticket_id, stage.writer.lookup)
        assert dossier.ticket["status"] in AT_REST
        checks = check_by_rule(dossier, stage.service.policy)
        told = [c for c in checks if c.name is not QualityName.SENTIMENT]
        found += [f"{ref} {c.name} {c.score}: {c.reason}" for c in told if c.score not in (None, 1)]
        if verdict_of(overall(checks)) is not Verdict.PASSED:
            found.append(f"{ref}: {[(c.name.value, c.score) for c in checks]}")
    return found


def test_scenarios_in_reverse_order_within_one_process(rules: Rules) -> None:
    failed = {}
    for path in reversed(SCENARIOS[::5]):
        _, mismatches = play(load_scenario(path), rules)
        if mismatches:
            failed[path.stem] = [m.as_json() for m in mismatches]
    assert failed == {}


def test_doing_nothing_passes_none_of_the_cases_that_must_work(rules: Rules) -> None:
    folder = SCENARIOS[0].parent
    for name in (
        "wrongful-cancellation",
        "charged-after-cancelling",
        "dashboard-lost-after-update",
        "three-in-one",
    ):
        assert not run_scenario(folder / f"{name}.yaml", rules).nothing


def test_each_rule_has_a_scenario() -> None:
    names = [path.stem for path in SCENARIOS]
    assert len(names) == len({load_scenario(path).name for path in SCENARIOS}) >= 40
    rules = [
        "a1", "a2", "a3", "b1", "b2", "b4", "b5", "b6", "b7", "b8", "b9", "c1", "e1", "e2", "e3",
        "e4", "e5", "h1", "h2", "i1", "i2", "i3", "i4", "n1", "n2", "t1", "t2", "t3", "t4", "t5",
        "p1", "p2",
    ]  # fmt: skip
    assert [rule for rule in rules if not any(n.startswith(f"{rule}-") for n in names)] == []
