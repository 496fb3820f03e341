"""What is shown of a ticket to people who may look but not act: without personal data."""

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from data.card_digits import told_in
from data.names import parts_of
from data.personal import FIELDS
from data.queries.rows import AttachmentRow, EventRow, MessageRow, TicketDetail
from data.redaction import mask, mask_text
from data.vocabulary import Author

Shown = TypeVar("Shown")

_STAY = frozenset({
    "id", "ref", "ticket_id", "ticket_ref", "customer_id", "issue_id", "run_id", "digest", "target",
    "supersedes", "superseded_by", "undoes", "idempotency_key", "owner", "decided_by",
    "proposed_by", "assigned_to", "accepted_by", "operator", "step", "kind", "evidence",
    "begun_by",
})  # fmt: skip
"""Fields of rows that name things and operators, not customers."""


def masked(value: Shown, names: tuple[str, ...] = ()) -> Shown:
    """A row of the queries, or several, with the customer's details replaced by their kind.

    The customer is who the row names; `names` are further ones to look for.
    """
    done: Any = value
    if isinstance(value, list | tuple):
        done = type(value)([masked(each, names) for each in value])
    elif isinstance(value, MessageRow):
        theirs = value.author == Author.CUSTOMER and value.name
        name = "[name]" if theirs else value.name
        done = replace(value, body=mask_text(value.body, names, alone=True), name=name)
    elif isinstance(value, AttachmentRow):
        done = replace(value, name="[name]")
    elif is_dataclass(value) and not isinstance(value, type):
        known = (*names, *names_of(value))
        done = replace(value, **{
            field.name: _field(field.name, getattr(value, field.name), known)
            for field in fields(value) if field.name not in _STAY
        })  # fmt: skip
    shown: Shown = done
    return shown


def masked_events(events: list[EventRow], detail: TicketDetail) -> list[EventRow]:
    """The events of a ticket, which hold no personal data but what the log did not know then."""
    return masked(events, names_of(detail))


def names_of(row: Any) -> tuple[str, ...]:
    """By what a row names its customer; of a whole ticket also the last digits of a card that its
    messages tell."""
    if isinstance(row, TicketDetail):
        wrote = {m.name for m in row.messages if m.author == Author.CUSTOMER and m.name}
        told = told_in(row.ticket.subject, alone=True)
        told |= {digits for m in row.messages for digits in told_in(m.body, alone=True)}
        parts = (part for name in sorted(wrote) for part in parts_of(name))
        return (*names_of(row.ticket), *parts, *sorted(told))
    requester = getattr(row, "requester", None)
    return (*parts_of(getattr(row, "customer_name", None)), *([requester] if requester else []))


def _field(name: str, item: Any, names: tuple[str, ...]) -> Any:
    if isinstance(item, Enum):
        return item
    if isinstance(item, str):
        alone = name == "subject"
        return f"[{name}]" if name in FIELDS else mask_text(item, names, alone=alone)
    if isinstance(item, dict):
        return mask(item, names)
    if isinstance(item, list) or is_dataclass(item):
        texts = isinstance(item, list) and not any(map(is_dataclass, item))
        return mask(item, names) if texts else masked(item, names)
    return item
