"""The files with each role's instructions: packaged ones hold, a team's own are checked."""

from pathlib import Path

import pytest

from agents.brains.procedure import procedure_of
from agents.brains.prompts import OFFERS, Prompts
from agents.playbooks.model import load_playbooks
from data.errors import BadFile


def test_every_role_has_instructions_that_render() -> None:
    prompts = Prompts()
    for role, offered in OFFERS.items():
        values = dict.fromkeys(offered, "")
        assert len(prompts.of(role, company="Lumen", **values)) > 200


def test_a_team_replaces_one_file_and_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "resolution.md").write_text("Write for {{ company }} in {{ language }}.")
    prompts = Prompts(tmp_path)
    assert prompts.of("resolution", company="Lumen", language="de") == "Write for Lumen in de."
    assert "hand a ticket" in prompts.of("escalation", company="Lumen")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("triage.md", "One\n{% if %}", "triage.md:2: is no template"),
        ("billing.md", "One\n\n{{ customer }}", "billing.md:3: 'customer' is not known here"),
        ("shared_data.md", "{{ body }}", "shared_data.md:1: 'body' is not known here"),
        ("product.md", "{% include 'gone.md' %}", "gone.md: is not there"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadFile) as problem:
        Prompts(tmp_path)
    assert said in str(problem.value)


def test_a_prompt_cannot_reach_out_of_its_sandbox(tmp_path: Path) -> None:
    (tmp_path / "coordinator.md").write_text("{{ company.__class__.__mro__ }}")
    with pytest.raises(BadFile, match=r"coordinator\.md"):
        Prompts(tmp_path).of("coordinator", company="Lumen")


def test_the_procedure_tells_every_rule_with_its_actions_and_end() -> None:
    for playbook in load_playbooks().all:
        told = procedure_of(playbook)
        for rule in playbook.rules:
            assert f"Rule {rule.rule}" in told
            assert all(f"action: {planned.action}" in told for planned in rule.plan)
