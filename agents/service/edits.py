"""What an edit makes of an action: its arguments, checked, and its preview for the time being."""

from typing import Any

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import target_of
from agents.actions.wording import near
from agents.errors import NotDecidable
from agents.facts.money import money
from data.vocabulary import ActionName


def changed_arguments(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The arguments after an edit, checked against their type and the records as proposed."""
    name = ActionName(old["name"])
    if name is ActionName.UNDO:
        raise NotDecidable("undoing has nothing to edit; approve or reject it")
    known = set(old["arguments"])
    unknown = sorted(set(changes) - known)
    if unknown:
        there = near(unknown[0], known) or f"; it has {', '.join(sorted(known))}"
        raise NotDecidable(f"{name} has no argument {unknown[0]!r}{there}")
    arguments = check_arguments(name, {**old["arguments"], **changes})
    if arguments == old["arguments"]:
        raise NotDecidable("nothing was changed; approve it as it is, or change an argument")
    if target_of(name, arguments) != old["target"]:
        raise NotDecidable("an edit may not aim at another record; reject it and say why")
    left, charge = left_of_charge(old), _charge(old)
    if left is not None:
        asked, currency = arguments["amount"], charge["currency"]
        if arguments["currency"] != currency:
            raise NotDecidable(f"currency: the charge is in {currency}")
        if asked > left:
            raise NotDecidable(
                f"amount: {money(asked, currency)} is more than the {money(left, currency)} "
                "left of the charge"
            )
    return arguments


def _charge(action: dict[str, Any]) -> dict[str, Any]:
    """The charge that is refunded, as it was read; empty for other actions."""
    if action["name"] != ActionName.PROCESS_REFUND:
        return {}
    return (action["records"].get(action["target"]) or {}).get("fields") or {}


def left_of_charge(action: dict[str, Any]) -> int | None:
    """What is left of the charge that is refunded, in minor units; None for other actions."""
    charge = _charge(action)
    return charge["amount"] - (charge["refunded"] or 0) if charge else None


def edited_preview(
    old: dict[str, Any], arguments: dict[str, Any], amount: int | None
) -> dict[str, Any]:
    """The preview of an edited action until a worker has worked its rows out."""
    preview = {**(old["preview"] or {}), "exact": False, "pending": True, "changes": []}
    if amount is not None:
        preview["money"] = [{**m, "amount": amount} for m in preview.get("money", [])]
    if preview.get("message") and "body" in arguments:
        preview["message"] = {**preview["message"], "body": arguments["body"]}
    return preview
