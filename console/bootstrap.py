"""Opening a session: the one place where the console's faces are wired to a workspace."""

import getpass
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from data.database import parse_url
from data.errors import WorkspaceUnusable
from data.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from agents.authority import Person
    from agents.brains.choice import ModelChoice
    from agents.forking.fork import Changed, Forked
    from agents.founding import Founded
    from agents.operators import Operators
    from agents.service import Service
    from agents.understanding.shelf import Shelf
    from agents.wiring import Places
    from console.signing_in import Proof
    from data.queries.adopted import AdoptedRow

LOG = ".worker.log"
"""What a worker's log beside `<name>.db` ends with."""

LOG_BYTES = 1_000_000
"""A longer log is begun anew."""


@dataclass(frozen=True)
class Rules:
    """Rule files named on the command line; None: the workspace's own, else the packaged ones.
    And what thinks."""

    policy: Path | None = None
    playbooks: Path | None = None
    model: "ModelChoice | None" = None
    """The language model that thinks; None: the embedded brain."""

    @property
    def places(self) -> "Places":
        """The same for the wiring, with the back office that HANDRAIL_BACKOFFICE names."""
        from agents.wiring import Places

        named = os.environ.get("HANDRAIL_BACKOFFICE")
        return Places(self.policy, self.playbooks, Path(named) if named else None, self.model)


class Session:
    """One person's open workspace."""

    def __init__(
        self, store: Workspace, named: str | None, rules: Rules, *, keep_worker: bool = False
    ) -> None:
        """Use `open_session`."""
        self.store, self.rules = store, rules
        self.operator = named or system_user()
        """The name that decisions are recorded under."""
        self.person: Person | None = None
        """Who it is, once they have proved it as far as the workspace asks; see `proof`."""
        self._named, self._keeps_worker = named, keep_worker

    @cached_property
    def service(self) -> "Service":
        """What writes; the policy is read at the first use, so that listings do not need one."""
        from agents.wiring import service_of

        service = service_of(self.store, self.rules.places)
        if self.person is not None:
            service.signed_in_by = self.person.signed_in_by
        return service

    @cached_property
    def operators(self) -> "Operators":
        """Who may look or decide here, and how they sign in."""
        from agents.operators import Operators

        return Operators(self.store)

    @cached_property
    def proof(self) -> "Proof":
        """By what the person at this terminal shows who they are."""
        from console.signing_in import Proof

        place = self.store.url.render_as_string(hide_password=True)
        return Proof(self.operators, place, self._named, system_user())

    def recognise(self) -> bool:
        """Take who it is by what needs no question; False if they must sign in.

        NotAllowed for a token of somebody else than was named.
        """
        found = self.proof.at_hand()
        if found is not None:
            self.become(found)
        return found is not None

    def sees_personal_data(self, *, asked: bool = False, passphrase_stdin: bool = False) -> bool:
        """Whether they may see whom a ticket is about: not viewers, nor people who have not signed
        in where that is set up.

        `asked` signs them in, and raises NotAllowed rather than say no.
        """
        from agents.authority import check_may_act
        from agents.errors import NotAllowed
        from data.vocabulary import Role

        if not self.operators.is_set_up():
            return True
        try:
            if asked:
                self.become(self.proof.to_decide(passphrase_stdin=passphrase_stdin))
            elif self.person is None and not self.recognise():
                return False
            assert self.person is not None
            check_may_act(self.person, Role.OPERATOR, "see personal data")
        except NotAllowed:
            if asked:
                raise
            return False
        return True

    def sign_in(self, name: str, passphrase: str) -> "Person":
        """Who it is by their passphrase; NotAllowed if it is not theirs."""
        return self.become(self.operators.sign_in(name, passphrase))

    def become(self, person: "Person") -> "Person":
        """From now on this person decides."""
        self.person, self.operator = person, person.name
        if "service" in self.__dict__:
            self.service.signed_in_by = person.signed_in_by
        return person

    def fork(
        self, ticket_id: str, step: int, changed: "Changed", rules: Rules,
        on_turn: Callable[[int], None] = lambda _: None,
    ) -> "Forked":  # fmt: skip
        """Go on from a step of a ticket in a shadow copy, under `rules` where they name any."""
        from agents.forking.fork import fork

        own, there = self.rules.places, rules.places
        there = replace(
            there, policy=there.policy or own.policy, playbooks=there.playbooks or own.playbooks
        )
        return fork(self.store, ticket_id, step, changed, own=own, places=there, on_turn=on_turn)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker process on this workspace; it ends with this process unless kept.

        It has a session of its own, so that ctrl+c here does not reach it.
        """
        command = [sys.executable, "-P", "-m", "agents.worker", place_of(self.store)]
        places = self.rules.places
        for option in ("policy", "playbooks", "backoffice"):
            named = getattr(places, option)
            if named is not None:
                command += [f"--{option}", str(named.absolute())]
        if not self._keeps_worker:
            command += ["--parent", str(os.getpid())]
        with _log_of(self.store) as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment_of_worker(),
                start_new_session=True,
            )

    def _environment_of_worker(self) -> dict[str, str]:
        """Ours, with the model that it is to think with; the key stands where it stood."""
        from agents.brains.choice import HANDED_ON

        kept = {name: value for name, value in os.environ.items() if name != HANDED_ON}
        model = self.rules.model
        return kept | ({HANDED_ON: model.model_dump_json()} if model else {})

    def last_words(self) -> str:
        """The last line that a worker wrote before it ended; empty if none can be told."""
        if self.store.url.get_backend_name() != "sqlite":
            return ""
        path = self.store.beside(LOG)
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2_000))
            lines = file.read().decode("utf-8", "replace").splitlines()
        said = next((each for each in reversed(lines) if each.startswith("handrail worker: ")), "")
        return said.removeprefix("handrail worker: ")

    def close(self) -> None:
        """Give everything back; a worker that was started is its owner's to stop."""
        self.store.close()


def default_place() -> str:
    """The workspace that is meant where none is named."""
    return str(user_data_path("handrail") / "handrail.db")


def meant(db: str | None) -> str:
    """The path or URL that is meant: the named one, else HANDRAIL_DB, else the default."""
    return db or os.environ.get("HANDRAIL_DB") or default_place()


def make_workspace(db: str | None, scenario: Path | None) -> "Founded":
    """Make a workspace and its back office, filled from a scenario file if one is given."""
    from agents.eval.scenario import load_scenario
    from agents.founding import found_workspace

    world = load_scenario(scenario) if scenario else None
    return found_workspace(meant(db), world, Rules().places, founder=system_user())


def backoffice_file(db: str | None) -> Path:
    """The back office of the workspace that is meant; WorkspaceUnusable if it has none."""
    from agents.wiring import backoffice_of

    store = open_workspace(meant(db), create=False)
    try:
        path = backoffice_of(store, Rules().places)
    finally:
        store.close()
    if not path.is_file():
        raise WorkspaceUnusable(f"no back office at {path}; a worker (`handrail work`) makes one")
    return path


def workspace_is_there(db: str | None) -> bool:
    """Whether there is something at the place that is meant, be it ours or not."""
    url = parse_url(meant(db))
    if url.get_backend_name() != "sqlite" or not url.database:
        return True
    path = Path(url.database)
    return path.is_dir() or (path.exists() and path.stat().st_size > 0)


def examine_workspace(db: str | None) -> str:
    """Open the workspace and look for damage; what it is, in words. HandrailError if damaged."""
    store = open_workspace(meant(db), create=False)
    try:
        with store.read() as connection:
            if store.url.get_backend_name() == "sqlite":
                found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
                if found != "ok":
                    raise WorkspaceUnusable(f"the database is damaged: {found}; restore a copy")
        return store.url.render_as_string(hide_password=True)
    finally:
        store.close()


def examine_backoffice(db: str | None) -> str:
    """Read the back office; how much it holds, in words."""
    from agents.connectors.embedded.reader import EmbeddedReader

    path = backoffice_file(db)
    reader = EmbeddedReader(path)
    try:
        customers, articles = len(reader.table("customers")), len(reader.articles())
    finally:
        reader.close()
    return f"{path}: {customers:,} customer(s), {articles:,} article(s)"


def rules_in_force(
    db: str | None, rules: Rules
) -> tuple[dict[str, str | None], dict[str, Any], str]:
    """Where each part of the rules comes from, the policy's values, and its version; all checked.

    The workspace need not be there: its folder is enough. If it is, what was adopted in it is laid
    over the file.
    """
    from agents.brains.prompts import Prompts
    from agents.policy.adopted import laid_over
    from agents.wiring import find_rules, rules_of

    found = find_rules(folder_of(db), rules.places)
    policy, _, _ = rules_of(found)
    Prompts(found.prompts)
    policy = laid_over(policy, [row for row in adopted_in(db) if row.revoked_at is None])
    named = {
        name: str(path) if path else None
        for name, path in (
            ("policy", found.policy), ("playbooks", found.playbooks),
            ("templates", found.templates), ("prompts", found.prompts),
        )
    }  # fmt: skip
    return named, policy.model_dump(mode="json"), policy.version


def adopted_in(db: str | None) -> "list[AdoptedRow]":
    """Every rule that was ever adopted in the workspace that is meant; none if it is not there."""
    from data.queries.adopted import adopted_rules

    if not workspace_is_there(db):
        return []
    store = open_workspace(meant(db), create=False)
    try:
        return adopted_rules(store)
    finally:
        store.close()


def folder_of(db: str | None) -> Path | None:
    """The folder of the workspace that is meant; None for one on a server."""
    url = parse_url(meant(db))
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database).parent


def shelf_of(db: str | None) -> "Shelf | None":
    """Where the models of the workspace that is meant lie, there or not; None for a server."""
    from agents.understanding.shelf import shelf_beside

    url = parse_url(meant(db))
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return shelf_beside(Path(url.database))


def place_of(store: Workspace) -> str:
    """The path or URL by which another process opens the same workspace."""
    if store.url.get_backend_name() == "sqlite":
        return str(store.url.database)
    return store.url.render_as_string(hide_password=False)


def system_user() -> str:
    """The name of who is signed in to this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user-{os.getuid()}"


def open_session(
    db: str | None,
    operator: str | None = None,
    *,
    create: bool = True,
    rules: Rules | None = None,
    keep_worker: bool = False,
    deciding: bool = False,
    passphrase_stdin: bool = False,
) -> Session:
    """Open the workspace at a path or URL (None: HANDRAIL_DB, else the default) for `operator`.

    WorkspaceUnusable says what is wrong with it, or that there is none where `create` is False.
    For `deciding` the person signs in, where that is set up, by a token or their passphrase (from
    standard input, or asked for at a terminal); NotAllowed if they are not let in.
    """
    begun = not create or workspace_is_there(db)
    store = open_workspace(meant(db), create=create)
    session = Session(store, operator, rules or Rules(), keep_worker=keep_worker)
    try:
        if not begun:
            session.operators.found(system_user())
        if deciding:
            session.become(session.proof.to_decide(passphrase_stdin=passphrase_stdin))
    except BaseException:
        session.close()
        raise
    return session


def database_trouble(problem: BaseException) -> str | None:
    """A failure of the database in one line, with the next move; None if it is something else."""
    if not type(problem).__module__.startswith(("sqlalchemy.", "sqlite3", "psycopg")):
        return None
    text = " ".join(str(getattr(problem, "orig", None) or problem).split())[:200]
    if getattr(getattr(problem, "orig", None), "sqlstate", None) == "42501":
        return f"the server refuses it: {text.partition(' CONTEXT:')[0]}"
    for sign, advice in _ADVICE.items():
        if sign in text:
            return advice
    return f"the workspace cannot be used: {text}"


_ADVICE = {
    "locked": "the database is locked by another program; try again when it is done",
    "readonly": "the database cannot be written; check the disk and its permissions",
    "full": "the disk is full; free some space and try again",
    "malformed": "the database is damaged; restore a copy of it",
}


@contextmanager
def _log_of(store: Workspace) -> Iterator[int]:
    """Where a worker's messages go: a file beside the workspace, nowhere for one on a server."""
    path = Path(os.devnull)
    if store.url.get_backend_name() == "sqlite":
        path = store.beside(LOG)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)
