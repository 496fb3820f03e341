"""The records that a decision rests on, and whether they are still as the person saw them."""

import hashlib
from typing import Any

from agents.actions.catalogue import target_of
from agents.connectors.protocols import Change, Reader, Row
from data.columns import canonical
from data.vocabulary import ActionName

_CUSTOMER_FIELDS = ("id", "status")
"""What an action on a customer rests on, beside the fields that it changes."""


def _watched(table: str, row: Row | None, arguments: dict[str, Any]) -> Row | None:
    if row is None or table != "customers":
        return row
    fields = (*_CUSTOMER_FIELDS, *arguments.get("changes", {}))
    return {field: row.get(field) for field in fields}


def revision(row: Row | None) -> str:
    """A digest of a record's fields; another one when any of them changed."""
    return hashlib.sha256(canonical(row).encode()).hexdigest()[:16]


def read_records(
    reader: Reader, name: ActionName, arguments: dict[str, Any], rests_on: list[str]
) -> dict[str, Any]:
    """The records of an action as they are now: `table:id` to their revision and fields."""
    records = {}
    for reference in dict.fromkeys([target_of(name, arguments), *rests_on]):
        table, _, record_id = reference.partition(":")
        if table in ("tickets", "queues"):
            continue
        fields = _watched(table, reader.record(table, record_id), arguments)
        records[reference] = {"revision": revision(fields), "fields": fields}
    return records


def changed_records(
    reader: Reader, arguments: dict[str, Any], records: dict[str, Any]
) -> dict[str, dict[str, list[Any]]]:
    """What differs from `records` now: `table:id` to field to [then, now]; empty if nothing
    does."""
    changed: dict[str, dict[str, list[Any]]] = {}
    for reference, then in records.items():
        table, _, record_id = reference.partition(":")
        now = _watched(table, reader.record(table, record_id), arguments)
        if revision(now) == then["revision"]:
            continue
        before, after = then["fields"] or {}, now or {}
        changed[reference] = {
            field: [before.get(field), after.get(field)]
            for field in {**before, **after}
            if before.get(field) != after.get(field)
        }
    return changed


def follow(
    records: dict[str, Any], arguments: dict[str, Any], changes: list[Change]
) -> dict[str, Any] | None:
    """`records` brought up to what an own action of the same ticket did; None if it touched
    none."""
    followed = None
    for change in changes:
        reference = f"{change.table}:{change.id}"
        then = records.get(reference)
        if then is None or then["revision"] != revision(
            _watched(change.table, change.before, arguments)
        ):
            continue
        fields = _watched(change.table, change.after, arguments)
        followed = {
            **(followed or records),
            reference: {"revision": revision(fields), "fields": fields},
        }
    return followed
