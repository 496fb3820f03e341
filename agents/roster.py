"""Who the operators are: founding, adding, removing, roles and skills."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from agents.authority import (
    OPERATOR,
    SYSTEM_USER,
    WORD,
    Person,
    check_may_act,
    is_set_up,
    role_of,
)
from agents.errors import NotAllowed
from agents.passphrases import Keeper, digest, new_code
from data.errors import HandrailError
from data.store import NewEvent, Store, Transaction, row_of, table
from data.tables import Operator, SignIn
from data.vocabulary import AgentName, Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SIGN_IN = table(SignIn)

INVITATION_DAYS = 7
LONGEST_NAME = 64


class Roster:
    """The people of one workspace; every change is an event in the workspace's chain."""

    def __init__(self, store: Store, hasher: "PasswordHasher | None" = None) -> None:
        """Of `store`; `hasher` sets what a passphrase costs to check."""
        self.store = store
        self._keeper = Keeper(hasher)

    def found(self, system_user: str) -> None:
        """Make the creator an admin, bound to the system's user; nothing if there are operators."""
        with self.store.read() as connection:
            if not _is_new(connection):
                return
        with self.store.write() as tx:
            _found(tx, system_user)

    def is_set_up(self) -> bool:
        """Whether people must sign in: there are two operators, or one has a passphrase."""
        with self.store.read() as connection:
            return is_set_up(connection)

    def person(
        self, name: str, connection: Connection | None = None, *, system_user: str | None = None
    ) -> Person:
        """The person of this name, by their word alone, or by that of the computer.

        The computer's word counts for who made the workspace, if `system_user` is signed in to it.
        NotAllowed for a name that is not an operator's, where sign-in is set up.
        """
        if connection is None:
            with self.store.read() as opened:
                return self.person(name, opened, system_user=system_user)
        role, found = role_of(connection, name), active_row(connection, name)
        proved = (
            found is not None and system_user is not None and found["system_user"] == system_user
        )
        return Person(name, role, SYSTEM_USER if proved else WORD)

    def add(self, name: str, role: Role, by: str, passphrase: str | None = None) -> str | None:
        """Add a person; an invitation for them to set a passphrase with, unless one is given.

        NotAllowed unless `by` is an admin; HandrailError for a name that is taken or cannot be one.
        """
        _check_name(name)
        hashed = None if passphrase is None else self._keeper.hashed(passphrase)
        code = new_code() if hashed is None else None
        with self.store.write() as tx:
            _found(tx, by)
            _check_admin(tx, by, "add operators")
            _check_free(tx.connection, name)
            tx.connection.execute(delete(SIGN_IN).where(SIGN_IN.c.operator == name))
            tx.connection.execute(delete(OPERATOR).where(OPERATOR.c.name == name))
            values: dict[str, Any] = {
                "name": name,
                "role": Role(role).value,
                "passphrase_hash": hashed,
            }
            if code is not None:
                values["invitation_hash"] = digest(code)
                values["invited_until"] = tx.now + timedelta(days=INVITATION_DAYS)
            tx.insert(Operator, **values, added_by=by, added_at=tx.now)
            tell(tx, "added", name, by=by, role=Role(role).value)
        return code

    def remove(self, name: str, by: str) -> None:
        """Take a person out; what they decided stays. NotAllowed for the last admin."""
        with self.store.write() as tx:
            _check_admin(tx, by, "remove operators")
            known_row(tx.connection, name)
            _check_admin_stays(tx.connection, name)
            gone = {"passphrase_hash": None, "invitation_hash": None, "removed_at": tx.now}
            set_row(tx, name, **gone)
            end_tokens(tx, name)
            tell(tx, "removed", name, by=by)

    def change_role(self, name: str, role: Role, by: str) -> None:
        """Give a person another role. NotAllowed for the last admin."""
        with self.store.write() as tx:
            _check_admin(tx, by, "change roles")
            was = known_row(tx.connection, name)["role"]
            if was == role:
                return
            if was == Role.ADMIN:
                _check_admin_stays(tx.connection, name)
            set_row(tx, name, role=Role(role).value)
            tell(tx, "role_changed", name, by=by, was=was, role=Role(role).value)

    def set_skills(self, name: str, skills: Iterable[str], by: str) -> list[str]:
        """Say what a person takes on; an admin may, and the person. The skills as stored."""
        wanted = list(dict.fromkeys(skill.strip().lower() for skill in skills))
        for skill in wanted:
            if not skill.replace("-", "").replace("_", "").isalnum() or len(skill) > LONGEST_NAME:
                raise HandrailError(
                    f"{skill!r} cannot be a skill; a skill is a word such as billing"
                )
        with self.store.write() as tx:
            if by != name:
                _check_admin(tx, by, "change the skills of others")
            known_row(tx.connection, name)
            set_row(tx, name, skills=wanted)
            tell(tx, "skills_changed", name, by=by, skills=wanted)
        return wanted


def active_row(connection: Connection, name: str) -> dict[str, Any] | None:
    """The columns of an operator who is not removed, or None."""
    query = select(OPERATOR).where(OPERATOR.c.name == name, OPERATOR.c.removed_at.is_(None))
    row = connection.execute(query).first()
    return None if row is None else dict(row._mapping)


def known_row(connection: Connection, name: str) -> dict[str, Any]:
    """The columns of an operator who is not removed; NotAllowed if there is none."""
    row = active_row(connection, name)
    if row is None:
        raise NotAllowed(f"{name} is no operator of this workspace; `handrail operators` lists who")
    return row


def set_row(tx: Transaction, name: str, **changes: Any) -> None:
    """Change an operator's columns."""
    tx.connection.execute(update(OPERATOR).where(OPERATOR.c.name == name).values(**changes))


def end_tokens(tx: Transaction, name: str) -> None:
    """No token that a person was given works any more."""
    given = (SIGN_IN.c.operator == name) & SIGN_IN.c.ended_at.is_(None)
    tx.connection.execute(update(SIGN_IN).where(given).values(ended_at=tx.now))


def tell(tx: Transaction, what: str, name: str | None, **more: Any) -> None:
    """Append the event `operator.<what>` to the workspace's chain."""
    data = {"operator": name, **more}
    tx.append(NewEvent(f"operator.{what}", AgentName.OPERATOR.value, data))


def _is_new(connection: Connection) -> bool:
    return connection.execute(select(OPERATOR.c.name).limit(1)).first() is None


def _found(tx: Transaction, system_user: str) -> None:
    if not _is_new(tx.connection):
        return
    values = {"name": system_user, "role": Role.ADMIN.value, "system_user": system_user}
    tx.connection.execute(insert(OPERATOR), row_of(Operator, {**values, "added_at": tx.now}))
    tell(tx, "added", system_user, by=None, role=Role.ADMIN.value)


def _check_admin(tx: Transaction, by: str, what: str) -> None:
    check_may_act(Person(by, role_of(tx.connection, by), WORD), Role.ADMIN, what)


def _check_admin_stays(connection: Connection, name: str) -> None:
    """NotAllowed if nobody else is an admin who can sign in."""
    others = connection.execute(
        select(OPERATOR.c.name).where(
            OPERATOR.c.name != name,
            OPERATOR.c.role == Role.ADMIN.value,
            OPERATOR.c.removed_at.is_(None),
            OPERATOR.c.passphrase_hash.is_not(None) | OPERATOR.c.system_user.is_not(None),
        )
    ).first()
    found = active_row(connection, name)
    if others is None and found is not None and found["role"] == Role.ADMIN:
        raise NotAllowed(f"{name} is the last admin who can sign in; make somebody else one first")


def _check_name(name: str) -> None:
    """HandrailError for what cannot be told from another name on a screen."""
    if not name or name != " ".join(name.split()) or not name.isprintable():
        raise HandrailError(
            f"{name!r} cannot be a name; use letters, with single spaces between words"
        )
    if name.startswith("-") or len(name) > LONGEST_NAME:
        raise HandrailError(f"a name has {LONGEST_NAME} characters at most and begins with no dash")


def _check_free(connection: Connection, name: str) -> None:
    """HandrailError for a name that an operator has, or that differs from one only by its case."""
    query = select(OPERATOR.c.name).where(OPERATOR.c.removed_at.is_(None))
    for (taken,) in connection.execute(query):
        if taken.casefold() == name.casefold():
            raise HandrailError(
                f"{taken} is an operator already; `handrail operators role` changes what they may "
                "do, and who forgot the passphrase is removed and added again"
            )
