"""The same program on PostgreSQL, and what the server itself refuses to people."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from agents.engine.advance import Engine
from agents.eval.scenario import load_scenario
from agents.founding import found_workspace
from agents.operators import Operators
from agents.runtime.inline import InlineDispatcher
from agents.turns import tickets_in_turn
from agents.wiring import Places, open_parts
from data.errors import WorkspaceUnusable
from data.server_roles import (
    OPERATOR_MAY,
    WORKER_MAY,
    NotTheOwner,
    database_person,
    grant,
    revoke,
    set_up,
)
from data.vocabulary import Role
from data.workspace import open_workspace
from tests.cli.conftest import SCENARIOS, Program, command
from tests.operators_support import CHEAP
from tests.postgres_support import Server, server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as made:
        yield made


@dataclass
class Desk:
    """A workspace on the server with three operators' logins and the worker's."""

    server: Server
    database: str
    backoffice: Path
    logins: dict[str, tuple[str, str]]

    def url(self, name: str) -> str:
        """The URL by which somebody opens it."""
        return self.server.url(self.database, *self.logins[name])

    def session(self, name: str) -> Any:
        """A raw session, as psql gives one."""
        return self.server.connect(self.database, *self.logins[name])

    def value(self, query: str) -> Any:
        """One value, as the owner sees it."""
        with self.server.connect(self.database) as connection:
            return connection.execute(query).fetchone()[0]

    def work(self) -> None:
        """Advance what is pending, as the worker's login."""
        store = open_workspace(self.url("worker"), create=False)
        try:
            with open_parts(store, Places(backoffice=self.backoffice)) as parts:
                dispatcher = InlineDispatcher(Engine(parts).advance)
                dispatcher.drain(lambda limit: tickets_in_turn(store, limit))
        finally:
            store.close()


PEOPLE = (("ana", Role.SUPERVISOR), ("cai", Role.OPERATOR), ("ben", Role.VIEWER))
_WORKER: dict[int, tuple[str, str]] = {}
"""The worker's login by the server's port: logins are a server's, whatever the workspace."""


def make_desk(running: Server, backoffice: Path, ending: str = "") -> Desk:
    """A workspace whose ticket waits for approvals; `ending` is added to the people's names."""
    database, places = running.new_database(), Places(backoffice=backoffice)
    scenario = load_scenario(SCENARIOS / "wrongful-cancellation.yaml")
    found_workspace(running.url(database), scenario, places, founder="olga")
    store = open_workspace(running.url(database), create=False)
    try:
        operators = Operators(store, CHEAP)
        for name, role in PEOPLE:
            operators.add(name + ending, role, by="olga", passphrase="battery staple")
        none = {"up_to": None, "actions": None}
        set_up(store, {"operator": {**none, "up_to": 1_000}, "supervisor": none, "admin": none})
        logins = {name: grant(store, name + ending) for name, _ in PEOPLE}
        if running.port not in _WORKER:
            _WORKER[running.port] = grant(store, None)
    finally:
        store.close()
    made = Desk(running, database, backoffice, logins | {"worker": _WORKER[running.port]})
    made.work()
    return made


@pytest.fixture(scope="module")
def desk(running: Server, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return make_desk(running, tmp_path_factory.mktemp("server") / "backoffice.db")


DECIDE = (
    "INSERT INTO decision (id, action_id, kind, operator, digest, arguments, role, at) "
    "SELECT 'd_forged', id, '{kind}', '{who}', {digest}, arguments, '{role}', 0 FROM action "
    "WHERE state = 'proposed' AND amount > 1000 ORDER BY position LIMIT 1"
)


def decide(who: str, role: str, kind: str = "approve", digest: str = "digest") -> str:
    return DECIDE.format(who=who, role=role, kind=kind, digest=digest)


FORBIDDEN = {
    "the decision of another": ("cai", decide("ana", "supervisor")),
    "a role that is not theirs": ("cai", decide("cai", "supervisor")),
    "beyond the limit of the role": ("cai", decide("cai", "operator")),
    "an edit that edits nothing": ("cai", decide("cai", "operator", "edit")),
    "the word of the policy": ("ana", decide("policy", "supervisor", "auto")),
    "other arguments": ("ana", decide("ana", "supervisor", digest="'0'")),
    "a viewer's decision": ("ben", decide("ben", "viewer")),
    "a decision by the worker": ("worker", decide("ana", "supervisor")),
    "approved without decisions": ("ana", "UPDATE action SET state = 'approved'"),
    "begun by hand": ("ana", "UPDATE action SET state = 'executing'"),
    "the arguments": ("ana", "UPDATE action SET arguments = '{}'"),
    "the amount": ("ana", "UPDATE action SET amount = 1"),
    "how many must approve": ("ana", "UPDATE action SET people_needed = 0"),
    "in the name of another": ("cai", "UPDATE action SET decided_by = 'ana'"),
    "the decision of others": ("ana", "UPDATE decision SET operator = 'ana'"),
    "a decision taken away": ("ana", "DELETE FROM decision"),
    "an action taken away": ("ana", "DELETE FROM action"),
    "the log changed": ("ana", "UPDATE event SET data = '{}'"),
    "the log cut": ("ana", "DELETE FROM event"),
    "the log emptied": ("ana", "TRUNCATE event"),
    "the log changed by the worker": ("worker", "UPDATE event SET data = '{}'"),
    "a text changed": ("ana", "UPDATE payload SET body = 'other'"),
    "a digest changed": ("ana", "UPDATE event SET payload_digest = 'other'"),
    "a chain shortened": ("ana", "UPDATE chain SET position = 1"),
    "an event of another": (
        "cai",
        "INSERT INTO event (chain, position, at, agent, kind, data, hash) "
        "VALUES ('', 9999, 0, 'operator', 'action.approved', '{\"by\": \"ana\"}', '')",
    ),
    "an event of the agents": (
        "ana",
        "INSERT INTO event (chain, position, at, agent, kind, data, hash) "
        "VALUES ('', 9999, 0, 'resolution', 'action.executed', '{}', '')",
    ),
    "a role for oneself": ("cai", "UPDATE operator SET role = 'admin'"),
    "an operator more": (
        "cai",
        "INSERT INTO operator (name, role, skills, available, added_at, failed_attempts) "
        "VALUES ('eve', 'admin', '[]', true, 0, 0)",
    ),
    "other limits": ("ana", "UPDATE setting SET value = '{}' WHERE name = 'role_limits'"),
    "the clock": ("ana", "UPDATE setting SET value = '0' WHERE name = 'clock_offset'"),
    "the guards": ("ana", "DROP TRIGGER handrail_decision ON decision"),
    "the secrets of tickets": ("ana", "SELECT * FROM nonce"),
    "tokens": ("cai", "SELECT * FROM sign_in"),
    "the worker's group": ("ana", "SET ROLE handrail_worker"),
    "another's session": ("ana", "SET SESSION AUTHORIZATION \"handrail.cai\""),
    "a rule that lets it run alone": (
        "ana",
        "INSERT INTO adopted_rule (id, action, intent, approved, decided, lower, bound, "
        "adopted_by, adopted_at) VALUES ('r', 'process_refund', 'billing', 9, 9, 1, 1, 'ana', 0)",
    ),
    "a viewer's note": ("ben", "UPDATE ticket SET subject = ''"),
    "a viewer's stop": ("ben", "INSERT INTO halt (id, by, at) VALUES ('h', 'ben', 0)"),
    "a stop for another": ("cai", "INSERT INTO halt (id, by, at) VALUES ('h', 'ana', 0)"),
    "a refund of one's own that says less": (
        "ana",
        "INSERT INTO action SELECT (jsonb_populate_record(a, jsonb_build_object('id', 'a_x', "
        "'state', 'proposed', 'proposed_by', 'ana', 'amount', 1, 'idempotency_key', 'x', "
        "'supersedes', null))).* FROM action a WHERE name = 'process_refund' LIMIT 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_server_refuses(desk: Desk, name: str) -> None:
    import psycopg

    who, statement = FORBIDDEN[name]
    tables = ("action", "decision", "event", "operator", "setting", "halt", "payload", "ticket")
    everything = " || ".join(
        f"(SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {table} t)"
        for table in tables
    )
    before = desk.value(f"SELECT {everything}")
    with desk.session(who) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement)
    assert desk.value(f"SELECT {everything}") == before


def test_a_session_may_do_what_its_person_may(desk: Desk) -> None:
    with desk.session("ana") as session, session.transaction(force_rollback=True):
        session.execute(decide("ana", "supervisor"))
        session.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with desk.session("cai") as session, session.transaction(force_rollback=True):
        session.execute(decide("cai", "operator", "reject"))
        session.execute("UPDATE action SET state = 'rejected', decided_by = 'cai' WHERE id = "
                        "(SELECT action_id FROM decision WHERE id = 'd_forged')")  # fmt: skip


def test_people_decide_by_their_logins_and_the_worker_carries_it_out(
    running: Server, handrail: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(running, tmp_path / "backoffice.db", "-2")
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    asked = handrail("approvals", "--json", "--db", desk.url("cai")).document["approvals"]
    large = next(a for a in asked if a["amount"])
    # The policy that cai's program reads allows it, the server's limits do not.
    own_rules = handrail("approve", large["id"], "--db", desk.url("cai"))
    assert own_rules.code == 2
    assert "the server refuses it: operator may approve up to 1000" in own_rules.err
    edited = handrail("edit", large["id"], "--set", "amount=900", "--db", desk.url("cai"))
    assert edited.code == 0, edited.err
    large = next(a for a in asked if a["amount"] and a["id"] != large["id"])
    refused = handrail("approve", large["id"], "--db", desk.url("ben"))
    assert (refused.code, "viewer" in refused.err) == (1, True)
    assert handrail("approve", large["id"], "--as", "ana-2", "--db", desk.url("cai")).code == 2
    done = handrail("approve", large["id"], "--db", desk.url("ana"))
    assert done.code == 0, done.err
    assert desk.value("SELECT signed_in_by FROM decision WHERE operator = 'ana-2'") == "database"
    asked = handrail("approvals", "--json", "--db", desk.url("ana")).document["approvals"]
    assert handrail("approve", *[a["id"] for a in asked], "--db", desk.url("ana")).code == 0
    desk.work()
    shown = handrail("show", "T1", "--json", "--db", desk.url("ana")).document
    assert {action["state"] for action in shown["actions"]} == {"verified"}
    assert 900 in [action["arguments"].get("amount") for action in shown["actions"]]
    hidden = handrail("show", "T1", "--json", "--db", desk.url("ben"))
    assert shown["ticket"]["requester"] not in hidden.out
    assert handrail("audit", "verify", "--db", desk.url("ben")).code == 0


def test_a_login_is_its_persons_and_ends_with_it(desk: Desk) -> None:
    import psycopg

    owner = open_workspace(desk.server.url(desk.database), create=False)
    Operators(owner).add("dora", Role.OPERATOR, by="olga", passphrase="battery staple")
    login, password = grant(owner, "dora")
    url = desk.server.url(desk.database, login, password)
    store = open_workspace(url, create=False)
    with store.read() as connection:
        assert database_person(connection) == "dora"
    with pytest.raises(NotTheOwner):
        set_up(store, {})
    store.close()
    Operators(owner).remove("dora", by="olga")
    with (
        desk.server.connect(desk.database, login, password) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("UPDATE ticket SET status = status")
    revoke(owner, "dora")
    owner.close()
    with pytest.raises(WorkspaceUnusable, match="authentication failed"):
        open_workspace(url, create=False)


def test_the_whole_way(
    running: Server, handrail: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_DB", running.url(running.new_database()))
    monkeypatch.setenv("HANDRAIL_BACKOFFICE", str(tmp_path / "backoffice.db"))
    monkeypatch.delenv("HANDRAIL_TOKEN", raising=False)
    made = handrail("init", "--scenario", SCENARIOS / "wrongful-cancellation.yaml")
    assert made.code == 0, made.err
    more = tmp_path / "more.csv"
    more.write_text("id,subject,body,email\n" + "".join(
        f"M{n},Charged twice,You charged me twice for wörd{n},p{n}@mail.example\n" for n in range(3)
    ), "utf-8")  # fmt: skip
    assert handrail("ingest", more).code == 0
    both = [
        subprocess.Popen(command("work", "--until-idle"), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, cwd=tmp_path)
        for _ in range(2)
    ]  # fmt: skip
    try:
        for worker in both:
            said, _ = worker.communicate(timeout=300)
            assert worker.returncode == 0, said
    finally:
        for worker in both:
            worker.kill()
    asked = handrail("approvals", "--json").document["approvals"]
    assert len(asked) == 4
    assert handrail("approve", *[a["id"] for a in asked]).code == 0
    assert subprocess.run(
        command("work", "--until-idle"), cwd=tmp_path, timeout=300, check=False
    ).returncode == 0  # fmt: skip
    shown = handrail("show", "T1", "--json").document
    assert shown["ticket"]["status"] == "resolved"
    assert {a["state"] for a in shown["actions"]} == {"verified"}
    effects = handrail("backoffice", "effects", "--json").document["effects"]
    keys = [effect["key"] for effect in effects]
    assert len(keys) == len(set(keys))
    for query, count in (("wörd2", 1), ("charged twice", 3), ("requester:p1", 1), ("-charged", 1)):
        assert handrail("tickets", "--json", "--", *query.split()).document["total"] == count, query
    assert handrail("kpi", "--json").code == 0
    assert handrail("status").code in (0, 1)
    assert handrail("audit", "verify").code == 0
    erased = handrail("erase", "tomasz@wieczorek-print.example", "--yes", "--force")
    assert erased.code == 0, erased.err
    assert "Wieczorek" not in handrail("show", "T1", "--json").out
    assert handrail("tickets", "--json", "wieczorek").document["total"] == 0
    assert handrail("prune", "--older-than", "1").code == 0
    verified = handrail("audit", "verify", "--json")
    assert verified.code == 0, verified.out


def test_every_table_is_given_to_somebody() -> None:
    given = " ".join([*OPERATOR_MAY.values(), *WORKER_MAY.values()]).split()
    assert set(SQLModel.metadata.tables) <= {*given}


def test_roles_are_a_servers(handrail: Program, tmp_path: Path) -> None:
    assert handrail("init", "--db", tmp_path / "x.db").code == 0
    refused = handrail("operators", "database", "--db", tmp_path / "x.db")
    assert (refused.code, refused.out) == (2, "")
    assert "a workspace in a file has no roles" in refused.err
