"""Triggers that keep the log append-only; every migration ends by making them anew."""

from sqlalchemy import Connection

_SQLITE = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
    "CREATE TRIGGER payload_erase_only BEFORE UPDATE ON payload "
    "WHEN NEW.body IS NOT NULL OR NEW.id <> OLD.id OR NEW.salt <> OLD.salt "
    "BEGIN SELECT RAISE(ABORT, 'a payload may only be erased'); END",
)
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
        for name in ("event_no_update", "event_no_delete", "payload_erase_only"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        statements = _SQLITE
    else:
        statements = _POSTGRES
    for statement in statements:
        connection.exec_driver_sql(statement)
