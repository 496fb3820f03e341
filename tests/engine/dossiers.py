"""Dossiers of tickets that really ended, and ways to spoil them."""

from dataclasses import replace
from typing import Any

from agents.quality.checks import check_by_rule
from agents.quality.dossier import Dossier, Entry, read_dossier
from agents.quality.found import Check
from data.vocabulary import QualityName
from tests.engine.desk import Desk


def dossier_of(desk: Desk, ticket_id: str) -> Dossier:
    """What is on record about a ticket, with the back office's effects."""
    return read_dossier(desk.store, ticket_id, desk.writer.lookup)


def found(dossier: Dossier, name: QualityName, desk: Desk) -> Check:
    """One check of it."""
    return next(c for c in check_by_rule(dossier, desk.policy) if c.name is name)


def with_action(dossier: Dossier, name: str, **changes: Any) -> Dossier:
    """The first action of this name changed."""
    first = next(a for a in dossier.actions if a["name"] == name)
    actions = [{**a, **changes} if a is first else a for a in dossier.actions]
    return replace(dossier, actions=actions)


def without(dossier: Dossier, *kinds: str, name: str | None = None) -> Dossier:
    """Events of these kinds, about actions of this name, taken out of the log."""
    kept = [
        e for e in dossier.entries
        if e.kind not in kinds or (name is not None and e.data.get("name") != name)
    ]  # fmt: skip
    return replace(dossier, entries=kept)


def saying(dossier: Dossier, text: str) -> Dossier:
    """The agents' last reply says something else."""
    last = max(m["position"] for m in dossier.messages if m["author"] == "agent")
    messages = [{**m, "body": text} if m["position"] == last else m for m in dossier.messages]
    return replace(dossier, messages=messages)


def telling(dossier: Dossier, kind: str, **data: Any) -> Dossier:
    """The data of the events of a kind changed."""
    entries = [
        replace(e, data={**e.data, **data}) if e.kind == kind else e for e in dossier.entries
    ]
    return replace(dossier, entries=entries)


def adding(dossier: Dossier, entry: Entry) -> Dossier:
    """One more event, in its place."""
    entries = sorted([*dossier.entries, entry], key=lambda e: e.position)
    return replace(dossier, entries=entries)
