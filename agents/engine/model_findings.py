"""Findings where a model thinks: asked after the embedded brain has looked, kept if they hold."""

from agents.brains.brain import Desk, Matters, SetAside
from agents.connectors.protocols import Row
from agents.engine.asking import Asking
from agents.engine.thought import Matter
from agents.facts.case import Case
from agents.playbooks.evaluate import Finding
from agents.playbooks.model import Playbook
from agents.toolbox import ToolBox
from data.vocabulary import AgentName


def found_by_model(
    asking: Asking,
    desk: Desk,
    step: str,
    matter: Matter,
    case: Case,
    playbook: Playbook,
    embedded: Finding,
    box: ToolBox,
    *,
    others: tuple[tuple[str, str], ...],
    language: str,
    may_refer: bool,
) -> Finding:
    """The model's finding about a matter, or the embedded one where the model's does not hold."""
    customer = case.customer["id"] if case.customer else None
    matters = Matters(
        case,
        playbook,
        embedded,
        # The rows that the embedded brain has read: both judge by the same evidence.
        lambda tool: box.call(f"{step}.{tool}", tool, customer),
        others,
        language,
        may_refer,
    )
    try:
        found = asking.brain.diagnose(desk, step, matters)
    except SetAside as aside:
        asking.set_aside(playbook.agent.value, case.kind, aside)
        return embedded
    matter.procedure = None if found.agrees else embedded
    return found.finding


def joined_by_model(
    asking: Asking, desk: Desk, step: str, matters: list[Matter], embedded: dict[int, int]
) -> dict[int, int]:
    """Which of the matters belong to which other, by position; the embedded answer where the
    model's does not hold."""
    try:
        return asking.brain.join(desk, step, [_shown(m, matters, embedded) for m in matters])
    except SetAside as aside:
        asking.set_aside(AgentName.COORDINATOR.value, "which issues are one", aside)
        return embedded


def _shown(matter: Matter, matters: list[Matter], embedded: dict[int, int]) -> Row:
    finding = matter.finding
    assert finding is not None
    position = next(p for p, m in enumerate(matters) if m is matter)
    return {
        "kind": matter.kind,
        "clause": matter.clause,
        "confidence": matter.confidence,
        "from_an_earlier_message": matter.stored is not None,
        "rule": finding.rule,
        "cause": finding.cause,
        "evidence": finding.evidence,
        "actions": [{"action": p.action.value, "arguments": p.arguments} for p in finding.plan],
        "end": finding.end.value,
        "customer_gave_a_value": bool(finding.values.get("account", {}).get("given")),
        "may_join": [
            other + 1
            for other, m in enumerate(matters)
            if m is not matter and (_loses_nothing(matter, m) or embedded.get(position) == other)
        ],
    }


def _loses_nothing(matter: Matter, other: Matter) -> bool:
    """Whether all that an issue asks for is done and said with another one."""
    mine, theirs = matter.finding, other.finding
    assert mine is not None
    if theirs is None:
        return False
    plans = [(p.action, p.arguments) for p in theirs.plan]
    escalates = mine.end.value == "escalated" and theirs.end.value != "escalated"
    return not escalates and all((p.action, p.arguments) in plans for p in mine.plan)
