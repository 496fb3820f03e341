"""Roles of a PostgreSQL server for a workspace: who may read, who may decide, who does the work.

What stands in the workspace decides there, whatever program a person uses: `handrail.NAME` is the
login of the operator NAME, whose role and limits are read from the workspace by triggers that run
with its owner's rights. The owner, who made the workspace, is bound by none of this.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from data.database import writing
from data.errors import HandrailError, WorkspaceUnusable
from data.server_guards import GUARDS, LOGIN, WORKER
from data.workspace import Workspace

VIEWER, OPERATOR = "handrail_viewer", "handrail_operator"
_LONGEST = 63
"""Bytes of a name on the server."""

_HIDDEN = ("nonce", "sign_in", "model_answer")
"""Tables that only the worker reads: secrets, hashes of tokens, what models answered."""

OPERATOR_MAY = {
    "SELECT, INSERT, UPDATE": (
        "ticket issue run handoff halt chain ticket_fact measure_sum practice_case quality_check "
        "adopted_rule answer_draft"
    ),
    "SELECT, INSERT": (
        "message payload event decision action survey attachment attachment_body reading "
        "state_mark quality_review"
    ),
    "SELECT": "operator worker setting model_words alembic_version",
}
_ACTION_COLUMNS = (
    "state", "decided_by", "decided_at", "decision_reason", "superseded_by", "problem",
    "executed_at", "result",
)  # fmt: skip
"""What deciding, withdrawing and reconciling write of an action; a trigger checks the state."""

WORKER_MAY = {
    "SELECT, INSERT, UPDATE, DELETE": (
        "ticket message issue run handoff action survey ticket_fact measure_sum worker nonce "
        "sign_in model_answer model_words practice_case quality_check quality_review adopted_rule "
        "answer_draft"
    ),
    "SELECT, INSERT, UPDATE": "payload chain halt setting attachment attachment_body",
    "SELECT, INSERT": "event decision reading state_mark",
    "SELECT": "operator alembic_version",
}


class NotTheOwner(HandrailError):
    """Roles are set up by who owns the workspace and may create roles."""


def login_of(name: str) -> str:
    """The login of an operator; HandrailError for a name that is too long for the server."""
    login = LOGIN + name
    if len(login.encode()) > _LONGEST:
        raise HandrailError(f"{name!r} is too long for a login; {_LONGEST - len(LOGIN)} bytes fit")
    return login


def set_up(workspace: Workspace, limits: Mapping[str, Any]) -> None:
    """Make the three roles, their rights and the guards, or bring them up to date.

    `limits` says by role what it may approve: {"up_to": minor units or None, "actions": names or
    None}. WorkspaceUnusable for one in a file, NotTheOwner for whoever may not do this.
    """
    with _owning(workspace) as connection:
        for role in (VIEWER, OPERATOR, WORKER):
            known = connection.execute(
                text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
            ).first()
            if known is None:
                connection.exec_driver_sql(f"CREATE ROLE {role} NOLOGIN")
        connection.execute(
            text(
                "INSERT INTO setting (name, value) VALUES ('role_limits', :limits) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            {"limits": json.dumps(dict(limits), sort_keys=True)},
        )
        grant_all(connection)


def is_set_up(connection: Connection) -> bool:
    """Whether this database has the guards."""
    query = "SELECT 1 FROM pg_trigger WHERE tgname = 'handrail_decision'"
    return connection.exec_driver_sql(query).first() is not None


def grant_all(connection: Connection) -> None:
    """Give the roles their rights on the tables as they are, and make the guards anew."""
    run = connection.exec_driver_sql
    schema, database = (
        str(name) for name in run("SELECT current_schema(), current_database()").one()
    )
    tables = set(
        connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"), {"schema": schema}
        ).scalars()
    )
    everybody = f"{VIEWER}, {OPERATOR}, {WORKER}"
    run(f"REVOKE CONNECT, TEMPORARY ON DATABASE {_quoted(database)} FROM PUBLIC")
    run(f"GRANT CONNECT ON DATABASE {_quoted(database)} TO {everybody}")
    # The dispatcher of the worker keeps its own tables, in a schema of its own.
    run(f"GRANT CREATE ON DATABASE {_quoted(database)} TO {WORKER}")
    run(f"GRANT USAGE ON SCHEMA {_quoted(schema)} TO {everybody}")
    run(f"REVOKE ALL ON ALL TABLES IN SCHEMA {_quoted(schema)} FROM {everybody}")
    for name in sorted(tables.difference(_HIDDEN)):
        run(f"GRANT SELECT ON {_quoted(name)} TO {VIEWER}")
    for role, rights in ((OPERATOR, OPERATOR_MAY), (WORKER, WORKER_MAY)):
        for right, names in rights.items():
            for name in tables.intersection(names.split()):
                run(f"GRANT {right} ON {_quoted(name)} TO {role}")
        run(f"GRANT USAGE ON SEQUENCE event_id_seq TO {role}")
    run(f"GRANT UPDATE ({', '.join(_ACTION_COLUMNS)}) ON action TO {OPERATOR}")
    run(f"GRANT UPDATE (value) ON setting TO {OPERATOR}")
    run(f"GRANT UPDATE (spent_at) ON decision TO {WORKER}")
    run(f"GRANT UPDATE (available) ON operator TO {WORKER}")
    for guard in GUARDS:
        for statement in guard.statements(_quoted(schema)):
            run(statement.replace("%", "%%"))


def grant(workspace: Workspace, name: str | None) -> tuple[str, str]:
    """The login of an operator (None: the worker) with a new password; made if there is none.

    A viewer's reads only. NotTheOwner, HandrailError for who is no operator.
    """
    with _owning(workspace) as connection:
        if not is_set_up(connection):
            raise HandrailError("the roles are not set up: `handrail operators database` does it")
        if name is None:
            login = WORKER
        else:
            query = text("SELECT role FROM operator WHERE name = :name AND removed_at IS NULL")
            role = connection.execute(query, {"name": name}).scalar_one_or_none()
            if role is None:
                raise HandrailError(f"{name} is no operator of this workspace")
            login = login_of(name)
            _make_login(connection, login, VIEWER if role == "viewer" else OPERATOR)
        password = secrets.token_urlsafe(18)
        raw: Any = connection.connection.dbapi_connection
        verifier = raw.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256")
        connection.exec_driver_sql(
            f"ALTER ROLE {_quoted(login)} LOGIN PASSWORD '{verifier.decode()}'"
        )
    return login, password


def _make_login(connection: Connection, login: str, group: str) -> None:
    known = text("SELECT 1 FROM pg_roles WHERE rolname = :login")
    if connection.execute(known, {"login": login}).first() is None:
        connection.exec_driver_sql(f"CREATE ROLE {_quoted(login)} LOGIN".replace("%", "%%"))
    other = OPERATOR if group == VIEWER else VIEWER
    connection.exec_driver_sql(f"REVOKE {other} FROM {_quoted(login)}".replace("%", "%%"))
    connection.exec_driver_sql(f"GRANT {group} TO {_quoted(login)}".replace("%", "%%"))


def revoke(workspace: Workspace, name: str) -> None:
    """Take an operator's login away, and end what it has open; nothing if there is none."""
    login = login_of(name)
    with _owning(workspace) as connection:
        known = text("SELECT 1 FROM pg_roles WHERE rolname = :login")
        if connection.execute(known, {"login": login}).first() is not None:
            ending = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :login"
            )
            connection.execute(ending, {"login": login})
            connection.exec_driver_sql(f"DROP ROLE {_quoted(login)}".replace("%", "%%"))


def database_person(connection: Connection) -> str | None:
    """The operator whose login this connection is; None for another one, or a file."""
    if connection.dialect.name != "postgresql":
        return None
    user = str(connection.exec_driver_sql("SELECT session_user").scalar_one())
    return user.removeprefix(LOGIN) if user.startswith(LOGIN) else None


class _owning:  # noqa: N801
    """A write transaction of the owner; what the server refuses becomes one line."""

    def __init__(self, workspace: Workspace) -> None:
        if workspace.url.get_backend_name() != "postgresql":
            raise WorkspaceUnusable(
                "a workspace in a file has no roles; they need one on PostgreSQL"
            )
        self._writing = writing(workspace.engine)

    def __enter__(self) -> Connection:
        connection = self._writing.__enter__()
        may = connection.exec_driver_sql(
            "SELECT (rolsuper OR rolcreaterole) AND (rolsuper OR EXISTS (SELECT 1 FROM pg_tables "
            "WHERE tablename = 'decision' AND tableowner = current_user)) "
            "FROM pg_roles WHERE rolname = current_user"
        ).scalar_one()
        if not may:
            self._writing.__exit__(None, None, None)
            raise NotTheOwner(
                "roles are set up by who owns the workspace and may create roles (CREATEROLE); "
                "name that login in the URL"
            )
        return connection

    def __exit__(self, *problem: Any) -> None:
        self._writing.__exit__(*problem)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
