"""The effect of an action as people are shown it, before it happens."""

from typing import Any

from sqlalchemy import select, update

from agents.actions.catalogue import CATALOGUE, money_of
from agents.connectors.protocols import Change, Effect
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.revisions import read_records
from agents.errors import Refused
from data.store import ACTION
from data.vocabulary import ActionName, ActionState

Row = dict[str, Any]


def preview_of(
    name: ActionName, arguments: dict[str, Any], effect: Effect | None, affects: str | None
) -> dict[str, Any]:
    """What will change, move and be said: {exact, declared, changes, money, message, affects}."""
    money = []
    amount, currency = money_of(arguments)
    if amount is not None:
        money.append({"amount": amount, "currency": currency, "to": "customer"})
    message = None
    if CATALOGUE[name].writes_to_customer:
        recipient = arguments.get("channel", "ticket")
        message = {
            "to": recipient,
            "subject": arguments.get("subject", ""),
            "body": arguments["body"],
        }
    return {
        "exact": effect is not None and not effect.declared,
        "declared": effect is not None and effect.declared,
        "changes": changes_of(effect.changes if effect else []),
        "money": money,
        "message": message,
        "affects": affects,
    }


def changes_of(changes: list[Change]) -> list[dict[str, Any]]:
    """Rows with the fields that change, each from → to."""
    return [
        {
            "table": change.table,
            "id": change.id,
            "fields": {field: list(pair) for field, pair in change.fields().items()},
        }
        for change in changes
    ]


def undo_of(
    name: ActionName, effect: Effect | None, taking_back: Effect | None = None
) -> dict[str, Any]:
    """Whether, until when and how the action can be undone; `changes` once that is known."""
    possible = bool(effect and effect.undoable)
    until = effect.undo_until.isoformat() if effect and effect.undo_until else None
    how = CATALOGUE[name].undo if possible else "cannot be undone"
    undo: dict[str, Any] = {"possible": possible, "until": until, "how": how}
    if taking_back is not None:
        undo["changes"] = changes_of(taking_back.changes)
    return undo


def work_out(parts: Parts, journal: Journal, actions: list[Row]) -> bool:
    """Work out the effects that are pending: of edited, hand-made and repeated requests.

    What the system refuses is refused. Whether there was any.
    """
    pending = [
        a for a in actions
        if (a["preview"] or {}).get("pending")
        and a["state"] in (ActionState.PROPOSED, ActionState.APPROVED)
    ]  # fmt: skip
    for action in pending:
        _work_out(parts, journal, action)
    return bool(pending)


def _work_out(parts: Parts, journal: Journal, action: Row) -> None:
    name, arguments, old = ActionName(action["name"]), action["arguments"], action["preview"]
    effect: Effect | None = None
    refused: str | None = None
    try:
        effect = try_out(parts, action)
    except Refused as refusal:
        refused = str(refusal)
    records = action["records"]
    if not records and name is not ActionName.UNDO:
        records = read_records(parts.reader, name, arguments, [])
    preview = preview_of(name, arguments, effect, old.get("affects"))
    preview |= {kept: old[kept] for kept in ("changed", "then", "doubt", "by") if old.get(kept)}
    with journal.write() as tx:
        values = {"preview": preview, "undo": undo_of(name, effect), "records": records}
        data = {"action": action["id"], "name": name.value}
        if refused is None:
            tx.connection.execute(
                update(ACTION).where(ACTION.c.id == action["id"]).values(**values)
            )
            journal.tell(tx, "action.previewed", data)
        else:
            was = [ActionState(action["state"])]
            tx.set_action(action["id"], ActionState.REFUSED, was=was, problem=refused, **values)
            journal.tell(tx, "action.refused", {**data, "why": refused})


def try_out(parts: Parts, action: Row) -> Effect:
    """The effect that the action would have now."""
    now = parts.store.clock.now()
    if action["undoes"]:
        with parts.store.read() as connection:
            query = select(ACTION.c.idempotency_key).where(ACTION.c.id == action["undoes"])
            key = connection.execute(query).scalar_one()
        return parts.writer.preview_undo(key, now)
    return parts.writer.preview(action["name"], action["arguments"], f"trial:{action['id']}", now)
