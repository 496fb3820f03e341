"""Whether the records that were read allow what was done: whose they are, limits, disputes."""

from datetime import timedelta

from agents.facts.case import moment
from agents.policy.model import Policy
from agents.quality.dossier import Dossier, Row
from agents.quality.found import GRAVE, Fault
from data.vocabulary import ActionName, ActionState, Identity

_CHANGED_THE_WORLD = (ActionState.EXECUTED, ActionState.VERIFIED, ActionState.UNDONE)
_OF_CUSTOMER = (
    ActionName.PROCESS_REFUND, ActionName.ISSUE_CREDIT, ActionName.REINSTATE_SUBSCRIPTION,
    ActionName.RESET_SERVICE, ActionName.UPDATE_CRM,
)  # fmt: skip
_BY_RULE = ("B1", "B2", "B3", "B4")
"""Rules whose refunds count against the limit of one ticket (B7)."""


def ground_faults(dossier: Dossier, policy: Policy) -> list[Fault]:
    """What the agents did that the records do not allow; what people proposed is theirs."""
    done = [
        a for a in dossier.actions
        if a["state"] in _CHANGED_THE_WORLD and a["proposed_by"] is None and not a["undoes"]
    ]  # fmt: skip
    faults: list[Fault] = []
    for action in done:
        name = action["name"].replace("_", " ")
        places = tuple(e.position for e in dossier.about(action, "action.executing"))
        problems = [*_whose(dossier, action), *_known(dossier, policy, action)]
        if action["name"] == ActionName.PROCESS_REFUND:
            problems += _refund(dossier, policy, action)
        faults += [Fault(f"the {name} {problem}", GRAVE, places) for problem in problems]
    return faults + _together(dossier, policy, done)


def _arguments(action: Row) -> Row:
    ran: Row = action["executed_arguments"] or action["arguments"]
    return ran


def _whose(dossier: Dossier, action: Row) -> list[str]:
    """Whether it touches a record of somebody else's."""
    ran, owner = _arguments(action), dossier.ticket["customer_id"]
    whose = ran.get("customer")
    for table, argument in (("charges", "charge"), ("subscriptions", "subscription")):
        if ran.get(argument) is not None:
            whose = dossier.records.get(table, {}).get(ran[argument], {}).get("customer")
    if action["name"] not in _OF_CUSTOMER or whose is None or whose == owner:
        return []
    return ["touches a record of another customer"]


def _known(dossier: Dossier, policy: Policy, action: Row) -> list[str]:
    """Whether the customer was known surely enough when it ran (I3, I4)."""
    begun = dossier.about(action, "action.executing")
    if action["name"] not in _OF_CUSTOMER or not begun:
        return []
    known = dossier.last("identity", begun[0].position)
    identity = known.data.get("identity") if known else None
    if identity is None or identity == Identity.UNKNOWN:
        return ["ran before it was known who writes (I3)"]
    fields = set(_arguments(action).get("changes") or {})
    if fields & set(policy.identity.strong_fields) and identity != Identity.STRONG:
        return [f"changed {', '.join(sorted(fields))} without strong identity (I4)"]
    return []


def _refund(dossier: Dossier, policy: Policy, action: Row) -> list[str]:
    """A refund against the charge as it was when it was decided."""
    charge_id = _arguments(action)["charge"]
    record = (action["records"] or {}).get(f"charges:{charge_id}", {})
    charge = record.get("fields") or dossier.records.get("charges", {}).get(charge_id)
    if not charge:
        return ["is of a charge that nobody read"]
    found = []
    if charge["status"] == "disputed" or _disputed_beside(dossier, charge):
        found.append("is of a charge with an open dispute (B6)")
    if charge["refunded"] + _arguments(action)["amount"] > charge["amount"]:
        found.append("gives back more than was left of the charge")
    limits = {} if not dossier.under(policy) else {
        "B2": policy.billing.after_cancellation_days, "B4": policy.billing.refund_days,
    }  # fmt: skip
    days, charged = limits.get(action["rule"]), moment(charge["at"])
    if days is not None and charged is not None:
        last = charged.date() + timedelta(days=days)
        if dossier.ticket["opened_at"].date() > last:
            found.append(f"is of a charge older than {days} days ({action['rule']})")
    return found


def _disputed_beside(dossier: Dossier, charge: Row) -> bool:
    """Whether another charge of the same subscription and period is disputed (B6)."""
    if not charge.get("subscription"):
        return False
    return any(
        row["status"] == "disputed"
        and row.get("subscription") == charge["subscription"]
        and row.get("period_start") == charge.get("period_start")
        for row in dossier.records.get("charges", {}).values()
    )


def _together(dossier: Dossier, policy: Policy, done: list[Row]) -> list[Fault]:
    """B7: refunds that together are over the limit of one ticket."""
    if not dossier.under(policy):
        return []
    totals: dict[str, int] = {}
    places: list[int] = []
    for action in done:
        if action["name"] == ActionName.PROCESS_REFUND and action["rule"] in _BY_RULE:
            ran = _arguments(action)
            totals[ran["currency"]] = totals.get(ran["currency"], 0) + ran["amount"]
            places += [e.position for e in dossier.about(action, "action.executing")]
    if all(total <= policy.billing.refund_total_limit for total in totals.values()):
        return []
    return [Fault("refunds over the limit of one ticket were carried out (B7)", GRAVE,
                  tuple(places))]  # fmt: skip
