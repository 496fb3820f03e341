"""Whether the triggers that keep the log append-only stand as they were made."""

from sqlalchemy import Connection

from data.triggers import GUARDS

_LIFTED = "the log was open to changes; the next upgrade of the workspace makes it anew"


def missing_guards(connection: Connection) -> list[str]:
    """What is wrong with the triggers, a line for each; SQLite only, empty elsewhere."""
    if connection.dialect.name != "sqlite":
        return []
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    stand = {row.name: row.sql for row in connection.exec_driver_sql(query)}
    found = []
    for name, wanted in GUARDS.items():
        if name not in stand:
            found.append(f"trigger {name} is missing: {_LIFTED}")
        elif stand[name] != wanted:
            found.append(f"trigger {name} was changed: {_LIFTED}")
    return found
