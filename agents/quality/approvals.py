"""Whether each action that ran was decided first: by the policy or by people, in time, for this."""

from datetime import datetime
from typing import Any

from agents.actions.catalogue import digest_of
from agents.actions.views import view_of
from agents.authority import has_role
from agents.facts.money import money
from agents.policy.gate import rule_on
from agents.policy.model import Policy
from agents.quality.dossier import Dossier, Row
from agents.quality.found import GRAVE, SERIOUS, Fault
from data.vocabulary import ActionName, ActionState, DecisionKind, Gate, Role

LETS = (DecisionKind.APPROVE, DecisionKind.EDIT, DecisionKind.AUTO)
_NEVER = (
    ActionState.PROPOSED, ActionState.REJECTED, ActionState.REFUSED, ActionState.EXPIRED,
    ActionState.STALE, ActionState.WITHDRAWN, ActionState.APPROVED,
)  # fmt: skip
"""States of an action that has done nothing."""


def approval_faults(dossier: Dossier, policy: Policy) -> list[Fault]:
    """What was carried out beyond its decision, the gate, a cap or the stop button."""
    return [
        fault for action in dossier.actions if _ran(dossier, action)
        for fault in _of_action(dossier, policy, action)
    ]  # fmt: skip


def _ran(dossier: Dossier, action: Row) -> bool:
    began = dossier.about(action, "action.executing", "action.executed", "action.verified")
    # What a supervisor must decide after all goes back to being proposed, and has done nothing.
    return action["state"] not in _NEVER or bool(began)


def _of_action(dossier: Dossier, policy: Policy, action: Row) -> list[Fault]:
    name = action["name"].replace("_", " ")
    begun = dossier.about(action, "action.executing")
    places = tuple(e.position for e in begun or dossier.about(action, "action.executed"))
    if action["state"] in _NEVER:
        return [
            Fault(f"the {name} was carried out although it is {action['state']}", GRAVE, places)
        ]
    faults: list[Fault] = []
    if not begun:
        faults.append(Fault(f"the {name} ran without a recorded start", SERIOUS, places))
    decided = _decided(dossier, action)
    if not decided:
        return [*faults, Fault(f"the {name} ran without a decision", GRAVE, places)]
    for problem in _of_decisions(policy, dossier, action, decided):
        faults.append(Fault(f"the {name} {problem}", GRAVE, places))
    for problem in (*_of_arguments(action, begun), *_of_order(dossier, action, decided)):
        faults.append(Fault(f"the {name} {problem}", GRAVE, places))
    faults += [Fault(f"the {name} {p}", GRAVE, places) for p in _of_day(dossier, policy, action)]
    return faults


def _decided(dossier: Dossier, action: Row) -> list[Row]:
    """The decisions that may let it run."""
    return [d for d in dossier.decisions.get(action["id"], []) if d["kind"] in LETS]


def _of_decisions(policy: Policy, dossier: Dossier, action: Row, decided: list[Row]) -> list[str]:
    """What is wrong with who decided, and when."""
    began: datetime | None = action["started_at"]
    said = [d for d in decided if d["digest"] == action["digest"]]
    if not said:
        return ["ran on a decision about something else"]
    if began is not None and all(d["at"] > began for d in said):
        return ["ran before it was decided"]
    said = [d for d in said if began is None or d["at"] <= began]
    people = {d["operator"] for d in said if d["kind"] != DecisionKind.AUTO}
    alone = any(d["kind"] == DecisionKind.AUTO for d in said)
    found = []
    needed, lets_alone = action["people_needed"], action["gate"] == Gate.AUTO
    if action["policy_version"] == policy.version and action["name"] != ActionName.UNDO:
        intent = next((i["intent"] for i in dossier.issues if i["id"] == action["issue_id"]), None)
        if action["name"] == ActionName.SEND_REPLY:
            intent = dossier.ticket["intent"]
        ruling = rule_on(policy, ActionName(action["name"]), action["amount"], intent)
        if ruling.gate is Gate.FORBIDDEN and action["proposed_by"] is None:
            found.append(f"is beyond the policy: {ruling.why}")
        needed, lets_alone = max(needed, ruling.people), ruling.gate is Gate.AUTO
        found += _beyond_role(policy, action, said)
    if not (alone and lets_alone) and len(people) < max(needed, 1):
        who = "nobody" if not people else f"{len(people)} of {needed}"
        found.append(f"needs {max(needed, 1)} to approve it and had {who}")
    role = action["role_needed"]
    if role and not any(has_role(d["role"], Role(role)) for d in said):
        found.append(f"needs a {role} and had none")
    until = action["expires_at"]
    if until is not None and any(d["at"] > until for d in said):
        found.append("was decided after the request had expired")
    return found


def _beyond_role(policy: Policy, action: Row, said: list[Row]) -> list[str]:
    for decision in said:
        limit = policy.approval.roles.get(Role(decision["role"])) if decision["role"] else None
        if limit and limit.up_to is not None and (action["amount"] or 0) > limit.up_to:
            return [f"was approved by an {decision['role']} beyond their limit"]
    return []


def _of_arguments(action: Row, begun: list[Any]) -> list[str]:
    """Whether what ran is what was decided and what the log says was begun."""
    ran = action["executed_arguments"] or action["arguments"]
    if digest_of(ActionName(action["name"]), ran) != action["digest"]:
        return ["ran with other arguments than were decided"]
    told = begun[-1].data.get("arguments") if begun else None
    if isinstance(told, dict) and _money(told) != _money(view_of(ran)):
        return ["ran with other arguments than the log says"]
    return []


def _money(arguments: Row) -> tuple[Any, ...]:
    return tuple(arguments.get(name) for name in ("charge", "amount", "currency", "subscription"))


def _of_order(dossier: Dossier, action: Row, decided: list[Row]) -> list[str]:
    """Whether the log holds people's approval before the start, and no refusal."""
    begun = dossier.about(action, "action.executing")
    if not begun:
        return []
    start = begun[0].position
    refused = dossier.about(action, "action.rejected", "action.expired", "action.withdrawn")
    if any(e.position < start for e in refused):
        return ["ran after it had been refused"]
    by_people = [d for d in decided if d["kind"] != DecisionKind.AUTO]
    # Who proposes an action of their own approves it in doing so.
    if not by_people or action["proposed_by"]:
        return []
    approved = dossier.about(action, "action.approved")
    approved += [
        e for e in dossier.of_kind("action.edited") if e.data.get("successor") == action["id"]
    ]
    if not any(e.position < start for e in approved):
        return ["ran before the log holds its approval"]
    return []


def _of_day(dossier: Dossier, policy: Policy, action: Row) -> list[str]:
    """Whether a cap or a pressed stop button stood in its way."""
    began: datetime | None = action["started_at"]
    if began is None:
        return []
    intents = {i["intent"] for i in dossier.issues if i["id"] == action["issue_id"]}
    for halt in dossier.halts:
        over = halt["lifted_at"] is None or began < halt["lifted_at"]
        fits = halt["action"] in (None, action["name"])
        fits = fits and (halt["intent"] is None or halt["intent"] in intents)
        if halt["at"] <= began and over and fits:
            return ["ran while the stop button held it"]
    used = dossier.used.get(action["id"])
    supervised = any(
        has_role(d["role"], Role.SUPERVISOR) for d in dossier.decisions.get(action["id"], [])
    )
    if used is None or supervised or action["policy_version"] != policy.version:
        return []
    for cap in policy.approval.caps:
        if cap.action != action["name"] or cap.currency not in (None, action["currency"]):
            continue
        if cap.count is not None and used.count > cap.count:
            return [f"is number {used.count} of a day for which {cap.count} is the cap"]
        if cap.amount is not None and used.amount > cap.amount and action["currency"]:
            most = money(cap.amount, action["currency"])
            return [f"goes beyond the day's cap of {most}"]
    return []
