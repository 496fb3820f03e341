"""Signing in: passphrases that the people set themselves, attempts that are slowed, tokens."""

import shlex
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NoReturn

from sqlalchemy import delete, select, update

from agents.authority import DATABASE, OPERATOR, PASSPHRASE, SYSTEM_USER, TOKEN, Person
from agents.errors import NotAllowed
from agents.passphrases import check_length, digest, new_token, pause_after, same
from agents.roster import SIGN_IN, Roster, active_row, end_tokens, known_row, set_row, tell
from data.server_roles import database_person
from data.tables import SignIn
from data.vocabulary import Role

TOKEN_HOURS = 12
"""How long a token is good, unless told otherwise."""


class Operators(Roster):
    """The people of one workspace, and how they prove who they are."""

    def set_passphrase(
        self,
        name: str,
        new: str,
        *,
        current: str | None = None,
        invitation: str | None = None,
        system_user: str | None = None,
    ) -> None:
        """Set a person's passphrase, proved by one of the other three; their tokens end.

        `system_user` is enough for who made the workspace, as long as they have none. NotAllowed
        if the proof does not hold; wrong ones are slowed as at sign-in. HandrailError for a new one
        that is too short.
        """
        check_length(new)
        with self.store.read() as connection:
            row = known_row(connection, name)
        if current is not None:
            row = self._attempt(name) or row
            if not self._keeper.fits(row["passphrase_hash"], current):
                self._fail(name, "passphrase", "the current passphrase is wrong")
        elif invitation is not None:
            row = self._attempt(name) or row
            if not same(row["invitation_hash"], invitation):
                self._fail(name, "invitation", "the invitation is wrong")
            if row["invited_until"] <= self.store.clock.now():
                raise NotAllowed(
                    f"the invitation of {name} has expired; an admin removes and adds them again"
                )
        elif row["passphrase_hash"] or system_user is None or row["system_user"] != system_user:
            proof = "current passphrase" if row["passphrase_hash"] else "invitation"
            raise NotAllowed(f"the {proof} of {name} is needed to set a passphrase")
        hashed = self._keeper.hashed(new)
        with self.store.write() as tx:
            now = known_row(tx.connection, name)
            if any(now[key] != row[key] for key in ("passphrase_hash", "invitation_hash")):
                raise NotAllowed(f"the passphrase of {name} was set meanwhile; try again")
            set_row(tx, name, **_CLEAN, passphrase_hash=hashed)
            set_row(tx, name, invitation_hash=None, invited_until=None)
            end_tokens(tx, name)
            tell(tx, "passphrase_set", name)

    def sign_in(self, name: str, passphrase: str) -> Person:
        """The person, if it is their passphrase. NotAllowed if not, or while attempts must wait.

        A name that is not known takes as long as a wrong passphrase, and is not told from one.
        """
        row = self._attempt(name)
        stored: str | None = row["passphrase_hash"] if row else None
        holds = self._keeper.fits(stored, passphrase)
        if stored is None or not holds:
            none_yet = row is not None and stored is None
            self._fail(
                name if row else None,
                "passphrase" if row else "name",
                _has_none(name) if none_yet else "name or passphrase is wrong",
            )
        renewed = self._keeper.renewed(stored, passphrase)
        with self.store.write() as tx:
            now = known_row(tx.connection, name)
            if now["passphrase_hash"] != stored:
                raise NotAllowed(f"the passphrase of {name} was changed meanwhile; try again")
            set_row(tx, name, **_CLEAN, passphrase_hash=renewed or stored)
            tell(tx, "signed_in", name)
        return Person(name, Role(now["role"]), PASSPHRASE)

    def by_database(self) -> Person | None:
        """Who it is by the login of the server; None for a login that is nobody's, or a file.

        NotAllowed for the login of somebody who is removed.
        """
        with self.store.read() as connection:
            name = database_person(connection)
            if name is None:
                return None
            row = known_row(connection, name)
        return Person(name, Role(row["role"]), DATABASE)

    def by_system_user(self, name: str, system_user: str) -> Person | None:
        """Who made the workspace, by the computer's word, as long as they have no passphrase.

        It is enough to set one and to say who the operators are, not to decide.
        """
        with self.store.read() as connection:
            row = active_row(connection, name)
        if row is None or row["passphrase_hash"] or row["system_user"] != system_user:
            return None
        return Person(name, Role(row["role"]), SYSTEM_USER)

    def needs(self, name: str) -> str | None:
        """What a person proves themselves with before they set a passphrase.

        "passphrase", "invitation", or None for who made the workspace and has none yet; NotAllowed
        for a name that is not known.
        """
        with self.store.read() as connection:
            row = known_row(connection, name)
        if row["passphrase_hash"]:
            return "passphrase"
        return "invitation" if row["invitation_hash"] else None

    def check_can_sign_in(self, name: str) -> None:
        """NotAllowed, saying how to mend it, for a person who has no passphrase yet."""
        with self.store.read() as connection:
            row = active_row(connection, name)
        if row is not None and not row["passphrase_hash"]:
            raise NotAllowed(_has_none(name))

    def give_token(self, person: Person, hours: float = TOKEN_HOURS) -> str:
        """A token that stands for a person for so many hours; only its hash is kept.

        NotAllowed unless they have just signed in by passphrase: a token gives no further ones.
        """
        if person.signed_in_by != PASSPHRASE:
            raise NotAllowed(f"only a passphrase gives a token; {person.name} has given none")
        token = new_token()
        with self.store.write() as tx:
            known_row(tx.connection, person.name)
            expired = (SIGN_IN.c.operator == person.name) & (SIGN_IN.c.expires_at <= tx.now)
            tx.connection.execute(delete(SIGN_IN).where(expired))
            until = tx.now + timedelta(hours=hours)
            row = {"id": tx.ids("s"), "operator": person.name, "token_hash": digest(token)}
            tx.insert(SignIn, **row, at=tx.now, expires_at=until)
        return token

    def by_token(self, token: str) -> Person:
        """Who a token stands for; NotAllowed if it is unknown, ended or expired."""
        query = select(OPERATOR.c.name, OPERATOR.c.role, SIGN_IN.c.expires_at).where(
            SIGN_IN.c.token_hash == digest(token),
            SIGN_IN.c.ended_at.is_(None),
            SIGN_IN.c.operator == OPERATOR.c.name,
            OPERATOR.c.removed_at.is_(None),
        )
        with self.store.read() as connection:
            row = connection.execute(query).first()
        if row is None or row.expires_at <= self.store.clock.now():
            raise NotAllowed(
                "the token is not known here, has ended or has expired; "
                "`handrail operators sign-in` gives another"
            )
        return Person(row.name, Role(row.role), TOKEN)

    def end_token(self, token: str) -> str | None:
        """End a token; whom it stood for, None if it stood for nobody."""
        live = (SIGN_IN.c.token_hash == digest(token)) & SIGN_IN.c.ended_at.is_(None)
        with self.store.write() as tx:
            name: str | None = tx.connection.execute(
                select(SIGN_IN.c.operator).where(live)
            ).scalar()
            if name is not None:
                tx.connection.execute(update(SIGN_IN).where(live).values(ended_at=tx.now))
                tell(tx, "signed_out", name)
        return name

    def _attempt(self, name: str) -> dict[str, Any] | None:
        """Count an attempt before it is made, so that many at once gain nothing; the row as it was.

        None for a name that is not known; NotAllowed while the person's attempts must wait.
        """
        with self.store.write() as tx:
            row = active_row(tx.connection, name)
            if row is None:
                return None
            pause = _pause(row, tx.now)
            if pause:
                raise NotAllowed(
                    f"too many wrong attempts for {name}: wait {pause} s before the next one"
                )
            failures = row["failed_attempts"] + 1
            pause = pause_after(failures)
            until = tx.now + timedelta(seconds=pause) if pause else None
            set_row(tx, name, failed_attempts=failures, locked_until=until)
        return row

    def _fail(self, name: str | None, wrong: str, problem: str) -> NoReturn:
        """Log a failed attempt, and raise NotAllowed with the pause that follows it.

        A name that is not known is not logged: what is typed there is a passphrase at times.
        """
        with self.store.write() as tx:
            row = active_row(tx.connection, name) if name is not None else None
            pause = _pause(row, tx.now)
            tell(tx, "sign_in_failed", name, wrong=wrong)
        raise NotAllowed(f"{problem}; wait {pause} s before the next attempt" if pause else problem)


_CLEAN = {"failed_attempts": 0, "locked_until": None}
"""No attempt has failed since the last that held."""


def _pause(row: dict[str, Any] | None, now: datetime) -> int:
    """Seconds until a person may try again."""
    if row is None or row["locked_until"] is None:
        return 0
    left: timedelta = row["locked_until"] - now
    return max(0, ceil(left.total_seconds()))


def _has_none(name: str) -> str:
    command = f"handrail operators passphrase --as {shlex.quote(name)}"
    return f"{name} has no passphrase yet, and needs one here: `{command}` sets it"
