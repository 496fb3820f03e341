"""What no plan may do, whoever made it: the policy's limits on single actions. Pure."""

from collections.abc import Callable
from typing import Any

from agents.connectors.protocols import Row
from agents.facts.billing import disputed, left
from agents.facts.case import Case
from agents.facts.technical import done_lately
from data.vocabulary import ActionName, Identity

_NOT_ON_A_CLOSED_ACCOUNT = frozenset({
    ActionName.RESET_SERVICE, ActionName.UPDATE_CRM, ActionName.REINSTATE_SUBSCRIPTION,
    ActionName.ISSUE_CREDIT,
})  # fmt: skip
_DUE_ON_A_CLOSED_ACCOUNT = ("B1", "B2")


def out_of_bounds(
    case: Case, action: ActionName, arguments: dict[str, Any], rule: str
) -> str | None:
    """Why an action planned for the case under `rule` must not be proposed, with the policy's rule;
    None if it may."""
    if case.customer is None or case.identity is Identity.UNKNOWN:
        return "who writes is not known (I3)"
    if arguments.get("customer", case.customer["id"]) != case.customer["id"]:
        return "it is for another customer than the ticket's"
    closed = case.customer.get("status") in ("closed", "suspended")
    if closed and action in _NOT_ON_A_CLOSED_ACCOUNT:
        return f"the account is {case.customer['status']} (A3)"
    check = _CHECKS.get(action)
    why = check(case, arguments) if check else None
    if why is None and action is ActionName.PROCESS_REFUND and closed:
        why = None if rule in _DUE_ON_A_CLOSED_ACCOUNT else "the account is closed (A3)"
    return why


def _row(case: Case, table: str, row_id: Any) -> Row | None:
    return next((row for row in case.rows(table) if row["id"] == row_id), None)


def _refund(case: Case, arguments: dict[str, Any]) -> str | None:
    charge = _row(case, "charges", arguments.get("charge"))
    if charge is None:
        return "the customer has no such charge"
    if disputed(charge, case.rows("charges")):
        return "the charge, or another of its period, is disputed (B6)"
    if charge["id"] in case.open_refunds:
        return "another request to refund the charge is open"
    if arguments.get("currency") != charge["currency"]:
        return "the charge is in another currency"
    if int(arguments.get("amount") or 0) > left(charge):
        return "it is more than what is left of the charge"
    return None


def _reinstate(case: Case, arguments: dict[str, Any]) -> str | None:
    if _row(case, "subscriptions", arguments.get("subscription")) is None:
        return "the customer has no such subscription"
    return None


def _change(case: Case, arguments: dict[str, Any]) -> str | None:
    fields = [f for f in arguments.get("changes") or {} if f in case.policy.identity.strong_fields]
    if fields and case.identity is not Identity.STRONG:
        return f"changing the {' and '.join(fields)} needs strong identity (I4)"
    return None


def _reset(case: Case, arguments: dict[str, Any]) -> str | None:
    operation = str(arguments.get("operation"))
    if done_lately(case, operation):
        hours = case.policy.technical.reset_repeat_hours
        return f"{operation} was done within {hours} hours (T2)"
    return None


_CHECKS: dict[ActionName, Callable[[Case, dict[str, Any]], str | None]] = {
    ActionName.PROCESS_REFUND: _refund,
    ActionName.REINSTATE_SUBSCRIPTION: _reinstate,
    ActionName.UPDATE_CRM: _change,
    ActionName.RESET_SERVICE: _reset,
}
