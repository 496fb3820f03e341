"""Whether the triggers that keep the log append-only stand as they were made."""

from sqlalchemy import Connection

from data.triggers import GUARDS

_LIFTED = "the log was open to changes; the next upgrade of the workspace makes it anew"

_ON_SERVER = ("event_no_change", "payload_erase_only")
_STANDING = (
    "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D' "
    "AND tgrelid IN ('event'::regclass, 'payload'::regclass)"
)


def missing_guards(connection: Connection) -> list[str]:
    """What is wrong with the triggers, a line for each: missing, on a server also disabled, on
    SQLite also another than was made."""
    found = []
    if connection.dialect.name != "sqlite":
        standing = set(connection.exec_driver_sql(_STANDING).scalars())
        return [
            f"trigger {name} is missing or off: {_LIFTED}"
            for name in _ON_SERVER
            if name not in standing
        ]
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    stand = {row.name: row.sql for row in connection.exec_driver_sql(query)}
    for name, wanted in GUARDS.items():
        if name not in stand:
            found.append(f"trigger {name} is missing: {_LIFTED}")
        elif stand[name] != wanted:
            found.append(f"trigger {name} was changed: {_LIFTED}")
    return found
