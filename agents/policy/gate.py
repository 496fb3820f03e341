"""The gate: what the policy lets happen with one action, computed from the action alone."""

from dataclasses import dataclass

from agents.policy.model import Alone, Policy
from data.vocabulary import ActionName, Gate, TrialMode


@dataclass(frozen=True)
class Ruling:
    """What the policy says about an action."""

    gate: Gate
    people: int
    """How many different people must approve."""
    why: str


def rule_on(
    policy: Policy,
    name: ActionName,
    amount: int | None,
    intent: str | None,
    *,
    by_template: bool = True,
) -> Ruling:
    """Decide about an action of `amount` minor units in an issue of `intent`.

    `by_template` is False for words that a model wrote, which ask before they go out.
    """
    mode = policy.mode_of(intent)
    if mode is TrialMode.SHADOW:
        return Ruling(Gate.FORBIDDEN, 0, f"{intent} is in shadow: planned, never done")
    ruling = _by_gates(policy, name, amount, intent, by_template=by_template)
    if mode is TrialMode.ASSIST and ruling.gate is Gate.AUTO:
        return Ruling(Gate.ASK, 1, f"{intent} is in assist: everything asks a person")
    return ruling


def _by_gates(
    policy: Policy, name: ActionName, amount: int | None, intent: str | None, *, by_template: bool
) -> Ruling:
    """What the gates say where nothing is on trial."""
    gate = policy.approval.actions.get(name, Gate.ASK)
    if gate is Gate.FORBIDDEN:
        return Ruling(gate, 0, f"the policy forbids {name}")
    if gate is Gate.ASK_TWO:
        return Ruling(gate, 2, f"{name} asks two people")
    if amount is not None and amount > policy.approval.two_people_over:
        return Ruling(Gate.ASK_TWO, 2, f"over {policy.approval.two_people_over} minor units")
    if gate is Gate.AUTO and by_template:
        return Ruling(gate, 0, f"{name} runs alone")
    if any(_fits(alone, name, amount, intent) for alone in policy.approval.alone):
        return Ruling(Gate.AUTO, 0, "the policy lets this amount run alone")
    return Ruling(Gate.ASK, 1, f"{name} asks a person")


def _fits(alone: Alone, name: ActionName, amount: int | None, intent: str | None) -> bool:
    return (
        alone.action is name
        and (not alone.intents or intent in alone.intents)
        and (alone.up_to is None or (amount or 0) <= alone.up_to)
    )
