"""Reading back whether an action did what it promised (the postconditions of the catalogue)."""

from typing import Any

from agents.connectors.protocols import Effect, Reader
from data.vocabulary import ActionName

_BROKEN = {
    "revoke_sessions": ("sessions", "expired"),
    "clear_cache": ("caches", "stale"),
    "resync_entitlements": ("entitlements", "mismatched"),
    "unlock_account": ("locks", "locked"),
}


def what_stayed(reader: Reader, taken_back: Effect) -> str | None:
    """What the records show otherwise than an undoing left it, in a sentence; None if nothing."""
    for change in taken_back.changes:
        row = reader.record(change.table, change.id)
        if change.after is None:
            if row is not None:
                return f"{change.table} {change.id} is still there"
            continue
        for field, (_, wanted) in change.fields().items():
            if row is None or row.get(field) != wanted:
                return f"{change.table} {change.id}: {field} was not set back"
    return None


def what_is_wrong(
    reader: Reader, name: ActionName, arguments: dict[str, Any], effect: Effect
) -> str | None:
    """What the system's records lack after the action, in a sentence; None if all is as
    promised."""
    result = effect.result
    match name:
        case ActionName.PROCESS_REFUND:
            refund = reader.record("refunds", result["refund"])
            charge = reader.record("charges", arguments["charge"])
            if refund is None or refund["amount"] != arguments["amount"]:
                return "the refund is not on record"
            if charge is None or not arguments["amount"] <= charge["refunded"] <= charge["amount"]:
                return "the charge does not show the refund"
        case ActionName.ISSUE_CREDIT:
            credit = reader.record("credits", result["credit"])
            if credit is None or credit["amount"] != arguments["amount"]:
                return "the credit is not on record"
        case ActionName.REINSTATE_SUBSCRIPTION:
            subscription = reader.record("subscriptions", arguments["subscription"])
            if subscription is None or subscription["status"] != "active":
                return "the subscription is not active"
            if set(result["features"]) - set(subscription["features"] or []):
                return "features of the plan are missing"
        case ActionName.RESET_SERVICE:
            if reader.record("resets", result["reset"]) is None:
                return "the reset is not on record"
            table, broken = _BROKEN[arguments["operation"]]
            row = reader.record(table, f"{arguments['customer']}/{arguments['service']}")
            if row is None or row["state"] == broken:
                return "the condition is still there"
        case ActionName.UPDATE_CRM:
            customer = reader.record("customers", arguments["customer"]) or {}
            wrong = [f for f, value in arguments["changes"].items() if customer.get(f) != value]
            if wrong:
                return f"{', '.join(wrong)} did not change"
        case ActionName.SEND_REPLY | ActionName.SEND_NOTIFICATION:
            sent = reader.record("notifications", result["notification"])
            if sent is None or sent["state"] != "accepted":
                return "the channel did not accept the message"
        case ActionName.CREATE_TICKET:
            if reader.record("created_tickets", result["ticket"]) is None:
                return "the ticket is not on record"
        case ActionName.SCHEDULE_CALLBACK:
            if reader.record("callbacks", result["callback"]) is None:
                return "the callback is not on record"
    return None
