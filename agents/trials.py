"""How plans of intents on trial compare with what people did, and what more trust would mean."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from agents.actions.catalogue import aim_of
from agents.policy.gate import rule_on
from agents.policy.model import Policy
from agents.policy.suggest import wilson
from data.queries.masked import masked, names_of
from data.queries.rows import ActionRow
from data.queries.trials import Tried, tried
from data.store import Store
from data.vocabulary import DONE_ACTIONS, ENDED_TICKETS, ActionName, Gate, Intent, TrialMode

_WORDS = frozenset({"subject", "body", "summary", "topic"})
"""Arguments that people write in their own words; they are not compared."""

_AT_HOME = {
    ActionName.PROCESS_REFUND: Intent.BILLING,
    ActionName.ISSUE_CREDIT: Intent.BILLING,
    ActionName.REINSTATE_SUBSCRIPTION: Intent.BILLING,
    ActionName.RESET_SERVICE: Intent.TECHNICAL,
    ActionName.UPDATE_CRM: Intent.ACCOUNT,
}
"""The intent that an action of a person's belongs to, where several were on trial."""

_NOT_COMPARED = (ActionName.SEND_REPLY, ActionName.UNDO)

TRIED: tuple[Intent, ...] = tuple(intent for intent in Intent if intent is not Intent.ESCALATE)
"""Intents that can be on trial; what nobody recognises goes to people anyway."""


class Verdict(StrEnum):
    """How a plan compares with what people did."""

    SAME = "same"
    OTHER_ARGUMENTS = "other_arguments"
    SOMETHING_ELSE = "something_else"
    PEOPLE_NOTHING = "people_nothing"
    AGENTS_NOTHING = "agents_nothing"
    NEITHER = "neither"
    """Nothing was planned and nothing done: shown, and no part of the share that agrees."""
    OPEN = "open"
    """The ticket has not ended, so people may still act."""


COMPARED = tuple(v for v in Verdict if v not in (Verdict.NEITHER, Verdict.OPEN))
"""Verdicts that the share is taken of."""


@dataclass(frozen=True)
class Step:
    """One action as it was planned or done."""

    name: ActionName
    arguments: dict[str, Any]
    amount: int | None = None
    currency: str | None = None

    @property
    def aim(self) -> tuple[str, ...]:
        """What tells it from another: its name, its record, and what of that is meant."""
        return (self.name.value, *aim_of(self.name, self.arguments))

    @property
    def compared(self) -> dict[str, Any]:
        """Its arguments without the words in them."""
        return {name: value for name, value in self.arguments.items() if name not in _WORDS}

    def as_json(self) -> dict[str, Any]:
        """As `trials --json` shows it."""
        return {"action": self.name.value, "arguments": self.compared}


@dataclass(frozen=True)
class Comparison:
    """One intent of one ticket: the plan beside what people did."""

    ticket: Tried
    planned: tuple[Step, ...]
    done: tuple[Step, ...]
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """As `trials --json` shows it."""
        return {
            "ticket": self.ticket.ref,
            "id": self.ticket.ticket_id,
            "intent": self.ticket.intent,
            "mode": self.ticket.mode,
            "status": self.ticket.status.value,
            "rules": list(self.ticket.rules),
            "verdict": self.verdict.value,
            "planned": [step.as_json() for step in self.planned],
            "done": [step.as_json() for step in self.done],
        }


@dataclass
class Trial:
    """One intent's way in so far."""

    intent: Intent
    mode: TrialMode
    """As the policy has it now."""
    tickets: int = 0
    """Planned in this mode."""
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    planned: Counter[str] = field(default_factory=Counter)
    """Minor units that the plans of ended tickets move, by currency."""
    done: Counter[str] = field(default_factory=Counter)
    """Minor units that were moved in these, by currency."""
    next_mode: TrialMode | None = None
    gates: Counter[Gate] = field(default_factory=Counter)
    """How the next mode would gate the planned actions."""
    alone: Counter[str] = field(default_factory=Counter)
    """Minor units that would move in the next mode without asking, by currency."""

    @property
    def compared(self) -> int:
        """Tickets that the share is taken of."""
        return sum(self.verdicts[verdict] for verdict in COMPARED)

    @property
    def agreement(self) -> float | None:
        """The share of them where the same was done; None if there are none."""
        return self.verdicts[Verdict.SAME] / self.compared if self.compared else None

    @property
    def at_least(self) -> float | None:
        """Wilson's lower bound of that share, at 95 %."""
        return wilson(self.verdicts[Verdict.SAME], self.compared) if self.compared else None

    def as_json(self) -> dict[str, Any]:
        """As `trials --json` shows it; money in minor units."""
        following = None
        if self.next_mode is not None:
            gates = {gate.value: self.gates[gate] for gate in Gate}
            following = {"mode": self.next_mode.value, "actions": gates, "alone": dict(self.alone)}
        return {
            "intent": self.intent.value,
            "mode": self.mode.value,
            "tickets": self.tickets,
            "verdicts": {verdict.value: self.verdicts[verdict] for verdict in Verdict},
            "compared": self.compared,
            "agreement": self.agreement,
            "at_least": self.at_least,
            "money": {"planned": dict(self.planned), "done": dict(self.done)},
            "next": following,
        }


def comparisons(store: Store, intent: Intent | None = None) -> Iterable[Comparison]:
    """Each ticket's plan beside what people did, newest first; merged tickets are left out."""
    return (compare(one) for one in tried(store, intent) if not one.merged)


def without_personal_data(one: Comparison) -> Comparison:
    """The same for people who may look and not act."""
    named = one.ticket.actions[0] if one.ticket.actions else None
    names = names_of(named)
    return replace(
        one,
        ticket=replace(one.ticket, subject="[subject]"),
        planned=masked(one.planned, names),
        done=masked(one.done, names),
    )


def trials(store: Store, policy: Policy) -> list[Trial]:
    """Every intent's way in, in the mode that it is in now."""
    found = {intent: Trial(intent, policy.mode_of(intent)) for intent in TRIED}
    for trial in found.values():
        trial.next_mode = {
            TrialMode.SHADOW: TrialMode.ASSIST, TrialMode.ASSIST: TrialMode.AUTO,
        }.get(trial.mode)  # fmt: skip
    for comparison in comparisons(store):
        trial = found[Intent(comparison.ticket.intent)]
        if comparison.ticket.mode == trial.mode:
            _count(trial, comparison, policy)
    return list(found.values())


def _count(trial: Trial, comparison: Comparison, policy: Policy) -> None:
    trial.tickets += 1
    trial.verdicts[comparison.verdict] += 1
    if comparison.verdict is not Verdict.OPEN:
        _add(trial.planned, comparison.planned)
        _add(trial.done, comparison.done)
    following = policy.with_mode(trial.intent, trial.next_mode or trial.mode)
    for step in comparison.planned:
        gate = rule_on(following, step.name, step.amount, trial.intent).gate
        trial.gates[gate] += 1
        if gate is Gate.AUTO:
            _add(trial.alone, (step,))


def _add(sums: Counter[str], steps: Iterable[Step]) -> None:
    for step in steps:
        if step.amount and step.currency:
            sums[step.currency] += step.amount


def compare(one: Tried) -> Comparison:
    """The plan of one intent of a ticket beside what was done about it."""
    ours = [
        a for a in one.actions
        if a.issue_id in one.issues and a.proposed_by is None and a.name not in _NOT_COMPARED
    ]  # fmt: skip
    edited = {a.superseded_by for a in ours if a.problem == "edited"}
    planned = tuple(
        _step(a, a.arguments)
        for a in ours
        if a.id not in edited and (a.superseded_by is None or a.problem == "edited")
        and a.state != "stale"
    )  # fmt: skip
    by_hand = [a for a in one.actions if a.proposed_by is not None and _belongs(a, one, planned)]
    done = tuple(
        _step(a, a.executed_arguments or a.arguments)
        for a in [*ours, *by_hand]
        if a.state in DONE_ACTIONS and a.superseded_by is None
    )
    over = one.status in ENDED_TICKETS
    return Comparison(one, planned, done, verdict_on(planned, done) if over else Verdict.OPEN)


def _step(action: ActionRow, arguments: dict[str, Any]) -> Step:
    return Step(
        ActionName(action.name), arguments, arguments.get("amount"), arguments.get("currency")
    )


def _belongs(action: ActionRow, one: Tried, planned: tuple[Step, ...]) -> bool:
    """Whether what a person did was about this intent, and not another that was in shadow."""
    if action.name in _NOT_COMPARED:
        return False
    if not one.others or any(_step(action, action.arguments).aim == s.aim for s in planned):
        return True
    home = _AT_HOME.get(ActionName(action.name))
    return home == one.intent or (home not in one.others and one.intent < min(one.others))


def verdict_on(planned: tuple[Step, ...], done: tuple[Step, ...]) -> Verdict:
    """How a plan compares with what was done; each action is told by its aim, then its values."""
    if not planned or not done:
        if not planned and not done:
            return Verdict.NEITHER
        return Verdict.AGENTS_NOTHING if done else Verdict.PEOPLE_NOTHING
    if Counter(s.aim for s in planned) != Counter(s.aim for s in done):
        return Verdict.SOMETHING_ELSE
    mine, theirs = (
        sorted((s.aim, sorted(s.compared.items(), key=str)) for s in steps)
        for steps in (planned, done)
    )
    return Verdict.SAME if mine == theirs else Verdict.OTHER_ARGUMENTS
