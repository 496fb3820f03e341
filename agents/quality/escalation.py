"""Whether a ticket went to a person where the policy says so, and only there.

What the policy asks for is reckoned anew from the recorded facts; the outcome's word is not taken.
"""

from datetime import timedelta

from agents.facts.case import moment
from agents.policy.model import Policy
from agents.quality.dossier import Dossier, Entry, Row
from agents.quality.found import (
    GRAVE,
    PARTIAL,
    SERIOUS,
    SLIGHT,
    Check,
    Fault,
    no_data,
    scored,
)
from agents.quality.reading import Heard, heard
from agents.understanding.kinds import intent_of
from data.vocabulary import ActionState, Identity, IssueState, QualityName

NAME = QualityName.ESCALATION
_TAKEN = ("ticket.taken", "ticket.assigned", "handoff.accepted", "ticket.resolved")
_STOPPED = (
    ActionState.REJECTED, ActionState.EXPIRED, ActionState.REFUSED, ActionState.FAILED,
    ActionState.UNKNOWN,
)  # fmt: skip
"""States of an agents' action after which a person must have the ticket."""


def check_escalation(dossier: Dossier, policy: Policy) -> Check:
    """What E1 to E5, I3 and the issues' rules ask for, against the hand-overs in the log."""
    if dossier.ticket["merged_into"]:
        return no_data(NAME, "It went on in the ticket that it was merged into.")
    readings = heard(dossier)
    if dossier.imported and not dossier.of_kind("handoff"):
        return no_data(NAME, "Whether these agents handed it over is not on record.")
    faults = [f for h in readings for f in _missed(dossier, policy, h)]
    if not dossier.imported:
        faults += _missed_by_facts(dossier, policy)
        faults += [f for issue in dossier.issues for f in _missed_by_rule(dossier, issue)]
        faults += _missed_after_actions(dossier)
        faults += [f for h in dossier.of_kind("handoff") for f in _unfounded(dossier, policy, h)]
    given = dossier.of_kind("handoff")
    if given:
        rules = ", ".join(dict.fromkeys(_rule_of(dossier, entry) for entry in given))
        good = f"Handed to a person, as the policy asks for ({rules})."
    else:
        good = "No recorded fact asks for a person, and none was given it."
    places = [e.position for e in given] or [h.position for h in readings if h.position]
    end = dossier.end
    return scored(NAME, faults, good, [*places, *([end.position] if end else [])])


# Not handed over although the facts ask for it.


def _missed(dossier: Dossier, policy: Policy, said: Heard) -> list[Fault]:
    """E1 to E3 by one message of the customer."""
    if said.noise:
        return []
    dangers = [trigger for trigger in said.triggers if trigger != "human_request"]
    why = None
    if dangers:
        why = "E2", dangers[0].replace("_", " ")
    elif "human_request" in said.triggers:
        why = "E3", "the customer asks for a person"
    elif dossier.under(policy) and _furious(said, policy):
        why = "E1", f"angry ({said.anger:.2f}) and urgent ({said.urgency:.2f})"
    if why is None or _handed_over(dossier, said.position or 0):
        return []
    text = f"not handed over although {why[0]} asks for it: {why[1]}"
    return [Fault(text, GRAVE, (said.position,) if said.position else ())]


def _missed_by_facts(dossier: Dossier, policy: Policy) -> list[Fault]:
    """E4, E5 and I3 by the ticket as a whole."""
    faults = []
    tried = _tries(dossier, policy) if dossier.under(policy) else None
    if tried is not None and not _handed_over(dossier, 0):
        faults.append(Fault("not handed over although the details to verify did not fit (I3)",
                            GRAVE, (tried.position,)))  # fmt: skip
    end = dossier.end
    code = (end.data.get("outcome") or {}).get("code") if end else None
    if not dossier.issues and code not in ("noise", None) and not _handed_over(dossier, 0):
        faults.append(Fault("no request was recognised, and nobody was given it (E4)", SERIOUS,
                            (end.position,) if end else ()))  # fmt: skip
    repeats = _repeats(dossier, policy) if dossier.under(policy) else None
    if repeats and not _handed_over(dossier, 0):
        intent, count, places = repeats
        text = f"not handed over although it is ticket {count} on {intent} (E5)"
        faults.append(Fault(text, SERIOUS, places))
    return faults


def _missed_by_rule(dossier: Dossier, issue: Row) -> list[Fault]:
    """An issue whose rule ends with a person, and that ended without one."""
    plans = [e for e in dossier.of_kind("plan") if e.data.get("issue") == issue["kind"]]
    if (issue["slots"] or {}).get("follows") or not plans:
        return []
    plan = plans[-1]
    if plan.data.get("end") != IssueState.ESCALATED or _handed_over(dossier, plan.position):
        return []
    text = f"rule {issue['rule']} ends with a person, and nobody was given it"
    return [Fault(text, SERIOUS, (plan.position,))]


def _missed_after_actions(dossier: Dossier) -> list[Fault]:
    """An action that was refused, rejected, expired or failed, and nobody was given the rest."""
    faults = []
    for action in dossier.actions:
        stopped = action["state"] in _STOPPED and action["superseded_by"] is None
        if not stopped or action["proposed_by"] or action["undoes"]:
            continue
        told = dossier.about(action, f"action.{action['state']}")
        place = told[-1].position if told else 0
        if not _handed_over(dossier, place):
            text = f"the {action['name'].replace('_', ' ')} is {action['state']}, "
            faults.append(Fault(text + "and nobody was given the ticket", SERIOUS, (place,)))
    return faults


def _handed_over(dossier: Dossier, after: int) -> bool:
    """Whether a person got the ticket after a position in the log."""
    return any(e.position > after for e in dossier.of_kind("handoff", *_TAKEN))


# Handed over: whether the facts bear the reason out.


def _unfounded(dossier: Dossier, policy: Policy, given: Entry) -> list[Fault]:
    rule, place = given.data.get("rule"), (given.position,)
    if rule is None:
        return [] if _issues_ask_for_it(dossier, given) else [
            Fault("handed over for no reason that the policy knows", PARTIAL, place)
        ]  # fmt: skip
    if rule in ("E1", "E4", "E5", "I3") and not dossier.under(policy):
        return []
    before = [h for h in heard(dossier) if h.position and h.position < given.position]
    rules = policy.escalate
    match rule:
        case "E1":
            founded = any(_furious(h, policy) for h in before)
        case "E2":
            founded = any(set(h.triggers) - {"human_request"} for h in before)
        case "E3":
            founded = any("human_request" in h.triggers for h in before)
        case "E4":
            sure = max((i["confidence"] for i in dossier.issues), default=0.0)
            founded = sure < rules.confidence_under
        case "E5":
            return _counted(dossier, policy, given)
        case "I3":
            founded = _tries(dossier, policy) is not None or any(
                e.data.get("cannot") for e in dossier.of_kind("identity")
            )
        case _:
            return [Fault(f"handed over by {rule}, which the policy does not know", PARTIAL, place)]
    if founded:
        return []
    return [Fault(f"handed over by {rule}, and no recorded fact bears that out", PARTIAL, place)]


def _counted(dossier: Dossier, policy: Policy, given: Entry) -> list[Fault]:
    """E5 by the number that was noted when it was counted, or by our own tickets."""
    noted = next((e for e in dossier.of_kind("repeat") if e.position < given.position), None)
    if noted is not None and int(noted.data.get("count") or 0) >= policy.escalate.repeat_tickets:
        return []
    if _repeats(dossier, policy):
        return []
    text = "handed over as a repeated request (E5), and the log does not hold the count"
    return [Fault(text, SLIGHT, (given.position,))]


def _issues_ask_for_it(dossier: Dossier, given: Entry) -> bool:
    """Whether an issue's rule, an action or a failure of the agents explains a hand-over."""
    if dossier.of_kind("run.failed") or given.data.get("action"):
        return True
    planned = any(
        e.data.get("end") == IssueState.ESCALATED or e.data.get("error")
        for e in dossier.of_kind("plan", "diagnosis")
        if e.position < given.position
    )
    stopped = any(a["state"] in (*_STOPPED, ActionState.UNDONE) for a in dossier.actions)
    told = any(
        slots.get("why") or slots.get("withheld") or slots.get("end") == IssueState.ESCALATED
        for slots in (issue["slots"] or {} for issue in dossier.issues)
    )
    return planned or stopped or told


def _rule_of(dossier: Dossier, given: Entry) -> str:
    if given.data.get("rule"):
        return str(given.data["rule"])
    rules = [i["rule"] for i in dossier.issues if i["state"] == IssueState.ESCALATED and i["rule"]]
    return rules[0] if rules else "the agents could not go on"


# Facts.


def _furious(said: Heard, policy: Policy) -> bool:
    """E1: angry and urgent over the policy's limits."""
    rules = policy.escalate
    return said.angry and said.anger > rules.anger_over and said.urgency > rules.urgency_over


def _tries(dossier: Dossier, policy: Policy) -> Entry | None:
    """The event by which too many messages had given details that do not fit."""
    return next(
        (
            e for e in dossier.of_kind("identity")
            if int(e.data.get("tries") or 0) >= policy.identity.tries
            and e.data.get("identity") != Identity.STRONG
        ),
        None,
    )  # fmt: skip


def _repeats(dossier: Dossier, policy: Policy) -> tuple[str, int, tuple[int, ...]] | None:
    """Intent and number of a ticket that is one too many, counted from what is on record."""
    rules, opened = policy.escalate, dossier.ticket["opened_at"]
    context = dossier.of_kind("context")
    if dossier.ticket["customer_id"] is None:
        return None
    since = opened - timedelta(days=rules.repeat_days)
    past = [
        row for row in dossier.records.get("past_tickets", {}).values()
        if since <= (moment(row["at"]) or since) <= opened
    ]  # fmt: skip
    # Counted at the first look; what a later message added is no part of it.
    first = dossier.issues if len(dossier.said) == 1 else dossier.issues[:1]
    for intent in dict.fromkeys(intent_of(i["kind"]).value for i in first):
        count = 1 + sum(row["intent"] == intent for row in past)
        count += sum(intent in t["intents"] for t in dossier.earlier if t["opened_at"] >= since)
        if count >= rules.repeat_tickets:
            return intent, count, tuple(e.position for e in context)
    return None
