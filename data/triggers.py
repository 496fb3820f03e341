"""Triggers that keep the log append-only and words indexed; migrations make them anew."""

from sqlalchemy import Connection

from data.words import TRIGGERS

_SQLITE = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
    # REPLACE removes the row in its way without a DELETE that a trigger sees.
    "CREATE TRIGGER event_no_replace BEFORE INSERT ON event "
    "WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id) OR EXISTS "
    "(SELECT 1 FROM event WHERE chain = NEW.chain AND position = NEW.position) OR EXISTS "
    "(SELECT 1 FROM event WHERE run_id = NEW.run_id AND step = NEW.step) "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
    "CREATE TRIGGER payload_no_replace BEFORE INSERT ON payload "
    "WHEN EXISTS (SELECT 1 FROM payload WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'a payload may only be erased'); END",
    "CREATE TRIGGER payload_erase_only BEFORE UPDATE ON payload "
    "WHEN NEW.body IS NOT NULL OR NEW.id <> OLD.id OR NEW.salt <> OLD.salt "
    "BEGIN SELECT RAISE(ABORT, 'a payload may only be erased'); END",
)
GUARDS = {statement.split()[2]: statement for statement in _SQLITE}
"""Name and text, on SQLite, of each trigger that keeps the log as it is."""

_POSTGRES = (
    "CREATE OR REPLACE FUNCTION handrail_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$",
    "CREATE OR REPLACE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
    "FOR EACH ROW EXECUTE FUNCTION handrail_append_only()",
    "CREATE OR REPLACE FUNCTION handrail_erase_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF NEW.body IS NOT NULL OR NEW.salt <> OLD.salt THEN "
    "RAISE EXCEPTION 'a payload may only be erased'; END IF; RETURN NEW; END $$",
    "CREATE OR REPLACE TRIGGER payload_erase_only BEFORE UPDATE ON payload "
    "FOR EACH ROW EXECUTE FUNCTION handrail_erase_only()",
)


def make_triggers(connection: Connection) -> None:
    """Make the triggers, replacing what stands."""
    statements: tuple[str, ...]
    if connection.dialect.name == "sqlite":
        statements = _SQLITE + TRIGGERS
        for statement in statements:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {statement.split()[2]}")
    else:
        statements = _POSTGRES
    for statement in statements:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        from data.server_roles import grant_all, is_set_up

        if is_set_up(connection):
            grant_all(connection)
