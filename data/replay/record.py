"""What is recorded of a ticket's state with each commit: from its rows, as changes, as a digest.

A state is a JSON value of five sections. `ticket` and `run` (the newest) hold fields; `issues` (by
position), `actions` (by id) and `handoffs` (1, 2 …) hold entries of fields. All of it is words of
closed sets, ids, counts and names of operators: it goes into events, and nothing is ever erased
from it.
"""

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, text

from data.plain import canonical

State = dict[str, dict[str, Any]]

NOW = "now"
"""The field of an event's data that holds what its commit changed in the recorded state."""

FLAT = ("ticket", "run")
"""Sections that hold fields; the others hold entries of fields."""

FIELDS: dict[str, tuple[str, ...]] = {
    "actions": (
        "name", "state", "position", "issue", "agent", "gate", "rule", "amount", "currency",
        "people_needed", "role_needed", "decided_by", "proposed_by", "supersedes", "superseded_by",
        "undoes",
    ),
    "ticket": (
        "status", "owner", "priority", "identity", "intents", "flags", "outcome", "escalation",
        "merged_into", "messages", "sentiment", "language",
    ),
    "run": ("number", "state", "brain", "policy", "tokens", "cost_micros"),
    "issues": ("kind", "intent", "rule", "state", "skill", "agent", "evidence"),
    "handoffs": ("skill", "kind", "to", "accepted_by"),
}  # fmt: skip
"""Each section's recorded fields, in the order in which `_ROWS` reads them."""

RECORDED = frozenset({*FIELDS["ticket"], "message_count"})
"""The columns of a ticket that its recorded state is read from."""

BEFORE: State = {
    "ticket": {
        "status": "new", "owner": "agents", "priority": "normal", "identity": "unknown",
        "intents": [], "flags": [], "outcome": None, "escalation": None, "merged_into": None,
        "messages": 1, "sentiment": None, "language": "und",
    },
    "run": {}, "issues": {}, "actions": {}, "handoffs": {},
}  # fmt: skip
"""A ticket that has just been opened."""

_COUNTS = frozenset(
    {"position", "issue", "amount", "people_needed", "messages", "number", "tokens", "cost_micros"}
)
_VALUES = frozenset({"intents", "flags", "outcome", "escalation", "evidence"})
_OUTCOME = ("code", "rule")
"""What is recorded of an outcome; its sentence may quote the customer."""

_WIDTH = max(len(names) for names in FIELDS.values())


def _padded(columns: str) -> str:
    missing = _WIDTH - len(columns.split(", "))
    return columns + ", NULL" * missing


# The actions come first: they fill every column, by which PostgreSQL tells the columns' types.
_ROWS = text(
    "SELECT 'actions', a.id, a.name, a.state, CAST(a.position AS TEXT), "
    "CAST(i.position AS TEXT), a.agent, a.gate, a.rule, CAST(a.amount AS TEXT), a.currency, "
    "CAST(a.people_needed AS TEXT), a.role_needed, a.decided_by, a.proposed_by, a.supersedes, "
    "a.superseded_by, a.undoes FROM action a LEFT JOIN issue i ON i.id = a.issue_id "
    "WHERE a.ticket_id = :ticket UNION ALL SELECT 'ticket', '', "
    + _padded(
        "status, owner, priority, identity, intents, flags, outcome, escalation, merged_into, "
        "CAST(message_count AS TEXT), sentiment, language"
    )
    + " FROM ticket WHERE id = :ticket UNION ALL SELECT 'issues', CAST(position AS TEXT), "
    + _padded("kind, intent, rule, state, skill, agent, evidence")
    + " FROM issue WHERE ticket_id = :ticket UNION ALL SELECT 'run', '', "
    + _padded(
        "CAST(number AS TEXT), state, brain, policy_version, CAST(tokens AS TEXT), "
        "CAST(cost_micros AS TEXT)"
    )
    + " FROM run WHERE ticket_id = :ticket AND number = "
    "(SELECT max(number) FROM run WHERE ticket_id = :ticket) "
    "UNION ALL SELECT 'handoffs', CAST(row_number() OVER (ORDER BY queued_at, id) AS TEXT), "
    + _padded("skill, kind, assigned_to, accepted_by")
    + " FROM handoff WHERE ticket_id = :ticket"
)


_RAW_ROWS = str(_ROWS).replace(":ticket", "?1")


def recorded(connection: Connection, ticket_id: str) -> State:
    """The ticket's state as its rows say; all sections empty if there is no such ticket."""
    state: State = {section: {} for section in BEFORE}
    rows: Any
    if connection.dialect.name == "sqlite":
        # Past SQLAlchemy, which would cost four times as much with every commit.
        rows = _raw(connection).execute(_RAW_ROWS, (ticket_id,))
    else:
        rows = connection.execute(_ROWS, {"ticket": ticket_id})
    for row in rows:
        section, key = row[0], row[1]
        entry = {
            name: _read(name, value) for name, value in zip(FIELDS[section], row[2:], strict=False)
        }
        if section in FLAT:
            state[section] = entry
        else:
            state[section][key] = entry
    return state


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _read(name: str, value: str | None) -> Any:
    if value is None:
        return None
    if name in _COUNTS:
        return int(value)
    if name not in _VALUES:
        return value
    found = json.loads(value)
    if name == "outcome" and found is not None:
        return {part: found.get(part) for part in _OUTCOME}
    return found


def changes(old: State, new: State) -> State:
    """What turns `old` into `new`, in their form; sections and entries without a change left out.

    Nothing goes from a state: a field that has no value any more is null.
    """
    found: State = {}
    for section, entries in new.items():
        if section in FLAT:
            changed = _fields(old.get(section, {}), entries)
        else:
            before = old.get(section, {})
            changed = {
                key: fields
                for key, entry in entries.items()
                if (fields := _fields(before.get(key, {}), entry))
            }
        if changed:
            found[section] = changed
    return found


def _fields(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def apply(state: State, changed: State) -> None:
    """Change `state` by what `changes` found."""
    for section, entries in changed.items():
        into = state.setdefault(section, {})
        if section in FLAT:
            into.update(entries)
            continue
        for key, entry in entries.items():
            into.setdefault(key, {}).update(entry)


def copied(state: State) -> State:
    """A state of its own; the values of fields are shared, for they are replaced, never changed."""
    return {
        section: dict(entries)
        if section in FLAT
        else {key: dict(entry) for key, entry in entries.items()}
        for section, entries in state.items()
    }


def digest_of(recorded_state: State) -> str:
    """A digest of a state that holds its recorded fields and no others."""
    return hashlib.sha256(canonical(recorded_state).encode()).hexdigest()[:32]


def only_recorded(state: State) -> State:
    """The state without what only events tell; a field that has not been told is null."""
    told: State = {}
    for section, names in FIELDS.items():
        entries = state.get(section, {})
        if section in FLAT:
            told[section] = {name: entries.get(name) for name in names} if entries else {}
        else:
            told[section] = {
                key: {name: entry.get(name) for name in names} for key, entry in entries.items()
            }
    return told
